"""Share a pace among processes: each takes the next few moments, by PostgreSQL's clock."""

from datetime import timedelta

from sqlalchemy import Float, extract, func, type_coerce, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import PaceSlot


async def reserve(session: AsyncSession, name: str, seconds: float) -> float:
    """Take so many seconds of a pace for oneself. Returns in how many seconds they begin."""
    now, span = func.clock_timestamp(), timedelta(seconds=seconds)
    await session.execute(insert(PaceSlot).values(name=name, next_at=now).on_conflict_do_nothing())
    taken = (
        update(PaceSlot)
        .where(PaceSlot.name == name)
        .values(next_at=func.greatest(PaceSlot.next_at, now) + span)
        .returning(type_coerce(extract("epoch", PaceSlot.next_at - now), Float))
        .execution_options(synchronize_session=False)
    )
    until_end = (await session.execute(taken)).scalar_one()
    return float(until_end) - seconds
