"""The year that journeys are lived in.

Stories of the year itself and of provisioning play on SQLite and on a real PostgreSQL. The others tell what people
see, which the services' tests have shown to be the same on both: they play on SQLite.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import make_url

from bot.demo.year import ProgrammeYear
from tests.support.databases import new_postgresql_database, sqlite_url
from tests.support.kept_year import begun, keep_opening


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: SQLite, unless a story asks for both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def sqlite_opening(common_folder: Path) -> tuple[bytes, str]:
    """The world after the opening, and the SQLite database that belongs to it."""
    return _kept(common_folder / "sqlite", lambda: sqlite_url(common_folder / "opening.sqlite3"))


@pytest.fixture(scope="session")
def postgresql_opening(common_folder: Path, postgresql: str) -> tuple[bytes, str]:
    """The world after the opening, and the PostgreSQL database that belongs to it."""
    return _kept(common_folder / "postgresql", lambda: new_postgresql_database(postgresql))


def _kept(folder: Path, new_database: Callable[[], str]) -> tuple[bytes, str]:
    """Make the opening and keep it in a folder; whichever process comes first makes it for all."""
    folder.mkdir(exist_ok=True)
    world, address = folder / "world.pickle", folder / "database"
    with FileLock(folder / "lock"):
        if not address.exists():
            url = new_database()
            world.write_bytes(asyncio.run(keep_opening(url)))
            address.write_text(url)
    return world.read_bytes(), address.read_text()


@pytest.fixture
def opening(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bytes, str]:
    """The world after the opening, and the address of a copy of its database."""
    world, database = request.getfixturevalue(f"{backend}_opening")
    if backend == "sqlite":
        file = make_url(database).database
        assert file is not None
        return world, sqlite_url(shutil.copyfile(file, tmp_path / "year.sqlite3"))
    return world, new_postgresql_database(request.getfixturevalue("postgresql"), like=database)


@pytest.fixture
async def year(opening: tuple[bytes, str]) -> AsyncIterator[ProgrammeYear]:
    """The year 2027/28 on its first day, everybody in place."""
    async with begun(*opening) as year:
        yield year
