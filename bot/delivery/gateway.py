"""Send posts through discord.py, telling what may pass from what never will."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import discord

from bot.delivery.dispatcher import SEND_WITHIN, PermanentFailure
from bot.delivery.guild_translation import failures
from bot.delivery.verification import ChannelGone
from bot.discord_render import mark_of, marked, payload
from bot.messages.message import Message

_UNKNOWN_CHANNEL = 10003
_UNKNOWN_MESSAGE = 10008  # the answer to a nonce whose message was deleted
_HAS_A_THREAD = 160004
_TURNS = 50  # of the loop between two pictures: drawing one keeps everybody else waiting

log = logging.getLogger(__name__)


class DiscordMessages:
    """The message side of Discord."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._drawing = asyncio.Lock()

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int | None:
        """Post a message and return its id; None when it has stood there and was deleted.

        Raises TransientFailure and PermanentFailure.
        """
        channel = self._client.get_partial_messageable(channel_id)
        with failures():
            try:
                async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                    parts = await self._parts(message, mark)
                    sent = await channel.send(**parts, nonce=nonce, silent=message.silent)
            except discord.NotFound as error:
                if error.code == _UNKNOWN_MESSAGE:
                    return None
                raise
        return sent.id

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        """Open a thread from a post; one that stands is left alone, and a server may forbid threads.

        Raises TransientFailure.
        """
        try:
            with failures():
                async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                    channel = await self._client.fetch_channel(channel_id)
                    if isinstance(channel, discord.TextChannel):
                        message = channel.get_partial_message(message_id)
                        await message.create_thread(name=name, auto_archive_duration=10080)  # a week
        except PermanentFailure as error:
            cause = error.__cause__
            if not isinstance(cause, discord.HTTPException) or cause.code != _HAS_A_THREAD:
                log.warning("no thread: %s", error, extra={"action": "thread"})

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        """Put a message in the place of one of ours; it keeps its mark. False when that one is gone.

        Raises TransientFailure and PermanentFailure.
        """
        standing = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        with failures():
            try:
                async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                    parts = await self._parts(message, mark)
                    view, files = parts.pop("view", None), parts.pop("files", [])
                    await standing.edit(**parts, view=view, attachments=files)
            except discord.NotFound as error:
                if error.code in (_UNKNOWN_MESSAGE, _UNKNOWN_CHANNEL):
                    return False
                raise
        return True

    async def _parts(self, message: Message, mark: int) -> dict[str, Any]:
        """Return what Discord is to be sent; pictures are drawn one at a time, with room for others between.

        Raises PermanentFailure when it cannot be written at all: trying again would help nobody.
        """
        try:
            if not message.pictures:
                return payload(message, mark)
            async with self._drawing:
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                return payload(message, mark)
        except Exception as error:
            raise PermanentFailure(f"the post cannot be written: {error!r}") from error

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

    async def private_channel(self, user_id: int) -> int:
        """Return the channel of one person's private messages. Raises TransientFailure and PermanentFailure."""
        with failures():
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                return (await self._client.create_dm(discord.Object(user_id))).id

    async def marks(self, channel_id: int, since: datetime | None) -> AsyncIterator[tuple[int, int]]:
        """Yield id and mark of every post of ours in a channel, oldest first, from a moment on.

        Raises ChannelGone, TransientFailure and PermanentFailure.
        """
        assert self._client.user is not None, "the client has logged in"
        channel = self._client.get_partial_messageable(channel_id)
        try:
            with failures():
                async for message in channel.history(limit=None, after=since, oldest_first=True):
                    mark = mark_of(_custom_ids(message))
                    if mark is not None and message.author.id == self._client.user.id:
                        yield message.id, mark
        except PermanentFailure as error:
            cause = error.__cause__
            if isinstance(cause, discord.NotFound) and cause.code == _UNKNOWN_CHANNEL:
                raise ChannelGone(str(error)) from error
            raise


def _custom_ids(message: discord.Message) -> list[str]:
    rows = [row.children if isinstance(row, discord.ActionRow) else [row] for row in message.components]
    return [str(getattr(part, "custom_id", "") or "") for row in rows for part in row]
