"""The mark of a database that serves rehearsals and nothing else."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bot.storage.models.base import Base


class RehearsalMark(Base):
    """At most one row. `made_at` is real time: no post of this database can be older."""

    __tablename__ = "rehearsal_mark"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    made_at: Mapped[datetime]
