"""`blup doctor`: look at everything the bot needs, and say in one line each how to mend it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import aiohttp
import discord
import typer

from bot.app import content_of, the_guild
from bot.cli.checked import report_on
from bot.cli.keys import can_open_all
from bot.cli.logs import set_up
from bot.cli.ready import upgraded
from bot.cli.run import plain_faults, use_server
from bot.delivery.guild_translation import names_of
from bot.domain.clock import SystemClock
from bot.domain.errors import StartupError
from bot.domain.guild import EVENT_RIGHTS, missing_rights
from bot.settings import Settings

Check = Callable[[Settings], Coroutine[Any, Any, str]]
CLOCK_SLACK = timedelta(seconds=5)


def doctor(
    quick: Annotated[
        bool, typer.Option(help="Only settings and database: for a container's health check.")
    ] = False,
) -> None:
    """Check token, intents, rights, database, migrations, the key of addresses, content, clock and time zone."""
    settings = Settings()
    set_up("CRITICAL", settings.log_format)  # each check says in its own line what is wrong
    checks: list[tuple[str, Check]] = [("settings", _token if quick else _settings), ("database", _database)]
    if not quick:
        checks += [
            ("e-mail addresses", _addresses),
            ("content", _content),
            ("time zone", _zone),
            ("clock", _clock),
            ("discord", _discord),
        ]
    bad = 0
    for name, check in checks:
        try:
            typer.echo(f"ok    {name}: {asyncio.run(check(settings))}")
        except Exception as error:
            bad += 1
            reason = str(error).split("\n", 1)[0] or type(error).__name__
            typer.echo(f"MEND  {name}: {reason}")
    raise typer.Exit(1 if bad else 0)


async def _settings(settings: Settings) -> str:
    settings.require("DISCORD_TOKEN", "BLUP_HELP_PHONE")
    return "token and help line are set"


async def _token(settings: Settings) -> str:
    settings.require("DISCORD_TOKEN")
    return "token is set"


async def _database(settings: Settings) -> str:
    rehearsed = await upgraded(settings.async_database_url) is not None
    whose = "; it serves rehearsals only, `blup run` needs --rehearse-from with it" if rehearsed else ""
    return f"reachable and at the newest version{whose}"


async def _addresses(settings: Settings) -> str:
    count = await can_open_all(settings)
    return f"the key opens all {count}" if count else "there are none"


async def _content(settings: Settings) -> str:
    content = content_of(settings.content_dir)
    report = report_on(content)
    if report.faults:
        raise StartupError(
            f"{len(report.faults)} fault(s), the first is {report.faults[0]}; run `blup content check`"
        )
    return f"{content.programme.name} at {content.folder}"


async def _zone(settings: Settings) -> str:
    zone = ZoneInfo(content_of(settings.content_dir).programme.timezone)
    summer = datetime(2027, 7, 1, tzinfo=zone).utcoffset()
    winter = datetime(2027, 1, 1, tzinfo=zone).utcoffset()
    return f"{zone.key}, UTC offset {winter} in winter and {summer} in summer"


async def _clock(settings: Settings) -> str:
    base = settings.discord_api or discord.http.Route.BASE.split("/api", 1)[0]
    timeout = aiohttp.ClientTimeout(total=10)
    with plain_faults():
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{base}/api/v10/gateway") as answer,
        ):
            theirs = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    off = abs(SystemClock().now() - theirs)
    if off > CLOCK_SLACK:
        raise StartupError(
            f"the machine's clock is {off.total_seconds():.0f} s off; turn on time synchronisation (NTP)"
        )
    return "agrees with Discord's"


async def _discord(settings: Settings) -> str:
    if settings.discord_token is None:
        raise StartupError("DISCORD_TOKEN is not set; copy it from the bot's page at Discord")
    if settings.discord_api:
        use_server(settings.discord_api)
    client = discord.Client(intents=discord.Intents(guilds=True))
    ready: asyncio.Event = asyncio.Event()
    client.event(_on_ready(ready))
    task = asyncio.create_task(client.start(settings.discord_token.get_secret_value()))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({task, waiting}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            with plain_faults():
                task.result()
        if not ready.is_set():
            raise StartupError("no answer from Discord's gateway within 20 s; is the network open?")
        guild = the_guild(client, settings.guild_id)
        missing = missing_rights(names_of(guild.me.guild_permissions))
        if missing:
            raise StartupError(f"the bot lacks these rights in {guild.name}: {', '.join(missing)}")
        lacks = sorted(EVENT_RIGHTS - names_of(guild.me.guild_permissions))
        wish = f"; without {', '.join(lacks)} Discord's own list of events stays empty" if lacks else ""
        return f"connected to {guild.name} with every right it needs; no privileged intent is needed{wish}"
    finally:
        for begun in (task, waiting):
            begun.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
        await client.close()


def _on_ready(ready: asyncio.Event) -> Callable[[], Coroutine[Any, Any, None]]:
    async def on_ready() -> None:
        ready.set()

    return on_ready
