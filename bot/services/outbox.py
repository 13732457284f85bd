"""The outbox as a service: open and close what is due, hand posts to the dispatcher, keep receipts.

A post is claimed with a lease before it is sent; whoever fails leaves it to be claimed again.
"""

import asyncio
import logging
import random
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.posting import PostingHours
from bot.domain.receipts import LATE, NO_CHANNEL
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.invited_guests import settle_by_post
from bot.services.letter_desk_posts import GONE, tell_of_letter
from bot.services.outgoing import Batch, Outgoing, Standing
from bot.services.places import SECRETARIAT, is_person, person_key, place_of
from bot.storage.database import PLANNED
from bot.storage.models import Cohort, Delivery, DiscordPlace, Person, Village
from bot.storage.repositories import deliveries, edits, ledger, second_tries
from bot.storage.repositories.deliveries import Post

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=24)  # another process takes over what this one has claimed within half a minute
LONGEST_WAIT = timedelta(minutes=5)  # between two tries
_DOUBLINGS = 9  # of a second, which is longer than that
OVERTAKEN_AFTER = timedelta(hours=12)  # reminders of one meeting that are due so far apart say much the same
BATCH = 25


OPEN_POST, DECISION_POST = "poll_open", "decision"
UNSEEN = ("poll_call",)  # that none of these went out concerns nobody


class Composer(Protocol):
    """Whoever can write a post; None means that it is no longer needed."""

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write the message of a delivery."""
        ...


class Outbox:
    """Claim, settle and account for posts."""

    def __init__(self, context: Context, composer: Composer) -> None:
        self._context, self._composer = context, composer
        self._zone = ZoneInfo(context.programme.timezone)

    async def claim(self, worker: str) -> Batch:
        """Take the posts that are due, in order; drop the stale, put off what is over the day's limit.

        Each claim has a name of its own, so that whoever comes too late with it changes nothing any more.
        """
        claim = f"{worker}:{uuid.uuid4().hex[:12]}"
        async with self._context.database.transaction() as session:
            now = self._context.now()
            rows = await deliveries.due(session, now, BATCH)
            if not rows:
                return Batch([], [], more=False)
            await deliveries.preload(session, rows)
            places = await self._channels(session, {row.place_key for row in rows})
            _drop_overtaken(rows)
            counts = await ledger.sent_counts(session, list(places) or [""], self._day(now))
            ready = []
            for row in rows:
                if row.state != "stale" and (
                    out := await self._prepare(session, row, now, places, counts, claim)
                ):
                    ready.append(out)
                await asyncio.sleep(0)  # writing posts must not keep people waiting
            return Batch(ready, [row.key for row in rows if row.state == "stale"], more=len(rows) == BATCH)

    async def _prepare(
        self,
        session: AsyncSession,
        row: Delivery,
        now: datetime,
        places: dict[str, int],
        counts: dict[str, int],
        claim: str,
    ) -> Outgoing | None:
        private = is_person(row.place_key)
        if row.useful_until is not None and now >= row.useful_until:
            if row.state == deliveries.HELD:
                await tell_of_letter(session, row, GONE, now)
            if private or row.kind in UNSEEN:
                deliveries.leave_no_trace(row)
                return None
            row.state, row.last_error = "stale", LATE
            return None
        later = await self._put_off(session, row, now, counts)
        if later is not None:
            row.due_at = later
            return None
        original = await edits.original_of(session, row, now + LEASE) if row.edits_id is not None else None
        if row.edits_id is not None and original is None:
            return None
        channel_id = original.channel_id if original is not None else places.get(row.place_key)
        if channel_id is None:
            if await _has_none(session, row.place_key):
                row.state = deliveries.NOT_NEEDED
            else:
                await self._park(session, row, NO_CHANNEL)
            return None
        try:
            message = await self._composer.compose(session, row)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one post that cannot be written must not keep all others
            named = "private" if private else row.key
            log.exception("a post cannot be written", extra={"action": "compose", "key": named})
            await self._park(session, row, repr(error))
            return None
        if message is None:
            if row.due_at > now or row.state == deliveries.HELD:
                return None  # put off in the writing: a poll that too few voted in goes on; or held
            if private:
                deliveries.leave_no_trace(row)
            row.state = deliveries.NOT_NEEDED
            return None
        retry = row.state == "claimed"
        deliveries.claim(row, claim, now, LEASE)
        standing = None
        if original is None:
            counts[row.place_key] = counts.get(row.place_key, 0) + 1
        elif original.message_id is not None:
            standing = Standing(original.id, original.message_id)
        until = now + LEASE
        return Outgoing(
            row.id, row.key, channel_id, message, retry, row.due_at, claim, until, standing, private
        )

    async def _put_off(
        self, session: AsyncSession, row: Delivery, now: datetime, counts: dict[str, int]
    ) -> datetime | None:
        """Return the later moment a post must wait for, or None when it may go now (CALENDAR 8: two a day)."""
        if row.state == "claimed" or row.at_once or row.kind in ("notice", "decision"):
            return None
        hours = await self._hours(session, row, now)
        allowed = hours.allowed_from(now)
        if allowed > now:
            return allowed
        limit = self._context.programme.rules.max_bot_posts_per_channel_per_day
        over = counts.get(row.place_key, 0) >= limit and row.place_key != SECRETARIAT
        if not over or row.urgent:
            return None
        morning = hours.next_morning(now)
        return morning if row.useful_until is None or morning < row.useful_until else None

    async def _hours(self, session: AsyncSession, row: Delivery, now: datetime) -> PostingHours:
        cohort = await session.get(Cohort, row.cohort_id) if row.cohort_id is not None else None
        year = cohort.start_year if cohort else now.year
        return PostingHours(self._context.programme.rules, self._zone, self._context.off(year).posts)

    async def _channels(self, session: AsyncSession, keys: set[str]) -> dict[str, int]:
        rows = await session.scalars(select(DiscordPlace).where(DiscordPlace.key.in_(keys)))
        found = {row.key: row.discord_id for row in rows}
        people = [int(key.partition(":")[2]) for key in keys if is_person(key)]
        if people:
            reached = Person.id.in_(people) & Person.reminded_privately
            for person in await session.scalars(select(Person).where(reached)):
                if person.discord_user_id is not None:
                    found[person_key(person.id)] = person.discord_user_id
        return found

    def _day(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    async def sent(self, delivery_id: int, channel_id: int, message_id: int | None) -> None:
        """Keep the receipt of a post that stands in its channel, or stood there and was deleted (no id)."""
        now = self._context.now()
        async with self._context.database.transaction() as session:
            await deliveries.keep_receipt(session, delivery_id, channel_id, message_id, now, self._day(now))
            await settle_by_post(session, self._context, delivery_id, self._day(now))

    async def told(self, post: Outgoing) -> None:
        """Forget whether a private post was sent."""
        async with self._context.database.transaction() as session:
            row = await session.get(Delivery, post.delivery_id, with_for_update=True)
            if row is not None:
                deliveries.leave_no_trace(row)

    async def edited(self, delivery_id: int, stands: bool) -> None:
        """Keep the receipt of a change: the post now stands so, or it was deleted by hand and nothing is left to do."""
        async with self._context.database.transaction() as session:
            await edits.keep_receipt(session, delivery_id, stands, self._context.now())

    async def failed(self, post: Outgoing, reason: str, permanent: bool) -> None:
        """Put a failed post back with growing patience, or park it and tell the secretariat once.

        Nothing is changed when somebody else has taken it over, or has sent it.
        """
        async with self._context.database.transaction() as session:
            row = await deliveries.in_the_hands_of(session, post.delivery_id, post.claimed_by)
            if row is None:
                return
            row.last_error = reason[:500]
            if not permanent:
                wait = min(
                    timedelta(seconds=2 ** min(row.attempts, _DOUBLINGS)), LONGEST_WAIT
                ) * random.uniform(1, 1.25)
                row.lease_until = self._context.now() + wait
                return
            await self._park(session, row, reason)

    async def _park(self, session: AsyncSession, row: Delivery, reason: str) -> None:
        """Put a post aside until its channel is mended, and tell the secretariat once a day for each channel.

        A private one is let go of: whoever takes no messages is reminded in the channel, like everybody.
        """
        if is_person(row.place_key):
            deliveries.leave_no_trace(row)
            return
        row.state, row.lease_until, row.last_error = "parked", None, reason[:500]
        now, channel_id = (
            self._context.now(),
            (await self._channels(session, {row.place_key})).get(row.place_key),
        )
        place = f"<#{channel_id}>" if channel_id else await _name_of(session, row.place_key)
        said = self._context.texts("notice.parked", place=place)
        await tell_secretariat(session, now, f"notice:parked:{row.place_key}:{self._day(now)}", said)

    async def give_back(self, posts: Sequence[Outgoing]) -> None:
        """Give back what was claimed and surely not sent: another try need not look for it."""
        if not posts:
            return
        async with self._context.database.transaction() as session:
            for claim in {post.claimed_by for post in posts}:
                await deliveries.give_back(
                    session, [p.delivery_id for p in posts if p.claimed_by == claim], claim
                )
            session.info[PLANNED] = True

    async def tell_secretariat(self, key: str, text: str) -> None:
        """Post a notice in the secretariat's channel, once for each key."""
        async with self._context.database.transaction() as session:
            await tell_secretariat(session, self._context.now(), key, text)

    async def unpark(self) -> None:
        """Let posts that could not be sent be tried again, after channels have been mended."""
        async with self._context.database.transaction() as session:
            for row in await session.scalars(select(Delivery).where(Delivery.state == "parked")):
                second_tries.let_be_tried(row, self._context.now())
                session.info[PLANNED] = True

    async def keys(self) -> dict[int, str]:
        """Return what each mark in a channel stands for."""
        async with self._context.database.transaction() as session:
            rows = await session.execute(select(Delivery.id, Delivery.key))
            return dict(rows.all())

    async def next_moment(self, *, with_polls: bool = True) -> datetime | None:
        """Return when the next post is due, or the next poll opens or closes: one cheap question."""
        async with self._context.database.transaction() as session:
            return await deliveries.next_moment(session, self._context.now(), with_polls=with_polls)


def _drop_overtaken(rows: Sequence[Delivery]) -> None:
    """Drop reminders of a meeting that a later one has caught up with, as after a long absence or a moved date."""
    latest: dict[tuple[str, int | None], datetime] = {}
    waiting = [row for row in rows if row.kind == "reminder" and row.state == "pending"]
    for row in waiting:
        what = (row.place_key, row.event_id)
        latest[what] = max(row.due_at, latest.get(what, row.due_at))
    for row in waiting:
        if latest[row.place_key, row.event_id] - row.due_at >= OVERTAKEN_AFTER:
            row.state, row.last_error = "stale", "a later reminder of the same meeting came with it"


async def _has_none(session: AsyncSession, place_key: str) -> bool:
    """Tell whether a place is a village whose municipality does without Discord."""
    if not place_key.startswith("village:"):
        return False
    village = await session.get(Village, int(place_key.split(":")[1]))
    return village is not None and not village.municipality.discord


async def _name_of(session: AsyncSession, place_key: str) -> str:
    place = await place_of(session, place_key)
    owner = place.village or place.group
    return owner.name if owner else place_key


async def tell_secretariat(session: AsyncSession, now: datetime, key: str, text: str) -> None:
    """Plan a notice to the secretariat inside a transaction, once for each key."""
    await deliveries.plan(session, [Post(key, SECRETARIAT, "notice", now, payload={"said": text})])
