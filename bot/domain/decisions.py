"""A decision as people see it, and the limits of its texts; knows no database (S22, S26, S30, S43)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.errors import InvalidInput
from bot.domain.polls import one_line
from bot.domain.register import OBJECTIONS_FOR

TITLE_LONGEST, TEXT_LONGEST, HOW_LONGEST = (
    100,
    4000,
    1000,
)  # a box of a form holds 4000; a count names up to 25 answers
CHOICES = 24  # what a menu holds beside "nothing"
REASON_LONGEST, BACKGROUND_LONGEST, LINK_LONGEST, LINKS = 300, 4000, 200, 5


class Kind(StrEnum):
    """A first record, or one that replaces another."""

    DECISION = "decision"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class Status(StrEnum):
    """Where a record stands; it follows from what was written after it."""

    PROPOSED = "proposed"
    FINAL = "final"
    CORRECTED = "corrected"  # replaced before it was final
    REPLACED = "replaced"  # replaced after it was final
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody said against a decision; no name, and no words once they were erased."""

    at: datetime
    words: str | None
    answered: bool


@dataclass(frozen=True, slots=True)
class Details:
    """What is added to a decision before it is final; a correction keeps what the corrected one had."""

    responsible: str | None = None  # a role's key
    deadline: date | None = None
    review: date | None = None
    goals: tuple[int, ...] = ()
    background: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Renewal:
    """New days that a decision was given after it was agreed on, and the role that gave them."""

    at: datetime
    role: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A recorded decision; `settled` names the milestones that recording it has just settled.

    `ref` is the full number, SØND-2027-003, as `replaces` and `replaced_by` are; `number` is short, for talk.
    `first_poll` is the poll that the first of a line of records was made from.
    `village_opened` tells that an invited village waited for nothing else: it may have its channel now.
    """

    id: int
    number: int
    place_key: str
    place_name: str
    kind: Kind
    title: str
    text: str
    how: str
    decided_on: date
    recorded_by: str
    recorded_at: datetime
    code: str | None = None
    milestone: str | None = None
    poll_id: int | None = None
    first_poll: int | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    replaced_kind: Kind | None = None
    settled: tuple[str, ...] = ()
    village_opened: bool = False
    ref: str = ""
    status: Status = Status.PROPOSED
    final_at: datetime | None = None
    done_at: datetime | None = None
    objections: tuple[Objection, ...] = ()
    details: Details = Details()
    renewals: tuple[Renewal, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it is the newest word of the matter, and no withdrawal."""
        return self.replaced_by is None and self.kind is not Kind.WITHDRAWAL

    @property
    def open_until(self) -> datetime:
        """Until when members may object."""
        return self.recorded_at + OBJECTIONS_FOR

    @property
    def unanswered(self) -> tuple[Objection, ...]:
        """The objections that the minute-taker has not answered."""
        return tuple(objection for objection in self.objections if not objection.answered)

    def late(self, today: date) -> bool:
        """Tell whether it holds, is not done, and its deadline or its day to look again is over."""
        days = (self.details.deadline, self.details.review)
        return self.holds and self.done_at is None and any(day is not None and day < today for day in days)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do with a record now."""

    record: bool = False
    object: bool = False
    finish: bool = False
    renew: bool = False  # give it a new deadline, or a new day to look again
    again: bool = False  # write anew what this one withdraws


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """One page of a register, newest first; pages count from 1."""

    place_key: str
    place_name: str
    decisions: tuple[DecisionView, ...]
    page: int
    pages: int
    total: int
    search: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a place's chain, as it is handed out; no person is in it."""

    position: int
    kind: str
    decision: str
    at: datetime
    role: str
    content: Mapping[str, object]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Minutes:
    """A place's register, oldest first, to be handed out; an excerpt has no chain, for links are missing."""

    place: str
    municipality: str
    cohort: str
    decisions: tuple[DecisionView, ...]
    chain: tuple[Link, ...]
    excerpt: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of the programme that a decision settles: a standard decision, or a milestone chosen by hand."""

    id: str
    title: str
    is_milestone: bool = False


@dataclass(frozen=True, slots=True)
class Settles:
    """What a new decision can settle, which of it is proposed, and whether it may settle nothing."""

    things: tuple[Thing, ...]
    proposed: str | None = None
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a closed poll puts into the form for a decision."""

    poll_id: int
    title: str
    text: str
    how: str
    decided_on: date
    code: str | None = None
    milestone: str | None = None


def checked_title(title: str) -> str:
    """Return a title on one line. Raises InvalidInput."""
    return _checked(one_line(title), "title", TITLE_LONGEST)


def checked_text(text: str) -> str:
    """Return a decision's text. Raises InvalidInput."""
    return checked_lines(text, "text", TEXT_LONGEST)


def checked_lines(text: str, name: str, longest: int) -> str:
    """Return a text of several lines without empty ones. Raises InvalidInput."""
    lines = (one_line(line) for line in text.splitlines())
    return _checked("\n".join(line for line in lines if line), name, longest)


def checked_how(how: str) -> str:
    """Return how it was decided, on one line. Raises InvalidInput."""
    return _checked(one_line(how), "how", HOW_LONGEST)


def checked_reason(reason: str) -> str:
    """Return an objection's reason, on one line. Raises InvalidInput."""
    return _checked(one_line(reason), "objection", REASON_LONGEST)


def checked_background(text: str) -> str:
    """Return a background, which may be empty. Raises InvalidInput."""
    return checked_lines(text, "background", BACKGROUND_LONGEST) if text.strip() else ""


def checked_links(text: str) -> tuple[str, ...]:
    """Return links, one on each line. Raises InvalidInput for what is no web address, too long, or one too many."""
    links = tuple(line.strip() for line in text.splitlines() if line.strip())
    for link in links:
        fine = link.startswith(("https://", "http://")) and not set(link) & set(' <>"()[]')
        if not fine or len(link) > LINK_LONGEST:
            raise InvalidInput("error_register.link_unfit", text=link)
    if len(links) > LINKS:
        raise InvalidInput("error_register.links_many", most=LINKS)
    return links


def _checked(text: str, name: str, longest: int) -> str:
    if not text:
        raise InvalidInput(f"error_polls.{name}_missing")
    if len(text) > longest:
        raise InvalidInput(f"error_polls.{name}_long", longest=longest)
    return text
