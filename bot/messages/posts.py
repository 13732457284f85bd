"""Build what the bot posts of its own accord: letters, reminders, phase openings and notices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.content.templates import Ready
from bot.messages.calendar_files import my_calendar_button
from bot.messages.enrolments import enrol_button
from bot.messages.meeting_day import day_button, notes_button
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.texts import Texts

POST_VALUES = frozenset(
    {
        "village",
        "title",
        "number",
        "when",
        "starts_at",
        "ends_at",
        "link",
        "venue",
        "phone",
        "first_step",
        "places",
        "questions",
        "people",
        "notes",
        "contact",
        "order",
        "sign_up",
    }
)
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter.date": frozenset({"starts_at"}),
    "letter.time": frozenset({"starts_at", "ends_at"}),
    "letter.unknown_coordinator": frozenset(),
    "when.today": frozenset({"starts_at"}),
    "when.tomorrow": frozenset({"starts_at"}),
    "when.later": frozenset({"starts_at"}),
    **{f"button.{name}": frozenset() for name in (
        "come", "maybe", "stay_away", "about_meeting", "next_steps", "print", "calendar", "decisions", "meeting",
        "join_panel", "pick_date", "who_comes", "tasks")},
    "post.phase_opening": frozenset(
        {"title", "elements", "meetings", "milestone_count", "when", "next_meeting", "phone", "village"}),
    "post.phase_meeting": frozenset({"title", "starts_at", "number", "own_choice"}),
    "notice.parked": frozenset({"place"}),
    "notice.stale": frozenset({"count"}),
    "notice.missed_polls": frozenset({"count"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Occasion:
    """A meeting as a post speaks of it."""

    event_id: int
    code: str
    title: str
    number: int | None
    starts_at: datetime
    ends_at: datetime
    newsletter: str | None = None
    link: str | None = None
    first_step: str | None = None
    venue: str = ""


def when(texts: Texts, starts_at: datetime, now: datetime, timezone: str) -> Ready:
    """Say a moment in full, with "i dag" or "i morgen" before it where that is true."""
    zone = ZoneInfo(timezone)
    days = (starts_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    key = {0: "when.today", 1: "when.tomorrow"}.get(days, "when.later")
    return texts(key, starts_at=starts_at)


def rsvp_buttons(texts: Texts, event_id: int) -> tuple[Button, ...]:
    """Return the three answers to a meeting, and the button that shows what it is about."""
    return (
        Button(texts("button.come"), "rsvp", (event_id, 1), "success"),
        Button(texts("button.maybe"), "rsvp", (event_id, 2)),
        Button(texts("button.stay_away"), "rsvp", (event_id, 0)),
        Button(texts("button.about_meeting"), "meeting_card", (event_id,)),
    )


def next_steps_button(texts: Texts, newsletter: str) -> Button:
    """Return the button that shows a letter's next steps."""
    return Button(texts("button.next_steps"), "next_steps", (newsletter,))


def calendar_button(texts: Texts) -> Button:
    """Return the button that shows what lies ahead."""
    return Button(texts("button.calendar"), "calendar")


def print_button(texts: Texts, newsletter: str) -> Button:
    """Return the button that hands out a letter as a page."""
    return Button(texts("button.print"), "print", ("", newsletter))


def extra_letter(texts: Texts, text: str, newsletter: str) -> Message:
    """Put the buttons under a letter outside the calendar."""
    return Message(Ready(text), (print_button(texts, newsletter), calendar_button(texts)))


def letter(texts: Texts, text: str, event_id: int, newsletter: str) -> Message:
    """Put the buttons under a letter that has been written out."""
    on_paper, mine = print_button(texts, newsletter), my_calendar_button(texts, event_id)
    return Message(
        Ready(text),
        (*rsvp_buttons(texts, event_id), next_steps_button(texts, newsletter), on_paper, mine),
    )


def reminder(
    texts: Texts,
    key: str,
    additions: Sequence[str],
    occasion: Occasion,
    values: Mapping[str, object],
    days: Sequence[Choice] = (),
    extra: Message | None = None,
) -> Message:
    """Build a post around a meeting; `extra` is a poll that rides along."""
    given: dict[str, object] = {
        "title": occasion.title,
        "number": occasion.number,
        "starts_at": occasion.starts_at,
        "ends_at": occasion.ends_at,
        "link": occasion.link,
        "venue": occasion.venue,
        "first_step": occasion.first_step,
        **values,
    }
    text = texts(f"post.{key}", **given)
    buttons = _buttons(texts, additions, occasion)
    if given.get("notes"):
        buttons.append(notes_button(texts, occasion.event_id))
    menus: tuple[Menu, ...] = ()
    if days and "pick_date" in additions:
        menus = (Menu("pick_date", tuple(days), (occasion.code,), texts("button.pick_date")),)
    if extra is not None:
        text, buttons, menus = (
            Ready(f"{text}\n\n{extra.text}"),
            [*buttons, *extra.buttons],
            (*menus, *extra.menus),
        )
    if not menus and not any(button.action for button in buttons):
        buttons.append(calendar_button(texts))
    return Message(text, tuple(buttons), menus, silent=True)


def _buttons(texts: Texts, additions: Sequence[str], occasion: Occasion) -> list[Button]:
    buttons: list[Button] = []
    if "link" in additions and occasion.link:
        buttons.append(Button(texts("button.meeting"), url=occasion.link))
    if "rsvp" in additions:
        buttons.extend(rsvp_buttons(texts, occasion.event_id))
    if "who_comes" in additions:
        buttons.append(Button(texts("button.who_comes"), "who_comes", (occasion.event_id,)))
    if "next_steps" in additions and occasion.newsletter:
        buttons.append(next_steps_button(texts, occasion.newsletter))
    if "decisions" in additions:
        buttons.append(Button(texts("button.decisions"), "decisions"))
    if "join_panel" in additions:
        buttons.append(Button(texts("button.join_panel"), "join_panel", style="success"))
    if "meeting_day" in additions:
        buttons.append(day_button(texts, occasion.event_id))
    if "enrol" in additions:
        buttons.append(enrol_button(texts, occasion.event_id))
    if "tasks" in additions:
        buttons.append(Button(texts("button.tasks"), "tasks", style="primary"))
    if "calendar" in additions:
        buttons.append(calendar_button(texts))
    return buttons


def phase_opening(texts: Texts, values: Mapping[str, object], buttons: Sequence[Button]) -> Message:
    """Build the post that opens a phase (S18, S34, S44, S53)."""
    return Message(texts("post.phase_opening", **values), tuple(buttons), silent=True)


def notice(texts: Texts, said: str) -> Message:
    """Put a private note to the secretariat, already written out, into a message."""
    return Message(Ready(said), (calendar_button(texts),), silent=True)
