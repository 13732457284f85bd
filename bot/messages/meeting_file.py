"""Write one meeting as a calendar file (ICS): set, changed with a higher SEQUENCE, or cancelled (RFC 5545, 5546)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from bot.domain.polled_meetings import MeetingSeen
from bot.messages.message import File

_NOBODY = "invalid:nomail"  # an organizer is asked for, and ours reads no mail


@dataclass(frozen=True, slots=True)
class Calendars:
    """What calendar files share: the programme's id, its time zone, and the name of who meets."""

    programme_id: str
    timezone: str
    owner: str


def meeting_file(meeting: MeetingSeen, calendars: Calendars, now: datetime, name: str, about: str) -> File:
    """Return the file; a calendar that knows the meeting's UID changes or removes it."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{calendars.programme_id}//blup-companion//")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if meeting.called_off else "PUBLISH")
    calendar.add_component(_event(meeting, calendars, now))
    span = timedelta(days=400)
    calendar.add_missing_timezones(
        first_date=meeting.starts_at.date() - span, last_date=meeting.ends_at.date() + span
    )
    return File(name, calendar.to_ical(), about)


def _event(meeting: MeetingSeen, calendars: Calendars, now: datetime) -> Event:
    zone = ZoneInfo(calendars.timezone)
    event = Event()
    event.add("uid", f"meeting-{meeting.event_id}@{calendars.programme_id}.invalid")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("sequence", meeting.sequence)
    event.add("status", "CANCELLED" if meeting.called_off else "CONFIRMED")
    event.add("dtstart", meeting.starts_at.astimezone(zone))
    event.add("dtend", meeting.ends_at.astimezone(zone))
    event.add("summary", meeting.title)
    if meeting.venue:
        event.add("location", meeting.venue)
    organizer = vCalAddress(_NOBODY)
    organizer.params["CN"] = calendars.owner
    event.add("organizer", organizer)
    return event
