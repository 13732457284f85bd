"""What a transaction promises, on both databases."""

from datetime import datetime

import pytest
from sqlalchemy import select

from bot.domain.clock import SystemClock
from bot.storage.database import Database
from bot.storage.models import Municipality


async def test_what_fails_half_way_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            session.add(Municipality(name="Næstved", key="næstved"))
            await session.flush()
            raise RuntimeError("power cut")
    async with database.transaction() as session:
        assert (await session.scalars(select(Municipality))).all() == []
        session.add(Municipality(name="Næstved", key="næstved"))
    async with database.transaction() as session:
        assert [row.name for row in await session.scalars(select(Municipality))] == ["Næstved"]


async def test_a_moment_without_time_zone_is_refused(database: Database) -> None:
    from bot.storage.models import Cohort

    with pytest.raises(Exception, match="time zone"):
        async with database.transaction() as session:
            session.add(Cohort(code="x", title="x", start_year=2027, programme_id="blup",
                               created_at=datetime(2027, 8, 1)))  # noqa: DTZ001  # fmt: skip
    async with database.transaction() as session:
        session.add(Cohort(code="x", title="x", start_year=2027, programme_id="blup",
                           created_at=SystemClock().now()))  # fmt: skip
