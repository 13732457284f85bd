"""Mails: what they are known by, letters held, and what is told of a meeting to those who had a mail about it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import PLANNED, one_at_a_time
from bot.storage.models import Mail, MailRecipient
from bot.storage.repositories.deliveries import Post

_IN_COMMON = ":municipality:mail:"
_NOT_BEGUN = ("pending", "held", "stale", "cancelled")


def key_of(post: Post, recipient_id: int, *, of_municipality: bool) -> str:
    """Return the key of a reader's mail; a municipality's readers get one whichever of its places it comes from."""
    if of_municipality:
        return f"{post.key.removesuffix(f':{post.place_key}')}{_IN_COMMON}{recipient_id}"
    return f"{post.key}:mail:{recipient_id}"


def is_of_municipality(key: str) -> bool:
    """Tell whether a mail is for a reader of a whole municipality."""
    return _IN_COMMON in key


async def let_go(session: AsyncSession, cohort_id: int, letter: str) -> None:
    """Let a letter's mails that were held go out. Nobody claims and holds one meanwhile."""
    await one_at_a_time(session, "mails")
    held = update(Mail).where(_of_letter(cohort_id, letter), Mail.state == "held")
    await session.execute(held.values(state="pending").execution_options(synchronize_session=False))
    session.info[PLANNED] = True


async def withdraw(session: AsyncSession, cohort_id: int, letter: str) -> int:
    """Take a letter's mails back that nobody has begun to send. Returns to how many readers it has gone."""
    await one_at_a_time(session, "mails")
    waiting = update(Mail).where(_of_letter(cohort_id, letter), Mail.state.in_(_NOT_BEGUN))
    await session.execute(waiting.values(state="withdrawn").execution_options(synchronize_session=False))
    return await gone_to(session, cohort_id, letter)


async def gone_to(session: AsyncSession, cohort_id: int, letter: str) -> int:
    """Return to how many readers a letter has gone by mail, or is on its way."""
    gone = select(func.count()).where(_of_letter(cohort_id, letter), Mail.state.in_(("sent", "claimed")))
    return await session.scalar(gone) or 0


def _of_letter(cohort_id: int, letter: str) -> ColumnElement[bool]:
    of = Mail.key.startswith(f"{letter}:", autoescape=True)
    return and_(Mail.cohort_id == cohort_id, Mail.kind == "newsletter", of)


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
    heard = (
        select(Mail.place_key, MailRecipient.id, Mail.cohort_id, MailRecipient.scope_key)
        .join(MailRecipient, Mail.recipient_id == MailRecipient.id)
        .where(Mail.event_id == event_id, Mail.state == "sent")
    )
    readers = (await session.execute(heard.distinct())).all()
    found: dict[str, Mail] = {}
    for post in posts:
        for place_key, recipient_id, cohort_id, scope_key in readers:
            if place_key == post.place_key:
                key = key_of(post, recipient_id, of_municipality=scope_key.startswith("municipality:"))
                found[key] = Mail(
                    key=key, recipient_id=recipient_id, cohort_id=cohort_id, place_key=place_key, kind=post.kind,
                    event_id=event_id, payload=post.payload, due_at=post.due_at, useful_until=post.useful_until,
                )  # fmt: skip
    session.add_all(found.values())
