"""Build the answers about dates: what lies ahead, the phase, the next steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.content.templates import Ready
from bot.messages.message import Button, Message
from bot.messages.posts import calendar_button
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "help.text": frozenset({"phone"}),
    "help.no_phone": frozenset(),
    "calendar.heading": frozenset({"place"}),
    "calendar.line": frozenset({"starts_at", "title"}),
    "calendar.line_circle": frozenset({"starts_at", "title", "number"}),
    "calendar.line_off": frozenset({"starts_at", "title"}),
    "calendar.empty": frozenset({"phone"}),
    "calendar.phase": frozenset({"title", "from_on", "to_on"}),
    "calendar.element": frozenset({"element"}),
    "calendar.status": frozenset({"reached", "total"}),
    "calendar.no_phase": frozenset({"phone"}),
    "calendar.picked": frozenset({"title", "starts_at"}),
    "calendar.moved": frozenset({"title", "starts_at"}),
    "calendar.link_saved": frozenset({"title"}),
    "calendar.venue_saved": frozenset({"title"}),
    "calendar.seats_saved": frozenset({"title", "seats"}),
    "steps.heading": frozenset({"starts_at"}),
    "steps.line": frozenset({"number", "step"}),
    "steps.line_done": frozenset({"number", "step"}),
    "steps.footer": frozenset(),
    "steps.none": frozenset(),
    "steps.tick": frozenset({"number"}),
    "steps.untick": frozenset({"number"}),
}


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """One meeting in a list."""

    title: str
    starts_at: datetime
    circle_number: int | None = None
    called_off: bool = False


@dataclass(frozen=True, slots=True)
class PhaseStatus:
    """A phase with its elements and how far a village is with it (S12)."""

    title: str
    from_on: date
    to_on: date
    elements: Sequence[str]
    reached: int
    total: int


def help_message(texts: Texts, phone: str) -> Message:
    """Say what one can do here."""
    return Message(texts("help.text", phone=phone), (calendar_button(texts),))


def calendar_message(texts: Texts, place: str, lines: Sequence[CalendarLine], phone: str) -> Message:
    """List what lies ahead."""
    if not lines:
        return Message(texts("calendar.empty", phone=phone))
    rows = [texts("calendar.heading", place=place)]
    for line in lines:
        number = {"number": line.circle_number} if line.circle_number and not line.called_off else {}
        key = "calendar.line_off" if line.called_off else "calendar.line"
        rows.append(
            texts(
                "calendar.line_circle" if number else key,
                starts_at=line.starts_at,
                title=line.title,
                **number,
            )
        )
    return Message(Ready("\n".join(rows)))


def phase_message(texts: Texts, status: PhaseStatus) -> Message:
    """Tell where the programme is, and where the village is."""
    rows = [texts("calendar.phase", title=status.title, from_on=status.from_on, to_on=status.to_on)]
    rows += [texts("calendar.element", element=element) for element in status.elements]
    if status.total:
        rows.append(texts("calendar.status", reached=status.reached, total=status.total))
    return Message(Ready("\n".join(rows)), (calendar_button(texts),))


def steps_message(
    texts: Texts,
    letter_id: str,
    starts_at: datetime,
    steps: Sequence[str],
    done: frozenset[int],
    may_tick: bool,
) -> Message:
    """Show a letter's next steps; whoever may tick them gets a button for each."""
    rows: list[str] = [texts("steps.heading", starts_at=starts_at)]
    buttons = []
    for index, step in enumerate(steps):
        key = "steps.line_done" if index in done else "steps.line"
        rows.append(texts(key, number=index + 1, step=step))
        label = texts("steps.untick" if index in done else "steps.tick", number=index + 1)
        buttons.append(Button(label, "tick_step", (letter_id, index)))
    rows.append(texts("steps.footer"))
    return Message(Ready("\n".join(rows)), tuple(buttons) if may_tick else ())
