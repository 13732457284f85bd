"""`blup decisions`: check the registers' chains, from outside Discord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from bot.app import App, build, content_of, facts_of
from bot.cli.ready import upgraded
from bot.domain.errors import CompanionError, StartupError
from bot.services.decision_check import RegisterCheck
from bot.services.places import village_key
from bot.settings import Settings

app = typer.Typer(help="The registers of decisions.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Work with the registers of decisions."""


@app.command("verify")
def verify(
    village: Annotated[str | None, typer.Option(help="Only this village's register.")] = None,
) -> None:
    """Check every register's chain: 0 when all are whole, 1 when one is broken, naming its first broken record.

    The last line's fingerprint changes with every entry: compare it with one that was kept elsewhere.
    """
    raise typer.Exit(asyncio.run(_verify(village)))


async def _verify(village: str | None) -> int:
    bad = 0
    async with opened() as found:
        only = [village_key(await village_id(found, village))] if village is not None else None
        for verdict in await RegisterCheck(found.services.context).verify(only):
            bad += verdict.broken is not None
            said = f"BROKEN at {verdict.broken}: {verdict.why}" if verdict.broken else "whole"
            typer.echo(f"{verdict.name}: {verdict.entries} entries, fingerprint {verdict.head[:16]}, {said}")
    return 1 if bad else 0


@asynccontextmanager
async def opened() -> AsyncIterator[App]:
    """Give the bot's services on the database of the settings; nothing is sent."""
    settings = Settings()
    content = content_of(settings.content_dir)
    await upgraded(settings.async_database_url)
    found = build(settings.async_database_url, content, facts_of(settings, content))
    try:
        yield found
    finally:
        await found.let_go()


async def village_id(found: App, name: str) -> int:
    """Return the village somebody means. Raises StartupError."""
    try:
        return (await found.services.cohorts.find_village(name)).id
    except CompanionError as error:
        said = found.services.context.texts(error.key, **{"phone": "", **error.values})
        raise StartupError(f"--village {name}: {said}") from None
