"""Build what is said about decisions: the post in the channel, the register and the forms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.content.templates import Ready
from bot.domain.decisions import (
    HOW_LONGEST,
    TEXT_LONGEST,
    TITLE_LONGEST,
    DecisionPage,
    DecisionView,
    Kind,
    Objection,
    Proposal,
    Rights,
    Settles,
    Status,
)
from bot.domain.milestones import milestones_of
from bot.domain.programme import Programme
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_drafts import ask_buttons
from bot.messages.poll_parts import LONGEST
from bot.messages.texts import Texts

_LABEL_LONGEST, _SEARCH_LONGEST, _REASON_LONGEST = 100, 60, 400
_NOTHING, _STANDARD, _MILESTONE = "-", "d:", "m:"  # what a choice of the form's menu begins with
# What is shown of a long record: letters of its texts, objections and links; the next line is tried when one is too long.
_CUTS = ((1000, 5, 5), (500, 3, 5), (250, 2, 2), (100, 1, 1), (60, 0, 0))
_RECORD = frozenset(
    {
        "number", "place", "title", "text", "how", "decided_on", "recorded_at", "replaces", "role",
        "open_until", "final_at", "done_at",
    }
)  # fmt: skip
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("decision.saved.*", "decision.list.line", "decision.full.*"), _RECORD),
    "decision.status.*": frozenset({"replaced_by", "open_until", "final_at", "waiting"}),
    "decision.detail.background": frozenset({"background"}),
    "decision.detail.responsible": frozenset({"role"}),
    "decision.detail.deadline": frozenset({"day"}),
    "decision.detail.review": frozenset({"day"}),
    "decision.detail.goals": frozenset({"goals"}),
    "decision.detail.link": frozenset({"link"}),
    "decision.detail.objection": frozenset({"at", "words", "answered"}),
    "decision.detail.done": frozenset({"at"}),
    "decision.detail.standard": frozenset({"title"}),
    "decision.detail.milestones": frozenset({"titles"}),
    "decision.form.standard": frozenset({"title"}),
    "decision.form.milestone": frozenset({"title"}),
    "decision.list.heading": frozenset({"place", "total"}),
    "decision.list.found": frozenset({"place", "total", "search"}),
    "decision.list.empty": frozenset({"place"}),
    "decision.list.nothing_found": frozenset({"place", "search"}),
    "decision.list.page": frozenset({"page", "pages"}),
    "decision.role.*": _NONE,
    **dict.fromkeys(
        (
            "decision.button.*",
            "decision.form.title",
            "decision.form.correct",
            "decision.form.withdraw",
            "decision.form.nothing",
            "decision.form.label.*",
            "decision.menu",
        ),
        _NONE,
    ),
    "decision.from_poll.question": frozenset({"question"}),
    "decision.from_poll.adopted": frozenset({"question"}),
    "decision.from_poll.answer": frozenset({"question", "answers"}),
    "decision.from_poll.settled": frozenset({"question", "answers"}),
    "decision.from_poll.first": frozenset({"question", "answers"}),
    "decision.from_poll.part.*": frozenset({"answer", "votes", "average", "rank"}),
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
    """Tell the channel what has been written down, corrected or withdrawn; what may be objected to has a button."""
    owner = "group" if view.place_key.startswith("group:") else "village"
    kind = owner if view.kind is Kind.DECISION else view.kind
    see = Button(texts("decision.button.open"), "decision_open", (view.id,))
    if view.kind is Kind.WITHDRAWAL:
        return Message(_say(texts, f"saved.{kind}", view), (see, _again_button(texts, view)))
    against = Button(texts("decision.button.object"), "decision_object", (view.id,))
    return Message(_say(texts, f"saved.{kind}", view), (against, see))


def _again_button(texts: Texts, view: DecisionView) -> Button:
    """Return the button that begins anew what was withdrawn: from its poll, or the same standard decision."""
    label = texts("decision.button.again")
    if view.first_poll is not None:
        return Button(label, "decide", (view.first_poll,))
    return Button(label, "decision_begin", (view.code,) if view.code else ())


def decision_recorded(texts: Texts, programme: Programme, view: DecisionView) -> Message:
    """Tell whoever wrote it down the same and what it settled, with what can be added until it is final."""
    said = decision_saved(texts, view)
    lines = [said.text, *_settled_lines(texts, programme, view)]
    return replace(said, text="\n".join(lines), buttons=_add_buttons(texts, view))


def _settled_lines(texts: Texts, programme: Programme, view: DecisionView) -> list[Ready]:
    """Say which standard decision it is, and which milestones it settles."""
    template = programme.decisions.get(view.code or "")
    found = [texts("decision.detail.standard", title=Ready(template.title))] if template else []
    titles = titles_of(programme, view)
    if titles:
        found.append(texts("decision.detail.milestones", titles=Ready("; ".join(titles))))
    return found


def titles_of(programme: Programme, view: DecisionView) -> list[str]:
    """Return the titles of the milestones that a decision settles."""
    rows = (programme.milestones.get(id) for id in milestones_of(programme, view.code, view.milestone))
    return [row.title for row in rows if row is not None]


def decision_list(
    texts: Texts,
    page: DecisionPage,
    *,
    may_ask: bool = False,
    may_export: bool = False,
    may_take_agreements: bool = False,
    may_record: bool = False,
) -> Message:
    """Show one page of the register, with a menu to open a decision and buttons to turn the page.

    Who may write decisions down or start polls here can begin from it, and who may take the register out gets it here.
    """
    ask = ask_buttons(texts) if may_ask else ()
    if may_record:
        ask = (Button(texts("decision.button.begin"), "decision_begin"), *ask)
    if page.total or not page.place_key.startswith("village:"):  # others look after villages too
        ask = (Button(texts("decision.button.standing"), "decision_standing"), *ask)
    export = export_buttons(texts, whole=may_export and page.total > 0, agreements=may_take_agreements)
    ask = (*ask, *export)
    values = {"place": page.place_name, "total": page.total, "search": page.search}
    if not page.total:
        return Message(texts(f"decision.list.{'nothing_found' if page.search else 'empty'}", **values), ask)
    lines = [texts(f"decision.list.{'found' if page.search else 'heading'}", **values)]
    for view in page.decisions:
        lines.append(Ready(f"{_say(texts, 'list.line', view)} {status_line(texts, view)}"))
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


def export_buttons(texts: Texts, *, whole: bool, agreements: bool) -> tuple[Button, ...]:
    """Return the buttons that hand out the register here, and the agreements of a coordinator's municipality."""
    buttons = []
    if whole:
        buttons.append(Button(texts("decision.button.export"), "decision_export", ("pdf",)))
    if agreements:
        buttons.append(Button(texts("minutes.button.agreements"), "decision_export", ("pdf", "agreements")))
    return tuple(buttons)


def decision_full(texts: Texts, programme: Programme, view: DecisionView, rights: Rights) -> Message:
    """Show one decision whole, with what the reader may do with it now."""
    settled = _settled_lines(texts, programme, view)
    said = next((said for cut in _CUTS if len(said := _whole(texts, view, settled, *cut)) <= LONGEST), "")
    buttons: list[Button] = []
    if rights.object:
        buttons.append(Button(texts("decision.button.object"), "decision_object", (view.id,)))
    if rights.finish:
        buttons.append(Button(texts("decision.button.done"), "decision_done", (view.id,)))
    if rights.again:
        buttons.append(_again_button(texts, view))
    if rights.record:
        if view.unanswered:
            buttons.append(keep_button(texts, view))
        buttons += [*replace_buttons(texts, view), *_add_buttons(texts, view)]
    return Message(said, tuple(buttons))


def keep_button(texts: Texts, view: DecisionView) -> Button:
    """Return the button that answers objections by keeping a decision."""
    return Button(texts("decision.button.keep"), "decision_keep", (view.id,), "success")


def replace_buttons(texts: Texts, view: DecisionView) -> tuple[Button, ...]:
    """Return the buttons that correct or withdraw a decision."""
    return (
        Button(texts("decision.button.correct"), "decision_correct", (view.id,)),
        Button(texts("decision.button.withdraw"), "decision_withdraw", (view.id,)),
    )


def _add_buttons(texts: Texts, view: DecisionView) -> tuple[Button, ...]:
    """Return what can be added until a decision is final; a form holds five fields, so each has its own."""
    if view.status is not Status.PROPOSED:
        return ()
    return tuple(
        Button(texts(f"decision.button.{name}"), f"decision_{name}", (view.id,))
        for name in ("follow_up", "goals", "background")
    )


def _whole(
    texts: Texts, view: DecisionView, settled: Sequence[str], letters: int, objections: int, links: int
) -> str:
    shown = replace(view, text=_cut(view.text, letters), how=_cut(view.how, max(letters, 100)))
    lines = [
        _say(texts, "full.heading", view),
        _say(texts, "full.text", shown),
        _say(texts, "full.how", shown),
        *settled,
    ]
    lines += _detail_lines(texts, view, letters, links)
    lines += [_objection(texts, said) for said in view.objections[len(view.objections) - objections :]]
    return "\n".join([*lines, status_line(texts, view)])


def _detail_lines(texts: Texts, view: DecisionView, letters: int, links: int) -> list[Ready]:
    details, found = view.details, []
    if details.background:
        said = _cut(details.background, letters)
        found.append(texts("decision.detail.background", background=said))
    if details.responsible:
        role = texts(f"decision.role.{details.responsible}")
        found.append(texts("decision.detail.responsible", role=role))
    for name, day in (("deadline", details.deadline), ("review", details.review)):
        if day is not None:
            found.append(texts(f"decision.detail.{name}", day=day))
    if details.goals:
        numbers = ", ".join(str(number) for number in details.goals)
        found.append(texts("decision.detail.goals", goals=numbers))
    found += [texts("decision.detail.link", link=Ready(link)) for link in details.links[:links]]
    if view.done_at is not None:
        found.append(texts("decision.detail.done", at=view.done_at))
    return found


def _objection(texts: Texts, said: Objection) -> Ready:
    return texts("decision.detail.objection", at=said.at, words=said.words, answered=said.answered)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _length_in_id(text: str) -> int:
    """Return how much room a text takes in a custom id, where separators are written with three signs."""
    return len(text) + 2 * sum(text.count(sign) for sign in "%,:")


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


def _say(texts: Texts, name: str, view: DecisionView) -> Ready:
    return texts(
        f"decision.{name}",
        number=view.ref,
        place=view.place_name,
        title=view.title,
        text=view.text,
        how=view.how,
        decided_on=view.decided_on,
        recorded_at=view.recorded_at,
        replaces=view.replaces,
        role=texts(f"decision.role.{view.recorded_by}"),
        open_until=view.open_until,
        final_at=view.final_at,
        done_at=view.done_at,
    )


def status_line(texts: Texts, view: DecisionView) -> Ready:
    """Say where a record stands."""
    name = view.status
    if view.kind is Kind.WITHDRAWAL and view.replaced_by is None:
        return texts("decision.status.withdrawal", **_standing(view))
    return texts(f"decision.status.{name}", **_standing(view))


def _standing(view: DecisionView) -> dict[str, object]:
    return {
        "replaced_by": view.replaced_by, "open_until": view.open_until, "final_at": view.final_at,
        "waiting": bool(view.unanswered),
    }  # fmt: skip


def _choice(view: DecisionView) -> Choice:
    return Choice(str(view.id), f"{view.ref}: {view.title}"[:_LABEL_LONGEST])
