"""Meetings on their dates: the cohort's own, and each village's."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Event, PolledMeeting, Village

COHORT_SCOPE = "cohort"


async def of_cohort(session: AsyncSession, cohort_id: int) -> Sequence[Event]:
    """Return every meeting of a cohort, its villages' own included."""
    return (await session.scalars(select(Event).where(Event.cohort_id == cohort_id))).all()


async def of_village(session: AsyncSession, village: Village) -> Sequence[Event]:
    """Return the meetings a village takes part in, in order of time."""
    query = (
        select(Event)
        .where(Event.cohort_id == village.cohort_id)
        .where(or_(Event.village_id == village.id, Event.scope_key == COHORT_SCOPE))
        .order_by(Event.starts_at)
    )
    return (await session.scalars(query)).all()


async def common(session: AsyncSession, cohort_id: int, after: datetime | None = None) -> Sequence[Event]:
    """Return the cohort's common meetings in order of time."""
    query = select(Event).where(Event.cohort_id == cohort_id, Event.scope_key == COHORT_SCOPE)
    if after is not None:
        query = query.where(Event.ends_at > after)
    return (await session.scalars(query.order_by(Event.starts_at))).all()


async def one(
    session: AsyncSession, cohort_id: int, code: str, scope_key: str = COHORT_SCOPE
) -> Event | None:
    """Return a meeting by its code, or None."""
    query = select(Event).where(
        Event.cohort_id == cohort_id, Event.code == code, Event.scope_key == scope_key
    )
    return await session.scalar(query)


async def polled(session: AsyncSession, scope_key: str) -> Sequence[PolledMeeting]:
    """Return the meetings of a place whose day was voted for, without those called off."""
    query = select(PolledMeeting).join(PolledMeeting.event)
    query = query.where(Event.scope_key == scope_key, Event.called_off_at.is_(None))
    return (await session.scalars(query.order_by(Event.starts_at))).all()


def retime(event: Event, starts_at: datetime, ends_at: datetime) -> None:
    """Put a meeting at another time, and count that as a change; a new meeting just gets its time."""
    if event.starts_at is not None and (event.starts_at, event.ends_at) != (starts_at, ends_at):
        event.sequence += 1
        event.moves += event.starts_at != starts_at
    event.starts_at, event.ends_at = starts_at, ends_at
