"""What most commands need first: sound settings, content and a database that has been upgraded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import content_of, facts_of
from bot.content.load import Content
from bot.domain.errors import StartupError
from bot.services.context import Facts
from bot.settings import Settings
from bot.storage import upgrade as migrations
from bot.storage.database import Database


async def upgraded(url: str) -> None:
    """Make sure that a database can be used. Raises StartupError when it cannot be reached or is too old."""
    database: Database | None = None
    try:
        database = Database(url)
        version = await migrations.current(database.engine)
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        raise StartupError(f"BLUP_DATABASE_URL: the database cannot be opened: {reason}") from error
    finally:
        if database is not None:
            await database.close()
    if version != migrations.newest():
        raise StartupError(
            f"the database is at version {version or 'none'}, {migrations.newest()} is needed: run `blup db upgrade`"
        )


@asynccontextmanager
async def ready_database(settings: Settings) -> AsyncIterator[tuple[str, Content, Facts]]:
    """Give the address of an upgraded database with the content and what the operator knows."""
    content = content_of(settings.content_dir)
    await upgraded(settings.async_database_url)
    yield (
        settings.async_database_url,
        content,
        facts_of(settings, content),
    )
