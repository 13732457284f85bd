"""Keep a poll's post in its channel up to date while it runs, where its numbers may be told.

A change is a row of the outbox (docs/adr/0020). However many vote, a post is changed once in ten minutes at most, so
that Discord's limits leave room for all other posts; nobody's telephone makes a sound.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.outbox import OPEN_POST
from bot.services.poll_results import may_run
from bot.storage.models import Delivery, Poll
from bot.storage.repositories.deliveries import Post, plan

CARD_POST = "poll_card"
_EVERY = timedelta(minutes=10)


async def refresh(session: AsyncSession, poll: Poll, now: datetime) -> None:
    """Let a poll's post tell the new numbers in a few minutes, if it stands and the poll is open until then."""
    stretch = int(now.timestamp() // _EVERY.total_seconds())
    due_at = now + _EVERY - timedelta(seconds=now.timestamp() % _EVERY.total_seconds())
    key = f"poll:{poll.id}:card:{stretch}"
    if not may_run(poll) or due_at >= poll.closes_at:
        return
    if await session.scalar(select(exists().where(Delivery.key == key))):
        return
    standing = select(Delivery.id).where(
        Delivery.poll_id == poll.id, Delivery.kind == OPEN_POST, Delivery.state.in_(("sent", "claimed"))
    )
    card = await session.scalar(standing.order_by(Delivery.id.desc()).limit(1))
    if card is not None:
        post = Post(key, poll.scope_key, CARD_POST, due_at, at_once=True, cohort_id=poll.cohort_id,
                    poll_id=poll.id, edits_id=card)  # fmt: skip
        await plan(session, [post])
