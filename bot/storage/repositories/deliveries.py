"""The outbox: plan a post once, find what is due, claim it, and keep the receipt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    not_,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import PLANNED, one_at_a_time
from bot.storage.models import Decision, Delivery, Event, Poll, Village

LONGEST_LEASE = timedelta(minutes=10)  # longer than the longest wait between two tries
NOT_NEEDED = "not_needed"  # its moment came, and there was nothing to say
HELD = "held"  # a letter whose moment came, and nobody has approved it
WITHDRAWN = "withdrawn"
LETTERS = ("newsletter", "extra_letter")  # the calendar's, and those written outside of it
STANDING = ("sent", WITHDRAWN)  # with the day it was sent on; a change of a post has none
AT_ONCE = 500  # so many rows are asked for in one question
_STANDS = (
    Delivery.key, Delivery.state, Delivery.due_at, Delivery.useful_until,
    Delivery.payload, Delivery.urgent, Delivery.at_once,
)  # fmt: skip
_NOW, _LONGEST = (bindparam(name, type_=Delivery.due_at.type) for name in ("now", "longest"))
_HELD = (Delivery.lease_until > _NOW) & (Delivery.lease_until <= _LONGEST)  # a lease that holds
_BUSY = select(Delivery.place_key).where(Delivery.state == "claimed", _HELD)  # a post is in somebody's hands


@dataclass(frozen=True, slots=True)
class Post:
    """A post that is wanted: what it is, where it goes, when, and how long it stays useful.

    `urgent` posts (letters, links) do not wait for the daily limit; those `at_once`, which answer what somebody
    has just done, do not wait for the morning either.
    """

    key: str
    place_key: str
    kind: str
    due_at: datetime
    useful_until: datetime | None = None
    urgent: bool = False
    at_once: bool = False
    cohort_id: int | None = None
    event_id: int | None = None
    poll_id: int | None = None
    decision_id: int | None = None
    edits_id: int | None = None
    payload: dict[str, object] = field(default_factory=dict)


async def plan(session: AsyncSession, posts: Iterable[Post], now: datetime | None = None) -> int:
    """Insert what is missing and move what is still pending; what has been sent is never touched.

    With `now`, a post that would be useless from the start is not planned. Returns how many changed. What stands
    as it should is only compared, part by part: a whole cohort may be planned again at every start.
    """
    changes = 0
    for part in _parts(posts):
        changes += await _plan_part(session, part, now)
    if changes:
        session.info[PLANNED] = True
    return changes


async def _plan_part(session: AsyncSession, posts: Sequence[Post], now: datetime | None) -> int:
    query = select(*_STANDS).where(Delivery.key.in_([post.key for post in posts]))
    known = {row.key: row for row in await session.execute(query)}
    missing, differing = [], {}
    for post in posts:
        row = known.get(post.key)
        if row is None:
            if not _useless(post, now):
                missing.append(_values(post))
        elif _follows(row, post):
            differing[post.key] = post
    if missing:
        await session.execute(insert(Delivery), missing)
    return len(missing) + (await _move(session, differing, now) if differing else 0)


async def _move(session: AsyncSession, posts: Mapping[str, Post], now: datetime | None) -> int:
    """Let rows follow their posts; one that has been claimed meanwhile is left alone."""
    query = select(Delivery).where(Delivery.key.in_(posts)).order_by(Delivery.id).with_for_update()
    changes = 0
    for row in await session.scalars(query.execution_options(populate_existing=True)):
        post = posts[row.key]
        if not _follows(row, post):
            continue
        row.due_at, row.useful_until = post.due_at, post.useful_until
        if row.state != "parked":
            row.state = "cancelled" if _useless(post, now) else "pending"
            row.payload, row.urgent, row.at_once = post.payload, post.urgent, post.at_once
            changes += 1
    await session.flush()
    return changes


def _parts(posts: Iterable[Post]) -> Iterator[list[Post]]:
    """Yield the posts in parts that fit in one question."""
    rest = iter(posts)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def _useless(post: Post, now: datetime | None) -> bool:
    return now is not None and post.useful_until is not None and post.useful_until <= now


def _values(post: Post) -> dict[str, object]:
    return {column.name: getattr(post, column.name) for column in fields(post)}


def _follows(row: Any, post: Post) -> bool:
    """Tell whether a row that has not been sent must change; one not needed stays so until it is moved."""
    if row.state in ("parked", HELD):
        return (row.due_at, row.useful_until) != (post.due_at, post.useful_until)
    if row.state not in ("pending", "cancelled", NOT_NEEDED):
        return False
    wanted = (post.due_at, post.useful_until, post.payload, post.urgent, post.at_once)
    stands = (row.due_at, row.useful_until, row.payload, row.urgent, row.at_once)
    return row.state == "cancelled" or stands != wanted


async def cancel_missing(
    session: AsyncSession, cohort_id: int, kinds: Sequence[str], keep: set[str], place_key: str | None = None
) -> int:
    """Cancel pending posts of these kinds (in one place, or everywhere) that are no longer wanted. Returns how many."""
    query = select(Delivery.id, Delivery.key).where(
        Delivery.cohort_id == cohort_id, Delivery.state.in_(("pending", HELD)), Delivery.kind.in_(kinds)
    )
    if place_key is not None:
        query = query.where(Delivery.place_key == place_key)
    gone = [id for id, key in await session.execute(query) if key not in keep]
    for start in range(0, len(gone), AT_ONCE):
        part = Delivery.id.in_(gone[start : start + AT_ONCE])
        await session.execute(
            update(Delivery).where(part, Delivery.state.in_(("pending", HELD))).values(state="cancelled")
        )
    return len(gone)


async def next_moment(session: AsyncSession, now: datetime, *, with_polls: bool = True) -> datetime | None:
    """Return when the next post is due, a lease runs out, a poll opens or closes, or a decision is final."""
    found: datetime | None = await session.scalar(_earliest(with_polls), _times(now))
    return found


@cache
def _earliest(with_polls: bool) -> Select[Any]:
    """Write the question of `next_moment`, which is asked before and after everything, once."""
    next_due = (
        select(Delivery.due_at.label("at"))
        .where(Delivery.state == "pending", Delivery.place_key.not_in(_BUSY))
        .order_by(Delivery.due_at)
        .limit(1)
        .subquery()
    )
    polls = (
        select(func.min(Poll.opens_at)).where(Poll.state == "planned"),
        select(func.min(Poll.closes_at)).where(Poll.state == "open"),
        select(func.min(Decision.objections_until)),
    )
    moments = union_all(
        select(next_due.c.at),
        # every letter held and every lease, they are few: asked for the least, SQLite may read all that was ever sent
        select(Delivery.useful_until).where(Delivery.state == HELD),
        select(case((_HELD, Delivery.lease_until), else_=_NOW)).where(
            Delivery.state == "claimed", or_(_HELD, Delivery.place_key.not_in(_BUSY))
        ),
        *(polls if with_polls else ()),
    ).subquery()
    return select(func.min(moments.c.at))


async def due(session: AsyncSession, now: datetime, limit: int) -> Sequence[Delivery]:
    """Return pending posts that are due, or claimed ones whose lease has run out, oldest first, locked.

    After them come letters held until they are of no use any more.
    A place with a post in somebody's hands waits, so that its posts stand in order. A lease that ends later
    than any can is from before the clock was put back. One process looks at a time.
    """
    await one_at_a_time(session, "deliveries")
    ready = or_(
        (Delivery.state == "pending") & (Delivery.due_at <= _NOW),
        (Delivery.state == "claimed") & not_(_HELD),
    )
    query = select(Delivery).where(ready, Delivery.place_key.not_in(_BUSY))
    query = query.order_by(Delivery.due_at, Delivery.id).limit(limit)
    found = (await session.scalars(query.with_for_update(), _times(now))).all()
    if len(found) == limit:
        return found
    # asked on its own: with a third way to be ready, SQLite reads the whole table
    late = select(Delivery).where(Delivery.state == HELD, Delivery.useful_until <= now)
    late = late.order_by(Delivery.id).limit(limit - len(found))
    return [*found, *await session.scalars(late.with_for_update())]


def _times(now: datetime) -> dict[str, datetime]:
    return {"now": now, "longest": now + LONGEST_LEASE}


async def preload(session: AsyncSession, rows: Sequence[Delivery]) -> None:
    """Fetch at once what the posts of a batch are about, so that writing each asks for nothing."""
    villages = {int(r.place_key.split(":")[1]) for r in rows if r.place_key.startswith("village:")}
    events = {row.event_id for row in rows if row.event_id is not None}
    polls = {row.poll_id for row in rows if row.poll_id is not None}
    edited = {row.edits_id for row in rows if row.edits_id is not None}
    for query in (
        select(Village).where(Village.id.in_(villages)) if villages else None,
        select(Event).where(Event.id.in_(events)) if events else None,
        select(Poll).where(Poll.id.in_(polls)) if polls else None,
        select(Delivery).where(Delivery.id.in_(edited)) if edited else None,
    ):
        if query is not None:
            session.info.setdefault("kept", []).extend((await session.scalars(query)).all())


async def keep_receipt(
    session: AsyncSession, delivery_id: int, channel_id: int, message_id: int | None, now: datetime, day: date
) -> None:
    """Note that a post stands in its channel, or with no id that it stood there and was taken away."""
    await session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(
            state="sent", sent_at=now, sent_on=day, channel_id=channel_id, message_id=message_id,
            lease_until=None, claimed_by=None, last_error=None,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def leave_no_trace(row: Delivery) -> None:
    """Let a private post's row look alike whether it was sent, refused or not needed."""
    row.state, row.attempts = NOT_NEEDED, 0
    row.claimed_by = row.lease_until = row.last_error = None


def claim(row: Delivery, worker: str, now: datetime, lease: timedelta) -> None:
    """Take a due post for one worker until the lease runs out."""
    row.state, row.claimed_by, row.lease_until = "claimed", worker, now + lease
    row.attempts += 1


async def in_the_hands_of(session: AsyncSession, delivery_id: int, worker: str) -> Delivery | None:
    """Return a post, locked, if this worker's claim of it still counts."""
    query = select(Delivery).where(
        Delivery.id == delivery_id, Delivery.state == "claimed", Delivery.claimed_by == worker
    )
    found: Delivery | None = await session.scalar(query.with_for_update())
    return found


async def give_back(session: AsyncSession, delivery_ids: Sequence[int], worker: str) -> None:
    """Let posts that this worker claimed and surely did not send be as before; a first try stays a first."""
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.state == "claimed", Delivery.claimed_by == worker)
        .values(
            state=case((Delivery.attempts > 1, "claimed"), else_="pending"),
            attempts=Delivery.attempts - 1, lease_until=Delivery.due_at, claimed_by=None,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


async def let_go(session: AsyncSession, cohort_id: int, letter: str) -> int:
    """Let a letter's posts that were held go out. Returns how many."""
    query = select(Delivery).where(of_letter(letter), Delivery.cohort_id == cohort_id, Delivery.state == HELD)
    rows = (await session.scalars(query.order_by(Delivery.id).with_for_update())).all()
    for row in rows:
        row.state = "pending"
        session.info[PLANNED] = True
    return len(rows)


def of_letter(letter: str) -> ColumnElement[bool]:
    """Return the condition that a post brings this letter."""
    return and_(Delivery.kind.in_(LETTERS), Delivery.key.startswith(f"{letter}:", autoescape=True))
