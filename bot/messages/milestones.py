"""Build what people see of milestones: the list of a phase, and reminders of those that wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.content.templates import Ready
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.posts import calendar_button
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "milestones.heading": frozenset({"title"}),
    "milestones.reached": frozenset({"title"}),
    "milestones.waiting": frozenset({"title", "due_on"}),
    "milestones.before": frozenset(),
    "milestones.more": frozenset({"count"}),
    "milestones.tick": frozenset(),
    "milestones.reopen": frozenset(),
    "milestones.button": frozenset(),
    "milestones.modal.title": frozenset(),
    "milestones.modal.reason": frozenset(),
    "milestones.dear.*": frozenset(),
    "post.milestones.ahead": frozenset({"dear", "milestones", "on_day", "phone"}),
    "post.milestones.latest": frozenset({"dear", "milestones", "on_day", "phone"}),
    "post.milestones.overdue": frozenset({"milestones", "on_day"}),
    "post.milestones.of_villages": frozenset({"title", "places"}),
    "notice.milestone_reopened": frozenset({"title", "reason"}),
}
_ROOM = 1700  # characters of lines: a message holds 2000
_CHOICES = 25


@dataclass(frozen=True, slots=True)
class Line:
    """A milestone in a list."""

    title: str
    reached: bool
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """The milestones of a phase, what waits from before, and which of them the reader may tick or reopen."""

    title: str
    now: Sequence[Line]
    before: Sequence[Line] = ()
    ticks: Sequence[tuple[str, str]] = field(default=())
    reopens: Sequence[tuple[str, str]] = field(default=())


def board_message(texts: Texts, board: Board) -> Message:
    """List a phase's milestones, with a menu to tick those that are the reader's to confirm."""
    rows = [texts("milestones.heading", title=board.title), *(_line(texts, line) for line in board.now)]
    if board.before:
        rows += [texts("milestones.before"), *(_line(texts, line) for line in board.before)]
    shown = _fitting(rows)
    if len(shown) < len(rows):
        shown.append(texts("milestones.more", count=len(rows) - len(shown)))
    menus = [
        Menu(action, tuple(Choice(code, title[:100]) for code, title in found[:_CHOICES]), (), texts(prompt))
        for action, prompt, found in (
            ("tick_milestone", "milestones.tick", board.ticks),
            ("reopen_milestone", "milestones.reopen", board.reopens),
        )
        if found
    ]
    return Message(Ready("\n".join(shown)), (calendar_button(texts),), tuple(menus))


def _fitting(rows: Sequence[str]) -> list[str]:
    shown: list[str] = []
    for row in rows:
        if sum(len(text) + 1 for text in shown) + len(row) > _ROOM:
            break
        shown.append(row)
    return shown


def _line(texts: Texts, line: Line) -> Ready:
    if line.reached:
        return texts("milestones.reached", title=line.title)
    return texts("milestones.waiting", title=line.title, due_on=line.due_on)


def reopen_form(texts: Texts, code: str) -> Form:
    """Ask why a milestone is opened again."""
    reason = Field("reason", texts("milestones.modal.reason"), long=True, longest=300)
    return Form("reopen_milestone", texts("milestones.modal.title"), (reason,), (code,))


def milestones_button(texts: Texts) -> Button:
    """Return the button that shows a village's milestones."""
    return Button(texts("milestones.button"), "milestones")


def of_villages(texts: Texts, title: str, places: str) -> Ready:
    """Say which villages a milestone waits for."""
    return texts("post.milestones.of_villages", title=title, places=places)


def reminder(
    texts: Texts,
    stage: str,
    body: str,
    milestones: Sequence[str],
    on: date,
    phone: str,
    *,
    has_board: bool,
) -> Message:
    """Build a reminder of milestones to those who own them, or of overdue ones to the secretariat."""
    text = texts(
        f"post.milestones.{stage}",
        dear=texts(f"milestones.dear.{body}"),
        milestones=[Ready(line) for line in milestones],
        on_day=on,
        phone=phone,
    )
    button = milestones_button(texts) if has_board else calendar_button(texts)
    return Message(text, (button,), silent=True)
