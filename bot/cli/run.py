"""`blup run`: the bot at work, until it is told to stop."""

import asyncio
import logging
import signal

import discord
import yarl

from bot.app import App, build, facts_of
from bot.cli.checked import sound_content
from bot.cli.logs import set_up
from bot.cli.ready import upgraded
from bot.domain.errors import StartupError
from bot.settings import Settings

log = logging.getLogger(__name__)
STOP_SECONDS = 8.0


def run() -> None:
    """Provision, post what is due and answer people, until SIGTERM or Ctrl-C."""
    settings = Settings()
    settings.require("DISCORD_TOKEN")
    set_up(settings.log_level, settings.log_format)
    if settings.help_phone is None:
        log.warning(
            "BLUP_HELP_PHONE is not set: texts send people to the secretariat's phone without a number"
        )
    content = sound_content(settings)
    if settings.discord_api:
        use_server(settings.discord_api)
    app = build(settings.async_database_url, content, facts_of(settings, content), guild_id=settings.guild_id)
    asyncio.run(_serve(app, settings))


def use_server(base: str) -> None:
    """Talk to a Discord-compatible server at another address."""
    discord.http.Route.BASE = f"{base}/api/v10"
    address = yarl.URL(base).with_scheme("wss" if base.startswith("https") else "ws").with_path("/gateway")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = address


async def _serve(app: App, settings: Settings) -> None:
    await upgraded(settings.async_database_url)
    bot = app.bot()
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    working = asyncio.create_task(bot.start(token))
    stopping = asyncio.create_task(stop.wait())
    failed = asyncio.create_task(app.failed.wait())
    try:
        await asyncio.wait({working, stopping, failed}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    except discord.LoginFailure:
        raise StartupError("DISCORD_TOKEN: Discord does not accept this token; make a new one") from None
    finally:
        log.info("stopping", extra={"action": "stop"})
        for task in (stopping, failed):
            task.cancel()
        await _stop(app, bot, working)
    if app.failure is not None:
        raise app.failure


async def _stop(app: App, bot: discord.Client, working: "asyncio.Task[None]") -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await app.stop()
            await bot.close()
            await asyncio.gather(working, return_exceptions=True)
    except TimeoutError:
        log.warning("stopped before everything was finished; the rest is done at the next start",
                    extra={"action": "stop"})  # fmt: skip
