"""`blup db`: bring the programme's database to the newest version."""

import asyncio

import typer

from bot.domain.errors import StartupError
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
    database: Database | None = None
    try:
        database = Database(url)
        before = await migrations.current(database.engine)
        await migrations.upgrade(database.engine)
        after = await migrations.current(database.engine)
    except RuntimeError:
        raise
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        raise StartupError(f"BLUP_DATABASE_URL: the database cannot be upgraded: {reason}") from error
    finally:
        if database is not None:
            await database.close()
    typer.echo(f"database at version {after}" + ("" if before == after else f" (was {before or 'empty'})"))
