"""simcord's world with bounded logs and a direct list of the native polls.

A part of `_private`: simcord's own world keeps every request and event for ever, and walks
through every message to look for polls each time the clock moves.
"""

import datetime as dt
from collections import deque
from typing import Any

from simcord.backend import Backend
from simcord.backend.models import Message

LOG_LENGTH = 2000
"""How many of the newest requests and events are kept for inspection."""

PRIVATE_ANSWERS_LAST = dt.timedelta(hours=1)
"""How long an answer that only one person sees stays; its token lives for 15 minutes."""


class SimulatedBackend(Backend):
    """The virtual Discord of a long simulation."""

    def __init__(self) -> None:
        self._with_poll: list[Message] = []
        self._private: deque[Message] = deque()
        super().__init__()
        self.transcript: Any = deque(maxlen=LOG_LENGTH)
        self.http_requests: Any = deque(maxlen=LOG_LENGTH)

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        """Store a message, and remember it if it is private or carries a native poll."""
        if message.is_ephemeral:
            self._private.append(message)
        if message.poll is not None:
            self._with_poll.append(message)
        return super().commit_message(message, broadcast=broadcast)

    def forget_private(self) -> None:
        """Remove the private answers whose time is up: a person's Discord keeps them no longer."""
        before = (self.clock.now() - PRIVATE_ANSWERS_LAST).isoformat()
        while self._private and self._private[0].timestamp < before:
            message = self._private.popleft()
            self.messages.get(message.channel_id, {}).pop(message.id, None)

    def _open_polls(self) -> list[Message]:
        self._with_poll = [
            message
            for message in self._with_poll
            if message.poll is not None
            and not message.poll.finalized
            and message.id in self.messages.get(message.channel_id, {})
        ]
        return self._with_poll

    def next_poll_deadline(self) -> dt.datetime | None:
        """Return when the next open native poll closes."""
        return min(
            (dt.datetime.fromisoformat(m.poll.expiry) for m in self._open_polls() if m.poll),
            default=None,
        )

    def expire_due_polls(self) -> None:
        """Close the native polls whose time is up."""
        now = self.clock.now()
        for message in self._open_polls():
            if message.poll and dt.datetime.fromisoformat(message.poll.expiry) <= now:
                self.expire_poll(message.channel_id, message.id)
