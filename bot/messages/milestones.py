"""Build what people see of milestones: the list of a phase, and reminders of those that wait."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from bot.content.templates import Ready
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.names import few
from bot.messages.posts import calendar_button
from bot.messages.texts import Texts

_REMINDER = frozenset({"dear", "milestones", "on_day", "phone", "tick", "decide", "tell", "elsewhere"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "milestones.heading": frozenset({"title"}),
    "milestones.reached": frozenset({"title"}),
    "milestones.waiting": frozenset({"title", "due_on", "decided"}),
    "milestones.none": frozenset(),
    "milestones.before": frozenset(),
    "milestones.more": frozenset({"count"}),
    "milestones.tick": frozenset(),
    "milestones.reopen": frozenset(),
    "milestones.button": frozenset(),
    "milestones.modal.title": frozenset(),
    "milestones.modal.reason": frozenset(),
    "milestones.dear.*": frozenset({"cohort"}),
    "post.milestones.ahead": _REMINDER,
    "post.milestones.latest": _REMINDER,
    "post.milestones.overdue": _REMINDER,
    "post.milestones.of_villages": frozenset({"title", "places"}),
    "notice.milestone_reopened": frozenset({"title", "reason", "decided"}),
}
ROOM = 1500  # characters of lines: a message holds 2000
_CHOICES = 25


@dataclass(frozen=True, slots=True)
class Line:
    """A milestone in a list; a decision settles it, or somebody ticks it."""

    title: str
    reached: bool
    due_on: date | None = None
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """The milestones of a phase, what waits from before, and which of them the reader may tick or reopen.

    `cohort_id` tells whose they are in the secretariat's channel; a village has its own.
    """

    title: str
    now: Sequence[Line]
    before: Sequence[Line] = ()
    ticks: Sequence[tuple[str, str]] = field(default=())
    reopens: Sequence[tuple[str, str]] = field(default=())
    cohort_id: int = 0


def board_message(texts: Texts, board: Board) -> Message:
    """List a phase's milestones, with a menu to tick those that are the reader's to confirm."""
    rows = [texts("milestones.heading", title=board.title), *(_line(texts, line) for line in board.now)]
    if board.before:
        rows += [texts("milestones.before"), *(_line(texts, line) for line in board.before)]
    if len(rows) == 1:
        rows.append(texts("milestones.none"))
    menus = [
        Menu(action, tuple(Choice(code, title[:100]) for code, title in found[:_CHOICES]),
             (board.cohort_id,), texts(prompt))
        for action, prompt, found in (
            ("tick_milestone", "milestones.tick", board.ticks),
            ("reopen_milestone", "milestones.reopen", board.reopens),
        )
        if found
    ]  # fmt: skip
    return Message(Ready("\n".join(fitting(texts, rows))), (calendar_button(texts),), tuple(menus))


def fitting(texts: Texts, rows: Sequence[str]) -> list[str]:
    """Return as many lines as a message has room for, and how many there are besides."""
    shown: list[str] = []
    for row in rows:
        if sum(len(text) + 3 for text in shown) + len(row) > ROOM:
            return [*shown, texts("milestones.more", count=len(rows) - len(shown))]
        shown.append(row)
    return shown


def _line(texts: Texts, line: Line) -> Ready:
    if line.reached:
        return texts("milestones.reached", title=line.title)
    return texts("milestones.waiting", title=line.title, due_on=line.due_on, decided=line.decided)


def reopen_form(texts: Texts, code: str, cohort_id: int) -> Form:
    """Ask why a milestone is opened again."""
    reason = Field("reason", texts("milestones.modal.reason"), long=True, longest=300)
    return Form("reopen_milestone", texts("milestones.modal.title"), (reason,), (cohort_id, code))


def milestones_button(texts: Texts, cohort_id: int = 0) -> Button:
    """Return the button that shows milestones: a village's own, or a cohort's to the secretariat."""
    return Button(texts("milestones.button"), "milestones", (cohort_id,))


def of_villages(texts: Texts, title: str, names: Sequence[str], most: int) -> str:
    """Say which villages a milestone waits for, so many of them by name."""
    return texts("post.milestones.of_villages", title=title, places=few(texts, names, most))


@dataclass(frozen=True, slots=True)
class Settled:
    """How what a reminder names is settled: by a tick here, a decision, a word to us, a tick in the village's channel."""

    tick: bool = False
    decide: bool = False
    tell: bool = False
    elsewhere: bool = False


def reminder(
    texts: Texts,
    stage: str,
    dear: str,
    milestones: Sequence[str],
    on: date,
    phone: str,
    settled: Settled,
    button: Button,
) -> Message:
    """Build a reminder of milestones to those who own them, or of overdue ones to the secretariat."""
    text = texts(
        f"post.milestones.{stage}",
        dear=dear,
        milestones=[Ready(line) for line in fitting(texts, milestones)],
        on_day=on,
        phone=phone,
        **asdict(settled),
    )
    return Message(text, (button,), silent=True)
