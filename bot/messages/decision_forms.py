"""Build the forms that write a decision down, correct it, or withdraw it."""

from collections.abc import Mapping

from bot.content.templates import Ready
from bot.domain.decisions import HOW_LONGEST, TEXT_LONGEST, TITLE_LONGEST, DecisionView, Proposal, Settles
from bot.messages.message import Choice, Field, Form
from bot.messages.texts import Texts

_REASON_LONGEST = 400
_NOTHING, _STANDARD, _MILESTONE = "-", "d:", "m:"  # what a choice of the form's menu begins with
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (f"decision.form.{name}" for name in ("title", "correct", "withdraw", "nothing", "label.*")), _NONE
    ),
    "decision.form.standard": frozenset({"title"}),
    "decision.form.milestone": frozenset({"title"}),
}


def decision_form(
    texts: Texts, settles: Settles, proposal: Proposal | None = None, decided_on: str = ""
) -> Form:
    """Return the form for a new decision, empty or begun by a poll; `decided_on` is the date as written.

    Where the decision can settle something, the form's menu tells what.
    """
    fields: tuple[Field, ...] = (
        Field(
            "title", _label(texts, "title"), longest=TITLE_LONGEST, value=proposal.title if proposal else ""
        ),
        Field(
            "text", _label(texts, "text"), True, longest=TEXT_LONGEST, value=proposal.text if proposal else ""
        ),
        Field("how", _label(texts, "how"), True, longest=HOW_LONGEST, value=proposal.how if proposal else ""),
        Field("decided_on", _label(texts, "decided_on"), longest=20, value=decided_on),
    )
    if settles.things:
        fields = (
            *fields,
            Field("settles", _label(texts, "settles"), choices=_settle_choices(texts, settles)),
        )
    args = (proposal.poll_id if proposal else 0,)
    return Form("decision_record", texts("decision.form.title"), fields, args)


def _settle_choices(texts: Texts, settles: Settles) -> tuple[Choice, ...]:
    proposed = settles.proposed if any(thing.id == settles.proposed for thing in settles.things) else None
    nothing = Choice(_NOTHING, texts("decision.form.nothing"), chosen=proposed is None)
    things = (
        Choice(
            f"{_MILESTONE if thing.is_milestone else _STANDARD}{thing.id}",
            texts(
                f"decision.form.{'milestone' if thing.is_milestone else 'standard'}", title=Ready(thing.title)
            ),
            chosen=thing.id == proposed,
        )
        for thing in settles.things
    )
    return (*((nothing,) if settles.plain else ()), *things)


def settled_by(chosen: str) -> tuple[str | None, str | None]:
    """Return the standard decision and the milestone that somebody chose in the form's menu."""
    kind, id = chosen[:2], chosen[2:]
    return id if kind == _STANDARD else None, id if kind == _MILESTONE else None


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
