"""How many people may vote in a poll, from the roles they hold now, and those who are not on Discord."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import VILLAGE_ROLES
from bot.domain.polls import roles_of
from bot.services.coordinator_groups import coordinator_groups, groups_held
from bot.services.hand_counts import of_bodies, off_discord
from bot.services.places import group_key, village_key
from bot.storage.models import Person, Poll, RoleAssignment


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
    query = (
        select(RoleAssignment)
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(RoleAssignment.until.is_(None), Person.erased_at.is_(None))
        .where(RoleAssignment.village_id.in_(villages) | RoleAssignment.cohort_id.in_(cohorts))
    )
    groups = await coordinator_groups(session, cohorts) if cohorts else {}
    members: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for held in await session.scalars(query):
        if held.role in VILLAGE_ROLES and held.village_id is not None:
            members[village_key(held.village_id)].append((held.role, held.person_id))
        elif held.cohort_id is not None:
            for group_id in groups_held(groups, held.cohort_id, held.municipality_id):
                members[group_key(group_id)].append((held.role, held.person_id))
    counts = {}
    for poll in polls:
        roles = roles_of(poll.voters.split(","))
        counts[poll.id] = len({person for role, person in members[poll.scope_key] if role in roles})
    return counts
