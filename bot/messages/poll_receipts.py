"""Private answers to whoever starts or changes a poll."""

from collections.abc import Mapping

from bot.domain.poll_view import PollView
from bot.messages.message import Message
from bot.messages.poll_drafts import new_button
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll_receipt.started": frozenset({"question", "closes_at"}),
    "poll_receipt.now_secret": frozenset({"question"}),
    "poll_receipt.none_open": frozenset(),
}


def started(texts: Texts, view: PollView) -> Message:
    """Tell that a poll is on its way to the channel."""
    return Message(texts("poll_receipt.started", question=view.question, closes_at=view.closes_at))


def now_secret(texts: Texts, view: PollView) -> Message:
    """Tell that a poll has begun again as a secret one."""
    return Message(texts("poll_receipt.now_secret", question=view.question))


def none_open(texts: Texts, *, may_begin: bool = False) -> Message:
    """Tell that there is nothing to vote on here now; who may ask something can begin."""
    return Message(texts("poll_receipt.none_open"), (new_button(texts),) if may_begin else ())
