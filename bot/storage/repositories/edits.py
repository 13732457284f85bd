"""Changes of posts that stand in their channels: which post is meant, and what a change leaves behind.

A change is a row of the outbox like a post. Doing it twice does no harm, so nothing is looked for before a retry.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Delivery
from bot.storage.repositories.deliveries import NOT_NEEDED, STANDING, WITHDRAWN

CORRECTION, WITHDRAWAL = "correction", "withdrawal"
KINDS = (CORRECTION, WITHDRAWAL)


def of_letter(letter: str) -> ColumnElement[bool]:
    """Return the condition that a row changes posts of this letter."""
    return or_(*(Delivery.key.startswith(f"{kind}:{letter}:", autoescape=True) for kind in KINDS))


async def where_it_stands(session: AsyncSession, rows: Sequence[Delivery]) -> dict[int, tuple[int, int]]:
    """Return channel and message of the posts that these rows change, by the posts' ids."""
    wanted = {row.edits_id for row in rows if row.edits_id is not None}
    query = select(Delivery.id, Delivery.channel_id, Delivery.message_id).where(
        Delivery.id.in_(wanted), Delivery.message_id.is_not(None)
    )
    found = (await session.execute(query)).all() if wanted else []
    return {row.id: (row.channel_id, row.message_id) for row in found}


async def original_of(session: AsyncSession, row: Delivery, look_again_at: datetime) -> Delivery | None:
    """Return the post that a change is about, when it stands.

    While it is on its way, the change waits; when it does not stand, there is nothing to change.
    """
    original = await session.get_one(Delivery, row.edits_id)
    if original.state == "claimed":
        row.state, row.due_at, row.lease_until = "pending", look_again_at, None
        return None
    if original.state not in STANDING or original.message_id is None:
        row.state = NOT_NEEDED
        return None
    return original


async def awaits(session: AsyncSession, original_id: int) -> bool:
    """Tell whether a change of this post is planned already."""
    query = select(Delivery.id).where(Delivery.edits_id == original_id, Delivery.state == "pending")
    return await session.scalar(query.limit(1)) is not None


async def keep_receipt(session: AsyncSession, delivery_id: int, stands: bool, now: datetime) -> None:
    """Note that a post has been changed, or that it had been deleted by hand."""
    row = await session.get_one(Delivery, delivery_id, with_for_update=True)
    row.state, row.sent_at = ("sent" if stands else NOT_NEEDED), now
    row.lease_until = row.claimed_by = row.last_error = None
    done: dict[str, object] = {"state": WITHDRAWN} if row.kind == WITHDRAWAL else {"version": row.version}
    await session.execute(update(Delivery).where(Delivery.id == row.edits_id).values(**done))


async def call_off(session: AsyncSession, original_ids: Collection[int]) -> None:
    """Cancel the changes of these posts that nobody has begun: newer ones take their place."""
    await session.execute(
        update(Delivery)
        .where(Delivery.edits_id.in_(original_ids), Delivery.state.in_(("pending", "parked")))
        .values(state="cancelled")
    )
