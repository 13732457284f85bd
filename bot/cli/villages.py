"""`blup villages import`: read the cohort's villages from a spreadsheet's CSV file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.app import build
from bot.cli.ready import ready_database
from bot.domain.errors import StartupError
from bot.services.village_list import VillageListError, read_village_list
from bot.settings import Settings

app = typer.Typer(help="The villages that take part.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Work with villages."""


@app.command("import")
def import_villages(
    file: Annotated[Path, typer.Argument(help="CSV with the columns kommune and landsby.")],
    start_year: Annotated[int, typer.Option(help="The year of the August in which the programme begins.")],
) -> None:
    """Import villages: all of them, or none when one line is faulty."""
    settings = Settings()
    try:
        rows = read_village_list(file)
    except VillageListError as error:
        for fault in error.faults:
            typer.echo(f"{file}: {fault}", err=True)
        typer.echo(f"{len(error.faults)} fault(s); nothing was imported.", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        raise StartupError(f"{file}: {error.strerror or error}") from None

    async def work() -> None:
        async with ready_database(settings) as (url, content, facts):
            app_ = build(url, content, facts)
            try:
                report = await app_.services.cohorts.import_villages(rows, start_year)
                await app_.services.planning.refresh()
            finally:
                await app_.database.close()
            typer.echo(
                f"{len(report.created)} created, {len(report.updated)} updated, {len(report.unchanged)} unchanged"
            )

    asyncio.run(work())
