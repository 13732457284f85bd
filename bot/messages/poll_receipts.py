"""Private answers to whoever starts or changes a poll."""

from collections.abc import Mapping

from bot.domain.poll_view import PollView
from bot.messages.message import Message
from bot.messages.poll_drafts import ask_buttons
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll_receipt.started": frozenset({"question", "closes_at"}),
    "poll_receipt.now_secret": frozenset({"question"}),
    **dict.fromkeys(("poll_receipt.none_open", "poll_receipt.may_ask"), frozenset()),
}


def started(texts: Texts, view: PollView) -> Message:
    """Tell that a poll is on its way to the channel."""
    return Message(texts("poll_receipt.started", question=view.question, closes_at=view.closes_at))


def now_secret(texts: Texts, view: PollView) -> Message:
    """Tell that a poll has begun again as a secret one."""
    return Message(texts("poll_receipt.now_secret", question=view.question))


def may_ask(texts: Texts) -> Message:
    """Offer to ask something oneself, under the polls that are open."""
    return Message(texts("poll_receipt.may_ask"), ask_buttons(texts))


def none_open(texts: Texts, *, may_begin: bool = False) -> Message:
    """Tell that there is nothing to vote on here now; who may ask something can begin."""
    return Message(texts("poll_receipt.none_open"), ask_buttons(texts) if may_begin else ())
