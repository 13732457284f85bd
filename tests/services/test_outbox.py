"""The outbox on SQLite and PostgreSQL: who may take a post, in which order, and what the clock may do meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.context import Context
from bot.services.outbox import LEASE
from bot.services.outgoing import Outgoing
from bot.services.places import SECRETARIAT, WELCOME
from bot.services.registry import Services, services_on
from bot.storage.models import Delivery, DiscordPlace
from bot.storage.repositories.deliveries import LONGEST_LEASE, Post, plan
from tests.support.world import START, Stopped


@pytest.fixture
async def services(context: Context) -> Services:
    async with context.database.transaction() as session:
        session.add_all(
            [DiscordPlace(key=SECRETARIAT, discord_id=1), DiscordPlace(key=WELCOME, discord_id=2)]
        )
        posts = [
            Post(key, place, "notice", START, at_once=True, payload={"said": key})
            for key, place in (("first", SECRETARIAT), ("second", SECRETARIAT), ("elsewhere", WELCOME))
        ]
        await plan(session, posts)
    return services_on(context)


async def claimed(services: Services, worker: str = "a") -> dict[str, Outgoing]:
    return {post.key: post for post in (await services.outbox.claim(worker)).ready}


async def test_what_is_in_somebodys_hands_is_nobody_elses_until_the_lease_ends(
    services: Services, context: Context
) -> None:
    mine = await claimed(services)
    assert set(mine) == {"first", "second", "elsewhere"} and not any(post.retry for post in mine.values())
    assert await claimed(services, "b") == {}
    Stopped(context).set(START + LEASE + timedelta(seconds=1))
    taken_over = await claimed(services, "b")
    assert set(taken_over) == set(mine) and all(post.retry for post in taken_over.values())


async def test_after_a_failure_the_posts_of_that_channel_wait_in_their_order(
    services: Services, context: Context
) -> None:
    mine = await claimed(services)
    await services.outbox.failed(mine["first"], "503", permanent=False)
    await services.outbox.give_back([mine["second"]])
    await services.outbox.sent(mine["elsewhere"].delivery_id, 2, 77)
    assert await claimed(services) == {}, "the second does not overtake the first"
    next_at = await services.outbox.next_moment()
    assert next_at is not None and START + timedelta(seconds=2) <= next_at <= START + timedelta(seconds=3)
    Stopped(context).set(next_at)
    again = await claimed(services)
    assert list(again) == ["first", "second"]
    assert (again["first"].retry, again["second"].retry) == (True, False), "only the first may stand there"


async def test_a_clock_put_back_or_forward_loses_nothing(services: Services, context: Context) -> None:
    await claimed(services)
    Stopped(context).set(START - LONGEST_LEASE - timedelta(hours=3))
    back = await claimed(services, "b")
    assert set(back) == {"first", "second", "elsewhere"} and all(post.retry for post in back.values())
    Stopped(context).set(START + timedelta(days=2))
    forward = await claimed(services, "c")
    assert set(forward) == set(back) and all(post.retry for post in forward.values())
    for post in forward.values():
        await services.outbox.sent(post.delivery_id, post.channel_id, post.delivery_id)
    assert await claimed(services, "d") == {}
    assert await services.outbox.next_moment() is None


async def test_a_post_whose_fate_is_unsure_is_looked_for_even_after_it_was_put_aside(
    services: Services, context: Context
) -> None:
    mine = await claimed(services)
    # The one try of this post was refused: it surely does not stand there.
    await services.outbox.failed(mine["elsewhere"], "403", permanent=True)
    # The first has a try whose end nobody knows, and then it cannot even be looked for.
    Stopped(context).set(START + LEASE + timedelta(seconds=1))
    again = await claimed(services, "b")
    await services.outbox.failed(again["first"], "403", permanent=True)
    await services.outbox.give_back([post for key, post in again.items() if key != "first"])
    await services.outbox.unpark()
    found = await claimed(services, "c")
    assert found["elsewhere"].retry is False
    assert found["first"].retry is True, "it may stand in its channel"


async def test_who_comes_too_late_changes_nothing(services: Services, context: Context) -> None:
    slow = await claimed(services, "slow")
    Stopped(context).set(START + LEASE + timedelta(seconds=1))
    quick = await claimed(services, "quick")
    await services.outbox.sent(quick["first"].delivery_id, 1, 77)
    await services.outbox.failed(slow["first"], "403", permanent=True)
    await services.outbox.give_back([slow["second"]])
    async with context.database.transaction() as session:
        rows = {row.key: row for row in await session.scalars(select(Delivery))}
    assert (rows["first"].state, rows["first"].message_id) == ("sent", 77)
    assert (rows["second"].state, rows["second"].attempts) == ("claimed", 2), "it is in the other's hands"


async def test_a_post_that_cannot_be_written_is_put_aside_and_the_others_go_out(
    services: Services, context: Context
) -> None:
    async with context.database.transaction() as session:
        row = (await session.scalars(select(Delivery).where(Delivery.key == "first"))).one()
        row.payload = {}  # a notice with nothing to say is a fault of ours
    assert set(await claimed(services)) == {"second", "elsewhere"}
    async with context.database.transaction() as session:
        row = (await session.scalars(select(Delivery).where(Delivery.key == "first"))).one()
    assert row.state == "parked" and "said" in str(row.last_error)
