"""`blup deliveries`: what became of every post, and whether Discord says the same."""

import asyncio
import enum
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import discord
import typer

from bot.app import App
from bot.cli.logs import set_up
from bot.cli.opened import opened
from bot.cli.run import plain_faults, use_server
from bot.delivery.gateway import DiscordMessages
from bot.delivery.verification import verify
from bot.domain.errors import NotFound, StartupError
from bot.domain.receipts import PostReceipt
from bot.domain.standing import Fault, Finding
from bot.settings import Settings

app = typer.Typer(help="What became of every post.")
_COLUMNS = ("key", "place", "kind", "due", "sent", "state", "message", "tries", "last error")
_WIDTHS = (32, 32, 16, 16, 16, 10, 20, 5)


class Format(enum.StrEnum):
    """How the list can be written."""

    TABLE = "table"
    JSON = "json"


@app.callback(invoke_without_command=True)
def deliveries(
    context: typer.Context,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was put aside, or failed and is tried again.")
    ] = False,
    format: Annotated[Format, typer.Option(help="table or json")] = Format.TABLE,
    letter: Annotated[str | None, typer.Option(help="Only this newsletter, such as NL-V01 or X-12.")] = None,
    cohort: Annotated[int | None, typer.Option(help="Only the cohort that begins in this year.")] = None,
) -> None:
    """Print every post in the order they were planned: where, when, its message and what went wrong."""
    if context.invoked_subcommand is None:
        asyncio.run(_print(Settings(), format, letter, cohort, failed=failed))


@app.command("verify")
def verify_deliveries() -> None:
    """Read the channels back from Discord: every post that was sent must stand there once, and no other.

    It ends with 0 when all is well and 1 when not. A message that a person deleted on purpose shows as lost.
    """
    settings = Settings()
    settings.require("DISCORD_TOKEN")
    set_up("WARNING", settings.log_format)
    if settings.discord_api:
        use_server(settings.discord_api)
    with plain_faults():
        bad = asyncio.run(_verify(settings))
    raise typer.Exit(1 if bad else 0)


async def _print(
    settings: Settings, format: Format, letter: str | None, cohort: int | None, *, failed: bool
) -> None:
    async with opened(settings) as found:
        known = await found.services.letter_titles.codes()
        if letter is not None and letter.upper() not in known:
            raise StartupError(f"--letter {letter}: there is no such letter; they are {', '.join(known)}")
        rows = found.services.ledger.read(
            letter=letter.upper() if letter else None,
            cohort_id=await _cohort_id(found, cohort) if cohort is not None else None,
            failed=failed,
        )
        await (_as_json(rows) if format is Format.JSON else _as_table(rows))


async def _cohort_id(found: App, start_year: int) -> int:
    try:
        return (await found.services.cohorts.cohort(start_year)).id
    except NotFound:
        raise StartupError(f"--cohort {start_year}: no cohort begins in that year") from None


async def _as_table(rows: AsyncIterator[PostReceipt]) -> None:
    """Print line by line, for there may be very many; what is too long for its column moves the rest."""
    _line(_COLUMNS)
    async for row in rows:
        _line(
            (
                row.key, row.place, row.kind, _minute(row.due_at), _minute(row.sent_at), row.state,
                str(row.message_id or ""), str(row.tries), row.last_error or "",
            )
        )  # fmt: skip


def _line(cells: tuple[str, ...]) -> None:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    typer.echo("  ".join([*padded, *cells[len(_WIDTHS) :]]).rstrip())


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


async def _as_json(rows: AsyncIterator[PostReceipt]) -> None:
    before = "["
    async for row in rows:
        typer.echo(f"{before}\n{json.dumps(_plain(row), ensure_ascii=False)}", nl=False)
        before = ","
    typer.echo("[]" if before == "[" else "\n]")


def _plain(row: PostReceipt) -> dict[str, str | int | None]:
    return {
        "key": row.key,
        "place": row.place,
        "kind": row.kind,
        "due_at": row.due_at.isoformat(),
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        "state": row.state,
        "message_id": str(row.message_id) if row.message_id else None,  # too long for a number in JavaScript
        "tries": row.tries,
        "last_error": row.last_error,
    }


async def _verify(settings: Settings) -> int:
    """Print what is wrong and how much was looked at. Returns how much is wrong."""
    channels = posts = 0
    faults: Counter[Fault] = Counter()
    async with opened(settings) as found, _logged_in(settings) as client:
        async for looked in verify(found.services.ledger, DiscordMessages(client)):
            channels, posts = channels + 1, posts + looked.posts
            for finding in looked.findings:
                faults[finding.fault] += 1
                typer.echo(_said(finding, looked.place))
    counts = ", ".join(f"{faults[fault]} {fault}" for fault in Fault)
    typer.echo(f"{channels} channel(s), {posts} post(s) sent: {counts}")
    return faults.total()


@asynccontextmanager
async def _logged_in(settings: Settings) -> AsyncIterator[discord.Client]:
    """Give a client that can ask Discord; no gateway connection is needed."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    try:
        await client.login(settings.discord_token.get_secret_value() if settings.discord_token else "")
        yield client
    finally:
        await client.close()


def _said(finding: Finding, place: str) -> str:
    what = finding.key or f"mark {finding.mark}, which the ledger does not have as sent there"
    messages = f", message {' and '.join(map(str, finding.messages))}" if finding.messages else ""
    return f"{finding.fault}: {what}, in {place}{messages}"
