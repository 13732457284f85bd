"""`blup bench`: ratios measured in one run, each against a baseline that runs beside it; needs a checkout."""

import asyncio
import importlib
import json
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.domain.errors import StartupError

app = typer.Typer(help="Measure ratios, each against a baseline in the same run.", no_args_is_help=True)
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, too.")]


@app.callback()
def _group() -> None:
    """Measure."""
    logging.disable(logging.WARNING)


@app.command("broadcast")
def broadcast(
    channels: Annotated[int, typer.Option(min=1)] = 450,
    guilds: Annotated[int, typer.Option(min=1)] = 1,
    latency_ms: Annotated[float, typer.Option(min=0)] = 80,
    faults: Annotated[
        bool, typer.Option("--faults", help="2 % 5xx, 2 % dropped before and 2 % after the work was done.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Send a letter to many channels: ours, a plain loop and `gather`, against Discord's limit."""
    found = _run(_module("broadcast").broadcast(channels, guilds, latency_ms, faults=faults), json_file)
    _show(
        f"{channels} channels in {guilds} server(s), {latency_ms:g} ms, limit {found['limit_seconds']} s",
        {name: found[name] for name in ("ours", "loop", "gather")},
    )


@app.command("votes")
def votes(
    clicks: Annotated[int, typer.Option(min=20, help="People who click at the same moment.")] = 1000,
    channels: Annotated[int, typer.Option(min=1, help="Posts of the broadcast that goes on beside.")] = 960,
    polls: Annotated[int, typer.Option(min=2, help="Polls that are open at once at the end.")] = 200,
    json_file: JsonFile = None,
) -> None:
    """Click on secret polls as fast as can be: acknowledged per second, beside a bot that only acknowledges."""
    found = _run(_module("votes").votes(clicks, channels, polls), json_file)
    _show(
        f"{clicks} clicks at once, then 200 a second; ours reaches {found['ratio']} of ack_only's pace",
        {name: found[name] for name in ("ours", "ack_only")},
    )
    _show(
        f"200 clicks a second while {channels} posts go out; {found['votes_counted']} votes counted",
        {"ours": found["under_broadcast"]},
    )
    many = found["many_polls"]
    _show(
        f"{clicks} clicks at once, then 200 a second, on {polls} open polls, which then close together",
        {"ours": {name: many[name] for name in many if name != "polls"}},
    )


@app.command("backlog")
def backlog(
    rows: Annotated[list[int] | None, typer.Option(min=1, help="May be given several times.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Start, and find what is due, with a thousand, 100 thousand and a million deliveries on record."""
    found = _run(_module("backlog").backlog(rows or [1_000, 100_000, 1_000_000]), json_file)
    _show("deliveries on record", {f"{one['rows']:,} on {one['database']}": one for one in found})


@app.command("calendar")
def calendar(
    villages: Annotated[int, typer.Option(min=15)] = 40,
    json_file: JsonFile = None,
) -> None:
    """Keep a year's posts: in our ledger, and as jobs in APScheduler's SQLAlchemy job store."""
    found = _run(_module("calendar").calendar(villages), json_file)
    _show_across(f"a year of {villages} villages", {name: found[name] for name in ("ours", "job_store")})
    for what, ratio in found["job_store_times_ours"].items():
        Console().print(f"{what}: the job store takes {ratio} times as long")


def _module(name: str) -> ModuleType:
    """Return a benchmark: they stand beside the tests, with the Discord they run on. Raises StartupError."""
    checkout = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(checkout))  # before any installed package that calls itself tests, too
    try:
        return importlib.import_module(f"tests.bench.{name}")
    except ModuleNotFoundError as error:
        raise StartupError(
            f"blup bench needs a checkout with its development packages (make setup): no {error.name} here"
        ) from None


def _run(work: Coroutine[Any, Any, Any], json_file: Path | None) -> Any:
    found = asyncio.run(work)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2), "utf-8")
    return found


def _show(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print figures with a line for each run."""
    columns = list(next(iter(rows.values())))
    table = Table("", *columns, title=title, title_justify="left")
    for name, figures in rows.items():
        table.add_row(name, *(str(figures[column]) for column in columns))
    Console().print(table)


def _show_across(title: str, runs: dict[str, dict[str, Any]]) -> None:
    """Print figures with a column for each run."""
    table = Table("", *runs, title=title, title_justify="left")
    for figure in next(iter(runs.values())):
        table.add_row(figure, *(str(run[figure]) for run in runs.values()))
    Console().print(table)
