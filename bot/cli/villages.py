"""`blup villages import`: read the cohort's villages from a spreadsheet's CSV file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.app import build
from bot.cli.calendar import YEARS
from bot.cli.ready import ready_database
from bot.domain.calendar import next_start_year
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
    start_year: Annotated[
        int | None,
        typer.Option(
            min=YEARS[0],
            max=YEARS[1],
            help="First year of the cohort; left out: the next one that can still be joined.",
        ),
    ] = None,
) -> None:
    """Import villages: all of them, or none when one line is faulty."""
    settings = Settings()
    try:
        rows = read_village_list(file)
    except VillageListError as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        typer.echo(f"{len(error.faults)} fault(s); nothing was imported.", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        raise StartupError(f"{file}: {error.strerror or error}") from None

    async def work() -> None:
        async with ready_database(settings) as (url, content, facts):
            app_ = build(url, content, facts)
            year = (
                start_year
                if start_year is not None
                else next_start_year(content.programme, app_.services.context.now())
            )
            try:
                report = await app_.services.cohorts.import_villages(rows, year)
                await app_.services.planning.refresh()
            finally:
                await app_.database.close()
            typer.echo(
                f"cohort {year}: {len(report.created)} created, {len(report.updated)} updated, "
                f"{len(report.unchanged)} unchanged"
            )

    asyncio.run(work())
