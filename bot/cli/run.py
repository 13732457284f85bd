"""`blup run`: the bot at work, until it is told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import discord
import psycopg
import typer
import yarl
from filelock import FileLock, Timeout
from sqlalchemy import make_url

from bot.app import App, build, facts_of
from bot.cli.checked import sound_content
from bot.cli.keys import seal_all, seal_of
from bot.cli.logs import set_up
from bot.cli.ready import upgraded
from bot.cli.rehearsal import clock_for, rehearsal_on
from bot.client import CompanionBot, Shards
from bot.delivery.dispatcher import PermanentFailure, TransientFailure
from bot.delivery.link_check import LinkCheck
from bot.delivery.mailer import SmtpServer
from bot.domain.errors import StartupError
from bot.settings import Settings
from bot.storage.locks import serves_several

log = logging.getLogger(__name__)
STOP_SECONDS = 8.0
STAND_BY_SECONDS = 2.0
WRONG_TOKEN = "DISCORD_TOKEN: Discord does not accept this token; make a new one"
_TOKEN_CLOSE_CODE = 4004  # the gateway's own "authentication failed"
_STOPS = (signal.SIGTERM, signal.SIGINT)


def run(
    shards: Annotated[
        str | None,
        typer.Option(help='Listen on these shards of the gateway only: "0,1/4" is the first two of four.'),
    ] = None,
    rehearse_from: Annotated[
        str | None, typer.Option(help="Rehearse as if it were this moment, like 2027-10-14T09:59+02:00.")
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="How many times as fast a rehearsal's time runs; left out: 1.")
    ] = None,
) -> None:
    """Provision, post what is due and answer people, until SIGTERM or Ctrl-C.

    On PostgreSQL it may be started several times: one process listens, all deliver, and another takes over.
    """
    for name in _STOPS:
        signal.signal(name, lambda *_: sys.exit(0))  # nothing is begun yet, so nothing need be finished
    clock = clock_for(rehearse_from, speed)
    settings = Settings()
    settings.require("DISCORD_TOKEN")
    set_up(settings.log_level, settings.log_format)
    if settings.help_phone is None:
        log.warning(
            "BLUP_HELP_PHONE is not set: texts send people to the secretariat's phone without a number"
        )
    chosen = read_shards(shards) if shards else None
    content = sound_content(settings.content_dir)
    if settings.discord_api:
        use_server(settings.discord_api)
    with alone(settings.async_database_url):
        app = build(settings.async_database_url, content, facts_of(settings, content), clock,
                    settings.guild_id, shards=chosen, seal=seal_of(settings))  # fmt: skip
        app.mail_server = mail_server_of(settings)
        app.services.videos.probe = LinkCheck()
        asyncio.run(_serve(app, settings))


def mail_server_of(settings: Settings) -> SmtpServer | None:
    """Return where letters by e-mail go, if anywhere. Raises SettingsError when only half of it is set."""
    if settings.smtp_url is None:
        return None
    settings.require("BLUP_MAIL_FROM")
    assert settings.mail_from is not None
    return SmtpServer(settings.smtp_url.get_secret_value(), settings.mail_from)


def read_shards(text: str) -> Shards:
    """Read "0,1/4". Raises StartupError."""
    ids, _, count = text.partition("/")
    try:
        found = Shards(tuple(int(number) for number in ids.split(",")), int(count))
    except ValueError:
        found = Shards((), 0)
    if (
        not found.ids
        or len(set(found.ids)) < len(found.ids)
        or not all(0 <= n < found.count for n in found.ids)
    ):
        raise StartupError(f'--shards: "{text}" is not shards out of a number of them, such as "0,1/4"')
    return found


@contextmanager
def alone(database_url: str) -> Iterator[None]:
    """Keep a SQLite database to one process.

    Raises StartupError when another one works with it, or when nothing can be written where it should lie.
    """
    url = make_url(database_url)
    if serves_several(database_url) or not url.database:
        yield
        return
    lock = FileLock(Path(f"{url.database}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StartupError(
            f"another `blup run` works with {url.database}: SQLite serves one process; several need PostgreSQL"
        ) from None
    except OSError as error:
        raise StartupError(f"BLUP_DATABASE_URL: {url.database} cannot be used: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def use_server(base: str) -> None:
    """Talk to a Discord-compatible server at another address."""
    discord.http.Route.BASE = f"{base}/api/v10"
    address = yarl.URL(base).with_scheme("wss" if base.startswith("https") else "ws").with_path("/gateway")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = address


@contextmanager
def plain_faults() -> Iterator[None]:
    """Turn what an operator can mend about Discord into a StartupError; a crash stays what it is."""
    try:
        yield
    except Exception as error:
        said = _plainly(error)
        if said is None:
            raise
        raise StartupError(said) from error


def _plainly(error: Exception) -> str | None:
    match error:
        case discord.LoginFailure():
            return WRONG_TOKEN
        case discord.ConnectionClosed(code=code) if code == _TOKEN_CLOSE_CODE:
            return WRONG_TOKEN
        case discord.Forbidden() | PermanentFailure():
            return f"Discord refuses: {_line(error)}; invite the bot again, with the scopes bot and applications.commands"
        case discord.HTTPException(status=status) if status >= 500 or status == 429:
            return f"Discord cannot serve us now: {_line(error)}; try again later"
        case discord.NotFound():
            return f"no Discord answers there: {_line(error)}; check BLUP_DISCORD_API"
        case aiohttp.ClientError() | ConnectionError() | TimeoutError() | TransientFailure():
            return f"Discord cannot be reached: {_line(error)}; check the network and BLUP_DISCORD_API"
    return None


def _line(error: Exception) -> str:
    """Return an error as one line: a proxy's answer may be a whole page."""
    return (str(error) or type(error).__name__).split("\n", 1)[0][:200]


def call_on_stop(stop: Callable[[], None]) -> None:
    """Call this when the process is told to stop; also where a loop knows no signals (Windows)."""
    loop = asyncio.get_running_loop()
    for name in _STOPS:
        try:
            loop.add_signal_handler(name, stop)
        except NotImplementedError:
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop))


async def _serve(app: App, settings: Settings) -> None:
    stop = asyncio.Event()
    call_on_stop(stop.set)
    made_at = await upgraded(settings.async_database_url)
    await seal_all(app.database, app.services.context.seal)
    app.rehearsal = rehearsal_on(app.services.context.clock, made_at)
    if app.rehearsal is not None:
        app.rehearsal.announce()
    if settings.http_port is not None:
        await app.serve_pages(settings.http_host, settings.http_port)
    bot = app.bot()
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    working = asyncio.create_task(_work(app, bot, token))
    stopping = asyncio.create_task(stop.wait())
    failed = asyncio.create_task(app.failed.wait())
    try:
        await asyncio.wait({working, stopping, failed}, return_when=asyncio.FIRST_COMPLETED)
        failure = app.failure or (working.exception() if working.done() else None)
    finally:
        log.info("stopping", extra={"action": "stop"})
        for task in (stopping, failed):
            task.cancel()
        await _stop(app, bot, working)
    if isinstance(failure, AttributeError) and getattr(bot, "ws", None) is None:
        failure = ConnectionError("the gateway does not answer")  # discord.py stumbles over a first refusal
    if failure is not None:  # what fails after this moment is the stopping itself
        with plain_faults():
            raise failure


async def _work(app: App, bot: CompanionBot, token: str) -> None:
    """Listen on the gateway as soon as no other process does; deliver until then, too."""
    await bot.login(token)
    standing_by = False
    while not await _ours(app):
        if app.rehearsal is not None:
            raise StartupError(
                "another process works with this rehearsal's database: a rehearsal has one clock"
            )
        if not standing_by:
            log.info(
                "another process listens; this one delivers, and stands by", extra={"action": "stand_by"}
            )
            await app.stand_by(bot)
            standing_by = True
        await asyncio.sleep(STAND_BY_SECONDS)
    listening, watching = asyncio.create_task(bot.connect()), asyncio.create_task(_watch(app))
    try:
        await asyncio.wait({listening, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in (listening, watching):
            if task.done():
                task.result()
    finally:
        for task in (listening, watching):
            task.cancel()
        await asyncio.gather(listening, watching, return_exceptions=True)


async def _hold_gateway(app: App) -> bool:
    for name in app.gateway_locks():
        if not await app.locks.hold(name):
            return False
    return True


async def _ours(app: App, otherwise: bool = False) -> bool:
    """Tell whether we listen on the gateway; while the database is away nothing changes."""
    try:
        return await _hold_gateway(app)
    except (psycopg.Error, OSError) as error:
        log.warning("the database is away: %s", str(error).split("\n", 1)[0], extra={"action": "locks"})
        return otherwise


async def _watch(app: App) -> None:
    """Stop when another process has taken over the gateway, as after the database was away for a while."""
    while True:
        await asyncio.sleep(STAND_BY_SECONDS)
        if not await _ours(app, otherwise=True):
            raise StartupError("another process listens on the gateway now; start this one again to stand by")


async def _stop(app: App, bot: discord.Client, working: "asyncio.Task[None]") -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await app.stop()
            working.cancel()  # a login that is under way would open a new session behind a close
            await asyncio.gather(working, return_exceptions=True)
            await bot.close()
    except TimeoutError:
        log.warning("stopped before everything was finished; the rest is done at the next start",
                    extra={"action": "stop"})  # fmt: skip
