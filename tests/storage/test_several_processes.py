"""What several processes share on a real PostgreSQL: a pace, and locks that one of them holds at a time."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import psycopg
import pytest

from bot.storage.database import Database
from bot.storage.locks import AdvisoryLocks, serves_several
from bot.storage.repositories.pace import reserve
from tests.support.databases import new_postgresql_database, with_tables

SPAN = 0.2


@pytest.fixture
async def address(postgresql: str) -> str:
    url = new_postgresql_database(postgresql)
    await (await with_tables(url)).close()
    return url


@pytest.fixture
async def shared(address: str) -> AsyncIterator[Database]:
    database = Database(address)
    yield database
    await database.close()


async def taken_over(locks: AdvisoryLocks) -> None:
    """Wait until a lock that another has given up is ours: the server ends a connection in its own time."""
    async with asyncio.timeout(10):
        while not await locks.hold("calendar"):  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.02)


async def test_each_process_gets_moments_of_its_own(shared: Database) -> None:
    async def take() -> float:
        async with shared.transaction() as session:
            return await reserve(session, "requests", SPAN)

    begins = sorted(await asyncio.gather(*(take() for _ in range(5))))
    assert -0.1 < begins[0] < 0.1, "the first begins now"
    apart = [later - sooner for sooner, later in pairwise(begins)]
    assert all(abs(gap - SPAN) < 0.15 for gap in apart), apart
    async with shared.transaction() as session:
        assert await reserve(session, "another", SPAN) < 0.1, "a pace of another name is free"


async def test_one_process_holds_a_lock_and_another_takes_it_over(address: str) -> None:
    first, second = AdvisoryLocks(address), AdvisoryLocks(address)
    assert await first.hold("calendar") and await first.hold("calendar")
    assert not await second.hold("calendar")
    assert await second.hold("gateway:0/1"), "locks of other names are others"
    await first.close()
    await taken_over(second)
    assert not await first.hold("calendar"), "who has let go for good takes nothing again"
    await second.close()


async def test_a_lock_whose_connection_breaks_is_free_for_others(address: str) -> None:
    first, second = AdvisoryLocks(address), AdvisoryLocks(address)
    assert await first.hold("calendar")
    async with await psycopg.AsyncConnection.connect(
        address.replace("postgresql+psycopg", "postgresql"), autocommit=True
    ) as chief:
        await chief.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    await taken_over(second)
    with pytest.raises(psycopg.OperationalError):
        await first.hold("calendar")
    assert not await first.hold("calendar"), "it has connected anew, and the other holds it"
    await second.close()
    await first.close()


def test_only_postgresql_serves_several() -> None:
    assert serves_several("postgresql+psycopg://localhost/blup")
    assert not serves_several("sqlite+aiosqlite:///blup.sqlite3")
