"""SQLite without a thread: for the demo alone, where one process lives through a year in a minute.

The driver hands every call to a thread and waits for it; on the embedded Discord each such wait is a turn of
the simulated loop. Here the call is made at once. Nothing else of the database differs. In production the thread
stays: a busy database must not stop the bot from answering.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

BUSY = "SQLITE_BUSY"


class _AtOnce:
    """Stands where the driver's queue to its thread stands, and does the work itself."""

    def put_nowait(self, order: tuple["asyncio.Future[Any] | None", Callable[[], Any]]) -> None:
        """Make the call and put its result in the future."""
        future, call = order
        try:
            result = call()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname == BUSY:  # another connection is in a transaction: let it go on
                asyncio.get_running_loop().call_soon(self.put_nowait, order)
            elif future is not None:
                future.set_exception(error)
        except Exception as error:
            if future is not None:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


def never_wait(engine: AsyncEngine) -> None:
    """Let no call wait for another connection's transaction: without a thread that one could not go on."""
    event.listen(engine.sync_engine, "connect", lambda made, _: made.execute("PRAGMA busy_timeout=0"))


def inline_connections(path: str) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """Return what opens connections to a SQLite file that need no thread."""

    async def connect() -> aiosqlite.Connection:
        connection = aiosqlite.connect(path)
        connection._tx = _AtOnce()  # type: ignore[assignment]
        return await connection._connect()

    return connect
