"""Reminders to one person alone: who chose them, and what they say at the moment they go out (S30, S43).

A poll has one row that calls: when its time comes, everybody who may vote and has chosen so gets a row, whether they
have voted or not. A row says nothing of what became of it, and is deleted when its poll closes: see docs/secrecy.md.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.access import Actor
from bot.domain.poll_dates import reminder_at
from bot.domain.poll_view import OPEN, PollView
from bot.messages import private_reminders as build
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.entitled import entitled_people
from bot.services.membership import own_person
from bot.services.places import person_key, place_of
from bot.services.poll_schedule import PRIVATE_POST
from bot.storage.models import Ballot, Delivery, Person, Poll
from bot.storage.repositories.deliveries import Post, plan


class PrivateReminders:
    """What a person may choose, and the rows and words that follow from it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def choose(self, actor: Actor, *, privately: bool) -> None:
        """Be reminded of polls in a private message, or in the channel alone. Raises Conflict (no person yet)."""
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            person.reminded_privately = privately

    async def call(self, session: AsyncSession, poll: Poll, row: Delivery) -> None:
        """Plan a row for everybody who may vote and has chosen to be reminded privately, once for each."""
        if poll.state != OPEN:
            return
        query = select(Person.id).where(
            Person.id.in_(await entitled_people(session, poll)), Person.reminded_privately
        )
        known = set(await session.scalars(select(Delivery.key).where(_of([poll.id]))))
        posts = [self._post(poll, person, row) for person in await session.scalars(query.order_by(Person.id))]
        await plan(session, [post for post in posts if post.key not in known])

    def _post(self, poll: Poll, person_id: int, row: Delivery) -> Post:
        key = person_key(person_id)
        return Post(f"poll:{poll.id}:{key}", key, PRIVATE_POST, row.due_at,
                    urgent=True, cohort_id=poll.cohort_id, poll_id=poll.id)  # fmt: skip

    async def write(
        self, session: AsyncSession, poll: Poll, view: PollView, delivery: Delivery
    ) -> Message | None:
        """Write the reminder of one person; None when it is not needed: voted, or not a voter any more."""
        person = await session.get(Person, int(delivery.place_key.partition(":")[2]))
        if view.state != OPEN or delivery.due_at > self._context.now():  # put off: too few had voted
            return None
        if person is None or person.discord_user_id is None:
            return None
        if not await entitled_people(session, poll, person.id) or await _voted(session, poll, person):
            return None
        place = await place_of(session, poll.scope_key)
        owner = place.village or place.group
        return build.private_reminder(self._context.texts, view, owner.name if owner else "")


async def _voted(session: AsyncSession, poll: Poll, person: Person) -> bool:
    voter = f"p:{person.id}"
    if poll.secret and poll.secret_key is not None and person.discord_user_id is not None:
        voter = rules.voter_key(poll.secret_key, person.discord_user_id)
    query = select(exists().where(Ballot.poll_id == poll.id, Ballot.voter == voter))
    return bool(await session.scalar(query))


def _of(poll_ids: Collection[int]) -> ColumnElement[bool]:
    return Delivery.poll_id.in_(poll_ids) & (Delivery.kind == PRIVATE_POST)


def reminds_privately() -> ColumnElement[bool]:
    """Return the condition that a poll has private reminders to forget."""
    return exists().where(Delivery.poll_id == Poll.id, Delivery.kind == PRIVATE_POST)


async def put_off(session: AsyncSession, poll: Poll) -> None:
    """Let those reminders of an extended poll that still wait go out a day before its new end.

    One that is on its way is let go: it may have arrived, and then nobody is reminded twice.
    """
    due_at = reminder_at(poll.opens_at, poll.closes_at)
    assert due_at is not None, "it was open long enough for one before"
    waiting = _of([poll.id]) & (Delivery.state == "pending")
    await session.execute(update(Delivery).where(waiting).values(due_at=due_at))


async def forget(session: AsyncSession, poll_ids: Sequence[int]) -> None:
    """Delete the private reminders of polls that are over, in the transaction that ends them."""
    await session.execute(delete(Delivery).where(_of(poll_ids)))
