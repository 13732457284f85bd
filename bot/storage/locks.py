"""Who does what when several processes share one database: locks that end with the process that holds them."""

import asyncio
from typing import Protocol

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import make_url

from bot.storage.database import QUICK_TO_NOTICE


class Locks(Protocol):
    """Named locks, each held by one process at a time."""

    async def hold(self, name: str) -> bool:
        """Take a lock if it is free, and tell whether it is ours. Raises OSError or psycopg.Error."""
        ...

    async def close(self) -> None:
        """Give up every lock."""
        ...


class OneProcess:
    """The locks of a database that serves one process: all are ours."""

    async def hold(self, name: str) -> bool:
        """Tell that it is ours."""
        return True

    async def close(self) -> None:
        """Do nothing."""


class AdvisoryLocks:
    """PostgreSQL's advisory locks, on one connection that nobody else uses: it ends with the process."""

    def __init__(self, url: str) -> None:
        self._conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._held: set[str] = set()
        self._over = False
        self._one_at_a_time = asyncio.Lock()  # two who connect at once would each lose the other's locks

    async def hold(self, name: str) -> bool:
        """Take a lock if it is free, and tell whether it is ours. Raises psycopg.Error while there is no database."""
        async with self._one_at_a_time:
            return await self._hold(name)

    async def _hold(self, name: str) -> bool:
        if self._over:
            return False
        if self._connection is None or self._connection.closed:
            self._held.clear()
            conninfo = make_conninfo(**{**QUICK_TO_NOTICE, **conninfo_to_dict(self._conninfo)})
            self._connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
        question = (
            "SELECT true" if name in self._held else "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        )
        try:
            cursor = await self._connection.execute(question, None if name in self._held else (name,))
            row = await cursor.fetchone()
        except psycopg.OperationalError:
            await self._let_go()
            raise
        if row is not None and row[0]:
            self._held.add(name)
        return name in self._held

    async def close(self) -> None:
        """Give up every lock, for good."""
        self._over = True
        await self._let_go()

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            await connection.close()


def serves_several(url: str) -> bool:
    """Tell whether a database can serve several processes at once."""
    return make_url(url).drivername.startswith("postgresql")
