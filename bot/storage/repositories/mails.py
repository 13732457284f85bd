"""Mails: what they are known by, letters held, hurried and taken back, and what is told to those who had a mail."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, and_, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import PLANNED, one_at_a_time
from bot.storage.models import Mail, MailRecipient
from bot.storage.repositories.deliveries import AT_ONCE, LETTERS, Post
from bot.storage.repositories.edits import KINDS as FOLLOWING

_IN_COMMON = ":municipality:mail:"
_NOT_BEGUN = ("pending", "held", "stale", "cancelled")
_WAITS = ("pending", "held")
_NEWS_FOR = timedelta(days=7)  # so long a correction is worth a mail that did not get through at once
# its reader has it, or may have it: it was in the air when something broke
_GONE = or_(Mail.state.in_(("sent", "claimed")), Mail.lines.is_not(None))


def key_of(post: Post, recipient_id: int, *, of_municipality: bool) -> str:
    """Return the key of a reader's mail; a municipality's readers get one whichever of its places it comes from."""
    if of_municipality:
        return f"{post.key.removesuffix(f':{post.place_key}')}{_IN_COMMON}{recipient_id}"
    return f"{post.key}:mail:{recipient_id}"


def is_of_municipality(key: str) -> bool:
    """Tell whether a mail is for a reader of a whole municipality."""
    return _IN_COMMON in key


def in_the_village(row: Mail) -> Select[int]:
    """Select the mails that bring villages' own readers what this one brings a municipality's."""
    what = row.key.partition(_IN_COMMON)[0]
    same = Mail.key.startswith(f"{what}:village:", autoescape=True)
    return select(Mail.id).where(
        Mail.cohort_id == row.cohort_id, same, Mail.state.in_(("sent", "claimed", *_WAITS))
    )


async def let_go(session: AsyncSession, cohort_id: int, letter: str) -> None:
    """Let a letter's mails that were held go out. Nobody claims and holds one meanwhile."""
    await one_at_a_time(session, "mails")
    await _change(session, and_(_of_letter(cohort_id, letter), Mail.state == "held"), state="pending")
    session.info[PLANNED] = True


def ahead_of_time(
    cohort_id: int, letter: str, now: datetime, place_keys: Collection[str], *, common: bool
) -> ColumnElement[bool]:
    """Return the condition that a mail brings a letter to these places, later than now.

    Those to readers of whole municipalities count only when they are wanted in `common`.
    """
    waits = and_(_of_letter(cohort_id, letter), Mail.state.in_(_WAITS), Mail.due_at > now)
    here = and_(waits, Mail.place_key.in_(place_keys))
    return here if common else and_(here, not_(Mail.key.contains(_IN_COMMON, autoescape=True)))


async def count(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """Return how many mails there are of a kind."""
    return await session.scalar(select(func.count()).select_from(Mail).where(which)) or 0


async def hurry(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> int:
    """Let mails go out now. Returns how many."""
    session.info[PLANNED] = True
    return await _change(session, which, due_at=now, state="pending")


async def call_off(session: AsyncSession, cohort_id: int, letter: str) -> int:
    """Cancel a letter's mails that wait. Returns how many."""
    await one_at_a_time(session, "mails")
    waits = and_(_of_letter(cohort_id, letter), Mail.state.in_(_WAITS))
    return await _change(session, waits, state="cancelled")


async def withdraw(session: AsyncSession, cohort_id: int, letter: str) -> None:
    """Take a letter's mails back that nobody has begun to send."""
    await one_at_a_time(session, "mails")
    await _change(session, and_(_of_letter(cohort_id, letter), Mail.state.in_(_NOT_BEGUN)), state="withdrawn")


async def gone_to(session: AsyncSession, cohort_id: int, letter: str) -> int:
    """Return to how many readers a letter has gone by mail, or is on its way."""
    return await count(session, and_(_of_letter(cohort_id, letter), _GONE))


async def received(session: AsyncSession, cohort_id: int, letter: str) -> int:
    """Return how many readers' mails of a letter were taken by a mail server."""
    return await count(session, and_(_of_letter(cohort_id, letter), Mail.state == "sent"))


async def fared(session: AsyncSession, cohort_id: int, letter: str, change: str | None) -> list[str]:
    """Return the state of every mail of a letter, or of each reader's latest mail about a `change` of it."""
    which = _of_letter(cohort_id, letter)
    if change is not None:
        about = Mail.key.startswith(f"{change}:{letter}:", autoescape=True)
        which = and_(
            Mail.cohort_id == cohort_id,
            Mail.kind == change,
            about,
            Mail.state.not_in(("cancelled", "not_needed")),
        )
    rows = await session.execute(select(Mail.id, Mail.follows_id, Mail.state).where(which).order_by(Mail.id))
    return list({row.follows_id or row.id: row.state for row in rows}.values())


async def extra_letters_sent(session: AsyncSession, cohort_id: int) -> set[str]:
    """Return the letters outside the calendar that have gone out by mail."""
    query = select(Mail.key).where(Mail.cohort_id == cohort_id, Mail.kind == LETTERS[1], Mail.state == "sent")
    return {key.partition(":")[0] for key in await session.scalars(query)}


async def tell_of_change(
    session: AsyncSession, kind: str, cohort_id: int, letter: str, due: datetime, now: datetime
) -> int:
    """Plan a mail to everybody who has, or may have, a letter by mail: it is corrected, or taken back (`kind`).

    Older ones that nobody has begun are called off. Returns how many.
    """
    await one_at_a_time(session, "mails")  # nobody claims one with the old text meanwhile
    gone = select(Mail).where(_of_letter(cohort_id, letter), _GONE, Mail.recipient_id.is_not(None))
    return await follow(session, kind, (await session.scalars(gone.order_by(Mail.id))).all(), due, now)


async def follow(
    session: AsyncSession, kind: str, originals: Sequence[Mail], due: datetime, now: datetime
) -> int:
    """Plan a mail after each of these; what was planned after them, and not begun, is called off. Returns how many."""
    stamp = f"{now:%Y%m%dT%H%M%S}"
    for start in range(0, len(originals), AT_ONCE):
        part = {f"{kind}:{row.key}:{stamp}": row for row in originals[start : start + AT_ONCE]}
        after = Mail.follows_id.in_([row.id for row in part.values()])
        await _change(session, and_(after, Mail.state.in_(_WAITS)), state="cancelled")
        known = set(await session.scalars(select(Mail.key).where(after, Mail.key.in_(part))))
        await _change(session, and_(Mail.key.in_(known), Mail.state == "cancelled"), state="pending")
        session.add_all(
            Mail(key=key, recipient_id=row.recipient_id, cohort_id=row.cohort_id, place_key=row.place_key, kind=kind,
                 event_id=row.event_id, payload=row.payload, due_at=due, useful_until=due + _NEWS_FOR, follows_id=row.id)
            for key, row in part.items() if key not in known
        )  # fmt: skip
    session.info[PLANNED] = True
    return len(originals)


async def awaits_change(session: AsyncSession, original_id: int) -> bool:
    """Tell whether a mail that changes this one is planned already."""
    query = select(Mail.id).where(Mail.follows_id == original_id, Mail.state.in_(_WAITS))
    return await session.scalar(query.limit(1)) is not None


async def may_follow(session: AsyncSession, row: Mail) -> Mail | None:
    """Return the mail that this one changes, once it is known what became of it and of changes before this one.

    None while one of them is in the air, or waits to be tried again.
    """
    original = await session.get_one(Mail, row.follows_id)
    earlier = select(Mail.id).where(
        Mail.follows_id == original.id, Mail.id != row.id, Mail.state == "claimed"
    )
    if original.state in ("claimed", *_WAITS) or await session.scalar(earlier.limit(1)) is not None:
        return None
    return original


def is_following(row: Mail) -> bool:
    """Tell whether a mail corrects another, or takes it back."""
    return row.kind in FOLLOWING


def _of_letter(cohort_id: int, letter: str) -> ColumnElement[bool]:
    of = Mail.key.startswith(f"{letter}:", autoescape=True)
    return and_(Mail.cohort_id == cohort_id, Mail.kind.in_(LETTERS), of)


async def _change(session: AsyncSession, which: ColumnElement[bool], **values: object) -> int:
    change = update(Mail).where(which).values(**values).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", await session.execute(change)).rowcount


async def places_told(session: AsyncSession, event_id: int) -> Sequence[str]:
    """Return the places of which somebody has had a mail about a meeting."""
    query = select(Mail.place_key).where(Mail.event_id == event_id, Mail.state == "sent").distinct()
    return (await session.scalars(query)).all()


async def take_back(session: AsyncSession, event_id: int, kind: str) -> None:
    """Cancel mails of a kind about a meeting that have not gone out."""
    await _change(
        session,
        and_(Mail.event_id == event_id, Mail.kind == kind, Mail.state == "pending"),
        state="cancelled",
    )


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
