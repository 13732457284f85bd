"""A decision as people see it, and the limits of its texts; knows no database (S22, S26, S30, S43)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.errors import InvalidInput
from bot.domain.polls import one_line

TITLE_LONGEST, TEXT_LONGEST, HOW_LONGEST = 100, 1000, 200


class Kind(StrEnum):
    """A first record, or one that replaces another."""

    DECISION = "decision"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A recorded decision; `settled` names the milestones that recording it has just settled.

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
    replaces: int | None = None
    replaced_by: int | None = None
    replaced_kind: Kind | None = None
    settled: tuple[str, ...] = ()
    village_opened: bool = False


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
    lines = (one_line(line) for line in text.splitlines())
    return _checked("\n".join(line for line in lines if line), "text", TEXT_LONGEST)


def checked_how(how: str) -> str:
    """Return how it was decided, on one line. Raises InvalidInput."""
    return _checked(one_line(how), "how", HOW_LONGEST)


def _checked(text: str, name: str, longest: int) -> str:
    if not text:
        raise InvalidInput(f"error_polls.{name}_missing")
    if len(text) > longest:
        raise InvalidInput(f"error_polls.{name}_long", longest=longest)
    return text
