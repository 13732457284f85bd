"""`blup provision`: show or make the channels and roles that the database asks for."""

import asyncio
from typing import Annotated

import discord
import typer

from bot.app import build, facts_of, pick_guild
from bot.cli.checked import sound_content
from bot.cli.logs import set_up
from bot.cli.ready import upgraded
from bot.cli.rehearsal import programmes_own
from bot.cli.run import plain_faults, use_server
from bot.content.load import Content
from bot.delivery import provisioner
from bot.delivery.guild_gateway import DiscordGuildGateway
from bot.delivery.provisioner import Report
from bot.domain.errors import StartupError
from bot.settings import Settings


def provision(
    plan: Annotated[bool, typer.Option("--plan", help="Only print what would change.")] = False,
) -> None:
    """Make Discord match the database; a second run changes nothing."""
    settings = Settings()
    settings.require("DISCORD_TOKEN")
    set_up("WARNING", settings.log_format)
    content = sound_content(settings.content_dir)
    if settings.discord_api:
        use_server(settings.discord_api)
    report = asyncio.run(_provision(settings, content, dry_run=plan))
    for line in report.lines():
        typer.echo(line)
    if report.interrupted:
        raise StartupError("Discord went out of reach on the way; run `blup provision` again")
    if report.failed:
        raise StartupError(f"Discord refused {len(report.failed)} step(s); mend what it says and run again")
    if not report.plan.is_empty:
        count = len(report.plan.steps) if plan else len(report.done)
        typer.echo(f"{count} change(s) {'planned' if plan else 'made'}")


async def _provision(settings: Settings, content: Content, *, dry_run: bool) -> Report:
    """Ask Discord itself; no gateway connection is needed."""
    url = settings.async_database_url
    programmes_own(await upgraded(url), "`blup run --rehearse-from` makes its channels itself")
    app = build(url, content, facts_of(settings, content), guild_id=settings.guild_id)
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    client = discord.Client(intents=discord.Intents(guilds=True))
    try:
        with plain_faults():
            await client.login(token)
            guilds = [guild async for guild in client.fetch_guilds()]
            guild = await client.fetch_guild(pick_guild([g.id for g in guilds], app.guild_id))
            assert client.user is not None
            gateway = DiscordGuildGateway(guild, client.user.id)
            report = await provisioner.provision(gateway, app.services.provisioning, dry_run=dry_run)
            if not (dry_run or report.interrupted):
                await provisioner.sync_members(gateway, app.services.provisioning)
            return report
    finally:
        await client.close()
        await app.let_go()
