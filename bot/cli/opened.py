"""The bot's services at hand for a command that looks, or writes a file: nothing is sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import App, build, content_of, facts_of
from bot.cli.ready import upgraded
from bot.settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[App]:
    """Give the services on the database of the settings. Raises ContentError, StartupError."""
    content = content_of(settings.content_dir)
    await upgraded(settings.async_database_url)
    found = build(settings.async_database_url, content, facts_of(settings, content))
    try:
        yield found
    finally:
        await found.let_go()
