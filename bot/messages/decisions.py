"""Build what is said about decisions: the post in the channel, the register and the forms."""

from collections.abc import Mapping
from dataclasses import replace

from bot.content.templates import Ready
from bot.domain.decisions import (
    HOW_LONGEST,
    TEXT_LONGEST,
    TITLE_LONGEST,
    DecisionPage,
    DecisionView,
    Kind,
    Proposal,
)
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_drafts import ask_buttons
from bot.messages.poll_parts import LONGEST
from bot.messages.texts import Texts

_LABEL_LONGEST, _SEARCH_LONGEST, _REASON_LONGEST, _CUT = 100, 60, 400, 500
_RECORD = frozenset(
    {"number", "place", "title", "text", "how", "decided_on", "recorded_at", "replaces", "role"}
)
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("decision.saved.*", "decision.list.line", "decision.full.*"), _RECORD),
    "decision.status.*": frozenset({"replaced_by"}),
    "decision.list.heading": frozenset({"place", "total"}),
    "decision.list.found": frozenset({"place", "total", "search"}),
    "decision.list.empty": frozenset({"place"}),
    "decision.list.nothing_found": frozenset({"place", "search"}),
    "decision.list.page": frozenset({"page", "pages"}),
    "decision.role.*": _NONE,
    **dict.fromkeys(("decision.button.*", "decision.form.*", "decision.menu"), _NONE),
    "decision.from_poll.question": frozenset({"question"}),
    "decision.from_poll.adopted": frozenset({"question"}),
    "decision.from_poll.answer": frozenset({"question", "answers"}),
    "decision.from_poll.settled": frozenset({"question", "answers"}),
    "decision.from_poll.first": frozenset({"question", "answers"}),
    "decision.from_poll.how_few": frozenset({"show_from"}),
    "decision.from_poll.how_open": frozenset({"turnout", "entitled", "votes", "by_hand"}),
    "decision.from_poll.how_secret": frozenset({"turnout", "entitled", "votes", "by_hand"}),
    "error_polls.decision_replaced": frozenset({"number", "newer"}),
    "error_polls.decision_withdrawn": frozenset({"number"}),
    "error_polls.decision_from_poll_before": frozenset({"number"}),
    "error_polls.poll_still_open": frozenset({"closes_at"}),
    "error_polls.unknown_code": frozenset({"code"}),
    "error_polls.unknown_milestone": frozenset({"code"}),
    **{f"error_polls.{name}_long": frozenset({"longest"}) for name in ("title", "text", "how")},
}


def decision_saved(texts: Texts, view: DecisionView) -> Message:
    """Tell the channel what has been written down, corrected or withdrawn."""
    owner = "group" if view.place_key.startswith("group:") else "village"
    kind = owner if view.kind is Kind.DECISION else view.kind
    return Message(_say(texts, f"saved.{kind}", view))


def decision_list(texts: Texts, page: DecisionPage, *, may_ask: bool = False) -> Message:
    """Show one page of the register, with a menu to open a decision and buttons to turn the page.

    Who may start polls here can begin one from it.
    """
    ask = ask_buttons(texts) if may_ask else ()
    values = {"place": page.place_name, "total": page.total, "search": page.search}
    if not page.total:
        return Message(texts(f"decision.list.{'nothing_found' if page.search else 'empty'}", **values), ask)
    lines = [texts(f"decision.list.{'found' if page.search else 'heading'}", **values)]
    for view in page.decisions:
        status = _status(texts, view)
        line = _say(texts, "list.line", view)
        lines.append(Ready(f"{line} {status}") if status else line)
    if page.pages > 1:
        lines.append(texts("decision.list.page", page=page.page, pages=page.pages))
    search = page.search
    while _length_in_id(search) > _SEARCH_LONGEST:
        search = search[:-1]
    turn = {"newer": page.page - 1, "older": page.page + 1}
    buttons = tuple(
        Button(texts(f"decision.button.{name}"), "decision_page", (number, search))
        for name, number in turn.items()
        if 1 <= number <= page.pages
    )
    choices = tuple(_choice(view) for view in page.decisions)
    menu = Menu("decision_show", choices, prompt=texts("decision.menu"))
    return Message("\n".join(lines), (*buttons, *ask), (menu,))


def decision_full(texts: Texts, view: DecisionView) -> Message:
    """Show one decision whole; the one that holds can be corrected or withdrawn from here."""
    said = _whole(texts, view)
    if len(said) > LONGEST:  # what has to be escaped takes up to twice the room
        said = _whole(texts, replace(view, text=f"{view.text[:_CUT]}…"))
    if view.replaced_by is not None or view.kind is Kind.WITHDRAWAL:
        return Message(said)
    buttons = (
        Button(texts("decision.button.correct"), "decision_correct", (view.id,)),
        Button(texts("decision.button.withdraw"), "decision_withdraw", (view.id,)),
    )
    return Message(said, buttons)


def _whole(texts: Texts, view: DecisionView) -> str:
    lines = [_say(texts, "full.heading", view), _say(texts, "full.text", view), _say(texts, "full.how", view)]
    status = _status(texts, view)
    return "\n".join([*lines, status] if status else lines)


def _length_in_id(text: str) -> int:
    """Return how much room a text takes in a custom id, where separators are written with three signs."""
    return len(text) + 2 * sum(text.count(sign) for sign in "%,:")


def decision_form(texts: Texts, proposal: Proposal | None = None, decided_on: str = "") -> Form:
    """Return the form for a new decision, empty or begun by a poll; `decided_on` is the date as written."""
    fields = (
        Field(
            "title", _label(texts, "title"), longest=TITLE_LONGEST, value=proposal.title if proposal else ""
        ),
        Field(
            "text", _label(texts, "text"), True, longest=TEXT_LONGEST, value=proposal.text if proposal else ""
        ),
        Field("how", _label(texts, "how"), longest=HOW_LONGEST, value=proposal.how if proposal else ""),
        Field("decided_on", _label(texts, "decided_on"), longest=20, value=decided_on),
    )
    args = (proposal.poll_id,) if proposal else ()
    return Form("decision_record", texts("decision.form.title"), fields, args)


def correction_form(texts: Texts, view: DecisionView) -> Form:
    """Return the form that corrects a decision."""
    fields = (
        Field("title", _label(texts, "title"), longest=TITLE_LONGEST, value=view.title),
        Field("text", _label(texts, "text"), True, longest=TEXT_LONGEST, value=view.text),
    )
    return Form("decision_correct", texts("decision.form.correct"), fields, (view.id,))


def withdrawal_form(texts: Texts, view: DecisionView) -> Form:
    """Return the form that withdraws a decision."""
    fields = (Field("reason", _label(texts, "reason"), True, longest=_REASON_LONGEST),)
    return Form("decision_withdraw", texts("decision.form.withdraw"), fields, (view.id,))


def _label(texts: Texts, name: str) -> str:
    return texts(f"decision.form.label.{name}")


def _say(texts: Texts, name: str, view: DecisionView) -> Ready:
    return texts(
        f"decision.{name}",
        number=view.number,
        place=view.place_name,
        title=view.title,
        text=view.text,
        how=view.how,
        decided_on=view.decided_on,
        recorded_at=view.recorded_at,
        replaces=view.replaces,
        role=texts(f"decision.role.{view.recorded_by}"),
    )


def _status(texts: Texts, view: DecisionView) -> Ready | None:
    """Say whether a record still holds; None for a decision that does."""
    if view.replaced_kind is not None:
        name = "withdrawn" if view.replaced_kind is Kind.WITHDRAWAL else "corrected"
        return texts(f"decision.status.{name}", replaced_by=view.replaced_by)
    return texts("decision.status.withdrawal", replaced_by=None) if view.kind is Kind.WITHDRAWAL else None


def _choice(view: DecisionView) -> Choice:
    return Choice(str(view.id), f"{view.number}. {view.title}"[:_LABEL_LONGEST])
