"""The state a village has come to: it moves only when a gate is reached, and back when one is opened again.

The calendar's phase is the same for a whole cohort; villages go through the gates at their own pace (S14, S19, S35,
S45, S54). A village that has no agreement yet stays invited.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, looked_after, may
from bot.domain.audience import own_state, states_of
from bot.services.context import Context
from bot.services.places import SECRETARIAT, Place, village_key
from bot.storage.models import Village
from bot.storage.repositories.milestones import reached


async def follow_gates(session: AsyncSession, context: Context, village_id: int) -> None:
    """Let a village's state be what its gates say. The caller holds its row."""
    village = await session.get_one(Village, village_id)
    if village.agreed_at is not None:
        village.state = own_state(context.programme.phases, await reached(session, village_key(village_id)))


async def how_far(
    session: AsyncSession, context: Context, actor: Actor, place: Place
) -> Sequence[tuple[str, Sequence[str]]]:
    """Return each part of the programme with the villages that have come to it, by name and never as a ranking.

    A coordinator sees the villages of the own municipality, the secretariat all of the group or cohort; elsewhere
    there is nothing to see.
    """
    if place.village is not None or place.cohort is None:
        return []
    query = select(Village).where(Village.cohort_id == place.cohort.id, Village.agreed_at.is_not(None))
    if place.group is not None:
        query = query.where(Village.coordinator_group_id == place.group.id)
    if not may(actor, Action.SEE_ALL_VILLAGES, Where()):
        mine = looked_after(actor, place.cohort.id) if place.key != SECRETARIAT else set()
        query = query.where(Village.municipality_id.in_(mine))
    villages = (await session.scalars(query.order_by(Village.name, Village.id))).all()
    found = []
    for phase in context.programme.phases:
        states = states_of(context.programme.phases, phase.id)
        found.append((phase.title, [village.name for village in villages if village.state in states]))
    return [(title, names) for title, names in found if names]
