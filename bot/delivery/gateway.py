"""Send posts through discord.py, telling what may pass from what never will."""

import asyncio
from datetime import datetime
from typing import Any

import discord

from bot.delivery.dispatcher import SEND_WITHIN
from bot.delivery.guild_translation import failures
from bot.discord_render import marked, payload
from bot.messages.message import Message

_UNKNOWN_MESSAGE = 10008  # the answer to a nonce whose message was deleted


class DiscordMessages:
    """The message side of Discord."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int | None:
        """Post a message and return its id; None when it has stood there and was deleted.

        Raises TransientFailure and PermanentFailure.
        """
        parts: dict[str, Any] = payload(message, mark)
        channel = self._client.get_partial_messageable(channel_id)
        with failures():
            try:
                async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                    sent = await channel.send(**parts, nonce=nonce, silent=message.silent)
            except discord.NotFound as error:
                if error.code == _UNKNOWN_MESSAGE:
                    return None
                raise
        return sent.id

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        """Return the id of the post that carries a mark, if it has stood in the channel since a moment.

        Raises TransientFailure and PermanentFailure.
        """
        channel = self._client.get_partial_messageable(channel_id)
        with failures():
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                async for message in channel.history(limit=None, after=since):
                    if marked(_custom_ids(message), mark):
                        return message.id
        return None


def _custom_ids(message: discord.Message) -> list[str]:
    rows = [row.children if isinstance(row, discord.ActionRow) else [row] for row in message.components]
    return [str(getattr(part, "custom_id", "") or "") for row in rows for part in row]
