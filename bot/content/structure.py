"""Check the programme's shape: phases in order, one gathering and gate in each, whole goals. No language."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError

from bot.content.load import Content
from bot.content.places import GOALS, Places
from bot.content.references import is_month_day
from bot.content.source import Fault
from bot.domain.audience import COMPLETED
from bot.domain.calendar import on_year_day
from bot.domain.programme import GATE, Phase, Programme

_SAMPLE_YEAR = 2027
_DAYS = ("start", "end", "target")
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
    states = {COMPLETED: "every phase that is over"}
    for phase in programme.phases:
        if phase.state in states:
            yield places.phase(phase.id, "state", problem=f"is also the state of {states[phase.state]}")
        states[phase.state] = phase.id
        false = [key for key in _DAYS if not is_month_day(getattr(phase, key).date)]
        for key in false:
            problem = f'{getattr(phase, key).date} is not a month and day such as "09-30"'
            yield places.phase(phase.id, key, "date", problem=problem)
        if false:
            continue
        yield from _phase(phase, places)
        if before is not None:
            yield from _follows(before, phase, places)
        before = phase


def _phase(phase: Phase, places: Places) -> Iterator[Fault]:
    for key in _DAYS:
        if getattr(phase, key).year not in (0, 1):
            problem = "must be 0 or 1, the programme's first or second year"
            yield places.phase(phase.id, key, "year", problem=problem)
    if phase.number < 0:
        yield places.phase(phase.id, "number", problem="must be 0 or more")
    if not phase.state.strip():
        yield places.phase(phase.id, "state", problem="is empty")
    first, last, target = (on_year_day(getattr(phase, key), _SAMPLE_YEAR) for key in _DAYS)
    if last < first:
        yield places.phase(phase.id, "end", problem="lies before the phase's start")
    elif not first <= target <= last:
        yield places.phase(phase.id, "target", problem="lies outside the phase")


def _follows(before: Phase, phase: Phase, places: Places) -> Iterator[Fault]:
    if phase.number <= before.number:
        problem = f"must be above {before.number}, the number of {before.id} before it"
        yield places.phase(phase.id, "number", problem=problem)
    for key in ("start", "end"):
        if on_year_day(getattr(phase, key), _SAMPLE_YEAR) < on_year_day(getattr(before, key), _SAMPLE_YEAR):
            yield places.phase(phase.id, key, problem=f"lies before the {key} of {before.id}")


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
        if gate is not None and gate.kind != GATE:
            problem = f"{gate.id} is no gate: its kind is {gate.kind}"
            yield places.phase(phase.id, "gate", problem=problem)
    gates = {phase.gate for phase in programme.phases if phase.gate is not None}
    if not gates <= programme.milestones.keys():
        return  # a gate's misspelt name is reported with the references
    for milestone in programme.milestones.values():
        if milestone.kind == GATE and milestone.id not in gates:
            problem = f"is {GATE}, but no phase names {milestone.id} as its gate"
            yield places.milestone(milestone.id, "kind", problem=problem)


def _goals(content: Content) -> Iterator[Fault]:
    """Numbers are unique by the way the list is loaded; each must be one of those the rules count, and all be there."""
    goals, count = content.programme.global_goals, content.programme.rules.global_goals
    for missing in sorted({*range(1, count + 1)} - {goal.n for goal in goals}):
        yield content.fault(GOALS, ("global_goals",), f"goal {missing} is missing")
    for index, goal in enumerate(goals):
        if not 1 <= goal.n <= count:
            problem = f"there is no goal {goal.n}: rules.global_goals counts {count}"
            yield content.fault(GOALS, ("global_goals", index, "n"), problem)
        if not _COLOUR.fullmatch(goal.colour):
            problem = f'{goal.colour} is not a colour such as "#19486A"'
            yield content.fault(GOALS, ("global_goals", index, "colour"), problem)
