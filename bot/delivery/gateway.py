"""Send posts through discord.py, telling what may pass from what never will."""

import asyncio
from datetime import datetime
from typing import Any

import aiohttp
import discord

from bot.delivery.dispatcher import TransientFailure
from bot.delivery.guild_translation import failures
from bot.discord_render import marked, payload
from bot.messages.message import Message

SEND_SECONDS = 20.0  # well below the lease, so that nobody else sends the same post meanwhile


class DiscordMessages:
    """The message side of Discord."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int:
        """Post a message and return its id. Raises TransientFailure and PermanentFailure."""
        parts: dict[str, Any] = payload(message, mark)
        channel = self._client.get_partial_messageable(channel_id)
        with failures():
            async with asyncio.timeout(SEND_SECONDS):
                sent = await channel.send(**parts, nonce=nonce, silent=message.silent)
        return sent.id

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        """Return the id of the post that carries a mark, if it has stood in the channel since a moment."""
        channel = self._client.get_partial_messageable(channel_id)
        try:
            async for message in channel.history(limit=None, after=since):
                if marked(_custom_ids(message), mark):
                    return message.id
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise TransientFailure(str(error)) from error
        return None


def _custom_ids(message: discord.Message) -> list[str]:
    rows = [row.children if isinstance(row, discord.ActionRow) else [row] for row in message.components]
    return [str(getattr(part, "custom_id", "") or "") for row in rows for part in row]
