"""How far villages and cohorts are: which milestones are reached, and since when."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import MilestoneState

REACHED, IN_PROGRESS = "reached", "in_progress"


@dataclass(frozen=True, slots=True)
class MilestoneScope:
    """Whose milestones: a village's, or with no village the whole cohort's."""

    key: str
    cohort_id: int
    village_id: int | None = None


def cohort_scope(cohort_id: int) -> MilestoneScope:
    """Return the scope of the programme's own milestones in a cohort."""
    return MilestoneScope(f"cohort:{cohort_id}", cohort_id)


async def reached(session: AsyncSession, scope_key: str) -> set[str]:
    """Return the ids of the milestones that are reached."""
    query = select(MilestoneState.code).where(
        MilestoneState.scope_key == scope_key, MilestoneState.state == REACHED
    )
    return set(await session.scalars(query))


async def reached_by(session: AsyncSession, cohort_id: int, codes: Collection[str]) -> set[tuple[str, str]]:
    """Return whose milestones among these are reached in a cohort, as scope and id."""
    query = select(MilestoneState.scope_key, MilestoneState.code).where(
        MilestoneState.cohort_id == cohort_id,
        MilestoneState.code.in_(codes),
        MilestoneState.state == REACHED,
    )
    return {(scope, code) for scope, code in await session.execute(query)}


async def reach(session: AsyncSession, scope: MilestoneScope, codes: Iterable[str], on: date) -> list[str]:
    """Mark milestones as reached on a day. Returns which: those reached before keep their day.

    The caller holds the scope's row.
    """
    known = await _rows(session, scope.key)
    changed = []
    for code in codes:
        row = known.get(code)
        if row is None:
            row = known[code] = MilestoneState(
                cohort_id=scope.cohort_id, village_id=scope.village_id, scope_key=scope.key, code=code
            )
            session.add(row)
        if row.state != REACHED:
            row.state, row.reached_on = REACHED, on
            changed.append(code)
    await session.flush()
    return changed


async def reopen(session: AsyncSession, scope: MilestoneScope, code: str) -> bool:
    """Take a milestone back to being on its way. Returns False when it was not reached."""
    row = (await _rows(session, scope.key)).get(code)
    if row is None or row.state != REACHED:
        return False
    row.state, row.reached_on = IN_PROGRESS, None
    return True


async def _rows(session: AsyncSession, scope_key: str) -> dict[str, MilestoneState]:
    rows = await session.scalars(select(MilestoneState).where(MilestoneState.scope_key == scope_key))
    return {row.code: row for row in rows}
