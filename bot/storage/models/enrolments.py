"""Villages that have signed up for a gathering. No names of people."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class Enrolment(Base):
    """With how many a village comes to a gathering, and whether it presents; None while it has not said.

    Villages present in the order of `presents_since`.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("event_id", "village_id"),
        CheckConstraint("people > 0", name="people"),
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"), index=True)
    people: Mapped[int | None]
    presents: Mapped[bool | None]
    presents_since: Mapped[datetime | None]
