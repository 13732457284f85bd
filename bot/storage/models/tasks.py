"""What the secretariat has done before a village has a channel of its own."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class TaskDone(Base):
    """A meeting of the prelude that has been held: for a municipality ("municipality:4") or a village ("village:7")."""

    __tablename__ = "task_done"
    __table_args__ = (UniqueConstraint("cohort_id", "code", "scope_key"),)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    code: Mapped[str]
    scope_key: Mapped[str]
    done_at: Mapped[datetime]
