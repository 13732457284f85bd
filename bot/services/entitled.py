"""How many people may vote in a poll, from the roles they hold now, and those who are not on Discord."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import VILLAGE_ROLES
from bot.domain.polls import roles_of
from bot.services.coordinator_groups import coordinator_groups, groups_held
from bot.services.hand_counts import of_bodies, off_discord
from bot.services.places import group_key, village_key
from bot.storage.models import Person, Poll, RoleAssignment

STEERING = "steering"  # who votes where something binds
Members = dict[str, list[tuple[str, int]]]  # a role and who holds it


async def entitled_counts(session: AsyncSession, polls: Sequence[Poll]) -> dict[int, int]:
    """Return how many people may vote in each poll, by the poll's id."""
    villages = {poll.village_id for poll in polls if poll.village_id is not None}
    off = await off_discord(session, villages) if villages else {}
    here = await account_counts(session, polls)
    return {
        poll.id: here[poll.id] + of_bodies(off.get(poll.village_id or 0, {}), poll.voters) for poll in polls
    }


async def account_counts(session: AsyncSession, polls: Sequence[Poll]) -> dict[int, int]:
    """Return how many people may vote in each poll on Discord, by the poll's id."""
    villages = {poll.village_id for poll in polls if poll.village_id is not None}
    cohorts = {poll.cohort_id for poll in polls if poll.coordinator_group_id is not None}
    members = await _members(session, villages, cohorts)
    return {poll.id: len(_of(poll, members)) for poll in polls}


async def steering_count(session: AsyncSession, village_id: int) -> int:
    """Return how many may vote in a village where something binds, with those who are not on Discord."""
    members = (await _members(session, {village_id}, set()))[village_key(village_id)]
    here = {person for role, person in members if role in roles_of((STEERING,))}
    off = (await off_discord(session, [village_id])).get(village_id, {})
    return len(here) + of_bodies(off, STEERING)


async def entitled_people(session: AsyncSession, poll: Poll, only: int | None = None) -> set[int]:
    """Return the ids of those who may vote in a poll here, from the roles they hold now; `only` asks of one person."""
    villages = {poll.village_id} - {None}
    cohorts = {poll.cohort_id} if poll.coordinator_group_id is not None else set()
    return _of(poll, await _members(session, villages, cohorts, only))


def _of(poll: Poll, members: Members) -> set[int]:
    roles = roles_of(poll.voters.split(","))
    return {person for role, person in members[poll.scope_key] if role in roles}


async def _members(
    session: AsyncSession,
    villages: Collection[int | None],
    cohorts: Collection[int],
    only: int | None = None,
) -> Members:
    """Return the roles and people of places, by the places' keys."""
    query = (
        select(RoleAssignment)
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(RoleAssignment.until.is_(None), Person.erased_at.is_(None))
        .where(RoleAssignment.village_id.in_(villages) | RoleAssignment.cohort_id.in_(cohorts))
    )
    if only is not None:
        query = query.where(Person.id == only)
    groups = await coordinator_groups(session, cohorts) if cohorts else {}
    members: Members = defaultdict(list)
    for held in await session.scalars(query):
        if held.role in VILLAGE_ROLES and held.village_id is not None:
            members[village_key(held.village_id)].append((held.role, held.person_id))
        elif held.cohort_id is not None:
            for group_id in groups_held(groups, held.cohort_id, held.municipality_id):
                members[group_key(group_id)].append((held.role, held.person_id))
    return members
