"""Read our channels back from Discord and compare them with the ledger."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.delivery.dispatcher import CLOCKS_APART, PermanentFailure
from bot.domain.standing import Finding, compare
from bot.services.ledger import Ledger


class ChannelGone(PermanentFailure):
    """The channel does not exist."""


class History(Protocol):
    """Where posts are read."""

    def marks(self, channel_id: int, since: datetime | None) -> AsyncIterator[tuple[int, int]]:
        """Yield id and mark of every post of ours in a channel, oldest first, from a moment on.

        Raises ChannelGone, TransientFailure and PermanentFailure.
        """
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What one channel was like: how many posts the ledger has there, and what is wrong."""

    place: str
    posts: int
    findings: list[Finding]


async def verify(ledger: Ledger, history: History) -> AsyncIterator[Looked]:
    """Look at every channel of ours, one after another; a channel that is gone has lost all it held.

    Raises TransientFailure and PermanentFailure.
    """
    for channel in await ledger.channels():
        sent = await ledger.sent_to(channel.place_key)  # before the look: what comes meanwhile is not lost
        since = sent.since - CLOCKS_APART if sent.since else None
        standing: list[tuple[int, int]] = []
        try:
            async for found in history.marks(channel.discord_id, since):
                standing.append(found)
        except ChannelGone:
            pass
        except PermanentFailure as error:
            raise PermanentFailure(f"{channel.name}: {error}") from error
        others = {mark for _, mark in standing} - sent.keys.keys()
        welcome = await ledger.may_stand(channel.place_key, others)
        yield Looked(channel.name, len(sent.keys), compare(sent.keys, standing, welcome))
