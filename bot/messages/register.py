"""Build what is said between a decision's recording and its end: objections, what is added, what is due and late."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.content.templates import Ready
from bot.domain.decisions import (
    BACKGROUND_LONGEST,
    LINK_LONGEST,
    LINKS,
    REASON_LONGEST,
    DecisionView,
)
from bot.domain.programme import GlobalGoal
from bot.messages.decision_list import export_buttons
from bot.messages.decisions import keep_button, renew_button, replace_buttons, status_line
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_parts import LONGEST
from bot.messages.texts import Texts

GOALS_AT_MOST = 5
_LABEL_LONGEST, _MENU_LONGEST = 100, 25
_NONE: frozenset[str] = frozenset()
_OF = frozenset({"number", "title"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    "register.objection": _OF | {"to", "words"},
    "register.waiting": _OF | {"to"},
    "register.due.*": _OF | {"on", "role", "over"},
    "register.objected": frozenset({"number"}),
    "register.kept": _OF | {"status"},
    "register.added": frozenset({"number"}),
    "register.finished": _OF,
    **dict.fromkeys(
        ("register.prompt.*", "register.form.*", "register.heading.*", "register.nothing"), _NONE
    ),
    "register.line": _OF | {"place", "deadline", "review"},
    "register.renewed": _OF | {"deadline", "review", "role"},
    "register.more": frozenset({"count"}),
    **dict.fromkeys(
        ("error_register.objected_before", "error_register.nothing_to_answer"), frozenset({"number"})
    ),
    **dict.fromkeys(("error_register.final", "error_register.done_before"), frozenset({"number"})),
    "error_register.too_late": frozenset({"number", "until"}),
    "error_register.link_unfit": frozenset({"text"}),
    "error_register.links_many": frozenset({"most"}),
    **{
        f"error_register.{name}": _NONE
        for name in (
            "who_unfit",
            "day_over",
            "day_missing",
            "not_to_renew",
            "goal_unknown",
            "nothing_to_hand_out",
        )
    },
    **{f"error_polls.{name}_long": frozenset({"longest"}) for name in ("objection", "background")},
    "error_polls.objection_missing": _NONE,
    "error_polls.background_missing": _NONE,
}


def objection(texts: Texts, view: DecisionView, words: str | None) -> Message:
    """Tell whoever wrote it down of an objection, with the three answers to it."""
    to = texts(f"decision.role.{view.recorded_by}")
    said = texts("register.objection", number=view.ref, title=view.title, to=to, words=words)
    return Message(said, (keep_button(texts, view), *replace_buttons(texts, view)))


def waiting(texts: Texts, view: DecisionView) -> Message:
    """Tell whoever wrote it down that time is up and an objection still has no answer."""
    to = texts(f"decision.role.{view.recorded_by}")
    said = texts("register.waiting", number=view.ref, title=view.title, to=to)
    see = Button(texts("decision.button.open"), "decision_open", (view.id,))
    return Message(said, (keep_button(texts, view), *replace_buttons(texts, view), see))


def due(texts: Texts, view: DecisionView, what: str, on: date, *, over: bool) -> Message:
    """Remind of a deadline, or of a day to look again; who sees to it is a role, and nobody is pinged."""
    role = texts(f"decision.role.{view.details.responsible}") if view.details.responsible else Ready("")
    said = texts(f"register.due.{what}", number=view.ref, title=view.title, on=on, role=role, over=over)
    return Message(
        said,
        (
            _done(texts, view),
            renew_button(texts, view),
            Button(texts("decision.button.open"), "decision_open", (view.id,)),
        ),
    )


def objection_form(texts: Texts, view: DecisionView) -> Form:
    """Return the form that asks what was not understood rightly."""
    label = texts("register.form.reason")
    return Form(
        "decision_object", texts("register.form.object"),
        (Field("reason", label, True, longest=REASON_LONGEST),), (view.id,),
    )  # fmt: skip


def objected(texts: Texts, view: DecisionView) -> Message:
    """Thank for an objection."""
    return Message(texts("register.objected", number=view.ref))


def kept(texts: Texts, view: DecisionView) -> Message:
    """Tell that the objections are answered, and when the decision is final."""
    said = texts("register.kept", number=view.ref, title=view.title, status=status_line(texts, view))
    return Message(said)


def added(texts: Texts, view: DecisionView) -> Message:
    """Tell that something was added, with a button to see it all."""
    see = Button(texts("decision.button.open"), "decision_open", (view.id,))
    return Message(texts("register.added", number=view.ref), (see,))


def finished(texts: Texts, view: DecisionView) -> Message:
    """Tell that a decision is done."""
    return Message(texts("register.finished", number=view.ref, title=view.title))


def who_menu(texts: Texts, decision_id: int, roles: Sequence[str]) -> Message:
    """Ask which role sees to a decision; a form for the days follows."""
    choices = tuple(Choice(role, texts(f"decision.role.{role}")) for role in roles)
    prompt = texts("register.prompt.who")
    return Message(
        texts("register.prompt.who_about"), menus=(Menu("decision_agree", choices, (decision_id,), prompt),)
    )


def days_form(texts: Texts, decision_id: int, role: str) -> Form:
    """Return the form for a deadline and a day to look again; each may stay empty."""
    return Form("decision_agree", texts("register.form.days"), _days(texts), (decision_id, role))


def renew_form(texts: Texts, view: DecisionView) -> Form:
    """Return the form for new days; one that stays empty is as it was."""
    return Form("decision_renew", texts("register.form.renew"), _days(texts), (view.id,))


def _days(texts: Texts) -> tuple[Field, ...]:
    return tuple(
        Field(name, texts(f"register.form.{name}"), required=False, longest=20)
        for name in ("deadline", "review")
    )


def renewed(texts: Texts, view: DecisionView) -> Ready:
    """Tell which days a decision has now, and who gave them."""
    days, last = view.details, view.renewals[-1]
    return texts(
        "register.renewed", number=view.ref, title=view.title, deadline=days.deadline, review=days.review,
        role=texts(f"decision.role.{last.role}"),
    )  # fmt: skip


def goals_menu(texts: Texts, view: DecisionView, goals: Sequence[GlobalGoal]) -> Message:
    """Ask which global goals a decision serves."""
    choices = tuple(Choice(str(goal.n), f"{goal.n}: {goal.title}"[:_LABEL_LONGEST]) for goal in goals)
    menu = Menu("decision_goals", choices, (view.id,), texts("register.prompt.goals"), at_most=GOALS_AT_MOST)
    return Message(texts("register.prompt.goals_about"), menus=(menu,))


def background_form(texts: Texts, view: DecisionView) -> Form:
    """Return the form for why it was decided and where to read more."""
    fields = (
        Field("background", texts("register.form.background"), True, False, BACKGROUND_LONGEST,
              view.details.background),
        Field("links", texts("register.form.links"), True, False, LINKS * (LINK_LONGEST + 1),
              "\n".join(view.details.links)),
    )  # fmt: skip
    return Form("decision_background", texts("register.form.why"), fields, (view.id,))


def standing(
    texts: Texts,
    sections: Mapping[str, Sequence[DecisionView]],
    here: str,
    *,
    may_export: bool = False,
    may_take_agreements: bool = False,
) -> Message:
    """Show what is late, what can be objected to, and what comes; `here` is the key of the channel's own place."""
    own = [view for views in sections.values() for view in views if view.place_key == here]
    choices = {view.id: Choice(str(view.id), f"{view.ref}: {view.title}"[:_LABEL_LONGEST]) for view in own}
    menus: tuple[Menu, ...] = ()
    if choices:
        shown = tuple(choices.values())[:_MENU_LONGEST]
        menus = (Menu("decision_show", shown, prompt=texts("decision.menu")),)
    export = export_buttons(texts, whole=may_export, agreements=may_take_agreements)
    if not any(sections.values()):
        return Message(texts("register.nothing"), export)
    most = max(len(views) for views in sections.values())
    while len(said := _sections(texts, sections, here, most)) > LONGEST:
        most -= 1
    return Message(said, export, menus)


def _sections(texts: Texts, sections: Mapping[str, Sequence[DecisionView]], here: str, most: int) -> str:
    lines: list[str] = []
    for name, views in sections.items():
        if not views:
            continue
        lines.append(texts(f"register.heading.{name}"))
        lines += [_line(texts, view, here) for view in views[:most]]
        if len(views) > most:
            lines.append(texts("register.more", count=len(views) - most))
    return "\n".join(lines)


def _line(texts: Texts, view: DecisionView, here: str) -> Ready:
    place = view.place_name if view.place_key != here else ""
    days = view.details
    return texts(
        "register.line",
        number=view.ref,
        title=view.title,
        place=place,
        deadline=days.deadline,
        review=days.review,
    )


def _done(texts: Texts, view: DecisionView) -> Button:
    return Button(texts("decision.button.done"), "decision_done", (view.id,), "success")
