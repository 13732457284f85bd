"""What is otherwise in a rehearsal: when its time may run, and how far back a post is looked for.

Leases, waits before another try and the time a request may take are real seconds. So the clock is held while a
round goes on, and for as long as something has gone wrong and waits to be tried again.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.alarm import Work
from bot.delivery.dispatcher import CLOCKS_APART, MessageGateway
from bot.delivery.rounds import Rounds
from bot.domain.clock import RehearsalClock
from bot.messages.message import Message
from bot.services.registry import Services
from bot.services.retries import at_rest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal's time, and since when (in real time) its database has been there."""

    clock: RehearsalClock
    made_at: datetime

    def announce(self) -> None:
        """Tell the log that this is none of the programme's own work."""
        log.warning(
            "rehearsal: it is %s, and time runs %g times as fast",
            f"{self.clock.now():%Y-%m-%dT%H:%M:%S%z}", self.clock.speed, extra={"action": "rehearsal"},
        )  # fmt: skip

    def round_of(self, rounds: Rounds, services: Services) -> Work:
        """Return a round that goes on at the true pace, and lets time run when all that was due has been done."""

        async def run() -> None:
            self.clock.hold()
            await rounds.run()
            if rounds.finished and await at_rest(services.context.database):
                self.clock.let_go()

        return run

    def messages(self, messages: MessageGateway) -> MessageGateway:
        """Return a message side whose posts are found again."""
        return _RehearsedMessages(messages, self.made_at - CLOCKS_APART)


@dataclass(frozen=True)
class _RehearsedMessages:
    """Looks for a post among all since the rehearsal's database was made.

    Discord tells its messages' real time, and a rehearsal that is started again may be at any other: a post's due
    time says nothing of when it came. What is older may carry the same mark from another rehearsal.
    """

    inner: MessageGateway
    since: datetime

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int | None:
        """Post a message as ever."""
        return await self.inner.send(channel_id, message, mark, nonce)

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        """Open a thread as ever."""
        await self.inner.open_thread(channel_id, message_id, name)

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        """Return the id of the post with this mark."""
        return await self.inner.find(channel_id, mark, self.since)

    async def private_channel(self, user_id: int) -> int:
        """Return a person's channel as ever."""
        return await self.inner.private_channel(user_id)

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        """Change a post as ever."""
        return await self.inner.edit(channel_id, message_id, message, mark)
