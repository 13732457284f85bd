"""Posts brought to a Discord that only notes them: when the clock jumps, somebody sleeps, or one post is slow."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.delivery import dispatcher
from bot.delivery.dispatcher import Dispatcher, TransientFailure
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.outbox import LEASE
from bot.services.registry import services_on
from bot.storage.models import Delivery, DiscordPlace
from tests.support.polls_world import PollsWorld, polls_world

HOUR = timedelta(hours=1)
TRUE_TIME = datetime(2027, 10, 14, 8, tzinfo=UTC)


@dataclass
class Noted:
    """A Discord that keeps what it gets, remembers no nonce, and has the true time whatever our clock says."""

    now: datetime = TRUE_TIME
    posts: list[tuple[int, datetime]] = field(default_factory=list)
    changes: list[tuple[int, str]] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)  # channels whose next answer is lost
    came: asyncio.Event = field(default_factory=asyncio.Event)
    slow: dict[int, asyncio.Event] = field(default_factory=dict)

    async def has(self, count: int) -> None:
        """Wait until it has so many posts. Raises TimeoutError."""
        async with asyncio.timeout(5):
            while len(self.posts) < count:
                self.came.clear()
                await self.came.wait()

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int:
        if channel_id in self.slow:
            await self.slow[channel_id].wait()
        self.posts.append((mark, self.now))
        self.came.set()
        if channel_id in self.unanswered:
            self.unanswered.discard(channel_id)
            raise TransientFailure("the answer is lost")
        return 9000 + mark

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        pass

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        return next((9000 + noted for noted, at in self.posts if noted == mark and at >= since), None)

    async def private_channel(self, user_id: int) -> int:
        return user_id

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        self.changes.append((mark, message.text))
        if channel_id in self.unanswered:
            self.unanswered.discard(channel_id)
            raise TransientFailure("the answer is lost")
        return mark not in self.deleted


@dataclass
class Post:
    """A world with a notice due in each of three channels."""

    world: PollsWorld
    discord: Noted

    def another(self) -> Dispatcher:
        """Return a process that delivers."""
        context = self.world.context
        return Dispatcher(services_on(context).outbox, self.discord, context.clock)

    async def rows(self) -> list[Delivery]:
        async with self.world.context.database.transaction() as session:
            query = select(Delivery).where(Delivery.key.startswith("test:")).order_by(Delivery.id)
            return list(await session.scalars(query))

    async def stands_once(self) -> bool:
        rows = await self.rows()
        marks = sorted(mark for mark, _ in self.discord.posts)
        return marks == [row.id for row in rows] and all(row.state == "sent" for row in rows)


@pytest.fixture
async def post(context: Context) -> Post:
    world = await polls_world(context, names=("Agerby", "Bøgelund", "Ålby"))
    async with context.database.transaction() as session:
        for number in (1, 2, 3):
            session.add(DiscordPlace(key=f"village:{number}", discord_id=500 + number))
            session.add(
                Delivery(
                    key=f"test:{number}", place_key=f"village:{number}", kind="notice", due_at=TRUE_TIME,
                    urgent=True, at_once=True, payload={"said": "Hej"},
                )
            )  # fmt: skip
    world.at(TRUE_TIME)
    return Post(world, Noted())


async def test_what_went_out_while_the_clock_was_an_hour_ahead_is_found_when_it_is_right_again(
    post: Post,
) -> None:
    async with post.world.context.database.transaction() as session:
        for row in await session.scalars(select(Delivery)):
            row.due_at = TRUE_TIME + HOUR
    post.world.at(TRUE_TIME + HOUR)
    post.discord.unanswered = {501, 503}
    await post.another().send_due()
    assert [row.state for row in await post.rows()] == ["claimed", "sent", "claimed"]
    post.world.at(TRUE_TIME + timedelta(minutes=10))
    post.discord.now = TRUE_TIME + timedelta(minutes=10)
    await post.another().send_due()
    assert await post.stands_once()


async def test_a_clock_that_leaps_while_a_post_is_in_the_air_sends_nothing_twice(post: Post) -> None:
    post.discord.slow[502] = over = asyncio.Event()
    sending = asyncio.create_task(post.another().send_due())
    await post.discord.has(2)
    post.world.at(TRUE_TIME + HOUR)
    over.set()
    await sending
    post.world.at(TRUE_TIME)
    await post.another().send_due()
    assert await post.stands_once()


async def test_who_wakes_after_another_has_taken_over_neither_parks_nor_gives_back_its_posts(
    post: Post,
) -> None:
    outbox = services_on(post.world.context).outbox
    early = (await outbox.claim("asleep")).ready
    post.world.at(TRUE_TIME + LEASE + timedelta(seconds=1))
    late = (await outbox.claim("awake")).ready
    assert [row.retry for row in late] == [True] * 3
    before = [(row.state, row.claimed_by, row.lease_until, row.attempts) for row in await post.rows()]
    await outbox.give_back(early[:1])
    await outbox.failed(early[1], "403", permanent=True)
    await outbox.failed(early[2], "503", permanent=False)
    assert [(row.state, row.claimed_by, row.lease_until, row.attempts) for row in await post.rows()] == before
    await outbox.give_back(late)
    await post.another().send_due()
    assert await post.stands_once()


async def test_a_slow_post_keeps_nobody_from_taking_over_a_lease_that_runs_out(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "LOOK_AGAIN_SECONDS", 0.02)
    dead = (await services_on(post.world.context).outbox.claim("dead")).ready
    await services_on(post.world.context).outbox.give_back(dead[1:2])
    post.discord.slow[502] = over = asyncio.Event()
    post.world.at(TRUE_TIME + timedelta(seconds=5))
    sending = asyncio.create_task(post.another().send_due())
    await asyncio.sleep(0.1)
    assert post.discord.posts == []
    post.world.at(TRUE_TIME + LEASE + timedelta(seconds=1))
    await post.discord.has(2)
    over.set()
    await sending
    assert await post.stands_once()


async def test_a_post_that_fails_the_whole_night_still_waits_five_minutes_at_most(post: Post) -> None:
    outbox = services_on(post.world.context).outbox
    async with post.world.context.database.transaction() as session:
        for row in await session.scalars(select(Delivery)):
            row.attempts = 400
    batch = await outbox.claim("en")
    await outbox.failed(batch.ready[0], "Discord is away", permanent=False)
    row = (await post.rows())[0]
    assert row.lease_until is not None
    assert timedelta(minutes=5) <= row.lease_until - post.world.now <= timedelta(minutes=6.25)
