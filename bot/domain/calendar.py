"""From rules to dates: pure arithmetic on local wall time, knowing nothing of people, posts sent or databases.

A position is phase week, weekday and time, counted from the phase's first Monday. Blackout days are
given from outside (they need a library for Easter), so that this module stays in the standard library.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.programme import (
    COORDINATOR_CIRCLE,
    DAYS,
    VILLAGE_CIRCLE,
    Meeting,
    Phase,
    Position,
    Programme,
    Scope,
    YearDay,
)

Days = Mapping[date, str]
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class BlackoutDays:
    """Days without meetings and days without posts, each with the name of its reason."""

    meetings: Days
    posts: Days


@dataclass(frozen=True, slots=True)
class DatedMeeting:
    """A meeting on its day; `moved_by` names the blackout that shifted it, times are aware."""

    meeting: Meeting
    starts_at: datetime
    ends_at: datetime
    moved_by: str | None = None
    newsletter_at: datetime | None = None


def on_year_day(day: YearDay, start_year: int) -> date:
    """Return the date of a month-day in the programme's first or second year."""
    return month_day(day.date, start_year + day.year)


def month_day(text: str, year: int) -> date:
    """Return "MM-DD" in a year; 29 February falls back to the 28th. Raises ValueError."""
    month, day = (int(part) for part in text.split("-"))
    if (month, day) == (2, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return date(year, month, day)


def first_monday(phase: Phase, start_year: int) -> date:
    """Return the first Monday on or after the phase's start."""
    start = on_year_day(phase.start, start_year)
    return start + timedelta(days=-start.weekday() % 7)


def programme_days(programme: Programme, start_year: int) -> tuple[date, date]:
    """Return the first and the last day of a programme year: of all its phases together."""
    spans = [phase_days(phase, start_year) for phase in programme.phases]
    return min(first for first, _ in spans), max(last for _, last in spans)


def phase_days(phase: Phase, start_year: int) -> tuple[date, date]:
    """Return the first and last day of a phase's window."""
    return on_year_day(phase.start, start_year), on_year_day(phase.end, start_year)


def window_days(programme: Programme, meeting: Meeting, start_year: int) -> tuple[date, date] | None:
    """Return Monday and Sunday of a village meeting's window, or None if it has none."""
    if meeting.window is None:
        return None
    monday = first_monday(programme.phase(meeting.phase), start_year)
    return monday + _WEEK * (meeting.window.from_pw - 1), monday + _WEEK * meeting.window.to_pw - timedelta(
        days=1
    )


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time as an aware moment; it keeps its hour across daylight saving."""
    return datetime.combine(day, at, tzinfo=zone)


def later(start: datetime, minutes: int) -> datetime:
    """Return the moment so many real minutes later, in the same zone."""
    return (start.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(start.tzinfo)


def outside(day: date, blackout: Days, step: timedelta) -> tuple[date, str | None]:
    """Move a day by steps until it is outside the blackout; also return the first reason."""
    moved_by: str | None = None
    while day in blackout:
        moved_by = moved_by or blackout[day]
        day += step
    return day, moved_by


def first_weekday(day: date, blackout: Days) -> date:
    """Return the day itself, or the first weekday after the quiet period it lies in."""
    if day not in blackout:
        return day
    return weekday_from(day, blackout)


def weekday_from(day: date, blackout: Days) -> date:
    """Return the first day from this one that is Monday to Friday and not quiet."""
    while day in blackout or day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def place(
    programme: Programme, meeting: Meeting, start_year: int, off: BlackoutDays
) -> tuple[datetime, str | None]:
    """Return when a meeting starts by the rules, and the blackout that moved it."""
    position: Position = meeting.position
    assert position.day is not None and position.time is not None, "filled when the content was loaded"
    monday = first_monday(programme.phase(meeting.phase), start_year)
    day = monday + _WEEK * (position.pw - 1) + timedelta(days=DAYS.index(position.day))
    step = _WEEK if meeting.on_blackout == "later" else -_WEEK
    day, moved_by = outside(day, off.meetings, step)
    return local(day, position.time, ZoneInfo(programme.timezone)), moved_by


def newsletter_at(
    programme: Programme,
    circle: Meeting,
    starts_at: datetime,
    previous_at: datetime | None,
    off: BlackoutDays,
) -> datetime:
    """Return when a circle's letter goes out: lead days before, after quiet days, after the previous circle."""
    zone = ZoneInfo(programme.timezone)
    kind = "village" if circle.kind == VILLAGE_CIRCLE else "coordinator"
    day = starts_at.astimezone(zone).date() - timedelta(days=programme.rules.newsletter_lead_days[kind])
    day = first_weekday(day, off.posts)
    if previous_at is not None and kind == "village":
        previous = previous_at.astimezone(zone).date()
        if day <= previous < starts_at.astimezone(zone).date():
            day = weekday_from(previous + timedelta(days=1), off.posts)
    return local(day, programme.rules.newsletter_time, zone)


def calendar_of(
    programme: Programme, start_year: int, off: BlackoutDays, moved: Mapping[str, datetime] | None = None
) -> list[DatedMeeting]:
    """Return every meeting of a cohort on its day, in order of time; `moved` holds the secretariat's own dates."""
    moved = moved or {}
    starts: dict[str, tuple[datetime, str | None]] = {}
    for meeting in programme.meetings.values():
        own = moved.get(meeting.id)
        starts[meeting.id] = (own, None) if own else place(programme, meeting, start_year, off)
    previous = dict(_previous(programme, starts))
    dated = []
    for meeting in programme.meetings.values():
        start, moved_by = starts[meeting.id]
        letter = (
            newsletter_at(programme, meeting, start, previous.get(meeting.id), off)
            if meeting.newsletter
            else None
        )
        dated.append(DatedMeeting(meeting, start, later(start, meeting.minutes), moved_by, letter))
    return sorted(dated, key=lambda d: (d.starts_at, d.meeting.id))


def _previous(
    programme: Programme, starts: Mapping[str, tuple[datetime, str | None]]
) -> Iterator[tuple[str, datetime]]:
    """Yield, for each circle, when the circle before it in its row stands."""
    for kind in (VILLAGE_CIRCLE, COORDINATOR_CIRCLE):
        row = list(programme.circles(kind))
        for before, circle in pairwise(row):
            yield circle.id, starts[before.id][0]


def phase_on(programme: Programme, start_year: int, day: date) -> Phase | None:
    """Return the latest phase whose window holds the day (a new phase wins where two overlap)."""
    found = None
    for phase in programme.phases:
        first, last = phase_days(phase, start_year)
        if first <= day <= last:
            found = phase
    return found


def next_start_year(programme: Programme, now: datetime) -> int:
    """Return the start year of the first cohort that can still be joined: its first phase has not ended (S14)."""
    today = now.astimezone(ZoneInfo(programme.timezone)).date()
    return next(
        year
        for year in range(today.year - 1, today.year + 3)
        if phase_days(programme.phases[0], year)[1] >= today
    )


def phase_opening(programme: Programme, phase: Phase, start_year: int, off: BlackoutDays) -> datetime:
    """Return when a phase's opening post goes out: its first weekday outside quiet periods."""
    day = weekday_from(on_year_day(phase.start, start_year), off.posts)
    return local(day, programme.rules.newsletter_time, ZoneInfo(programme.timezone))


def candidate_days(programme: Programme, meeting: Meeting, start_year: int, off: BlackoutDays) -> list[date]:
    """Return the days a village may choose for its own meeting: inside the window, of the default's kind of day."""
    window = window_days(programme, meeting, start_year)
    if window is None or meeting.scope is not Scope.VILLAGE:
        return []
    day, last = window
    weekend = meeting.position.day in ("sat", "sun")
    days = []
    while day <= last:
        kind_fits = (day.weekday() >= 5) is weekend and not (not weekend and day.weekday() == 4)
        if kind_fits and day not in off.meetings:
            days.append(day)
        day += timedelta(days=1)
    return days
