"""What is left of a meeting's day: how many came, what was shared and noted, and what was agreed. No names."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class HeadCount(Base):
    """How many of a place came to a meeting."""

    __tablename__ = "head_count"
    __table_args__ = (
        UniqueConstraint("event_id", "place_key"),
        CheckConstraint("people >= 0", name="people"),
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    place_key: Mapped[str]
    people: Mapped[int]
    entered_at: Mapped[datetime]


class SharedNote(Base):
    """One piece of advice that somebody wrote for the others of a place; who it was is not kept."""

    __tablename__ = "shared_note"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    place_key: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]


class MeetingNotes(Base):
    """A place's notes of a meeting; `version` counts how often they were saved."""

    __tablename__ = "meeting_notes"
    __table_args__ = (UniqueConstraint("event_id", "place_key"),)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    place_key: Mapped[str]
    text: Mapped[str]
    version: Mapped[int]
    saved_at: Mapped[datetime]


class AgreedStep(Base):
    """A next step that a place agreed on at a meeting."""

    __tablename__ = "agreed_step"
    __table_args__ = (UniqueConstraint("event_id", "place_key", "position"),)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    place_key: Mapped[str]
    position: Mapped[int]
    words: Mapped[str]
    done_at: Mapped[datetime | None]
