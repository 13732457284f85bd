"""The pace that processes share on PostgreSQL."""

from datetime import timedelta

from bot.storage.database import Database
from bot.storage.repositories import pace
from tests.support.databases import new_postgresql_database, with_tables

SPAN = timedelta(seconds=2)


async def test_each_who_asks_gets_the_moments_after_those_of_the_one_before(postgresql: str) -> None:
    database: Database = await with_tables(new_postgresql_database(postgresql))
    waits = []
    for _ in range(3):
        async with database.transaction() as session:
            waits.append(await pace.reserve(session, "requests", SPAN))
    await database.close()
    assert [round(wait / SPAN) for wait in waits] == [0, 1, 2]
