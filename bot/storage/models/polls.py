"""Polls, ballots and decisions. A secret ballot never names a person."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.storage.models.base import Base


def of_one_owner() -> tuple[CheckConstraint | ForeignKeyConstraint, ...]:
    """Return what ties a row to one village or one coordinator group, of the row's own cohort."""
    return (
        CheckConstraint("(village_id IS NULL) <> (coordinator_group_id IS NULL)", name="one_owner"),
        ForeignKeyConstraint(["village_id", "cohort_id"], ["village.id", "village.cohort_id"]),
        ForeignKeyConstraint(
            ["coordinator_group_id", "cohort_id"], ["coordinator_group.id", "coordinator_group.cohort_id"]
        ),
    )


class Poll(Base):
    """A question to a village or a coordinator group. `secret_key` lives only while a secret poll is open.

    `pick` is how many answers a voter may choose (0 is any number), `fewest` how many they must; `points` is what
    they share. `why` tells whether voters are asked for a reason.
    `counted` holds what the closing found beside the sums: the run-off's rounds, an open one's rankings without
    names, the reasons given.
    `running` tells whether an open one's numbers can be seen before it closes.
    One that misses its quorum is extended once, by `extend_days`; `settled` is the answer that the lead chose in a tie.
    One with `repeat` comes again until a day, counted from the day the first opened.
    A `scheduled` one opens by itself at `opens_at`; a draft that is not opens when somebody says so.
    """

    __tablename__ = "poll"
    __table_args__ = (
        UniqueConstraint("scope_key", "code", "series"),
        Index("ix_poll_state_opens_at", "state", "opens_at"),
        Index("ix_poll_state_closes_at", "state", "closes_at"),
        *of_one_owner(),
        CheckConstraint("closes_at > opens_at", name="has_a_length"),
        CheckConstraint("NOT (secret AND binding)", name="secret_is_advisory"),
    )
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    village_id: Mapped[int | None] = mapped_column(index=True)
    coordinator_group_id: Mapped[int | None] = mapped_column(index=True)
    scope_key: Mapped[str]
    code: Mapped[str | None]
    series: Mapped[int] = mapped_column(default=0)
    question: Mapped[str]
    kind: Mapped[str] = mapped_column(default="choice", server_default="choice")
    voters: Mapped[str]
    secret: Mapped[bool]
    binding: Mapped[bool]
    pick: Mapped[int]
    fewest: Mapped[int] = mapped_column(default=1, server_default="1")
    points: Mapped[int] = mapped_column(default=0, server_default="0")
    why: Mapped[str] = mapped_column(default="none", server_default="none")
    running: Mapped[bool] = mapped_column(default=True, server_default=true())
    quorum: Mapped[str | None]
    majority: Mapped[str] = mapped_column(default="most", server_default="most")
    state: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    secret_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    turnout: Mapped[int | None]
    entitled: Mapped[int | None]
    counted: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    extend_days: Mapped[int] = mapped_column(default=0, server_default="0")
    extended_at: Mapped[datetime | None]
    tie: Mapped[str] = mapped_column(default="nothing", server_default="nothing")
    settled: Mapped[int | None]
    scheduled: Mapped[bool] = mapped_column(default=False, server_default=false())
    cancelled_because: Mapped[str | None]
    repeat: Mapped[str | None]
    repeat_from: Mapped[date | None]
    repeat_until: Mapped[date | None]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    options: Mapped[list["PollOption"]] = relationship(order_by="PollOption.position", lazy="selectin")


class PollRules(Base):
    """What a village's new polls begin with; `rule` is a majority, or that a poll is advisory."""

    __tablename__ = "poll_rules"
    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"), unique=True)
    voters: Mapped[str]
    secret: Mapped[bool]
    rule: Mapped[str]
    quorum: Mapped[str | None]
    extend_days: Mapped[int]
    tie: Mapped[str]
    monthly: Mapped[int] = mapped_column(server_default="8")
    running: Mapped[bool] = mapped_column(server_default=true())
    why: Mapped[str] = mapped_column(server_default="none")


class PollOption(Base):
    """One answer; the sum of its marks, how many gave it one, and its place are filled when the poll closes.

    `starts_at` is the moment that an answer stands for when a poll looks for a date.
    """

    __tablename__ = "poll_option"
    __table_args__ = (UniqueConstraint("poll_id", "position"), UniqueConstraint("poll_id", "id"))
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"))
    position: Mapped[int]
    text: Mapped[str]
    votes: Mapped[int | None]
    given: Mapped[int | None]
    place: Mapped[int | None]
    starts_at: Mapped[datetime | None]


class Ballot(Base):
    """One voter's mark for one option: 1 where it is only chosen, else its points, stars or place in the voter's order.

    `voter` is "p:7" when open, an HMAC of the person when secret.
    """

    __tablename__ = "ballot"
    __table_args__ = (
        UniqueConstraint("poll_id", "voter", "option_id"),
        ForeignKeyConstraint(["poll_id", "option_id"], ["poll_option.poll_id", "poll_option.id"]),
    )
    poll_id: Mapped[int]
    voter: Mapped[str]
    option_id: Mapped[int]
    mark: Mapped[int] = mapped_column(default=1, server_default="1")
    reason: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)


class Decision(Base):
    """A recorded decision. A correction or withdrawal is a new row that points at the one it replaces.

    What it says is never changed. `number` counts within its place and year; `objections_until` is when the calendar
    looks at it: None once it is final, replaced, or waits for an answer to an objection. A poll has a second one when
    its first was withdrawn.
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("scope_key", "year", "number"),
        *of_one_owner(),
    )
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    village_id: Mapped[int | None] = mapped_column(index=True)
    coordinator_group_id: Mapped[int | None] = mapped_column(index=True)
    scope_key: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    how: Mapped[str]
    decided_on: Mapped[date]
    code: Mapped[str | None]
    milestone: Mapped[str | None]
    poll_id: Mapped[int | None] = mapped_column(ForeignKey("poll.id"), index=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_by_role: Mapped[str]
    recorded_at: Mapped[datetime]
    objections_until: Mapped[datetime | None] = mapped_column(index=True)
