"""`blup calendar`: a programme year on dates, as a table, as JSON or as a calendar file."""

import enum
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.app import content_of
from bot.content.blackouts import blackout_days
from bot.content.calendar_file import ics
from bot.domain.calendar import DatedMeeting, calendar_of

YEARS = (2000, 2100)


class Format(enum.StrEnum):
    """How a calendar can be written."""

    TABLE = "table"
    JSON = "json"
    ICS = "ics"


def calendar(
    start_year: Annotated[
        int, typer.Option(min=YEARS[0], max=YEARS[1], help="The year the programme begins.")
    ],
    format: Annotated[Format, typer.Option(help="table, json or ics")] = Format.TABLE,
    content: Annotated[Path | None, typer.Option("--content", envvar="BLUP_CONTENT_DIR")] = None,
) -> None:
    """Print every meeting of a programme year with its dates."""
    programme = content_of(content).programme
    dated = calendar_of(programme, start_year, blackout_days(programme, start_year))
    if format is Format.JSON:
        typer.echo(json.dumps([as_json(meeting) for meeting in dated], ensure_ascii=False, indent=2))
    elif format is Format.ICS:
        typer.echo(ics(programme, dated).decode(), nl=False)
    else:
        Console(width=150).print(_table(dated))


def as_json(dated: DatedMeeting) -> dict[str, str | None]:
    """Return a meeting as plain data, times in ISO form with their offset."""
    letter = dated.newsletter_at
    return {
        "id": dated.meeting.id,
        "phase": dated.meeting.phase,
        "kind": dated.meeting.kind,
        "title": dated.meeting.title,
        "starts_at": dated.starts_at.isoformat(),
        "ends_at": dated.ends_at.isoformat(),
        "moved_by": dated.moved_by,
        "newsletter_at": letter.isoformat() if letter else None,
    }


def _table(dated: list[DatedMeeting]) -> Table:
    table = Table("Phase", "Id", "Title", "Starts", "Week", "Newsletter", "Moved by")
    for entry in dated:
        letter = entry.newsletter_at
        table.add_row(
            entry.meeting.phase,
            entry.meeting.id,
            entry.meeting.title,
            f"{entry.starts_at:%a %Y-%m-%d %H:%M}",
            str(entry.starts_at.isocalendar().week),
            f"{letter:%a %Y-%m-%d %H:%M}" if letter else "",
            entry.moved_by or "",
        )
    return table
