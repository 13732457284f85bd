"""`blup db`: bring the programme's database to the newest version."""

import asyncio
from typing import Annotated

import typer

from bot.cli.keys import seal_all, seal_of
from bot.domain.clock import SystemClock
from bot.domain.errors import StartupError
from bot.settings import Settings, SettingsError
from bot.storage import rehearsal as rehearsals
from bot.storage import upgrade as migrations
from bot.storage.database import Database
from bot.storage.seal import new_key

_REHEARSALS = (
    "BLUP_DATABASE_URL: this database serves rehearsals only; nothing was changed. "
    "Upgrade it with --rehearsal, or name the programme's own"
)
_NOT_EMPTY = (
    "BLUP_DATABASE_URL: this database exists already and is the programme's own; nothing was changed. "
    "A rehearsal needs a new, empty one"
)
app = typer.Typer(help="The programme's database.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Work with the database."""


@app.command("upgrade")
def upgrade(
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="One for rehearsals; it serves nothing else, ever.")
    ] = False,
) -> None:
    """Create the database, or bring it to the newest version."""
    settings = Settings()
    asyncio.run(_upgrade(settings, rehearsal=rehearsal))


@app.command("key")
def key() -> None:
    """Print a new key for BLUP_PRIVATE_KEY."""
    typer.echo(new_key())


async def _upgrade(settings: Settings, *, rehearsal: bool) -> None:
    database: Database | None = None
    try:
        database = Database(settings.async_database_url)
        before = await migrations.current(database.engine)
        marked = await rehearsals.made_at(database.engine) is not None
        if marked and not rehearsal:
            raise StartupError(_REHEARSALS)
        if rehearsal and not marked:
            await rehearsals.make(database.engine, SystemClock().now())
        else:
            await migrations.upgrade(database.engine)
        after = await migrations.current(database.engine)
        sealed = await seal_all(database, seal_of(settings))
    except rehearsals.NotEmpty:
        raise StartupError(_NOT_EMPTY) from None
    except (RuntimeError, SettingsError, StartupError):
        raise
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        raise StartupError(f"BLUP_DATABASE_URL: the database cannot be upgraded: {reason}") from error
    finally:
        if database is not None:
            await database.close()
    typer.echo(
        f"{'rehearsal ' * rehearsal}database at version {after}"
        + ("" if before == after else f" (was {before or 'empty'})")
        + (f"; {sealed} e-mail address(es) sealed" if sealed else "")
    )
