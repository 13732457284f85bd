"""A cohort's letters as the secretariat works on them: where each stands, and every version of its text."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class Letter(Base):
    """How far a letter is: draft, ready or approved. No row stands for a draft of the content's own text.

    `approved_because` is why it was approved although the check found something. An extra letter goes out `goes_at`:
    None as long as it is not let go, or when it was stopped.
    """

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("cohort_id", "code"),)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    code: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    approved_version: Mapped[int | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    approved_because: Mapped[str | None]
    audience: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    send_at: Mapped[datetime | None]
    goes_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class LetterVersion(Base):
    """What somebody made of a letter; the newest that is not put aside goes out. Number 0, the content's, has no row.

    A version is put aside when somebody else had saved one meanwhile.
    """

    __tablename__ = "letter_version"
    __table_args__ = (UniqueConstraint("letter_id", "number"),)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    number: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    next_steps: Mapped[list[str]] = mapped_column(JSON)
    aside: Mapped[bool] = mapped_column(default=False)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime]


class Video(Base):
    """A video of the secretariat's library. `circle` is the circle it was made for; `dead_since` since its link led nowhere.

    `checked_at` is when somebody last reached the link, or found it dead; not being able to look leaves it as it was.
    """

    __tablename__ = "video"
    __table_args__ = (CheckConstraint("minutes > 0", name="has_a_length"),)
    title: Mapped[str]
    url: Mapped[str]
    minutes: Mapped[int]
    subtitles: Mapped[bool]
    circle: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    dead_since: Mapped[datetime | None]
