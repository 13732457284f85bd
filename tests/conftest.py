"""Fixtures for every story: each test that takes `database` runs on SQLite and on a real PostgreSQL."""

import asyncio
import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.services.context import Context
from bot.storage.database import Database
from tests.support.databases import (
    BACKENDS,
    common_postgresql_server,
    empty,
    new_postgresql_database,
    postgresql_server,
    quick_folder,
    sqlite_url,
    with_tables,
)
from tests.support.world import context_on

tempfile.tempdir = quick_folder()
gc.set_threshold(100_000, 20, 50)  # as `blup` does: content and models stay alive, so looking often is wasted


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server for the whole run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    with common_postgresql_server(run) if run else postgresql_server() as uri:
        yield uri


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of the run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


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
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A SQLite database with every table, for the whole run: what it has learnt of our SQL serves every test."""
    return asyncio.run(with_tables(sqlite_url(tmp_path_factory.mktemp("tables") / "blup.sqlite3")))


@pytest.fixture(scope="session")
def postgresql_tables(postgresql: str) -> Database:
    """The same on PostgreSQL."""
    return asyncio.run(with_tables(new_postgresql_database(postgresql)))


@pytest.fixture
def tables(backend: str, request: pytest.FixtureRequest) -> Database:
    """A database with every table, and the rows of whoever used it before."""
    found: Database = request.getfixturevalue(f"{backend}_tables")
    return found


@pytest.fixture
async def database(tables: Database) -> AsyncIterator[Database]:
    """A database with every table and no row."""
    await empty(tables)
    yield tables
    await tables.close()


@pytest.fixture
def context(database: Database) -> Context:
    """The tools of a service on 2 August 2027, the first day of the prelude."""
    return context_on(database)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that mostly wait for another process, so that others fill the time."""
    items.sort(key=lambda item: "tests/wire" not in item.path.as_posix())
