"""Share a pace among processes: each takes the next few moments, by PostgreSQL's clock."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Interval, func, type_coerce, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import PaceSlot


async def reserve(session: AsyncSession, name: str, span: timedelta) -> timedelta:
    """Take a span of a pace for oneself. Returns how long it is until it begins."""
    now = func.clock_timestamp()
    await session.execute(insert(PaceSlot).values(name=name, next_at=now).on_conflict_do_nothing())
    taken = (
        update(PaceSlot)
        .where(PaceSlot.name == name)
        .values(next_at=func.greatest(PaceSlot.next_at, now) + span)
        .returning(type_coerce(PaceSlot.next_at - now, Interval))
        .execution_options(synchronize_session=False)
    )
    until_end: Any = (await session.execute(taken)).scalar_one()
    return timedelta(seconds=until_end.total_seconds()) - span
