"""Posts that were claimed for sending, as the dispatcher is handed them."""

from dataclasses import dataclass
from datetime import datetime

from bot.messages.message import Message


@dataclass(frozen=True, slots=True)
class Standing:
    """A post that stands in its channel and is to be changed; it keeps its own mark."""

    mark: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed post, ready for Discord. `retry` tells that an earlier try may have been sent.

    A `private` one goes to a person: `channel_id` is then their account.
    """

    delivery_id: int
    key: str
    channel_id: int
    message: Message
    retry: bool
    due_at: datetime
    claimed_by: str
    lease_until: datetime
    edits: Standing | None = None
    private: bool = False

    @property
    def named(self) -> str:
        """Return what the log may call it: a private post's key names a person."""
        return "private" if self.private else self.key


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at the outbox gave: posts to send, keys dropped as too late, and whether to look again."""

    ready: list[Outgoing]
    stale: list[str]
    more: bool
