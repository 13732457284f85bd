"""The year that journeys are lived in; each of them on SQLite and on a real PostgreSQL."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from filelock import FileLock

from bot.demo.year import ProgrammeYear
from tests.support.databases import new_postgresql_database, sqlite_url
from tests.support.kept_year import begun, keep_opening


@pytest.fixture(scope="session")
def sqlite_opening(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """The world after the opening, and the SQLite file that belongs to it; the first process makes it for all."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    file, kept = folder / "opening.sqlite3", folder / "opening.pickle"
    with FileLock(folder / "opening.lock"):
        if not kept.exists():
            kept.write_bytes(asyncio.run(keep_opening(sqlite_url(file))))
    return kept.read_bytes(), file


@pytest.fixture(scope="session")
def postgresql_opening(postgresql: str) -> tuple[bytes, str]:
    """The world after the opening, and the PostgreSQL database that belongs to it."""
    url = new_postgresql_database(postgresql)
    return asyncio.run(keep_opening(url)), url


@pytest.fixture
def opening(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bytes, str]:
    """The world after the opening, and the address of a copy of its database."""
    world, database = request.getfixturevalue(f"{backend}_opening")
    if backend == "sqlite":
        return world, sqlite_url(shutil.copyfile(database, tmp_path / "year.sqlite3"))
    return world, new_postgresql_database(request.getfixturevalue("postgresql"), like=database)


@pytest.fixture
async def year(opening: tuple[bytes, str]) -> AsyncIterator[ProgrammeYear]:
    """The year 2027/28 on its first day, everybody in place."""
    async with begun(*opening) as year:
        yield year
