"""The mark of a rehearsal, on both databases: given to an empty one, and for ever."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.storage import rehearsal
from bot.storage import upgrade as migrations
from bot.storage.database import Database, open_engine
from bot.storage.models import RehearsalMark

NOW = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)


async def test_an_empty_database_is_made_a_rehearsals_and_stays_one(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        assert await rehearsal.made_at(engine) is None
        await rehearsal.make(engine, NOW)
        assert await migrations.current(engine) == migrations.newest()
        assert await migrations.drift(engine) == []
        await migrations.upgrade(engine)
        assert await rehearsal.made_at(engine) == NOW
    finally:
        await engine.dispose()


@pytest.mark.parametrize("version", ["0001", "head"])
async def test_a_database_that_is_the_programmes_own_is_left_as_it_is(
    database_url: str, version: str
) -> None:
    engine = open_engine(database_url)
    try:
        await migrations.upgrade(engine, version)
        before = await migrations.current(engine)
        with pytest.raises(rehearsal.NotEmpty):
            await rehearsal.make(engine, NOW)
        assert (await migrations.current(engine), await rehearsal.made_at(engine)) == (before, None)
        await migrations.upgrade(engine)
        assert await rehearsal.made_at(engine) is None
    finally:
        await engine.dispose()


async def test_what_others_keep_in_a_database_is_not_made_a_rehearsal_of(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
        with pytest.raises(rehearsal.NotEmpty):
            await rehearsal.make(engine, NOW)
        assert await migrations.current(engine) is None
    finally:
        await engine.dispose()


async def test_a_mark_that_fails_leaves_no_table_behind(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        with pytest.raises(Exception, match="time zone"):
            await rehearsal.make(engine, NOW.replace(tzinfo=None))
        assert await migrations.current(engine) is None
        await rehearsal.make(engine, NOW)
    finally:
        await engine.dispose()


async def test_there_is_one_mark_at_most(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add_all([RehearsalMark(id=1, made_at=NOW), RehearsalMark(id=2, made_at=NOW)])
