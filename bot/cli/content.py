"""`blup content check`: read the whole content folder and name every fault."""

from pathlib import Path
from typing import Annotated

import typer

from bot.app import content_of
from bot.cli.checked import report_on

app = typer.Typer(help="The programme's texts and data.", no_args_is_help=True)
Folder = Annotated[
    Path | None, typer.Option("--content", help="Another content folder.", envvar="BLUP_CONTENT_DIR")
]


@app.callback()
def _group() -> None:
    """Work with the content folder."""


@app.command("check")
def check(content: Folder = None) -> None:
    """Check ids, dates, lengths, placeholders, tone, readability and spelling; exit code 2 when something is wrong."""
    loaded = content_of(content)
    report = report_on(loaded)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    for fault in report.faults:
        typer.echo(str(fault), err=True)
    programme = loaded.programme
    if report.faults:
        typer.echo(f"{len(report.faults)} fault(s) in {loaded.folder}", err=True)
        raise typer.Exit(2)
    typer.echo(
        f"{programme.name}: {len(programme.meetings)} meetings, {len(programme.newsletters)} newsletters, "
        f"{len(programme.polls)} polls, {len(programme.decisions)} decisions, {len(programme.milestones)} milestones. "
        "No faults."
    )
