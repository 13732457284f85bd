"""Files and feeds for people's own calendars, read by a strict parser and by a second library."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain.polled_meetings import MeetingSeen
from bot.messages.calendar_files import Calendars, feed, meeting_file
from tests.support.calendars import PersonalCalendar

NOW = datetime(2027, 9, 1, 8, tzinfo=UTC)
OURS = Calendars("blup", "Sønder Ørslev; Østerby, og omegn")
LONG = "Sådan får I flere med: tre måder at være med på, også for dem, der ikke har tid hver uge; kom og hør"
CIRCLE = MeetingSeen(
    12, LONG, "", datetime(2027, 10, 26, 17, tzinfo=UTC), datetime(2027, 10, 26, 18, 30, tzinfo=UTC), 0, False,
    "https://møde.example/a?b=c;d,e", ("- Inspirationsindlæg (25 minutter): øvelse\\n", "- Drøftelse"),
)  # fmt: skip


def given(calendar: PersonalCalendar, meeting: MeetingSeen) -> str:
    """Give somebody the meeting's file. Returns its METHOD."""
    file = meeting_file(meeting, OURS, NOW, "kalender.ics", "Mødet")
    return str(calendar.take(file.data)["METHOD"])


def test_an_update_and_a_cancellation_reach_the_same_entry_and_an_old_file_changes_nothing() -> None:
    mine = PersonalCalendar()
    assert given(mine, CIRCLE) == "PUBLISH"
    assert mine.named(LONG).starts_at == CIRCLE.starts_at
    later = datetime(2027, 10, 28, 17, tzinfo=UTC)
    moved = replace(CIRCLE, starts_at=later, ends_at=later.replace(hour=18), sequence=1)
    assert given(mine, moved) == "PUBLISH"
    given(mine, CIRCLE)  # somebody opens the first file again
    assert mine.named(LONG).starts_at == later
    assert given(mine, replace(moved, sequence=2, called_off=True)) == "CANCEL"
    assert (mine.named(LONG).status, len(mine.entries)) == ("CANCELLED", 1)


def test_a_meeting_before_one_after_and_one_across_the_end_of_summer_time_keep_their_moments() -> None:
    zone = ZoneInfo("Europe/Copenhagen")
    before, after = (datetime(2027, 10, day, 19, tzinfo=zone) for day in (30, 31))
    across = datetime(2027, 10, 31, 1, 30, tzinfo=zone), datetime(2027, 10, 31, 2, 30, tzinfo=zone, fold=1)
    spring = datetime(2028, 3, 26, 1, 30, tzinfo=zone), datetime(2028, 3, 26, 3, 30, tzinfo=zone)
    spans = [(before, before.replace(hour=21)), (after, after.replace(hour=21)), across, spring]
    meetings = [
        replace(CIRCLE, event_id=number, title=f"møde {number}", starts_at=start.astimezone(UTC),
                ends_at=end.astimezone(UTC))
        for number, (start, end) in enumerate(spans)
    ]  # fmt: skip
    mine = PersonalCalendar()
    for meeting in meetings:
        given(mine, meeting)
    mine.take(feed(meetings, OURS, NOW, "BLUP, Sønder Ørslev"))
    for meeting in meetings:
        entry = mine.named(meeting.title)
        assert (entry.starts_at, entry.ends_at) == (meeting.starts_at, meeting.ends_at)
    hours = [(mine.named(f"møde {n}").ends_at - mine.named(f"møde {n}").starts_at).total_seconds() / 3600
             for n in range(4)]  # fmt: skip
    assert hours == [2, 2, 2, 1], "the hour that comes twice is told apart"


def test_a_feed_without_meetings_is_a_calendar_too() -> None:
    mine = PersonalCalendar()
    data = feed([], OURS, NOW, "BLUP, Sønder Ørslev; Å")
    mine.take(data)
    assert mine.entries == {}
    lines = data.split(b"\r\n")
    for name in (b"NAME", b"X-WR-CALNAME"):
        assert name + ":BLUP\\, Sønder Ørslev\\; Å".encode() in lines
    assert b"X-PUBLISHED-TTL:PT6H" in lines, "older programs read it too"
