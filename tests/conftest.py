"""Fixtures for every story: each test that takes `database` runs on SQLite and on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.services.context import Context
from bot.storage.database import Database
from bot.storage.models import Base
from tests.support.databases import BACKENDS, new_postgresql_database, postgresql_server
from tests.support.world import context_on


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server for the whole run."""
    with postgresql_server() as uri:
        yield uri


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database on either backend."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'blup.sqlite3'}"
    return new_postgresql_database(request.getfixturevalue("postgresql"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with every table."""
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
def context(database: Database) -> Context:
    """The tools of a service on 2 August 2027, the first day of the prelude."""
    return context_on(database)
