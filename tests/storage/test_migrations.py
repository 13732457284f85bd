"""Migrations make exactly the tables the code knows, and take them away again, on both databases."""

from bot.storage import upgrade as migrations
from bot.storage.database import open_engine


async def test_migrating_up_leaves_no_drift_and_down_leaves_nothing(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        assert await migrations.current(engine) is None
        await migrations.upgrade(engine)
        assert await migrations.current(engine) == migrations.newest()
        assert await migrations.drift(engine) == []
        await migrations.upgrade(engine)
        await migrations.downgrade(engine, "base")
        assert await migrations.current(engine) is None
        assert [step for step in await migrations.drift(engine) if step[0] == "remove_table"] == []  # type: ignore[index]
        await migrations.upgrade(engine)
        assert await migrations.drift(engine) == []
    finally:
        await engine.dispose()
