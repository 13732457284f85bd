"""When somebody is reminded of milestones: some days ahead, on the last day, and the day after; pure.

Milestones of one body that fall on the same day stand in one post (TONE: one thing a message).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.access import STEERING_GROUP, Role
from bot.domain.calendar import local, month_day, phase_days, programme_days
from bot.domain.posting import PostingHours
from bot.domain.programme import (
    BY_ITSELF,
    GATE,
    MESSAGE,
    PER_CIRCLE,
    STEERING_MEMBER,
    WHOLE_PROGRAMME,
    MilestoneTemplate,
    Programme,
)
from bot.domain.reminders import Moment

OWNERS = frozenset(
    {STEERING_MEMBER, *STEERING_GROUP[1:], Role.LOCAL_COUNCIL_CONTACT, Role.COORDINATOR, Role.SECRETARIAT}
)
CONFIRMERS = frozenset({STEERING_MEMBER, *STEERING_GROUP[1:], Role.SECRETARIAT, BY_ITSELF})


class Stage(StrEnum):
    """How near the day is: ahead of the due day, on the last day, or after it."""

    AHEAD = "ahead"
    LATEST = "latest"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class MilestoneNote:
    """A reminder of milestones to those who own them; `on` is the day its text names."""

    stage: Stage
    body: Role
    on: date
    moment: Moment
    codes: tuple[str, ...]


def body_of(owner: str) -> Role:
    """Return who is spoken to about a milestone: the whole steering group for any of its members."""
    return Role.STEERING if owner == STEERING_MEMBER or owner in STEERING_GROUP else Role(owner)


def confirmers(milestone: MilestoneTemplate) -> frozenset[Role]:
    """Return the roles that may tick a milestone; every member of the steering group counts as one."""
    if milestone.confirm == BY_ITSELF:
        return frozenset()
    if milestone.confirm == STEERING_MEMBER:
        return frozenset(STEERING_GROUP)
    return frozenset({Role(milestone.confirm)})


def settled_by_decision(programme: Programme) -> set[str]:
    """Return the milestones that a standard decision settles."""
    named = {d.milestone for d in programme.decisions.values() if d.milestone}
    return named | {m.id for m in programme.milestones.values() if m.decision}


def by_hand(programme: Programme) -> list[MilestoneTemplate]:
    """Return the milestones that somebody ticks: no gate, and none that a standard decision settles."""
    decided = settled_by_decision(programme)
    rows = programme.milestones.values()
    return [m for m in rows if m.id not in decided and m.kind != GATE and m.confirm != BY_ITSELF]


def settled_by_invitations(programme: Programme) -> list[str]:
    """Return the cohort's milestones that nobody ticks and a message settles: coordinators are invited (S09)."""
    rows = programme.milestones.values()
    return [m.id for m in rows if m.confirm == BY_ITSELF and m.kind == MESSAGE and m.phase == WHOLE_PROGRAMME]


def milestones_of(programme: Programme, code: str | None, milestone: str | None) -> tuple[str, ...]:
    """Return what recording a decision settles: the milestones that name it, and the one chosen by hand."""
    found: dict[str, None] = dict.fromkeys([milestone] if milestone else [])
    template = programme.decisions.get(code or "")
    if template is not None:
        if template.milestone:
            found[template.milestone] = None
        found.update((row.id, None) for row in programme.milestones.values() if row.decision == template.id)
    return tuple(found)


def milestone_days(
    programme: Programme, milestone: MilestoneTemplate, start_year: int
) -> tuple[date, date] | None:
    """Return the due and the latest day; None for one that comes round with every circle."""
    if PER_CIRCLE in (milestone.due, milestone.latest):
        return None
    first, last = span_of(programme, milestone.phase, start_year)
    return _in_span(milestone.due, first, last), _in_span(milestone.latest, first, last)


def span_of(programme: Programme, phase: str, start_year: int) -> tuple[date, date]:
    """Return the first and the last day of a milestone's phase, or of the whole programme."""
    if phase == WHOLE_PROGRAMME:
        return programme_days(programme, start_year)
    return phase_days(programme.phase(phase), start_year)


def _in_span(day: str, first: date, last: date) -> date:
    """Return a month-day in the year a span begins in; in a span over New Year what lies before it comes after."""
    found = month_day(day, first.year)
    return month_day(day, last.year) if found < first and last.year > first.year else found


def milestone_notes(programme: Programme, start_year: int, hours: PostingHours) -> Iterator[MilestoneNote]:
    """Yield every reminder of a year: to the owner before the due day and on the last, then to the secretariat."""
    rules = programme.rules.milestone_reminders
    if rules is None:
        return
    found: dict[tuple[Stage, Role, date], list[str]] = {}
    for milestone in programme.milestones.values():
        days = milestone_days(programme, milestone, start_year)
        if days is None or milestone.confirm == BY_ITSELF:
            continue
        due, latest = days
        body = body_of(milestone.owner)
        for key in (
            (Stage.AHEAD, body, due),
            (Stage.LATEST, body, latest),
            (Stage.OVERDUE, Role.SECRETARIAT, latest),
        ):
            found.setdefault(key, []).append(milestone.id)
    for (stage, body, on), codes in found.items():
        day = on - timedelta(days=rules.before_days) if stage is Stage.AHEAD else on
        due_at = hours.allowed_from(local(day, rules.time, hours.zone))
        if stage is Stage.OVERDUE:  # quiet days put the last reminder off, and this one comes after it
            due_at = hours.allowed_from(local(due_at.date() + timedelta(days=1), rules.time, hours.zone))
        until = due_at + timedelta(days=rules.useful_days)
        if stage is Stage.AHEAD:
            until = local(on, rules.time, hours.zone)
        if due_at < until:
            yield MilestoneNote(stage, body, on, Moment(due_at, until, urgent=False), tuple(codes))
