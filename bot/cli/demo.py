"""`blup demo`: a whole programme year on the embedded Discord, then a page to walk through it."""

import asyncio
import json
import logging
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli.calendar import YEARS
from bot.cli.checked import sound_content
from bot.cli.logs import set_up
from bot.content.load import content_folder
from bot.domain.errors import StartupError
from bot.services.village_list import VillageListError, read_village_list
from bot.settings import Settings, async_address
from bot.storage import upgrade as migrations
from bot.storage.database import Database

FIRST_YEAR = 2026  # the embedded Discord's own time begins in January 2026


def demo(
    villages: Annotated[
        Path | None, typer.Option(help="CSV of villages instead of the example ones.")
    ] = None,
    start_year: Annotated[
        int, typer.Option(min=FIRST_YEAR, max=YEARS[1], help="First year of the programme.")
    ] = 2027,
    content: Annotated[Path | None, typer.Option("--content", envvar="BLUP_CONTENT_DIR")] = None,
    database: Annotated[
        str | None, typer.Option(help="An empty database instead of a temporary one.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page on this machine; 0 picks one.")
    ] = 8765,
    headless: Annotated[bool, typer.Option("--headless", help="End when the year has ended.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the account to this file.")] = None,
) -> None:
    """Live through a whole programme year: no token, server or network is needed."""
    set_up("WARNING", "text")
    for name in ("bot.delivery", "discord"):
        logging.getLogger(name).setLevel(logging.ERROR)
    loaded = sound_content(content)
    try:
        rows = read_village_list(villages or content_folder(content) / "demo" / "villages.csv")
    except VillageListError as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        raise StartupError(f"--villages: {error}") from None
    try:
        from bot.demo.stage import Plan
    except ModuleNotFoundError as error:
        raise StartupError(f"{error.name} is missing: install the extra, blup-companion[demo]") from None
    _check_room_for(json_file, None if headless else port)
    with tempfile.TemporaryDirectory(prefix="blup-demo-") as folder:
        url = own_database(database) if database else f"sqlite+aiosqlite:///{folder}/demo.sqlite3"
        plan = Plan(loaded, rows, start_year, url)
        raise typer.Exit(asyncio.run(_live(plan, None if headless else port, json_file)))


async def _live(plan: object, port: int | None, json_file: Path | None) -> int:
    from bot.demo.page import DemoPage
    from bot.demo.stage import Plan
    from bot.demo.year import ProgrammeYear

    assert isinstance(plan, Plan)
    console = Console(stderr=True)
    year = ProgrammeYear(plan)
    async with year.discord:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(), console=console, transient=port is None,
        ) as bar:  # fmt: skip
            task = bar.add_task(f"{len(plan.rows)} villages come in", total=1.0)
            await year.open()
            await year.live(
                lambda share, day: bar.update(task, completed=share, description=f"{day:%d %B %Y}")
            )
        account = await year.count()
        for name, value in account.figures().items():
            typer.echo(f"{name:>22}: {value}")
        for complaint in year.complaints[:50]:
            typer.echo(complaint, err=True)
        if json_file is not None:
            _write(json_file, account.figures())
        if port is not None:
            async with DemoPage(year, port=port) as page:
                typer.echo(f"The year is on {page.url} - stop with Ctrl-C")
                await page.serve_forever()
        await year.close()
    return 1 if account.missing or account.duplicates else 0


def own_database(url: str) -> str:
    """Return the address of the database that was asked for. Raises StartupError when there is none to be opened."""
    try:
        address = async_address(url)
    except ValueError:
        what = Settings.model_fields["database_url"].description
        raise StartupError(f"--database is not valid. {what}") from None
    asyncio.run(_can_be_opened(address))
    return address


async def _can_be_opened(address: str) -> None:
    database: Database | None = None
    try:
        database = Database(address)
        await migrations.current(database.engine)
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        raise StartupError(f"--database: the database cannot be opened: {reason}") from error
    finally:
        if database is not None:
            await database.close()


def _check_room_for(json_file: Path | None, port: int | None) -> None:
    """Find out before the year whether its account and page have a place. Raises StartupError."""
    try:
        if json_file is not None:
            json_file.parent.mkdir(parents=True, exist_ok=True)
            json_file.open("a").close()
        if port:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
    except OSError as error:
        what = f"--json {json_file}" if error.filename else f"--port {port}"
        raise StartupError(f"{what}: {error.strerror or error}") from None


def _write(file: Path, figures: dict[str, int | float]) -> None:
    """Write the account."""
    file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
