"""What became of posts, read back page by page."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from bot.storage.models import Delivery
from bot.storage.repositories import deliveries


async def page(
    session: AsyncSession,
    after: int,
    limit: int,
    *,
    of: ColumnElement[bool] | None,
    cohort_id: int | None,
    failed: bool,
) -> Sequence[Delivery]:
    """Return posts to channels that were planned after one, in that order and without payload: at most `limit`.

    Private ones are nobody's business: who still waits for a reminder has not voted.
    """
    query = select(Delivery).where(Delivery.id > after, Delivery.place_key.not_like("person:%"))
    if of is not None:
        query = query.where(of)
    if cohort_id is not None:
        query = query.where(Delivery.cohort_id == cohort_id)
    if failed:
        tried = and_(Delivery.state == "claimed", Delivery.last_error.is_not(None))
        query = query.where(or_(Delivery.state == "parked", tried))
    query = query.options(defer(Delivery.payload, raiseload=True)).order_by(Delivery.id).limit(limit)
    return (await session.scalars(query)).all()


async def sent_to(session: AsyncSession, place_key: str) -> Sequence[Delivery]:
    """Return the posts that were sent to a place, those taken back too: a line stands there. Without payload."""
    query = select(Delivery).where(
        Delivery.place_key == place_key,
        Delivery.sent_on.is_not(None),
        Delivery.state.in_(deliveries.STANDING),
    )
    query = query.options(defer(Delivery.payload, raiseload=True)).order_by(Delivery.id)
    return (await session.scalars(query)).all()


async def under_way(session: AsyncSession, place_key: str, ids: Collection[int]) -> dict[int, str]:
    """Return the keys of those posts that a place has been sent or may be getting now."""
    found: dict[int, str] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        query = select(Delivery.id, Delivery.key).where(
            Delivery.id.in_(wanted[start : start + 500]),
            Delivery.place_key == place_key, Delivery.state.in_((*deliveries.STANDING, "claimed")),
        )  # fmt: skip
        found.update(dict((await session.execute(query)).all()))
    return found


async def sent_counts(session: AsyncSession, place_keys: Sequence[str], day: date) -> dict[str, int]:
    """Return how many planned posts each place already got on a local day."""
    query = (
        select(Delivery.place_key, func.count())
        .where(Delivery.place_key.in_(place_keys), Delivery.sent_on == day)
        .group_by(Delivery.place_key)
    )
    return dict((await session.execute(query)).all())
