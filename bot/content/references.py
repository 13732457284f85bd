"""Check that every id and role the content names exists. Knows nothing of dates or of language."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict
from string import Formatter

from bot.content.places import Places
from bot.content.roles import ANY_PHASE, ROLES
from bot.content.source import Fault
from bot.domain.calendar import month_day
from bot.domain.guild_names import channel_name
from bot.domain.milestones import CONFIRMERS, OWNERS
from bot.domain.programme import EACH_CIRCLE, PER_CIRCLE, WHOLE_PROGRAMME, Meeting, PollTemplate, Programme

At = Callable[..., Fault]
_OF_A_YEAR = {"start", "end", "end_short"}
_OF_A_COHORT = {*_OF_A_YEAR, "programme", "code", "title"}
_MAY_BE_FILLED_IN = {
    ("discord", "category"): {*_OF_A_COHORT, "municipality"},
    ("discord", "coordinator_channel"): _OF_A_COHORT,
    ("discord", "coordinator_role"): _OF_A_COHORT,
}  # the others stand once, whatever cohorts there are
_SAMPLE = {"start": 2027, "end": 2028}  # whole numbers, all else is text


def check_references(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every reference that leads nowhere."""
    phases = {phase.id for phase in programme.phases}
    for phase in programme.phases:
        yield from _one(phase.gate, programme.milestones, "milestone", places.phase, phase.id, "gate")
        yield from _one(phase.gathering, programme.meetings, "meeting", places.phase, phase.id, "gathering")
    for meeting in programme.meetings.values():
        yield from _meeting(programme, places, meeting, phases)
    for poll in programme.polls.values():
        yield from _poll(programme, places, poll, phases | {ANY_PHASE})
    yield from _decisions(programme, places, phases)
    yield from _milestones(programme, places, phases | {WHOLE_PROGRAMME})
    yield from _rules(programme, places, phases)
    yield from _patterns(programme, places)
    yield from _poll_circles(programme, places)


def _meeting(
    programme: Programme, places: Places, meeting: Meeting, phases: Collection[str]
) -> Iterator[Fault]:
    at, name = places.meeting, meeting.id
    yield from _one(meeting.phase, phases, "phase", at, name, "phase")
    yield from _many(meeting.milestones, programme.milestones, "milestone", at, name, "milestones")
    yield from _many(meeting.polls, programme.polls, "poll", at, name, "polls")
    yield from _many(meeting.decisions, programme.decisions, "decision", at, name, "decisions")
    yield from _many(meeting.audience, ROLES, "role", at, name, "audience")
    sets = programme.reminders
    yield from _many(meeting.reminders, sets, "set of reminders", at, name, "reminders")
    yield from _many(meeting.seed, seed_lines(programme), "line of the seed", at, name, "seed")


def _poll(
    programme: Programme, places: Places, poll: PollTemplate, phases: Collection[str]
) -> Iterator[Fault]:
    at, name = places.poll, poll.id
    yield from _one(poll.phase, phases, "phase", at, name, "phase")
    yield from _many(poll.voters, ROLES, "role", at, name, "voters")
    yield from _many(poll.milestones, programme.milestones, "milestone", at, name, "milestones")
    yield from _one(poll.decision, programme.decisions, "decision", at, name, "decision")
    meetings = {*programme.meetings, EACH_CIRCLE}
    yield from _one(poll.opens.meeting, meetings, "meeting", at, name, "opens", "meeting")
    yield from _one(poll.opens.after_poll, programme.polls, "poll", at, name, "opens", "after_poll")


def _decisions(programme: Programme, places: Places, phases: Collection[str]) -> Iterator[Fault]:
    for decision in programme.decisions.values():
        at, name = places.decision, decision.id
        yield from _one(decision.phase, phases, "phase", at, name, "phase")
        yield from _one(decision.recorded_by, ROLES, "role", at, name, "recorded_by")
        known = programme.milestones
        yield from _one(decision.milestone, known, "milestone", at, name, "milestone")


def _milestones(programme: Programme, places: Places, phases: Collection[str]) -> Iterator[Fault]:
    for milestone in programme.milestones.values():
        at, name = places.milestone, milestone.id
        yield from _one(milestone.phase, phases, "phase", at, name, "phase")
        yield from _one(milestone.owner, OWNERS, "owner of milestones called", at, name, "owner")
        yield from _one(milestone.confirm, CONFIRMERS, "confirmer of milestones called", at, name, "confirm")
        yield from _many(milestone.polls, programme.polls, "poll", at, name, "polls")
        yield from _one(milestone.decision, programme.decisions, "decision", at, name, "decision")
        yield from _many(milestone.seed, seed_lines(programme), "line of the seed", at, name, "seed")
        for key, day in (("due", milestone.due), ("latest", milestone.latest)):
            if day != PER_CIRCLE and not is_month_day(day):
                problem = f'{day} is neither a month and day such as "09-30" nor "{PER_CIRCLE}"'
                yield at(name, key, problem=problem)


def _rules(programme: Programme, places: Places, phases: Collection[str]) -> Iterator[Fault]:
    def at(key: str, *steps: str | int, problem: str) -> Fault:
        return places.rule("rules", key, *steps, problem=problem)

    rules = programme.rules
    yield from _many(rules.one_gathering_per_phase, phases, "phase", at, "one_gathering_per_phase")
    known = programme.milestones
    yield from _many(rules.village_channel_after, known, "milestone", at, "village_channel_after")
    established = (rules.steering_established_by,) if rules.steering_established_by else ()
    yield from _many(established, programme.decisions, "decision", at, "steering_established_by")


def _patterns(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every name that is empty or could not be filled in, or would stand for two things."""
    if not programme.name.strip():
        yield places.rule("name", problem="is empty")
    for part, names, usual in (
        ("cohort", asdict(programme.cohort), _OF_A_YEAR),
        ("discord", asdict(programme.discord), {"programme"}),
    ):
        for key, pattern in names.items():
            if not pattern.strip():
                yield places.rule(part, key, problem="is empty")
            known = _MAY_BE_FILLED_IN.get((part, key), usual)
            for problem in _pattern(pattern, known, needs_start=(part, key) == ("cohort", "code")):
                yield places.rule(part, key, problem=problem)
    discord = programme.discord
    channels = [channel_name(name, "") for name in (discord.secretariat_channel, discord.welcome_channel)]
    if channels[0] == channels[1]:
        problem = "is the same channel as secretariat_channel"
        yield places.rule("discord", "welcome_channel", problem=problem)


def _pattern(pattern: str, known: Collection[str], *, needs_start: bool) -> Iterator[str]:
    try:
        used = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    except ValueError as error:
        yield f"is no pattern: {error}"
        return
    strange = sorted(used - set(known))
    for name in strange:
        yield f"there is no {{{name}}} to fill in here"
    if needs_start and "start" not in used:
        yield "needs {start}, or two cohorts would have one code"
    if strange:
        return
    try:
        pattern.format(**{name: _SAMPLE.get(name, "x") for name in known})
    except (ValueError, LookupError) as error:
        yield f"is no pattern: {error}"


def _poll_circles(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every poll that waits, by way of others, for itself."""
    for poll in programme.polls.values():
        seen, step = [poll.id], poll.opens.after_poll
        while step is not None and step in programme.polls and step not in seen:
            seen.append(step)
            step = programme.polls[step].opens.after_poll
        if step == poll.id:
            chain = " after ".join([*seen, poll.id])
            yield places.poll(poll.id, "opens", "after_poll", problem=f"would never open: {chain}")


def _one(name: str | None, known: Collection[str], kind: str, at: At, *path: str | int) -> Iterator[Fault]:
    if name is not None and name not in known:
        yield at(*path, problem=f"there is no {kind} {name}")


def _many(
    names: Sequence[str], known: Collection[str], kind: str, at: At, *path: str | int
) -> Iterator[Fault]:
    for index, name in enumerate(names):
        yield from _one(name, known, kind, at, *path, index)
        if name in names[:index]:
            yield at(*path, index, problem=f"{name} stands here twice")


def seed_lines(programme: Programme) -> Collection[str]:
    """Return the names of the seed's lines: S01, S02 and so on."""
    return {f"S{number:02}" for number in range(1, programme.rules.seed_lines + 1)}


def is_month_day(text: str) -> bool:
    """Tell whether a text is a real "MM-DD"."""
    try:
        month_day(text, 2024)
    except ValueError:
        return False
    return True
