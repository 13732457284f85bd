"""Fixtures for every story: each test that takes `database` runs on SQLite and on a real PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.services.context import Context
from bot.storage.database import Database
from tests.support.databases import (
    BACKENDS,
    empty,
    make_tables,
    new_postgresql_database,
    postgresql_server,
    sqlite_url,
)
from tests.support.world import context_on


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server for the whole run."""
    with postgresql_server() as uri:
        yield uri


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: each test runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database on either backend."""
    if backend == "sqlite":
        return sqlite_url(tmp_path / "blup.sqlite3")
    return new_postgresql_database(request.getfixturevalue("postgresql"))


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row, to be copied."""
    file = tmp_path_factory.mktemp("tables") / "blup.sqlite3"
    asyncio.run(make_tables(sqlite_url(file)))
    return file


@pytest.fixture(scope="session")
def postgresql_tables(postgresql: str) -> str:
    """A PostgreSQL database with every table, emptied for each test."""
    url = new_postgresql_database(postgresql)
    asyncio.run(make_tables(url))
    return url


@pytest.fixture
def tables_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with every table and, on SQLite, no row."""
    if backend == "sqlite":
        file = request.getfixturevalue("sqlite_tables")
        return sqlite_url(shutil.copyfile(file, tmp_path / "tables.sqlite3"))
    return str(request.getfixturevalue("postgresql_tables"))


@pytest.fixture
async def database(backend: str, tables_url: str) -> AsyncIterator[Database]:
    """A database with every table and no row."""
    database = Database(tables_url)
    if backend == "postgresql":
        await empty(database)
    yield database
    await database.close()


@pytest.fixture
def context(database: Database) -> Context:
    """The tools of a service on 2 August 2027, the first day of the prelude."""
    return context_on(database)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that mostly wait for another process, so that others fill the time."""
    items.sort(key=lambda item: "tests/wire" not in item.path.as_posix())
