"""What a transaction promises, on both databases."""

import traceback
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from bot.domain.clock import SystemClock
from bot.storage.database import FORGOTTEN, Database
from bot.storage.models import Base, Municipality


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


async def test_an_error_that_is_logged_tells_nothing_of_what_was_written(database: Database) -> None:
    written = "en hemmelig tekst"
    with pytest.raises(IntegrityError) as error:
        async with database.transaction() as session:
            await session.execute(insert(Municipality), [{"name": written, "key": None}])
    logged = "".join(traceback.format_exception(error.value)).replace('"en hemmelig tekst"', "")
    assert "municipality" in logged and written not in logged


async def test_what_is_to_be_forgotten_lies_in_no_file_of_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'blup.sqlite3'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.transaction() as session:
        session.add(Municipality(name="en hemmelig tekst", key="x"))

    def lies_about() -> bool:
        return any(b"hemmelig" in path.read_bytes() for path in tmp_path.iterdir())

    assert lies_about()
    async with database.transaction() as session:
        await session.execute(delete(Municipality))
        session.info[FORGOTTEN] = True
    assert not lies_about()
    await database.close()


async def test_a_moment_without_time_zone_is_refused(database: Database) -> None:
    from bot.storage.models import Cohort

    with pytest.raises(Exception, match="time zone"):
        async with database.transaction() as session:
            session.add(Cohort(code="x", title="x", start_year=2027, programme_id="blup",
                               created_at=datetime(2027, 8, 1)))  # noqa: DTZ001  # fmt: skip
    async with database.transaction() as session:
        session.add(Cohort(code="x", title="x", start_year=2027, programme_id="blup",
                           created_at=SystemClock().now()))  # fmt: skip
