"""Build what is needed on a meeting's day: the head count, the agenda with its times, sharing, notes, agreed steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.content.templates import Ready
from bot.domain.polled_meetings import MeetingSeen
from bot.domain.programme import AgendaItem
from bot.messages.message import Button, Field, Form, Message
from bot.messages.texts import Texts

WORDS_LONGEST, NOTES_LONGEST, STEPS_LONGEST = 400, 1300, 600
MOST_STEPS, STEP_LONGEST, MESSAGE_LONGEST = 5, 100, 2000
THREAD_LONGEST = 90
_NONE: frozenset[str] = frozenset()
_MEETING = frozenset({"title", "starts_at"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "meeting_day.panel": _MEETING | {"people", "advice", "notes"},
    "meeting_day.counted": frozenset({"title", "people"}),
    "meeting_day.point": frozenset({"number", "of", "text", "part", "minutes", "ends", "following"}),
    "meeting_day.over": frozenset({"title"}),
    "meeting_day.sharing": frozenset({"title", "question"}),
    "meeting_day.question": _NONE,
    "meeting_day.thread": frozenset({"title"}),
    "meeting_day.opened": _NONE,
    "meeting_day.shared": _NONE,
    "meeting_day.advice": frozenset({"words"}),
    "meeting_day.saved": _MEETING,
    "meeting_day.notes": _MEETING | {"text"},
    "meeting_day.agreed": _MEETING,
    "meeting_day.step": frozenset({"number", "step"}),
    "meeting_day.step_done": frozenset({"number", "step"}),
    "meeting_day.tick": frozenset({"number"}),
    "meeting_day.untick": frozenset({"number"}),
    **dict.fromkeys(("meeting_day.button.*", "meeting_day.label.*", "meeting_day.form.*"), _NONE),
    "error_day.not_yet": _MEETING,
    "error_day.off": _MEETING,
    "error_day.number": _NONE,
    "error_day.no_agenda": _NONE,
    "error_day.nothing": _NONE,
    "error_day.changed_meanwhile": _NONE,
}


@dataclass(frozen=True, slots=True)
class DayView:
    """What a place has of a meeting: how many came, the pieces of advice, whether there are notes; and what one may."""

    meeting: MeetingSeen
    people: int | None
    advice: int
    notes: bool
    has_agenda: bool
    may_hold: bool
    may_note: bool


@dataclass(frozen=True, slots=True)
class Notes:
    """A place's notes of a meeting, or a draft of them (version 0), and the steps agreed."""

    meeting: MeetingSeen
    text: str
    version: int
    steps: tuple["Agreed", ...] = ()


@dataclass(frozen=True, slots=True)
class Agreed:
    """A next step that was agreed on."""

    id: int
    words: str
    done: bool


def panel(texts: Texts, view: DayView) -> Message:
    """Show what can be done around a meeting, to whoever may do it."""
    said = texts("meeting_day.panel", title=view.meeting.title, starts_at=view.meeting.starts_at,
                 people=view.people, advice=view.advice, notes=view.notes)  # fmt: skip
    named: list[tuple[str, str]] = []
    if view.may_hold:
        named.append(("head_count", "count" if view.people is None else "recount"))
        if view.has_agenda:
            named.append(("agenda_step", "agenda"))
        named.append(("share_open", "share_open"))
    if view.may_note:
        named.append(("notes_edit", "notes_edit"))
    if view.notes:
        named.append(("notes_show", "notes_show"))
    buttons = (
        Button(texts(f"meeting_day.button.{label}"), action, (view.meeting.event_id,))
        for action, label in named
    )
    return Message(said, tuple(buttons))


def day_button(texts: Texts, event_id: int) -> Button:
    """Return the button under a post that leads to the panel."""
    return Button(texts("meeting_day.button.day"), "meeting_day", (event_id,))


def notes_button(texts: Texts, event_id: int) -> Button:
    """Return the button that shows a meeting's notes."""
    return Button(texts("meeting_day.button.notes_show"), "notes_show", (event_id,))


def count_form(texts: Texts, event_id: int, people: int | None) -> Form:
    """Ask how many came."""
    value = "" if people is None else str(people)
    number = Field("people", texts("meeting_day.label.people"), longest=4, value=value)
    return Form("head_count", texts("meeting_day.form.count"), (number,), (event_id,))


def counted(texts: Texts, title: str, people: int) -> Message:
    """Thank for a head count."""
    return Message(texts("meeting_day.counted", title=title, people=people))


def agenda_point(
    texts: Texts, meeting: MeetingSeen, points: Sequence[AgendaItem | str], index: int, now: datetime
) -> Message:
    """Show one point of the agenda and when it ends, as a clock that Discord itself counts down."""
    if index >= len(points):
        count = Button(texts("meeting_day.button.count"), "head_count", (meeting.event_id,))
        return Message(texts("meeting_day.over", title=meeting.title), (count,))
    point, following = points[index], points[index + 1] if index + 1 < len(points) else None
    minutes = point.minutes if isinstance(point, AgendaItem) else None
    ends = int((now + timedelta(minutes=minutes)).timestamp()) if minutes else 0
    said = texts(
        "meeting_day.point",
        number=index + 1,
        of=len(points),
        text=_text(point),
        part=(point.part or "") if isinstance(point, AgendaItem) else "",
        minutes=minutes,
        ends=Ready(f"<t:{ends}:t> (<t:{ends}:R>)") if ends else "",
        following=_text(following) if following else "",
    )
    on = Button(texts("meeting_day.button.next"), "agenda_step", (meeting.event_id, index + 1), "primary")
    return Message(said, (on,))


def _text(point: AgendaItem | str) -> str:
    return point.text if isinstance(point, AgendaItem) else point


def sharing(texts: Texts, meeting: MeetingSeen, question: str) -> Message:
    """Build the post that a thread is opened from."""
    said = texts("meeting_day.sharing", title=meeting.title,
                 question=question or texts("meeting_day.question"))  # fmt: skip
    thread = str(texts("meeting_day.thread", title=meeting.title))[:THREAD_LONGEST]
    return Message(said, (_share_button(texts, meeting.event_id),), thread=thread)


def _share_button(texts: Texts, event_id: int) -> Button:
    return Button(texts("meeting_day.button.share"), "share", (event_id,), "primary")


def share_form(texts: Texts, event_id: int) -> Form:
    """Ask for a piece of advice, without the names of others (TONE 11)."""
    words = Field("words", texts("meeting_day.label.words"), long=True, longest=WORDS_LONGEST)
    return Form("share", texts("meeting_day.form.share"), (words,), (event_id,))


def advice(texts: Texts, event_id: int, words: str) -> Message:
    """Show a piece of advice to all, without a name."""
    return Message(texts("meeting_day.advice", words=words), (_share_button(texts, event_id),))


def notes_form(texts: Texts, notes: Notes) -> Form:
    """Let the minute-taker write: what was gathered stands there already."""
    steps = "\n".join(step.words for step in notes.steps)
    return Form(
        "notes_edit",
        texts("meeting_day.form.notes"),
        (
            Field("text", texts("meeting_day.label.notes"), long=True, longest=NOTES_LONGEST,
                  value=_whole_lines(notes.text)),
            Field("steps", texts("meeting_day.label.steps"), long=True, required=False,
                  longest=STEPS_LONGEST, value=steps),
        ),
        (notes.meeting.event_id, notes.version),
    )  # fmt: skip


def notes_saved(texts: Texts, meeting: MeetingSeen) -> Message:
    """Tell the channel that there are notes now."""
    said = texts("meeting_day.saved", title=meeting.title, starts_at=meeting.starts_at)
    return Message(said, (notes_button(texts, meeting.event_id),), silent=True)


def notes_shown(texts: Texts, notes: Notes, may_tick: bool) -> Message:
    """Show notes and the steps agreed."""
    said = texts("meeting_day.notes", title=notes.meeting.title, starts_at=notes.meeting.starts_at,
                 text=notes.text)  # fmt: skip
    return with_agreed(texts, Message(said), notes, may_tick, in_notes=True)


def _whole_lines(text: str) -> str:
    """Return as many lines as the form holds: the rest of the advice can be read in the thread."""
    return text if len(text) <= NOTES_LONGEST else text[:NOTES_LONGEST].rsplit("\n", 1)[0]


def with_agreed(
    texts: Texts, message: Message, notes: Notes | None, may_tick: bool, *, in_notes: bool = False
) -> Message:
    """Put the steps agreed at a meeting under a message, each with a button for whoever may tick.

    `in_notes` says which message takes its place after a press: the notes, or the next steps.
    """
    if notes is None or not notes.steps:
        return message
    rows = [texts("meeting_day.agreed", title=notes.meeting.title, starts_at=notes.meeting.starts_at)]
    buttons = []
    for number, step in enumerate(notes.steps, start=1):
        rows.append(texts("meeting_day.step_done" if step.done else "meeting_day.step", number=number,
                          step=step.words))  # fmt: skip
        label = texts("meeting_day.untick" if step.done else "meeting_day.tick", number=number)
        buttons.append(Button(label, "step_done", (step.id, int(in_notes), int(not step.done))))
    text = Ready("\n".join([message.text, *rows])[:MESSAGE_LONGEST])
    return Message(text, (*message.buttons, *(buttons if may_tick else ())))
