"""`blup provision`: show or make the channels and roles that the database asks for."""

import asyncio
from typing import Annotated

import discord
import typer

from bot.app import build, facts_of, pick_guild, provision_guild
from bot.cli.checked import sound_content
from bot.cli.ready import upgraded
from bot.cli.run import use_server
from bot.domain.errors import StartupError
from bot.settings import Settings


def provision(
    plan: Annotated[bool, typer.Option("--plan", help="Only print what would change.")] = False,
) -> None:
    """Make Discord match the database; a second run changes nothing."""
    settings = Settings()
    settings.require("DISCORD_TOKEN")
    content = sound_content(settings)
    if settings.discord_api:
        use_server(settings.discord_api)
    app = build(settings.async_database_url, content, facts_of(settings, content), guild_id=settings.guild_id)

    async def work() -> None:
        await upgraded(settings.async_database_url)
        client = discord.Client(intents=discord.Intents(guilds=True))
        token = settings.discord_token.get_secret_value() if settings.discord_token else ""
        try:
            await client.login(token)
            lines = await _provision(client)
        except discord.LoginFailure:
            raise StartupError("DISCORD_TOKEN: Discord does not accept this token; make a new one") from None
        finally:
            await client.close()
            await app.database.close()
        for line in lines:
            typer.echo(line)
        typer.echo(
            "nothing to change" if not lines else f"{len(lines)} change(s){' planned' if plan else ' made'}"
        )

    async def _provision(client: discord.Client) -> list[str]:
        """Ask Discord itself; no gateway connection is needed."""
        guilds = [guild async for guild in client.fetch_guilds()]
        guild = await client.fetch_guild(pick_guild([g.id for g in guilds], app.guild_id))
        assert client.user is not None
        return await provision_guild(app.services, guild, client.user.id, dry_run=plan)

    asyncio.run(work())
