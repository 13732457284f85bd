"""Which coordinator groups a municipality's coordinator sits in: those of its villages (S08)."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Village

GroupsOf = Mapping[tuple[int, int], frozenset[int]]


async def coordinator_groups(session: AsyncSession, cohort_ids: Collection[int]) -> GroupsOf:
    """Return the groups of each cohort's municipalities."""
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    query = select(Village.cohort_id, Village.municipality_id, Village.coordinator_group_id).distinct()
    rows = await session.execute(query.where(Village.cohort_id.in_(cohort_ids)))
    for cohort_id, municipality_id, group_id in rows:
        found[cohort_id, municipality_id].add(group_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def groups_held(groups: GroupsOf, cohort_id: int | None, municipality_id: int | None) -> frozenset[int]:
    """Return the groups of a municipality's coordinator in a cohort."""
    return groups.get((cohort_id or 0, municipality_id or 0), frozenset())
