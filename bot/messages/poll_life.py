"""Build what those who ask see of the polls that exist, and what the channel reads when one is cancelled."""

from collections.abc import Mapping, Sequence

from bot.domain.poll_repeats import NEVER
from bot.domain.poll_view import CLOSED, OPEN, PLANNED, PollView
from bot.domain.polls import REASON_LONGEST
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_drafts import ask_buttons, cancel_button, comes_again
from bot.messages.poll_parts import say
from bot.messages.poll_rules import rules_button
from bot.messages.texts import Texts

_LABEL_LONGEST = 100
_ABOUT = frozenset({"opens_at", "closes_at", "turnout"})
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("poll_life.list", "poll_life.empty", "poll_life.menu"), _NONE),
    **dict.fromkeys(("poll_life.cancel.title", "poll_life.cancel.why"), _NONE),
    **dict.fromkeys(
        ("poll_life.cancel.done", "poll_life.cancel.done_unseen"), frozenset({"question", "again"})
    ),
    "poll_life.state.*": frozenset({"question"}),
    "poll_life.about.*": _ABOUT,
    "poll_life.cancel.post": frozenset({"reason"}),
    "poll_life.held": frozenset({"fewest"}),
}


def poll_list(texts: Texts, views: Sequence[PollView], *, of_village: bool) -> Message:
    """Show a place's polls in a menu; a village has rules for them."""
    buttons = (*ask_buttons(texts)[:1], *((rules_button(texts),) if of_village else ()))
    if not views:
        return Message(texts("poll_life.empty"), buttons)
    choices = tuple(Choice(str(view.id), _label(texts, view)) for view in views)
    menu = Menu("poll_show", choices, prompt=texts("poll_life.menu"))
    return Message(texts("poll_life.list"), buttons, (menu,))


def _label(texts: Texts, view: PollView) -> str:
    return texts(f"poll_life.state.{view.state}", question=view.question)[:_LABEL_LONGEST]


def poll_shown(texts: Texts, view: PollView) -> Message:
    """Show one poll, with what can be done with it."""
    buttons: list[Button] = []
    if view.state in (PLANNED, OPEN):
        buttons.append(cancel_button(texts, view))
    if view.state == CLOSED:
        buttons.append(Button(texts("poll_draft.button.copy"), "poll_copy", (view.id,)))
    about = view.state if view.state in (PLANNED, OPEN, CLOSED) else "gone"
    values = {"opens_at": view.opens_at, "closes_at": view.closes_at, "turnout": view.turnout}
    said = texts(f"poll_life.about.{about}", **values)
    again = comes_again(texts, view) if view.state == PLANNED else []
    return Message("\n".join([say(texts, "heading", view), said, *again]), tuple(buttons))


def cancel_form(texts: Texts, view: PollView) -> Form:
    """Return the form that asks why a poll is cancelled."""
    why = Field("why", texts("poll_life.cancel.why"), long=True, longest=REASON_LONGEST)
    return Form("poll_cancel", texts("poll_life.cancel.title"), (why,), (view.id,))


def cancelled(texts: Texts, view: PollView) -> Message:
    """Tell whoever cancelled a poll that it is done."""
    name = "done" if view.cancelled_because else "done_unseen"
    again = view.repeat != NEVER
    return Message(texts(f"poll_life.cancel.{name}", question=view.question, again=again))


def held_post(texts: Texts, view: PollView, fewest: int) -> Message:
    """Tell that too few may vote for a secret poll, and offer whoever asks to ask in another way."""
    said = texts("poll_life.held", fewest=fewest)
    again = Button(texts("poll_draft.button.copy"), "poll_copy", (view.id,))
    return Message(
        f"{say(texts, 'heading', view)}\n{said}", (again if view.answers else ask_buttons(texts)[0],)
    )


def cancelled_post(texts: Texts, view: PollView) -> Message:
    """Tell the channel that a poll is cancelled, and why."""
    said = texts("poll_life.cancel.post", reason=view.cancelled_because)
    return Message(f"{say(texts, 'heading', view)}\n{said}")
