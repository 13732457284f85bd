"""Votes of people who are not on Discord: their totals for a poll, and how many such people a village has."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base


class HandCount(Base):
    """Totals that somebody entered: they count from their confirmation by another person until they are withdrawn.

    `votes` and `given` are by the answer's position, as text; `rankings` are a ranked poll's ballots: for each its
    positions, the best first, and how many are alike. In a secret poll of few they are emptied when it closes: the
    sums are then the poll's own.
    """

    __tablename__ = "hand_count"
    __table_args__ = (
        CheckConstraint("turnout > 0", name="somebody_voted"),
        CheckConstraint("confirmed_by_id <> entered_by_id", name="two_people"),
    )
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), index=True)
    way: Mapped[str]
    turnout: Mapped[int]
    votes: Mapped[dict[str, Any]] = mapped_column(JSON)
    given: Mapped[dict[str, Any]] = mapped_column(JSON)
    rankings: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class OffDiscord(Base):
    """How many people may vote in a body of a village and have no account: a number, no names."""

    __tablename__ = "off_discord"
    __table_args__ = (UniqueConstraint("village_id", "body"), CheckConstraint("people >= 0", name="people"))
    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"))
    body: Mapped[str]
    people: Mapped[int]
