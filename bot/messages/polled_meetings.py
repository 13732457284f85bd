"""Build what is said about a meeting whose day was voted for: its forms, its posts, and what it is now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.polled_meetings import REASON_LONGEST, TITLE_LONGEST, USUAL, VENUE_LONGEST, MeetingSeen, Offer
from bot.messages.calendar_files import Calendars, named_file
from bot.messages.message import Button, Field, Form, Message
from bot.messages.posts import calendar_button, rsvp_buttons, when
from bot.messages.texts import Texts

MOST_CHANGEABLE = 5
_NONE: frozenset[str] = frozenset()
_MEETING = frozenset({"title", "venue", "when", "starts_at", "ends_at"})
_TOLD = frozenset({"title", "starts_at"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    **{f"polled_meeting.{name}": _MEETING for name in ("set", "day", "hour")},
    "polled_meeting.changed": _MEETING | {"before_at"},
    "polled_meeting.called_off": _MEETING | {"reason"},
    **{
        f"polled_meeting.{name}": _TOLD
        for name in ("set_told", "changed_told", "off_told", "stands", "choose")
    },
    **dict.fromkeys(("polled_meeting.label.*", "polled_meeting.button.*", "polled_meeting.form.*"), _NONE),
    "polled_meeting.correct": frozenset({"title"}),
    "error_meetings.stands": _TOLD,
    "error_meetings.off": _TOLD,
    "error_meetings.no_date": _NONE,
    "error_meetings.title_missing": _NONE,
    "error_meetings.long": frozenset({"longest"}),
    "error_meetings.minutes_unfit": frozenset({"least", "most"}),
}


def make_form(texts: Texts, offer: Offer) -> Form:
    """Ask for what a poll does not say of a meeting."""
    fields = _fields(texts, offer.title, "", USUAL)
    return Form("poll_meeting", texts("polled_meeting.form.make"), fields, (offer.poll_id,))


def change_form(texts: Texts, meeting: MeetingSeen, written: str) -> Form:
    """Return the form with all that can be changed; `written` is its time as somebody writes it."""
    at = Field("when", texts("polled_meeting.label.when"), longest=40, value=written)
    fields = (at, *_fields(texts, meeting.title, meeting.venue, meeting.minutes))
    return Form("meeting_move", texts("polled_meeting.form.change"), fields, (meeting.event_id,))


def _fields(texts: Texts, title: str, venue: str, minutes: int) -> tuple[Field, ...]:
    label = "polled_meeting.label"
    return (
        Field("title", texts(f"{label}.title"), longest=TITLE_LONGEST, value=title),
        Field("venue", texts(f"{label}.venue"), required=False, longest=VENUE_LONGEST, value=venue),
        Field("minutes", texts(f"{label}.minutes"), longest=4, value=str(minutes)),
    )


def call_off_form(texts: Texts, event_id: int) -> Form:
    """Ask why a meeting is called off, if that is to be told."""
    why = Field("why", texts("polled_meeting.label.why"), required=False, longest=REASON_LONGEST)
    return Form("meeting_call_off", texts("polled_meeting.form.call_off"), (why,), (event_id,))


def told(texts: Texts, name: str, meeting: MeetingSeen) -> Message:
    """Tell who has done it, privately, that a meeting is set, changed or called off."""
    return Message(texts(f"polled_meeting.{name}_told", title=meeting.title, starts_at=meeting.starts_at))


def choose(texts: Texts, meeting: MeetingSeen, *, stands: bool = False) -> Message:
    """Ask what to do with a meeting; `stands` says first that it stands already."""
    name = "stands" if stands else "choose"
    return Message(
        texts(f"polled_meeting.{name}", title=meeting.title, starts_at=meeting.starts_at),
        (
            Button(texts("polled_meeting.button.move"), "meeting_move", (meeting.event_id,)),
            Button(texts("polled_meeting.button.call_off"), "meeting_call_off", (meeting.event_id,)),
        ),
    )


def correct_buttons(texts: Texts, meetings: Sequence[MeetingSeen]) -> tuple[Button, ...]:
    """Return a button for each of the next meetings that somebody may change."""
    return tuple(
        Button(texts("polled_meeting.correct", title=one.title), "meeting_change", (one.event_id,))
        for one in meetings[:MOST_CHANGEABLE]
    )


def news(
    texts: Texts,
    meeting: MeetingSeen,
    says: str,
    now: datetime,
    timezone: str,
    calendars: Calendars,
    *,
    before_at: datetime | None = None,
    reason: str = "",
) -> Message:
    """Tell that a meeting is set, changed or called off, with the file that says the same to a calendar."""
    given = {**_values(texts, meeting, now, timezone), "before_at": before_at, "reason": reason}
    file = named_file(texts, meeting, calendars, now)
    buttons: tuple[Button, ...] = (calendar_button(texts),)
    if not meeting.called_off:
        change = Button(texts("polled_meeting.button.change"), "meeting_change", (meeting.event_id,))
        buttons = (*rsvp_buttons(texts, meeting.event_id), change)
    return Message(texts(f"polled_meeting.{says}", **given), buttons, files=(file,))


def reminder(texts: Texts, meeting: MeetingSeen, says: str, now: datetime, timezone: str) -> Message:
    """Remind of a meeting the day before it, or the hour."""
    said = texts(f"polled_meeting.{says}", **_values(texts, meeting, now, timezone))
    return Message(said, rsvp_buttons(texts, meeting.event_id), silent=True)


def _values(texts: Texts, meeting: MeetingSeen, now: datetime, timezone: str) -> dict[str, object]:
    return {
        "title": meeting.title,
        "venue": meeting.venue,
        "when": when(texts, meeting.starts_at, now, timezone),
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
    }
