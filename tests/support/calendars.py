"""A calendar program that takes our files and feeds: strict about their form, and remembering by UID."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import vobject
from icalendar import Calendar

LONGEST_LINE = 75  # octets, RFC 5545 3.1
NEEDED = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS"}


@dataclass(frozen=True)
class Entry:
    """A meeting as a calendar keeps it."""

    sequence: int
    status: str
    starts_at: datetime
    ends_at: datetime
    summary: str


@dataclass
class PersonalCalendar:
    """What somebody's own calendar holds after all it was given."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def take(self, data: bytes) -> Calendar:
        """Take a file or feed: the newest SEQUENCE of a UID counts; two libraries must read the same."""
        check_form(data)
        calendar = Calendar.from_ical(data)
        other = {
            event.uid.value: (_utc(event.dtstart.value), _utc(event.dtend.value), event.summary.value)
            for event in vobject.readOne(data.decode()).contents.get("vevent", [])
        }
        for event in calendar.walk("VEVENT"):
            assert set(event) >= NEEDED
            assert not event.errors
            found = _entry(event)
            assert other[str(event["UID"])] == (found.starts_at, found.ends_at, found.summary)
            known = self.entries.get(str(event["UID"]))
            if known is None or found.sequence >= known.sequence:
                self.entries[str(event["UID"])] = found
        return calendar

    def named(self, summary: str) -> Entry:
        """Return the one meeting of this title."""
        (found,) = [entry for entry in self.entries.values() if entry.summary == summary]
        return found


def _entry(event: Any) -> Entry:
    return Entry(int(event["SEQUENCE"]), str(event["STATUS"]), _utc(event["DTSTART"].dt),
                 _utc(event["DTEND"].dt), str(event["SUMMARY"]))  # fmt: skip


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def check_form(data: bytes) -> None:
    """Insist on what RFC 5545 says of lines, moments and the head."""
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b""), "a line ends with CRLF"
    assert max(len(line) for line in data.split(b"\r\n")) <= LONGEST_LINE
    calendar = Calendar.from_ical(data)
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
    moments = [line for line in data.splitlines() if line.startswith((b"DTSTART", b"DTEND", b"DTSTAMP"))]
    assert all(b":" in line and line.endswith(b"Z") for line in moments), "a moment needs no zone explained"
