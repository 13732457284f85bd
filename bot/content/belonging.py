"""Check that what belongs together agrees: phases, a decision with its milestone, a poll with its meeting.

Knows nothing of dates or of language; references that lead nowhere are reported elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.content.places import Places
from bot.content.roles import ANY_PHASE
from bot.content.source import Fault
from bot.domain.access import Role
from bot.domain.enrolments import gathering_of
from bot.domain.programme import (
    BY_ITSELF,
    EACH_CIRCLE,
    SIGN_UP,
    WHOLE_PROGRAMME,
    PollTemplate,
    Programme,
    Scope,
)

_EVERYWHERE = {ANY_PHASE, WHOLE_PROGRAMME}
_SCOPES = (Scope.VILLAGE, Scope.COORDINATOR_GROUP)  # who can be asked
_CANDIDATE_DATES = "events.candidate_dates"


def check_belonging(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for everything that is named where it does not belong."""
    for meeting in programme.meetings.values():
        for key, known in (
            ("milestones", programme.milestones),
            ("polls", programme.polls),
            ("decisions", programme.decisions),
        ):
            for index, name in enumerate(getattr(meeting, key)):
                for problem in _other_phase(name, known, meeting.phase):
                    yield places.meeting(meeting.id, key, index, problem=problem)
        share = meeting.seats_per_village
        if share is not None and (
            meeting.scope is not Scope.COHORT or share.seats < 1 or share.until_days < 0
        ):
            problem = "is for a meeting of the whole cohort: at least one seat, and no day after the meeting"
            yield places.meeting(meeting.id, "seats_per_village", problem=problem)
        calls = any("enrol" in r.add for name in meeting.reminders for r in programme.reminders.get(name, ()))
        if calls and gathering_of(programme, meeting.id) is None:
            problem = f"{meeting.phase} has no gathering with a milestone of kind {SIGN_UP} to sign up for"
            yield places.meeting(meeting.id, "reminders", problem=problem)
    yield from _decisions(programme, places)
    yield from _whole_programme(programme, places)
    for poll in programme.polls.values():
        yield from _polls(programme, places, poll)


def _other_phase(name: str | None, known: Mapping[str, Any], phase: str) -> Iterator[str]:
    entry = known.get(name or "")
    if entry is not None and entry.phase != phase and entry.phase not in _EVERYWHERE:
        yield f"{name} belongs to {entry.phase}, not to {phase}"


def _decisions(programme: Programme, places: Places) -> Iterator[Fault]:
    named = {m.decision for m in programme.milestones.values()}
    for decision in programme.decisions.values():
        for problem in _other_phase(decision.milestone, programme.milestones, decision.phase):
            yield places.decision(decision.id, "milestone", problem=problem)
        if decision.milestone is None and decision.id not in named:
            problem = "leads to no milestone: give it one, or name it as the decision of one"
            yield places.decision(decision.id, problem=problem)
        milestone = programme.milestones.get(decision.milestone or "")
        if milestone is not None and milestone.decision != decision.id:
            problem = f"{milestone.id} does not name {decision.id} as its decision"
            yield places.decision(decision.id, "milestone", problem=problem)
    for milestone in programme.milestones.values():
        if milestone.phase not in _EVERYWHERE:
            for problem in _other_phase(milestone.decision, programme.decisions, milestone.phase):
                yield places.milestone(milestone.id, "decision", problem=problem)


def _whole_programme(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for a milestone of the whole programme that a village would have to settle, or open by."""
    own = [m for m in programme.milestones.values() if m.phase == WHOLE_PROGRAMME]
    for milestone in own:
        for key, who in (("owner", milestone.owner), ("confirm", milestone.confirm)):
            if who not in (Role.SECRETARIAT, BY_ITSELF):
                problem = f"must be {Role.SECRETARIAT}: no village has this milestone"
                yield places.milestone(milestone.id, key, problem=problem)
        if milestone.decision is not None:
            problem = "settles a village's milestone, and this is the whole programme's"
            yield places.milestone(milestone.id, "decision", problem=problem)
    for index, name in enumerate(programme.rules.village_channel_after):
        if name in {m.id for m in own}:
            problem = f"{name} is the whole programme's: no village would ever open"
            yield places.rule("rules", "village_channel_after", index, problem=problem)


def _polls(programme: Programme, places: Places, poll: PollTemplate) -> Iterator[Fault]:
    if poll.scope not in _SCOPES:
        problem = f"must be {' or '.join(_SCOPES)}: nobody else is asked"
        yield places.poll(poll.id, "scope", problem=problem)
        return
    if (poll.phase == ANY_PHASE) != (poll.opens.meeting == EACH_CIRCLE):
        problem = f'is "{ANY_PHASE}" for a poll that comes with {EACH_CIRCLE}, and for no other'
        yield places.poll(poll.id, "phase", problem=problem)
    meeting = programme.meetings.get(poll.opens.meeting or "")
    if meeting is not None and poll.phase != ANY_PHASE:
        for problem in _other_phase(meeting.id, programme.meetings, poll.phase):
            yield places.poll(poll.id, "opens", "meeting", problem=problem)
    if meeting is not None and meeting.scope not in (poll.scope, Scope.COHORT):
        problem = f"{meeting.id} is a meeting of another scope, {meeting.scope}"
        yield places.poll(poll.id, "opens", "meeting", problem=problem)
    before = programme.polls.get(poll.opens.after_poll or "")
    if before is not None and before.scope != poll.scope:
        problem = f"{before.id} is a poll of another scope, {before.scope}"
        yield places.poll(poll.id, "opens", "after_poll", problem=problem)
    if poll.options_from == _CANDIDATE_DATES:
        named = {phase.id: phase.gathering for phase in programme.phases}.get(poll.phase)
        gathering = programme.meetings.get(named or "")
        if gathering is None or gathering.window is None or gathering.scope is not Scope.VILLAGE:
            problem = f"{poll.phase} has no gathering whose day a village chooses"
            yield places.poll(poll.id, "options_from", problem=problem)
