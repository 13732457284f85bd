"""Build the form that asks a voter why; what is written is shown without a name."""

from collections.abc import Mapping

from bot.domain.ballots import Why
from bot.domain.polls import REASON_LONGEST
from bot.messages.message import Field, Form
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {"poll.why.*": frozenset()}


def ask_why(texts: Texts, poll_id: int, choice: int | str, why: Why) -> Form:
    """Return the form; where a reason is optional it says that the vote has been counted already.

    `choice` is what the vote's button says: a position, a mark of several, or the presses of a ballot of steps.
    """
    must = why is Why.REQUIRED
    label = texts("poll.why.label" if must else "poll.why.label_optional")
    field = Field("why", label, long=True, required=must, longest=REASON_LONGEST)
    title = texts("poll.why.title" if must else "poll.why.title_optional")
    return Form("vote_why", title, (field,), (poll_id, choice))
