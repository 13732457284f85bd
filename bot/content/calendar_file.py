"""Write dated meetings as a calendar file (ICS) that any calendar program can open."""

from collections.abc import Iterable
from datetime import UTC

from icalendar import Calendar, Event, vText

from bot.domain.calendar import DatedMeeting
from bot.domain.programme import AgendaItem, Programme


def ics(programme: Programme, dated: Iterable[DatedMeeting]) -> bytes:
    """Return a calendar file; an entry keeps its UID when it is moved, so calendars update it."""
    meetings = list(dated)
    calendar = Calendar()
    calendar.add("prodid", f"-//{programme.name}//blup-companion//{programme.language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", vText(programme.name))
    for entry in meetings:
        calendar.add_component(_event(programme, entry, meetings[0].starts_at.year))
    written: bytes = calendar.to_ical()
    return written


def _event(programme: Programme, entry: DatedMeeting, year: int) -> Event:
    event = Event()
    event.add("uid", f"{entry.meeting.id}-{year}@{programme.id}.invalid")
    event.add("dtstamp", entry.starts_at.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", entry.meeting.title)
    points = [item.text if isinstance(item, AgendaItem) else item for item in entry.meeting.agenda]
    event.add("description", "\n".join(f"- {point}" for point in points))
    event.add("categories", [entry.meeting.phase, entry.meeting.kind])
    return event
