"""Build the answers about dates: what lies ahead, the phase, the next steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.content.templates import Ready
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.names import few
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
    "calendar.how_far": frozenset(),
    "calendar.how_far_line": frozenset({"title", "names"}),
    "calendar.no_phase": frozenset({"phone"}),
    "post.pick_date.day": frozenset({"day_on"}),
    "calendar.choose_day": frozenset({"taken"}),
    "calendar.choose_hour": frozenset({"day_on", "taken"}),
    "calendar.no_days": frozenset(),
    "calendar.button.hour": frozenset({"starts_at"}),
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
    """A phase with its elements and how far a village is with it (S12), or which villages are in which part."""

    title: str
    from_on: date
    to_on: date
    elements: Sequence[str]
    reached: int
    total: int
    villages: Sequence[tuple[str, Sequence[str]]] = ()


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


def day_choices(texts: Texts, days: Sequence[date]) -> list[Choice]:
    """Return the entries of a menu of days."""
    return [Choice(day.isoformat(), texts("post.pick_date.day", day_on=day)) for day in days]


def choose_day(texts: Texts, code: str, days: Sequence[date], *, taken: bool = False) -> Message:
    """Ask which day a village's own meeting shall have; `taken` says first that the last choice just went."""
    if not days:
        return Message(texts("calendar.no_days"))
    menu = Menu("pick_date", tuple(day_choices(texts, days)), (code,), texts("button.pick_date"))
    return Message(texts("calendar.choose_day", taken=taken), menus=(menu,))


def choose_hour(
    texts: Texts, code: str, times: Sequence[datetime], timezone: str, *, taken: bool = False
) -> Message:
    """Ask at which hour of a day; each free one is a button."""
    here = [at.astimezone(ZoneInfo(timezone)) for at in times]
    buttons = tuple(
        Button(texts("calendar.button.hour", starts_at=at), "pick_hour",
               (code, at.date().isoformat(), at.hour * 60 + at.minute))
        for at in here
    )  # fmt: skip
    return Message(texts("calendar.choose_hour", day_on=here[0].date(), taken=taken), buttons)


def phase_message(texts: Texts, status: PhaseStatus) -> Message:
    """Tell where the programme is, and where the village is."""
    rows = [texts("calendar.phase", title=status.title, from_on=status.from_on, to_on=status.to_on)]
    rows += [texts("calendar.element", element=element) for element in status.elements]
    if status.total:
        rows.append(texts("calendar.status", reached=status.reached, total=status.total))
    if status.villages:
        rows.append(texts("calendar.how_far"))
    rows += [
        texts("calendar.how_far_line", title=title, names=few(texts, names))
        for title, names in status.villages
    ]
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
        buttons.append(Button(label, "tick_step", (letter_id, index, int(index not in done))))
    rows.append(texts("steps.footer"))
    return Message(Ready("\n".join(rows)), tuple(buttons) if may_tick else ())
