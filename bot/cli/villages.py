"""`blup villages import`: read the cohort's villages from a spreadsheet's CSV file."""

import asyncio
from datetime import time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.app import build, content_of, facts_of
from bot.cli.calendar import YEARS
from bot.cli.ready import upgraded
from bot.domain.calendar import local, next_start_year, programme_days
from bot.domain.clock import Clock, FixedClock, SystemClock
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
    """Import villages: all of them, or none when one line is faulty.

    In a rehearsal's database they have taken part since the programme year's first day, whenever that is, and
    `blup run --rehearse-from` plans what they are sent.
    """
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
        content, url = content_of(settings.content_dir), settings.async_database_url
        rehearsed = await upgraded(url) is not None
        clock: Clock = SystemClock()
        year = start_year if start_year is not None else next_start_year(content.programme, clock.now())
        if rehearsed:
            first, _ = programme_days(content.programme, year)
            clock = FixedClock(local(first, time(), ZoneInfo(content.programme.timezone)))
        app_ = build(url, content, facts_of(settings, content), clock)
        try:
            report = await app_.services.cohorts.import_villages(rows, year)
            if not rehearsed:
                await app_.services.planning.refresh()
        finally:
            await app_.let_go()
        typer.echo(
            f"{'rehearsal, ' * rehearsed}cohort {year}: {len(report.created)} created, "
            f"{len(report.updated)} updated, {len(report.unchanged)} unchanged"
        )

    asyncio.run(work())
