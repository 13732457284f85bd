"""Check that the rules give a sensible calendar in every year to come. Knows nothing of language."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from bot.content.blackouts import blackout_days
from bot.content.places import CIRCLE_WORDS, Places
from bot.content.source import Fault
from bot.domain.calendar import (
    BlackoutDays,
    DatedMeeting,
    calendar_of,
    candidate_days,
    phase_days,
    window_days,
)
from bot.domain.milestones import milestone_days, span_of
from bot.domain.programme import PER_CIRCLE, VILLAGE_CIRCLE, Meeting, Programme

START_YEARS = range(2024, 2046)
_GRACE = timedelta(weeks=4)  # how far a holiday may push a meeting out of its phase
_SAMPLE_YEAR = 2027


def check_dates(programme: Programme, places: Places, years: Iterable[int] = START_YEARS) -> Iterator[Fault]:
    """Yield a fault for every date that breaks a rule, with the start years it happens in.

    The programme's references must be sound: check them first.
    """
    found: dict[Fault, list[int]] = defaultdict(list)
    for year in years:
        for fault in _year(programme, places, year):
            found[fault].append(year)
    for fault, when in found.items():
        yield Fault(fault.file, fault.line, fault.key, f"{fault.problem} (start {_spans(when)})")
    yield from check_post_times(programme, places)
    yield from check_deadlines(programme, places)


def _year(programme: Programme, places: Places, year: int) -> Iterator[Fault]:
    try:
        off = blackout_days(programme, year)
    except (ValueError, OverflowError) as error:
        yield places.rule("blackouts", problem=f"cannot be computed: {error}")
        return
    try:
        dated = {d.meeting.id: d for d in calendar_of(programme, year, off)}
    except (ValueError, OverflowError, LookupError) as error:
        yield places.rule("timezone", problem=f"the calendar cannot be computed: {error}")
        return
    for meeting in dated.values():
        yield from _meeting(programme, places, meeting, off, year)
    for kind in CIRCLE_WORDS:
        yield from _circles(places, [dated[c.id] for c in programme.circles(kind)], off)


def _meeting(
    programme: Programme, places: Places, dated: DatedMeeting, off: BlackoutDays, year: int
) -> Iterator[Fault]:
    meeting, day = dated.meeting, dated.starts_at.date()
    key = "at" if meeting.at is not None else "default"
    if day in off.meetings:
        yield places.meeting(meeting.id, key, problem=f"falls in {off.meetings[day]}")
    first, last = phase_days(programme.phase(meeting.phase), year)
    if not first - _GRACE <= day <= last + _GRACE:
        problem = f"falls more than {_GRACE.days // 7} weeks outside {meeting.phase}"
        yield places.meeting(meeting.id, key, problem=problem)
    window = window_days(programme, meeting, year)
    if window is not None and _village_chooses(programme, meeting, off, year) == []:
        yield places.meeting(meeting.id, "window", problem="leaves a village no day to choose")
    elif window is not None and not window[0] <= day <= window[1]:
        yield places.meeting(meeting.id, key, problem="falls outside the meeting's own window")


def _village_chooses(
    programme: Programme, meeting: Meeting, off: BlackoutDays, year: int
) -> Sequence[date] | None:
    if meeting.scope != "village":
        return None
    return candidate_days(programme, meeting, year, off)


def _circles(places: Places, row: Sequence[DatedMeeting], off: BlackoutDays) -> Iterator[Fault]:
    for before, circle in pairwise(row):
        if circle.starts_at <= before.starts_at:
            problem = f"does not come after circle {before.meeting.id}"
            yield places.meeting(circle.meeting.id, "at", problem=problem)
    previous: datetime | None = None
    for circle in row:
        at, name = circle.newsletter_at, circle.meeting.id
        if at is not None:
            if at >= circle.starts_at:
                problem = "its letter would not go out before the circle"
                yield places.meeting(name, "newsletter", problem=problem)
            village = circle.meeting.kind == VILLAGE_CIRCLE
            if village and previous is not None and at <= previous:
                problem = "its letter would go out before the circle before it has been held"
                yield places.meeting(name, "newsletter", problem=problem)
            if at.date() in off.posts:
                problem = f"its letter would go out in the quiet period {off.posts[at.date()]}"
                yield places.meeting(name, "newsletter", problem=problem)
        previous = circle.starts_at


def check_post_times(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every post that its hour would place outside the daytime of the rules."""
    first, last = programme.rules.posts_only_between
    span = f"{first:%H:%M} to {last:%H:%M} (rules.posts_only_between)"
    if not first <= programme.rules.newsletter_time <= last:
        yield places.rule("rules", "newsletter_time", problem=f"lies outside {span}")
    for name, row in programme.reminders.items():
        for index, reminder in enumerate(row):
            if reminder.time is not None and not first <= reminder.time <= last:
                problem = f"lies outside {span}"
                yield places.rule("reminders", name, index, "time", problem=problem)
            hours = (reminder.after.hours if reminder.after else 0) - (
                reminder.before.hours if reminder.before else 0
            )
            if reminder.time is not None or not hours:
                continue
            for meeting in programme.meetings.values():
                at = _wall(meeting, hours) if name in meeting.reminders else None
                if at is not None and not first <= at <= last:
                    problem = f"would be posted at {at:%H:%M} for {meeting.id}, outside {span}"
                    yield places.rule("reminders", name, index, problem=problem)


def check_deadlines(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every milestone due far from its phase, or at the latest before it is due."""
    for milestone in programme.milestones.values():
        first, last = span_of(programme, milestone.phase, _SAMPLE_YEAR)
        if PER_CIRCLE in (milestone.due, milestone.latest):
            if milestone.due != milestone.latest:
                problem = f'cannot be "{PER_CIRCLE}" unless the other of due and latest is, too'
                key = "due" if milestone.due == PER_CIRCLE else "latest"
                yield places.milestone(milestone.id, key, problem=problem)
            continue
        days = milestone_days(programme, milestone, _SAMPLE_YEAR)
        assert days is not None, "it has a day"
        due, latest = days
        if not first - _GRACE <= due <= last + _GRACE:
            problem = f"lies more than {_GRACE.days // 7} weeks outside {milestone.phase}"
            yield places.milestone(milestone.id, "due", problem=problem)
        if latest < due:
            yield places.milestone(milestone.id, "latest", problem=f"lies before due, {milestone.due}")


def _wall(meeting: Meeting, hours: int) -> time | None:
    """Return the time of day so many hours from a meeting's start (or end, when after it)."""
    start = meeting.position.time
    if start is None:
        return None
    minutes = hours * 60 + (meeting.minutes if hours > 0 else 0)
    return (datetime.combine(date(2027, 1, 1), start) + timedelta(minutes=minutes)).time()


def _spans(years: Sequence[int]) -> str:
    """Write years for people: 2024-2045, or 2024, 2026."""
    if len(years) > 2 and years[-1] - years[0] == len(years) - 1:
        return f"{years[0]}-{years[-1]}"
    return ", ".join(str(year) for year in years)
