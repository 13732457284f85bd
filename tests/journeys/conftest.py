"""The year that journeys are lived in; each of them on SQLite and on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from bot.demo.year import ProgrammeYear
from tests.support.year import opened


@pytest.fixture
async def year(database_url: str) -> AsyncIterator[ProgrammeYear]:
    """The year 2027/28 on its first day, everybody in place."""
    async with opened(database_url) as year:
        yield year
