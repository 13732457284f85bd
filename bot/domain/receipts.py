"""What became of a post, and why one has not arrived, in terms that people can act on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SENT = "sent"
FAILED = ("parked", "stale")
HELD = "held"
WAITING = ("pending", "claimed", HELD)
_NO_MAIL = ("bounced", "refused", "stale")
LATE = "too late to be of use"
NO_CHANNEL = "the channel does not exist"
_UNKNOWN_CHANNEL, _MISSING_ACCESS, _MISSING_PERMISSIONS = "10003", "50001", "50013"  # Discord's own codes


class Trouble(StrEnum):
    """Why a post has not arrived."""

    LATE = "late"
    NOT_APPROVED = "not_approved"
    NO_CHANNEL = "no_channel"
    NO_ACCESS = "no_access"
    REFUSED = "refused"
    OUT_OF_REACH = "out_of_reach"


@dataclass(frozen=True, slots=True)
class MailCount:
    """How many of a letter's mails a mail server has taken, wait, and were refused or came too late."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0

    @classmethod
    def of(cls, states: Sequence[str]) -> "MailCount":
        """Count mails by their states; those that were called off or not needed count for nothing."""
        sent, waiting = states.count(SENT), sum(state in WAITING for state in states)
        return cls(sent, waiting, sum(state in _NO_MAIL for state in states))

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return any((self.sent, self.waiting, self.failed))


@dataclass(frozen=True, slots=True)
class PostReceipt:
    """One post to one channel; `place` is the name people know it by, times are local."""

    key: str
    place: str
    kind: str
    due_at: datetime
    sent_at: datetime | None
    state: str
    channel_id: int | None
    message_id: int | None
    tries: int
    last_error: str | None

    @property
    def trouble(self) -> Trouble | None:
        """Why it has not arrived, or not yet; None when nothing went wrong."""
        if self.state == "stale":
            return Trouble.LATE
        if self.state == HELD:
            return Trouble.NOT_APPROVED
        if self.last_error is None or self.state == SENT:
            return None
        return trouble_of(self.last_error)


def trouble_of(last_error: str) -> Trouble:
    """Tell what an error means: one of our own, or Discord's answer ("403 Forbidden (error code: 50013): …")."""
    if last_error == LATE:
        return Trouble.LATE
    code = re.search(r"\(error code: (\d+)\)", last_error)
    if last_error == NO_CHANNEL or (code and code[1] == _UNKNOWN_CHANNEL):
        return Trouble.NO_CHANNEL
    if code and code[1] in (_MISSING_ACCESS, _MISSING_PERMISSIONS):
        return Trouble.NO_ACCESS
    return Trouble.REFUSED if re.match(r"4(?!29)\d\d ", last_error) else Trouble.OUT_OF_REACH
