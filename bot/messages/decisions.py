"""Build what is said about decisions: the post in the channel, the register and the forms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.content.templates import Ready
from bot.domain.decisions import (
    DecisionView,
    Kind,
    Objection,
    Rights,
    Status,
)
from bot.domain.milestones import milestones_of
from bot.domain.programme import Programme
from bot.messages.message import Button, Message
from bot.messages.poll_parts import LONGEST
from bot.messages.texts import Texts

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
    "decision.detail.renewed": frozenset({"at", "role"}),
    "decision.detail.goals": frozenset({"goals"}),
    "decision.detail.link": frozenset({"link"}),
    "decision.detail.objection": frozenset({"at", "words", "answered"}),
    "decision.detail.done": frozenset({"at"}),
    "decision.detail.standard": frozenset({"title"}),
    "decision.detail.milestones": frozenset({"titles"}),
    "decision.role.*": _NONE,
    "decision.button.*": _NONE,
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
        return Message(record_says(texts, f"saved.{kind}", view), (see, _again_button(texts, view)))
    against = Button(texts("decision.button.object"), "decision_object", (view.id,))
    return Message(record_says(texts, f"saved.{kind}", view), (against, see))


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


def decision_full(texts: Texts, programme: Programme, view: DecisionView, rights: Rights) -> Message:
    """Show one decision whole, with what the reader may do with it now."""
    settled = _settled_lines(texts, programme, view)
    said, cut = next(
        (told, cut) for cut in _CUTS if len(told := _whole(texts, view, settled, *cut)) <= LONGEST
    )
    buttons: list[Button] = []
    if max(len(view.text), len(view.how), len(view.details.background)) > cut[0]:
        buttons.append(Button(texts("decision.button.whole"), "decision_whole", (view.id,), "primary"))
    if rights.object:
        buttons.append(Button(texts("decision.button.object"), "decision_object", (view.id,)))
    if rights.finish:
        buttons.append(Button(texts("decision.button.done"), "decision_done", (view.id,)))
    if rights.renew:
        buttons.append(renew_button(texts, view))
    if rights.again:
        buttons.append(_again_button(texts, view))
    if rights.record:
        if view.unanswered:
            buttons.append(keep_button(texts, view))
        buttons += [*replace_buttons(texts, view), *_add_buttons(texts, view)]
    return Message(said, tuple(buttons))


def renew_button(texts: Texts, view: DecisionView) -> Button:
    """Return the button that gives a decision a new deadline, or a new day to look again."""
    return Button(texts("decision.button.renew"), "decision_renew", (view.id,))


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
        record_says(texts, "full.heading", view),
        record_says(texts, "full.text", shown),
        record_says(texts, "full.how", shown),
        *settled,
    ]
    lines += _detail_lines(texts, view, letters, links)
    lines += [_objection(texts, said) for said in view.objections[len(view.objections) - objections :]]
    return "\n".join([*lines, status_line(texts, view)])


def decision_whole(texts: Texts, view: DecisionView) -> list[Message]:
    """Return all that a long decision says, in as many messages as that takes."""
    said = [record_says(texts, f"full.{name}", view) for name in ("heading", "text", "how")]
    if view.details.background:
        said.append(texts("decision.detail.background", background=view.details.background))
    return [Message(part) for part in in_parts("\n".join(said))]


def in_parts(said: Ready | str) -> list[Ready]:
    """Return a text in parts that fit in a message each, broken between lines or words where there are any."""
    parts, rest = [], str(said)
    while len(rest) > LONGEST:
        at = max(rest.rfind(sign, LONGEST // 2, LONGEST) for sign in ("\n", " "))
        if at < 0:
            escapes = len(rest[:LONGEST]) - len(rest[:LONGEST].rstrip("\\"))
            at = LONGEST - escapes % 2  # a sign stays with what escapes it
        parts.append(Ready(rest[:at].rstrip()))
        rest = rest[at:].lstrip()
    return [*parts, Ready(rest)]


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
    if view.renewals:
        last = view.renewals[-1]
        found.append(texts("decision.detail.renewed", at=last.at, role=texts(f"decision.role.{last.role}")))
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


def record_says(texts: Texts, name: str, view: DecisionView) -> Ready:
    """Say a text about a record with all that such texts may use."""
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
