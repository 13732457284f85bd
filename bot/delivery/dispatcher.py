"""Bring due posts to Discord: claim, look before a second try, send, keep the receipt."""

import asyncio
import hashlib
import logging
import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Protocol

from bot.messages.message import Message
from bot.services.outbox import Batch, Outbox, Outgoing

log = logging.getLogger(__name__)
AT_ONCE = 8
CLOCKS_APART = timedelta(minutes=5)  # our clock and Discord's, at worst


class TransientFailure(Exception):
    """The send may work later."""


class PermanentFailure(Exception):
    """The send will not work before somebody mends something."""


class MessageGateway(Protocol):
    """Where posts go."""

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int:
        """Post a message and return its id. Raises TransientFailure and PermanentFailure."""
        ...

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        """Return the id of the post with this mark, if it has stood in the channel since a moment."""
        ...


def nonce_of(key: str) -> str:
    """Return the nonce of a post: the same key always gives the same one (Discord allows 25 characters)."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]


class Dispatcher:
    """Send what is due; channels side by side, the posts of one channel in order."""

    def __init__(self, outbox: Outbox, gateway: MessageGateway) -> None:
        self._outbox, self._gateway = outbox, gateway
        self._worker = uuid.uuid4().hex
        self._room = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    async def send_due(self) -> list[str]:
        """Send everything that is due now. Returns the keys that were dropped as too late."""
        stale: list[str] = []
        while not self._stopping:
            batch: Batch = await self._outbox.claim(self._worker)
            stale.extend(batch.stale)
            channels: dict[int, list[Outgoing]] = defaultdict(list)
            for post in batch.ready:
                channels[post.channel_id].append(post)
            await asyncio.gather(*(self._send_in_order(posts) for posts in channels.values()))
            if not batch.more:
                break
        return stale

    def stop(self) -> None:
        """Claim and begin nothing more; what is in the air goes on to its end."""
        self._stopping = True

    async def release(self) -> None:
        """Give back what was claimed and not sent."""
        await self._outbox.release(self._worker)

    async def _send_in_order(self, posts: list[Outgoing]) -> None:
        async with self._room:
            for post in posts:
                if self._stopping or not await self._send(post):
                    return

    async def _send(self, post: Outgoing) -> bool:
        try:
            found = None
            if post.retry:
                since = post.due_at - CLOCKS_APART
                found = await self._gateway.find(post.channel_id, post.delivery_id, since)
            message_id = found or await self._gateway.send(
                post.channel_id, post.message, post.delivery_id, nonce_of(post.key)
            )
        except TransientFailure as error:
            await self._outbox.failed(post.delivery_id, str(error), permanent=False)
        except PermanentFailure as error:
            log.warning("post parked: %s", error, extra={"action": "parked", "key": post.key})
            await self._outbox.failed(post.delivery_id, str(error), permanent=True)
        else:
            await self._outbox.sent(post.delivery_id, post.channel_id, message_id)
            return True
        return False
