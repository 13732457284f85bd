"""Build what somebody sees who writes a poll: the kinds to choose from, the form, and the draft as voters will see it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.content.templates import Ready
from bot.domain.ballots import FIXED_ANSWERS, STEP_BY_STEP, USUAL_POINTS, Kind, Majority, Why
from bot.domain.poll_repeats import NEVER
from bot.domain.poll_rules import CHOICES, out_of_reach
from bot.domain.poll_view import PollView
from bot.domain.polls import ADVISORY, ASKABLE, QUESTION_LONGEST, USUAL_DAYS
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_parts import fitting
from bot.messages.polls import asked
from bot.messages.texts import Texts

KINDS = (Kind.YES_NO, Kind.CHOICE, Kind.CONSENT, Kind.DATES, Kind.POINTS, Kind.RATING, Kind.RANKED)
_LINES_LONGEST, _NUMBER_LONGEST, _PICK_LONGEST, _WHEN_LONGEST = 4000, 2, 3, 30
_NONE: frozenset[str] = frozenset()
_BOUNDS = frozenset({"least", "most"})
SUPPLIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("poll_draft.begin", "poll_draft.menu", "poll_draft.dropped"), _NONE),
    **dict.fromkeys(
        (f"poll_draft.{name}.*" for name in ("kind", "form", "label", "voters", "secrecy", "why")), _NONE
    ),
    **dict.fromkeys(("poll_draft.rule.*", "poll_draft.button.*", "poll.fixed.*"), _NONE),
    **dict.fromkeys(("poll_draft.preview", "poll_draft.preview_later"), frozenset({"opens_at"})),
    "poll_draft.again.*": frozenset({"until_on"}),
    **dict.fromkeys(("poll_draft.opened", "poll_draft.opened_later"), frozenset({"question", "opens_at"})),
    "poll.date_answer": frozenset({"at"}),
    **dict.fromkeys((f"error_polls.{name}_unfit" for name in ("days", "pick", "points")), _BOUNDS),
    "error_polls.date_too_soon": frozenset({"closes_at"}),
    "error_polls.date_unfit": frozenset({"text"}),
}


def ask_buttons(texts: Texts) -> tuple[Button, ...]:
    """Return the buttons of those who may ask: begin a poll, and see the ones there are."""
    new = Button(texts("poll_draft.button.new"), "poll_new")
    return new, Button(texts("poll_draft.button.all"), "poll_all")


def kinds(texts: Texts) -> Message:
    """Ask how people are to answer."""
    choices = tuple(Choice(kind, texts(f"poll_draft.kind.{kind}")) for kind in KINDS)
    return Message(
        texts("poll_draft.begin"), menus=(Menu("poll_kind", choices, prompt=texts("poll_draft.menu")),)
    )


def draft_form(texts: Texts, kind: Kind, view: PollView | None = None) -> Form:
    """Return the form of a kind of poll, empty or with a draft's own words."""
    fields = [_field(texts, "question", longest=QUESTION_LONGEST, value=view.question if view else "")]
    if kind not in FIXED_ANSWERS:
        label = "dates" if kind is Kind.DATES else "lines"
        lines = "\n".join(_lines(view)) if view else ""
        fields.append(_field(texts, "lines", label, long=True, longest=_LINES_LONGEST, value=lines))
    days = round((view.closes_at - view.opens_at) / timedelta(days=1)) if view else USUAL_DAYS
    fields.append(_field(texts, "days", longest=_NUMBER_LONGEST, value=str(days)))
    if kind is Kind.CHOICE:
        most, fewest = (view.pick, view.fewest) if view else (1, 1)
        fields += [
            _field(texts, "number", "pick", longest=_PICK_LONGEST, value=str(most)),
            _field(texts, "fewest", longest=_PICK_LONGEST, value=str(fewest)),
        ]
    elif kind is Kind.POINTS:
        fields.append(_field(texts, "number", "points", value=str(view.points if view else USUAL_POINTS)))
    args: tuple[int | str, ...] = (str(kind), view.id) if view else (str(kind),)
    return Form("poll_draft", texts("poll_draft.form.title"), tuple(fields), args)


def _lines(view: PollView) -> Iterable[str]:
    """Return a draft's answers as they were written; that no date fits is not written by anybody."""
    if view.kind is Kind.DATES:
        return (answer.written for answer in view.answers if answer.written)
    return (answer.text for answer in view.answers)


def _field(
    texts: Texts,
    key: str,
    label: str = "",
    *,
    long: bool = False,
    longest: int = _NUMBER_LONGEST,
    value: str = "",
) -> Field:
    return Field(key, texts(f"poll_draft.label.{label or key}"), long, longest=longest, value=value)


def draft(texts: Texts, view: PollView) -> Message:
    """Show a draft as voters will see it, with menus for its rules and buttons to open, change or drop it."""
    seen = fitting(lambda shown: f"{_preview(texts, shown)}\n\n{asked(texts, shown)}", view)
    opening = "open_later" if view.scheduled else "open"
    buttons = (
        Button(texts(f"poll_draft.button.{opening}"), "draft_open", (view.id, view.fingerprint), "success"),
        Button(texts("poll_draft.button.edit"), "draft_edit", (view.id,)),
        Button(texts("poll_draft.button.when"), "draft_when", (view.id,)),
        *(
            (Button(texts("poll_rules.button.more"), "draft_more", (view.id,)),)
            if has_more_rules(view)
            else ()
        ),
        Button(texts("poll_draft.button.drop"), "draft_drop", (view.id,)),
    )
    menus = [_menu(texts, view, "secrecy", CHOICES["secrecy"]), _menu(texts, view, "why", tuple(Why))]
    if not view.is_group:
        simple = view.kind in STEP_BY_STEP or view.kind is Kind.CONSENT
        rules = (ADVISORY, Majority.MOST) if simple else (ADVISORY, *Majority)
        menus = [_menu(texts, view, "voters", ASKABLE), *menus, _menu(texts, view, "rule", rules)]
    return Message(Ready(seen), buttons, tuple(menus))


def _menu(texts: Texts, view: PollView, name: str, values: tuple[str, ...]) -> Menu:
    choices = tuple(Choice(str(value), texts(f"poll_draft.{name}.{value}")) for value in values)
    return Menu(f"draft_{name}", choices, (view.id,), texts(f"poll_draft.{name}.prompt"))


def _preview(texts: Texts, view: PollView) -> str:
    """Say that nobody else sees the draft, when it opens unless that is at once, and whether it comes again."""
    name = "preview_later" if view.scheduled else "preview"
    said = texts(f"poll_draft.{name}", opens_at=view.opens_at)
    return "\n".join([said, *too_few(texts, view.quorum, view.entitled), *comes_again(texts, view)])


def too_few(texts: Texts, quorum: str | None, entitled: int) -> list[Ready]:
    """Warn when more must vote than may: such a poll never decides anything."""
    return [texts("poll_rules.out_of_reach", entitled=entitled)] if out_of_reach(quorum, entitled) else []


def comes_again(texts: Texts, view: PollView) -> list[Ready]:
    """Say how often and until when a poll comes again, if it does."""
    if view.repeat == NEVER:
        return []
    return [texts(f"poll_draft.again.{view.repeat}", until_on=view.repeat_until)]


def has_more_rules(view: PollView) -> bool:
    """Tell whether there are rules on the draft's second page: a group's poll for a date has none."""
    return not view.is_group or view.kind is not Kind.DATES


def when_form(texts: Texts, view: PollView, opens_at: str) -> Form:
    """Return the form that asks when a draft opens; `opens_at` is its time as it is written."""
    field = Field(
        "when", texts("poll_draft.label.when"), required=False, longest=_WHEN_LONGEST, value=opens_at
    )
    return Form("draft_when", texts("poll_draft.form.when"), (field,), (view.id,))


def opened(texts: Texts, view: PollView) -> Message:
    """Tell that a poll is on its way to the channel, or when it opens; it can be cancelled from here."""
    name = "opened_later" if view.scheduled else "opened"
    said = texts(f"poll_draft.{name}", question=view.question, opens_at=view.opens_at)
    return Message(said, (cancel_button(texts, view),))


def cancel_button(texts: Texts, view: PollView) -> Button:
    """Return the button that cancels a poll."""
    return Button(texts("poll_draft.button.cancel"), "poll_cancel", (view.id,))


def dropped(texts: Texts) -> Message:
    """Tell that a draft is gone."""
    return Message(texts("poll_draft.dropped"))
