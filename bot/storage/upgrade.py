"""Bring a database to the newest version, or say which one it has; Alembic does the work."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.models import Base

Step = Callable[[Config], None]


def config() -> Config:
    """Return Alembic's settings; the migrations ship inside the package."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return found


def newest() -> str | None:
    """Return the newest version there is."""
    return ScriptDirectory.from_config(config()).get_current_head()


async def current(engine: AsyncEngine) -> str | None:
    """Return the version a database has; None before the first upgrade."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


async def upgrade(
    engine: AsyncEngine, revision: str = "head", then: Callable[[Connection], object] | None = None
) -> None:
    """Run every migration up to a revision, `then` one thing more, in one transaction.

    Foreign keys rest meanwhile on SQLite and are checked afterwards. Raises RuntimeError when the data do not fit
    their foreign keys.
    """

    def step(cfg: Config) -> None:
        command.upgrade(cfg, revision)
        if then is not None:
            then(cfg.attributes["connection"])

    await _run(engine, step)


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Undo migrations down to a revision ("base" for all)."""
    await _run(engine, lambda cfg: command.downgrade(cfg, revision))


async def drift(engine: AsyncEngine) -> list[object]:
    """Return how the database differs from the models; empty when it does not."""
    async with engine.connect() as connection:
        return await connection.run_sync(_drift)


def _drift(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def _run(engine: AsyncEngine, step: Step) -> None:
    sqlite = engine.dialect.name == "sqlite"
    async with engine.connect() as connection:
        if sqlite:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        async with connection.begin():
            await connection.run_sync(lambda c: _with(c, step))
            if sqlite and (await connection.execute(text("PRAGMA foreign_key_check"))).first() is not None:
                raise RuntimeError("a migration left rows that point at nothing; it was undone")
        if sqlite:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


def _with(connection: Connection, step: Step) -> None:
    cfg = config()
    cfg.attributes["connection"] = connection
    step(cfg)
