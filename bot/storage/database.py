"""Open the database and hand out transactions; SQLite and PostgreSQL behave alike above this line."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

FORGOTTEN = "forgotten"  # in a session's info: what was deleted must not lie on the disk either
PLANNED = "planned"  # in a session's info: posts were planned, so whoever sends them should look
_QUIET: dict[str, Any] = {"hide_parameters": True}  # an error that is logged tells no vote and no text
# A PostgreSQL whose machine is gone is noticed by both sides within 20 s. A process that falls asleep in a
# transaction is put out of it, since the others wait for what it holds.
QUICK_TO_NOTICE: dict[str, Any] = {
    "connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=15000 -c idle_in_transaction_session_timeout=10000",
}  # fmt: skip
_AWAY = (OperationalError, InternalError, InterfaceError)
Connect = Callable[[], Awaitable[Any]]


class Database:
    """One engine and its transactions; `url` is a SQLAlchemy async URL."""

    def __init__(self, url: str, connect: Connect | None = None) -> None:
        """Open a database; `connect` stands in for the driver's own way of opening a SQLite file."""
        self.url = url
        self.engine = open_engine(url, connect)
        self.on_planned: Callable[[], None] = lambda: None
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Give a session that commits at the end, or rolls everything back when something fails.

        When posts were planned in it, `on_planned` is called after the commit: the alarm clock listens.
        When something was to be forgotten, SQLite's log of recent changes is emptied.
        """
        async with self._sessions() as session:
            async with session.begin():
                yield session
            if session.info.get(FORGOTTEN):
                await self._empty_log()
            if session.info.get(PLANNED):
                self.on_planned()

    async def _empty_log(self) -> None:
        if self.engine.dialect.name != "sqlite":
            return
        async with self.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


def is_away(error: Exception) -> bool:
    """Tell whether an error says that the database may be back in a moment; a fault in our SQL never passes."""
    ours = getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR"
    return isinstance(error, _AWAY) and not ours


async def one_at_a_time(session: AsyncSession, what: str) -> None:
    """Let other processes wait with the same work until this transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


def open_engine(url: str, connect: Connect | None = None) -> AsyncEngine:
    """Create an engine; a SQLite file's folder is made when it is missing."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite"):
        engine = create_async_engine(
            url, **_QUIET, connect_args=QUICK_TO_NOTICE, pool_pre_ping=True, pool_size=5, max_overflow=5
        )
        event.listen(engine.sync_engine, "handle_error", _tell_no_row)
        return engine
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, **_QUIET, **({"async_creator": connect} if connect else {}))
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _tell_no_row(context: ExceptionContext) -> None:
    """Keep an error's first line: PostgreSQL goes on with the row that failed."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).split("\n", 1)[0],)


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Let us begin transactions ourselves: the driver's own way loses updates (docs/adr/0002)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "synchronous=NORMAL",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
