"""Check the programme's shape: phases in order, one gathering in each, whole goals. No dates, no language."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError

from bot.content.load import Content
from bot.content.places import GOALS, Places
from bot.content.references import is_month_day
from bot.content.source import Fault
from bot.domain.calendar import on_year_day
from bot.domain.programme import Phase, Programme, YearDay

_SAMPLE_YEAR = 2027
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def check_structure(content: Content, places: Places) -> Iterator[Fault]:
    """Yield a fault for every break in the programme's shape."""
    yield from _phases(content.programme, places)
    yield from _gatherings(content.programme, places)
    yield from _gates(content.programme, places)
    yield from _goals(content)


def check_setting(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for a time zone or language nothing can be dated in; other checks need both."""
    try:
        ZoneInfo(programme.timezone)
    except (LookupError, OSError, ValueError):
        problem = f"there is no time zone {programme.timezone}"
        yield places.rule("timezone", problem=problem)
    try:
        Locale.parse(programme.language)
    except (UnknownLocaleError, ValueError):
        yield places.rule("language", problem=f"dates cannot be written in {programme.language}")


def _phases(programme: Programme, places: Places) -> Iterator[Fault]:
    before: Phase | None = None
    for phase in programme.phases:
        days = {"start": phase.start, "end": phase.end, "target": phase.target}
        false = [key for key, day in days.items() if not _real(day)]
        for key in false:
            problem = f'{days[key].date} is not a month and day such as "09-30"'
            yield places.phase(phase.id, key, "date", problem=problem)
        if false:
            continue
        first, last, target = (on_year_day(day, _SAMPLE_YEAR) for day in days.values())
        if last < first:
            yield places.phase(phase.id, "end", problem="lies before the phase's start")
        elif not first <= target <= last:
            yield places.phase(phase.id, "target", problem="lies outside the phase")
        if before is not None and phase.number <= before.number:
            problem = f"must be above {before.number}, the number of {before.id} before it"
            yield places.phase(phase.id, "number", problem=problem)
        if before is not None and first < on_year_day(before.start, _SAMPLE_YEAR):
            yield places.phase(phase.id, "start", problem=f"lies before the start of {before.id}")
        before = phase


def _real(day: YearDay) -> bool:
    return is_month_day(day.date)


def _gatherings(programme: Programme, places: Places) -> Iterator[Fault]:
    for phase in programme.phases:
        found = [m.id for m in programme.meetings.values() if m.gathering and m.phase == phase.id]
        listed = phase.id in programme.rules.one_gathering_per_phase
        if listed and not found:
            yield places.phase(phase.id, problem="has no meeting with gathering: true")
        elif listed and len(found) > 1:
            for meeting_id in found[1:]:
                problem = f"is a second gathering in {phase.id}, beside {found[0]}"
                yield places.meeting(meeting_id, "gathering", problem=problem)
        named = phase.gathering
        if named in programme.meetings and named not in found:
            problem = f"{named} is not a gathering of this phase"
            yield places.phase(phase.id, "gathering", problem=problem)
        elif named is None and listed and found:
            problem = f"must name its gathering, {found[0]}: add gathering"
            yield places.phase(phase.id, problem=problem)


def _gates(programme: Programme, places: Places) -> Iterator[Fault]:
    for phase in programme.phases:
        gate = programme.milestones.get(phase.gate or "")
        if gate is not None and gate.phase != phase.id:
            problem = f"{gate.id} is a milestone of {gate.phase}, not of this phase"
            yield places.phase(phase.id, "gate", problem=problem)


def _goals(content: Content) -> Iterator[Fault]:
    """Numbers are unique by the way the list is loaded; colours and numbers must be real."""
    for index, goal in enumerate(content.programme.global_goals):
        if goal.n < 1:
            yield content.fault(GOALS, ("global_goals", index, "n"), "must be 1 or more")
        if not _COLOUR.fullmatch(goal.colour):
            problem = f'{goal.colour} is not a colour such as "#19486A"'
            yield content.fault(GOALS, ("global_goals", index, "colour"), problem)
