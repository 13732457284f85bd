"""Write meetings for people's own calendars (ICS): one as a file, many as a feed (RFC 5545, 5546, 7986).

A meeting has the same UID wherever it is written, and a SEQUENCE that rises with each change, so that a calendar
moves or removes what it has. Moments are told in UTC, which every program shows as the reader's own time and none can
misread on a night when the clocks change. No names of people and no numbers stand in either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vDuration, vText

from bot.domain.polled_meetings import MeetingSeen
from bot.domain.programme import AgendaItem, Meeting
from bot.messages.message import Button, File, Message
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "calendar_file.name": frozenset(),
    "calendar_file.about": frozenset({"title", "starts_at"}),
    "calendar_file.here": frozenset({"title", "starts_at"}),
    "calendar_file.point": frozenset({"text", "part", "minutes"}),
    "calendar_file.feed_title": frozenset({"place"}),
    "calendar_file.offer": frozenset({"place"}),
    "calendar_file.made": frozenset({"address", "phone"}),
    "calendar_file.stands": frozenset({"made_at"}),
    **{f"calendar_file.button.{name}": frozenset() for name in ("mine", "subscribe", "make", "renew")},
}
REFRESH = timedelta(hours=6)  # how often a calendar should ask a feed again
_NOBODY = "invalid:nomail"  # an organizer is asked for, and ours reads no mail


@dataclass(frozen=True, slots=True)
class Calendars:
    """What calendar files share: the programme's id, and the name of who meets."""

    programme_id: str
    owner: str


def agenda(texts: Texts, meeting: Meeting) -> tuple[str, ...]:
    """Return a meeting's agenda as lines; a circle's parts with their minutes (S04)."""
    return tuple(
        texts("calendar_file.point", text=point.text, part=point.part, minutes=point.minutes)
        if isinstance(point, AgendaItem)
        else texts("calendar_file.point", text=point, part="", minutes=0)
        for point in meeting.agenda
    )


def meeting_file(meeting: MeetingSeen, calendars: Calendars, now: datetime, name: str, about: str) -> File:
    """Return one meeting as a file; a calendar that knows the meeting's UID changes or removes it."""
    calendar = _calendar(calendars)
    calendar.add("method", "CANCEL" if meeting.called_off else "PUBLISH")
    calendar.add_component(_event(meeting, calendars, now))
    return File(name, bytes(calendar.to_ical()), about)


def feed(meetings: Sequence[MeetingSeen], calendars: Calendars, now: datetime, title: str) -> bytes:
    """Return many meetings as a calendar to subscribe to; those called off stay in it as cancelled."""
    calendar = _calendar(calendars)
    calendar.add("name", vText(title))
    calendar.add("x-wr-calname", vText(title))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))  # what the same is called by older programs
    for meeting in meetings:
        calendar.add_component(_event(meeting, calendars, now))
    return bytes(calendar.to_ical())


def _calendar(calendars: Calendars) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{calendars.programme_id}//blup-companion//")
    calendar.add("version", "2.0")
    return calendar


def _event(meeting: MeetingSeen, calendars: Calendars, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"meeting-{meeting.event_id}@{calendars.programme_id}.invalid")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("sequence", meeting.sequence)
    event.add("status", "CANCELLED" if meeting.called_off else "CONFIRMED")
    event.add("dtstart", meeting.starts_at.astimezone(UTC))
    event.add("dtend", meeting.ends_at.astimezone(UTC))
    event.add("summary", meeting.title)
    if meeting.venue or meeting.link:
        event.add("location", meeting.venue or meeting.link)
    if meeting.link:
        event.add("url", meeting.link)
    if meeting.agenda:
        event.add("description", "\n".join(meeting.agenda))
    organizer = vCalAddress(_NOBODY)
    organizer.params["CN"] = calendars.owner
    event.add("organizer", organizer)
    return event


def named_file(texts: Texts, meeting: MeetingSeen, calendars: Calendars, now: datetime) -> File:
    """Return a meeting's file under its usual name."""
    about = texts("calendar_file.about", title=meeting.title, starts_at=meeting.starts_at)
    return meeting_file(meeting, calendars, now, str(texts("calendar_file.name")), str(about))


def my_calendar_button(texts: Texts, event_id: int) -> Button:
    """Return the button that gives a meeting's file privately."""
    return Button(texts("calendar_file.button.mine"), "ics", (event_id,))


def handed_over(texts: Texts, meeting: MeetingSeen, file: File) -> Message:
    """Give somebody a meeting's file."""
    said = texts("calendar_file.here", title=meeting.title, starts_at=meeting.starts_at)
    return Message(said, files=(file,))


def subscribe_button(texts: Texts) -> Button:
    """Return the button under /kalender that leads to a feed."""
    return Button(texts("calendar_file.button.subscribe"), "feed")


def feed_offer(texts: Texts, place: str, made_at: datetime | None) -> Message:
    """Offer an address to subscribe to, or a new one in the place of that which was shown once."""
    if made_at is None:
        make = Button(texts("calendar_file.button.make"), "feed_make", style="primary")
        return Message(texts("calendar_file.offer", place=place), (make,))
    renew = Button(texts("calendar_file.button.renew"), "feed_make")
    return Message(texts("calendar_file.stands", made_at=made_at), (renew,))


def feed_made(texts: Texts, address: str, phone: str) -> Message:
    """Show a feed's address, this once."""
    return Message(texts("calendar_file.made", address=address, phone=phone))
