"""Who comes to a gathering beside those on Discord: villages as a whole, and guests from anywhere."""

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


class Guest(Base):
    """Somebody without an account who comes to a public meeting; name and answer stand in `person` and `rsvp`.

    Their page's address holds a secret, kept as a checksum. The row goes with the person's.
    """

    __tablename__ = "guest"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
