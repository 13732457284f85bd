"""The mark of a rehearsal: a database is made with it, or never gets it; nothing takes it away."""

from datetime import datetime

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import upgrade as migrations
from bot.storage.models import RehearsalMark


class NotEmpty(Exception):
    """The database exists already, and was not made for rehearsals."""


async def made_at(engine: AsyncEngine) -> datetime | None:
    """Return when a rehearsal's database was made, in real time; None for the programme's own, or an empty one."""
    async with engine.connect() as connection:
        return await connection.run_sync(_made_at)


async def make(engine: AsyncEngine, now: datetime) -> None:
    """Make an empty database a rehearsal's, with every table and the mark, or do nothing at all. Raises NotEmpty."""
    async with engine.connect() as connection:
        if await connection.run_sync(lambda c: inspect(c).get_table_names()):
            raise NotEmpty
    await migrations.upgrade(
        engine, then=lambda c: c.execute(insert(RehearsalMark).values(id=1, made_at=now))
    )


def _made_at(connection: Connection) -> datetime | None:
    if not inspect(connection).has_table(RehearsalMark.__tablename__):
        return None
    return connection.scalar(select(RehearsalMark.made_at))
