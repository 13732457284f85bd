"""Bring due posts to Discord: claim, look before a second try, send, keep the receipt.

Posts of many channels are in the air at once, those of one channel follow each other; how fast they go is
the pace's business.
"""

import asyncio
import hashlib
import logging
import os
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.pace import patiently
from bot.domain.clock import Clock
from bot.messages.message import Message
from bot.services.outbox import BATCH, Outbox
from bot.services.outgoing import Outgoing

log = logging.getLogger(__name__)
SEND_WITHIN = timedelta(seconds=10)  # a request ends, or is given up, so long before the lease does
CLOCKS_APART = timedelta(minutes=5)  # our clock and Discord's, at worst
WRONG_BY = timedelta(minutes=90)  # so far ahead our clock may have been when a post went out
LOOK_AGAIN_SECONDS = 1.0  # while something is still in the air
RECEIPT_WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds between tries to keep a receipt while the database is away


class TransientFailure(Exception):
    """The send may work later."""


class PermanentFailure(Exception):
    """The send will not work before somebody mends something."""


class MessageGateway(Protocol):
    """Where posts go."""

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int | None:
        """Post a message and return its id; None when it has stood there and was deleted.

        Raises TransientFailure and PermanentFailure.
        """
        ...

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        """Return the id of the post with this mark, if it has stood in the channel since a moment."""
        ...

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        """Open a thread from a post, once however often it is asked.

        Raises TransientFailure and PermanentFailure.
        """
        ...

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        """Put a message in the place of one of ours; it keeps its mark. False when that one is gone.

        Raises TransientFailure and PermanentFailure.
        """
        ...

    async def private_channel(self, user_id: int) -> int:
        """Return the channel of one person's private messages. Raises as `send` does."""
        ...


def nonce_of(post: Outgoing) -> str:
    """Return the nonce of a post: one key in one channel always has the same one (Discord allows 25 characters).

    A channel that was made anew has another: Discord would answer with the post in the old one.
    """
    return hashlib.sha256(f"{post.key}>{post.channel_id}".encode()).hexdigest()[:24]


class Dispatcher:
    """Send what is due; channels side by side, the posts of one channel in order."""

    def __init__(self, outbox: Outbox, gateway: MessageGateway, clock: Clock) -> None:
        self._outbox, self._gateway, self._clock = outbox, gateway, clock
        self._worker = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._stopping = False
        self._in_the_air: set[asyncio.Task[None]] = set()

    async def send_due(self) -> list[str]:
        """Send everything that is due now. Returns the keys that were dropped as too late."""
        stale: list[str] = []
        with patiently():
            try:
                while not self._stopping:
                    batch = await self._outbox.claim(self._worker)
                    stale.extend(batch.stale)
                    channels: dict[int, list[Outgoing]] = defaultdict(list)
                    for post in batch.ready:
                        channels[post.channel_id].append(post)
                    for posts in channels.values():
                        self._begin(posts)
                    if batch.more:
                        await self._until_below(BATCH)
                    elif not await self._wait_for_a_slow_one():
                        break
            finally:
                await self._until_below(1)  # also when the database has gone away meanwhile
        return stale

    def stop(self) -> None:
        """Claim and begin nothing more; what is in the air goes on to its end."""
        self._stopping = True

    def _begin(self, posts: Sequence[Outgoing]) -> None:
        task = asyncio.create_task(self._send_in_order(posts))
        self._in_the_air.add(task)
        task.add_done_callback(self._in_the_air.discard)

    async def _until_below(self, count: int) -> None:
        while len(self._in_the_air) >= count:
            await asyncio.wait(self._in_the_air, return_when=asyncio.FIRST_COMPLETED)

    async def _wait_for_a_slow_one(self) -> bool:
        """Tell after a moment whether a post is still in the air: it keeps nobody from a lease that runs out."""
        if self._in_the_air:
            await asyncio.wait(self._in_the_air, timeout=LOOK_AGAIN_SECONDS)
        return bool(self._in_the_air)

    async def _send_in_order(self, posts: Sequence[Outgoing]) -> None:
        """Send a channel's posts one after another; after a failure the rest waits, in its order."""
        for index, post in enumerate(posts):
            if self._stopping or not self._in_time(post):
                await self._settle(post, self._outbox.give_back, posts[index:])
                return
            if not await self._send(post):
                await self._settle(post, self._outbox.give_back, posts[index + 1 :])
                return

    def _in_time(self, post: Outgoing) -> bool:
        """Tell whether a request begun now would end before somebody else may take the post."""
        return self._clock.now() + SEND_WITHIN < post.lease_until

    async def _send(self, post: Outgoing) -> bool:
        """Bring one post, or one change of a post, to Discord. Tells whether the channel's next one may follow."""
        try:
            if post.edits is not None:
                stands = await self._gateway.edit(
                    post.channel_id, post.edits.message_id, post.message, post.edits.mark
                )
                await self._settle(post, self._outbox.edited, post.delivery_id, stands)
                return True
            found, channel_id = None, post.channel_id
            if post.private:
                channel_id = await self._gateway.private_channel(post.channel_id)
            if post.retry:
                found = await self._gateway.find(channel_id, post.delivery_id, post.due_at - WRONG_BY)
            if found is None and not self._in_time(post):  # the look took long
                await self._settle(post, self._outbox.give_back, [post])
                return False
            message_id = found or await self._gateway.send(
                channel_id, post.message, post.delivery_id, nonce_of(post)
            )
            if post.message.thread and message_id is not None:
                await self._gateway.open_thread(post.channel_id, message_id, post.message.thread)
        except (TransientFailure, PermanentFailure) as error:
            permanent = isinstance(error, PermanentFailure)
            if permanent:
                log.warning("post parked: %s", error, extra={"action": "parked", "key": post.named})
            await self._settle(post, self._outbox.failed, post, str(error), permanent)
            return False
        except Exception as error:
            log.exception("a post could not be sent", extra={"action": "send", "key": post.named})
            await self._settle(post, self._outbox.failed, post, repr(error), False)
            return False
        if post.private:
            await self._settle(post, self._outbox.told, post)
        else:
            await self._settle(post, self._outbox.sent, post.delivery_id, channel_id, message_id)
        return True

    async def _settle(self, post: Outgoing, keep: Callable[..., Awaitable[None]], *what: object) -> None:
        """Write down what became of a post; while the database is away, try for as long as it is worth it."""
        for wait in (*RECEIPT_WAITS, None):
            try:
                await keep(*what)
            except Exception as error:
                if wait is None:
                    log.error("a receipt is lost; the post is looked for later: %s", error,
                              extra={"action": "receipt", "key": post.named})  # fmt: skip
                    return
                await asyncio.sleep(wait)
            else:
                return
