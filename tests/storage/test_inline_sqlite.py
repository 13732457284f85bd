"""The demo's SQLite without a thread: a transaction that pauses half way stops nobody else for good."""

import asyncio
from pathlib import Path

from bot.demo.inline_sqlite import inline_connections, never_wait
from bot.storage.database import Database
from bot.storage.models import Municipality
from tests.support.databases import sqlite_url, with_tables


async def test_a_transaction_that_pauses_is_waited_for_by_the_next_one(tmp_path: Path) -> None:
    file, said = tmp_path / "blup.sqlite3", list[str]()
    await asyncio.to_thread(asyncio.run, with_tables(sqlite_url(file)))
    database = Database(sqlite_url(file), inline_connections(str(file)))
    never_wait(database.engine)

    async def write(name: str, pauses: int) -> None:
        async with database.transaction() as session:
            session.add(Municipality(name=name, key=name))
            await session.flush()
            said.append(f"{name} begins")
            for _ in range(pauses):
                await asyncio.sleep(0)
            said.append(f"{name} ends")

    await asyncio.gather(write("Assens", 5), write("Middelfart", 5))
    assert sorted([said[:2], said[2:]]) == [
        ["Assens begins", "Assens ends"], ["Middelfart begins", "Middelfart ends"],
    ]  # fmt: skip
    await database.close()
