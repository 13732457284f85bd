"""Posts that failed and are tried again: those that may stand in their channel all the same are looked for first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import PLANNED
from bot.storage.models import Delivery
from bot.storage.repositories import deliveries


async def failed_letters(session: AsyncSession, cohort_id: int, letter: str) -> Sequence[Delivery]:
    """Return a letter's posts that were put aside or came too late, locked."""
    query = select(Delivery).where(deliveries.of_letter(letter), Delivery.cohort_id == cohort_id)
    query = query.where(Delivery.state.in_(("parked", "stale"))).order_by(Delivery.id)
    return (await session.scalars(query.with_for_update())).all()


def is_unsure(row: Delivery) -> bool:
    """Tell whether a post that was put aside or came too late may stand in its channel all the same."""
    return row.state in ("parked", "stale") and row.attempts > (1 if row.state == "parked" else 0)


def let_be_tried(row: Delivery, now: datetime) -> None:
    """Let a post that was put aside or came too late be sent after all.

    One that was tried with an unsure end may stand in its channel: it comes back as claimed, so that it is looked
    for first, and since when it was due. A single try that Discord refused is sure.
    """
    if is_unsure(row) and row.due_at <= now:
        row.state, row.attempts, row.lease_until = "claimed", 1, row.due_at
    else:
        row.state, row.attempts = "pending", 0


def try_again(
    session: AsyncSession, rows: Sequence[Delivery], now: datetime, useful_until: datetime | None
) -> None:
    """Make posts that failed due at once; without an end they are of use whenever they arrive."""
    for row in rows:
        let_be_tried(row, now)
        if row.state == "pending":
            row.due_at = now
        row.useful_until, row.at_once, row.last_error = useful_until, True, None
        session.info[PLANNED] = True
