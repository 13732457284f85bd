"""`blup db`: bring the programme's database to the newest version."""

import asyncio

import typer

from bot.settings import Settings
from bot.storage import upgrade as migrations
from bot.storage.database import Database

app = typer.Typer(help="The programme's database.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Work with the database."""


@app.command("upgrade")
def upgrade() -> None:
    """Create the database, or bring it to the newest version."""
    asyncio.run(_upgrade(Settings().async_database_url))


async def _upgrade(url: str) -> None:
    database = Database(url)
    try:
        before = await migrations.current(database.engine)
        await migrations.upgrade(database.engine)
        after = await migrations.current(database.engine)
    finally:
        await database.close()
    typer.echo(f"database at version {after}" + ("" if before == after else f" (was {before or 'empty'})"))
