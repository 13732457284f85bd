"""Mails that repeat what is told of a meeting, for those who have had a mail about it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Mail
from bot.storage.repositories.deliveries import Post


async def places_told(session: AsyncSession, event_id: int) -> Sequence[str]:
    """Return the places of which somebody has had a mail about a meeting."""
    query = select(Mail.place_key).where(Mail.event_id == event_id, Mail.state == "sent").distinct()
    return (await session.scalars(query)).all()


async def take_back(session: AsyncSession, event_id: int, kind: str) -> None:
    """Cancel mails of a kind about a meeting that have not gone out."""
    waiting = update(Mail).where(Mail.event_id == event_id, Mail.kind == kind, Mail.state == "pending")
    await session.execute(waiting.values(state="cancelled").execution_options(synchronize_session=False))


async def repeat(session: AsyncSession, event_id: int, posts: Iterable[Post]) -> None:
    """Plan a mail of each post for those who have had one about the meeting from the same place."""
    heard = select(Mail.place_key, Mail.recipient_id, Mail.cohort_id).where(
        Mail.event_id == event_id, Mail.state == "sent", Mail.recipient_id.is_not(None)
    )
    readers = (await session.execute(heard.distinct())).all()
    for post in posts:
        for place_key, recipient_id, cohort_id in readers:
            if place_key == post.place_key:
                session.add(
                    Mail(key=f"{post.key}:mail:{recipient_id}", recipient_id=recipient_id, cohort_id=cohort_id,
                         place_key=place_key, kind=post.kind, event_id=event_id, payload=post.payload,
                         due_at=post.due_at, useful_until=post.useful_until)
                )  # fmt: skip
