"""The register's own tables: one row for each place that decides, and the chain of everything written in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class Register(Base):
    """A place's register: the letters of its numbers, and what its chain must end with.

    `entries` and `head` stand here and not in the chain, so that a chain that was cut off is noticed.
    """

    __tablename__ = "register"
    __table_args__ = (
        UniqueConstraint("cohort_id", "letters"),
        CheckConstraint("entries >= 0", name="counts_entries"),
    )
    scope_key: Mapped[str] = mapped_column(unique=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    letters: Mapped[str]
    entries: Mapped[int] = mapped_column(default=0)
    head: Mapped[str]


class RegisterEntry(Base):
    """One link of a place's chain; never changed, but for the person and their own words at an erasure.

    kind: recorded (its content is the decision's row), follow_up, goals, background, objection, answered, final, done.
    `hash` covers all but `person_id`, `words` and `salt`: of words only their salted checksum is in `content`.
    """

    __tablename__ = "register_entry"
    __table_args__ = (UniqueConstraint("scope_key", "position"),)
    scope_key: Mapped[str]
    position: Mapped[int]
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    kind: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime]
    role: Mapped[str]
    previous: Mapped[str]
    hash: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str | None]
    salt: Mapped[str | None]
