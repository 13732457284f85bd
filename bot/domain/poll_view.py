"""A poll as it may be shown: numbers that may not be told are not in it, so no message can leak them."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.domain.ballots import Kind, Majority, Why
from bot.domain.hand_votes import Part
from bot.domain.poll_repeats import NEVER
from bot.domain.poll_rules import Tie
from bot.domain.polled_meetings import MeetingSeen
from bot.domain.polls import Shown

DRAFT = "draft"
PLANNED, WAITING, OPEN, CLOSED, MISSED = "planned", "waiting", "open", "closed", "missed"
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer; `votes`, `given` and `rank` are None when they may not be told.

    `votes` is the sum of its marks, `given` how many gave it one (see bot/domain/ballots.py); `written` is a date
    as somebody writes it.
    """

    position: int
    text: str
    votes: int | None = None
    rank: int | None = None
    given: int | None = None
    written: str = ""

    @property
    def average(self) -> float:
        """Return the average of its stars, 0 when nobody gave it any."""
        return (self.votes or 0) / (self.given or 1)


@dataclass(frozen=True, slots=True)
class PollView:
    """A poll with what may be told of it now.

    `turnout` is how many have voted so far, or did; `winners` are positions, several when equal.
    `adopted` is None unless the poll is binding, closed and its answers mean yes and no; `carried` tells of other
    binding ones whether the winner has votes enough. `reasons` are those given, without names, in alphabetical order.
    Of those who voted `by_hand` did so by hand, on paper or by telephone; `parts` are the sums of each way and of
    Discord, when each may stand by itself. The `unconfirmed` are counted nowhere yet.
    `running` tells whether numbers may be told before it closes, if it is not secret.
    `ticks` tells that a village ticks off a milestone after it.
    `extend_days` are those it still gets when too few vote; `tied` share the first place of a binding poll that has a
    rule for it, and `settled` is what the lead chose among them. A `scheduled` one opens by itself.
    `meeting` is what a date that was found has become.
    `last_round` is a ranked poll's last choice between several: votes by position, empty when they may not be told.
    """

    id: int
    place_key: str
    question: str
    answers: tuple[AnswerView, ...]
    secret: bool
    binding: bool
    pick: int
    quorum: str | None
    voters: tuple[str, ...]
    state: str
    opens_at: datetime
    closes_at: datetime
    turnout: int
    entitled: int
    shown: Shown
    kind: Kind = Kind.CHOICE
    fewest: int = 1
    points: int = 0
    why: Why = Why.NONE
    majority: Majority = Majority.MOST
    carried: bool = True
    reasons: tuple[str, ...] = ()
    code: str | None = None
    series: int = 0
    winners: tuple[int, ...] = ()
    unanimous: bool = False
    quorum_met: bool = True
    yes_no: bool = False
    adopted: bool | None = None
    most_answers: int = 10
    days: int = 0
    pulse: bool = False
    ticks: bool = False
    extend_days: int = 0
    tie: Tie = Tie.NOTHING
    tied: tuple[int, ...] = ()
    settled: int | None = None
    scheduled: bool = False
    cancelled_because: str = ""
    repeat: str = NEVER
    repeat_until: date | None = None
    last_round: Mapping[int, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    by_hand: int = 0
    unconfirmed: int = 0
    meeting: MeetingSeen | None = None
    running: bool = True

    @property
    def fingerprint(self) -> str:
        """Return a short mark of what is asked and by which rules: another draft has another one."""
        asked = (self.question, *(answer.text for answer in self.answers), self.kind, self.secret, self.running,
                 self.binding, self.pick, self.fewest, self.points, self.why, self.majority, self.quorum, self.extend_days,
                 self.tie, self.repeat, self.repeat_until, *self.voters, self.closes_at - self.opens_at,
                 self.opens_at.timestamp() if self.scheduled else "")  # fmt: skip
        return f"{zlib.crc32('|'.join(map(str, asked)).encode()):08x}x"

    @property
    def hides(self) -> bool:
        """Tell whether what was voted may not be told now: never of a secret one, of others perhaps not yet."""
        return self.secret or (not self.running and self.state != CLOSED)

    @property
    def found_date(self) -> bool:
        """Tell whether one date alone came first, and not that none of them fits."""
        won = [answer for answer in self.answers if answer.position in self.winners]
        return len(won) == 1 and bool(won[0].written)

    @property
    def found_none(self) -> bool:
        """Tell whether it came first, alone, that none of the dates fits."""
        undated = tuple(answer.position for answer in self.answers if not answer.written)
        return self.kind is Kind.DATES and len(undated) == 1 and self.winners == undated

    @property
    def is_group(self) -> bool:
        """Tell whether it belongs to a coordinator group."""
        return self.place_key.startswith("group:")

    def texts_of(self, positions: tuple[int, ...]) -> tuple[str, ...]:
        """Return the answers at these positions."""
        return tuple(answer.text for answer in self.answers if answer.position in positions)

    def shortened(self, question: int, answer: int) -> "PollView":
        """Return the same poll with its texts cut to so many characters, for where they would not fit."""
        answers = tuple(replace(one, text=shortened(one.text, answer)) for one in self.answers)
        return replace(self, question=shortened(self.question, question), answers=answers)


def shortened(text: str, longest: int) -> str:
    """Return a text cut to so many characters, with a sign that there was more."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a voter is told, privately, after voting: the answers that got a mark, and the marks."""

    kind: Kind
    marks: tuple[tuple[str, int], ...]
    closes_at: datetime

    @property
    def chosen(self) -> tuple[str, ...]:
        """Return the answers that got a mark."""
        return tuple(text for text, _ in self.marks)
