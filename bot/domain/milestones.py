"""When somebody is reminded of milestones: some days ahead, on the last day, and the day after; pure.

Milestones of one body that fall on the same day stand in one post (TONE: one thing a message).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.access import STEERING_GROUP, Role
from bot.domain.calendar import local, month_day
from bot.domain.posting import PostingHours
from bot.domain.programme import (
    BY_ITSELF,
    STEERING_MEMBER,
    WHOLE_PROGRAMME,
    MilestoneTemplate,
    Programme,
)
from bot.domain.reminders import Moment


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


def milestone_days(
    programme: Programme, milestone: MilestoneTemplate, start_year: int
) -> tuple[date, date] | None:
    """Return the due and the latest day, in the phase's own year; None for one that has no day."""
    year = start_year
    if milestone.phase != WHOLE_PROGRAMME:
        year += programme.phase(milestone.phase).start.year
    try:
        return month_day(milestone.due, year), month_day(milestone.latest, year)
    except ValueError:
        return None


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
    shift = {Stage.AHEAD: -rules.before_days, Stage.LATEST: 0, Stage.OVERDUE: 1}
    for (stage, body, on), codes in found.items():
        due_at = hours.allowed_from(local(on + timedelta(days=shift[stage]), rules.time, hours.zone))
        until = due_at + timedelta(days=rules.useful_days)
        if stage is Stage.AHEAD:
            until = local(on, rules.time, hours.zone)
        if due_at < until:
            yield MilestoneNote(stage, body, on, Moment(due_at, until, urgent=False), tuple(codes))
