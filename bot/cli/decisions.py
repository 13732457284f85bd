"""`blup decisions`: check the registers' chains, and hand registers out, from outside Discord."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.app import App
from bot.cli.opened import opened
from bot.domain.errors import CompanionError, StartupError
from bot.services.decision_check import RegisterCheck
from bot.services.decision_export import Format
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
    async with opened(Settings()) as found:
        only = [village_key(await village_id(found, village))] if village is not None else None
        for verdict in await RegisterCheck(found.services.context).verify(only):
            bad += verdict.broken is not None
            said = f"BROKEN at {verdict.broken}: {verdict.why}" if verdict.broken else "whole"
            typer.echo(f"{verdict.name}: {verdict.entries} entries, fingerprint {verdict.head[:16]}, {said}")
    return 1 if bad else 0


@app.command("export")
def export(
    output: Annotated[Path, typer.Option(help="The file to write.")],
    format: Annotated[Format, typer.Option(help="pdf, csv or json")] = Format.PDF,
    village: Annotated[str | None, typer.Option(help="One village's register.")] = None,
    municipality: Annotated[
        str | None, typer.Option(help="The registers of a municipality's villages.")
    ] = None,
    cohort: Annotated[int | None, typer.Option(help="Those of the cohort that begins in this year.")] = None,
) -> None:
    """Write a register out whole: of a village, a municipality or a cohort."""
    if sum(one is not None for one in (village, municipality, cohort)) != 1:
        raise StartupError("name one of --village, --municipality and --cohort")
    try:
        output.write_bytes(asyncio.run(_export(village, municipality, cohort, format)))
    except OSError as error:
        raise StartupError(f"--output {output}: {error.strerror or error}") from None


async def _export(village: str | None, municipality: str | None, cohort: int | None, format: Format) -> bytes:
    async with opened(Settings()) as found:
        desk, cohorts = found.services.register_export, found.services.cohorts
        if village is not None:
            minutes = await desk.of_village(await village_id(found, village))
        elif municipality is not None:
            with named(found, "municipality", municipality):
                minutes = await desk.of_municipality((await cohorts.find_municipality(municipality)).id)
        else:
            with named(found, "cohort", str(cohort)):
                minutes = await desk.of_cohort((await cohorts.cohort(cohort)).id)
        return (await desk.file(minutes, format)).data


@contextmanager
def named(found: App, option: str, value: str) -> Iterator[None]:
    """Say what is wrong with an option in plain words. Raises StartupError."""
    try:
        yield
    except CompanionError as error:
        said = found.services.context.texts(error.key, **{"phone": "", **error.values})
        raise StartupError(f"--{option} {value}: {said}") from None


async def village_id(found: App, name: str) -> int:
    """Return the village somebody means. Raises StartupError."""
    with named(found, "village", name):
        return (await found.services.cohorts.find_village(name)).id
