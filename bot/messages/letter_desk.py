"""Build the newsletter desk: the year at a glance, one letter's card, what was found in it, its approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.content.templates import Ready
from bot.domain.programme import is_extra
from bot.messages.menu_pages import PAGE, on_page, turn_buttons
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.milestones import milestones_button
from bot.messages.newsletters import cut
from bot.messages.texts import Texts

STANDINGS = ("draft", "ready", "approved", "held", "sent", "gone", "withdrawn", "planned")
NEWS = ("ahead", "held", "gone", "unsent")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter_desk.board": frozenset({"cohort"}),
    "letter_desk.board_line": frozenset({"title", "send_at", "days", "standing", "missing"}),
    "letter_desk.board_more": frozenset({"count"}),
    "letter_desk.board_menu": frozenset(),
    "letter_desk.choice": frozenset({"title", "standing"}),
    **{f"letter_desk.standing.{standing}": frozenset() for standing in STANDINGS},
    "letter_desk.missing.approval": frozenset(),
    "letter_desk.missing.sending": frozenset(),
    "letter_desk.missing.videos": frozenset({"count"}),
    "letter_desk.missing.subtitles": frozenset({"count"}),
    "letter_desk.missing.channels": frozenset({"count"}),
    "letter_desk.card": frozenset({"title", "standing", "send_at", "days", "missing", "asked_for"}),
    "letter_desk.card_version": frozenset({"number", "written_at", "writer"}),
    "letter_desk.card_template": frozenset(),
    "letter_desk.card_approved": frozenset({"approved_at", "approver"}),
    "letter_desk.card_because": frozenset({"because"}),
    "letter_desk.card_sent": frozenset({"sent", "waiting", "failed"}),
    "letter_desk.approved": frozenset({"title", "send_at", "let_go", "next"}),
    "letter_desk.complete": frozenset(),
    "letter_desk.steps": frozenset({"title", "places"}),
    "letter_desk.steps_line": frozenset({"number", "step", "places"}),
    "letter_desk.because_title": frozenset(),
    "letter_desk.label.because": frozenset(),
    **{f"letter_desk.news.{says}": frozenset({"title", "at", "videos"}) for says in NEWS},
    **{
        f"letter_desk.button.{name}": frozenset()
        for name in ("open", "edit", "show", "try", "check", "ready", "approve", "approve_anyway", "reopen",
                     "versions", "steps", "board", "correct", "withdraw", "forecast", "cancel", "videos")
    },
}  # fmt: skip
_ROOM = 1700
_LABEL = 100  # characters of an entry in a menu
Args = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A letter as the desk shows it."""

    code: str
    title: str
    send_at: datetime
    days: int
    standing: str
    needs_approval: bool
    videos_missing: int
    failed: int
    sent: int = 0
    waiting: int = 0
    subtitles_missing: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one letter beside its line."""

    version: int
    written_at: datetime | None
    writer: str
    approved_at: datetime | None
    approver: str
    because: str
    asks: bool


def board(texts: Texts, cohort: str, cohort_id: int, lines: Sequence[Line], page: int = 0) -> Message:
    """Show a page of the year's letters, as many as there is room for, and all of its letters in a menu."""
    rows: list[str] = [texts("letter_desk.board", cohort=cohort)]
    shown = lines[page * PAGE : (page + 1) * PAGE]
    for number, line in enumerate(shown):
        row = texts(
            "letter_desk.board_line", title=line.title, send_at=line.send_at, days=line.days,
            standing=_standing(texts, line), missing=_missing(texts, line),
        )  # fmt: skip
        if len("\n".join([*rows, row])) > _ROOM:
            rows.append(texts("letter_desk.board_more", count=len(shown) - number))
            break
        rows.append(row)
    choices = tuple(
        Choice(
            line.code, texts("letter_desk.choice", title=line.title, standing=_standing(texts, line))[:_LABEL]
        )
        for line in lines
    )
    here = on_page(choices, page)
    menus = (Menu("letter_open", here, (cohort_id,), texts("letter_desk.board_menu")),) if here else ()
    turn = turn_buttons(texts, choices, page, "letter_board", (cohort_id,))
    return Message(Ready("\n".join(rows)), turn, menus)


def card(texts: Texts, line: Line, about: Card, cohort_id: int) -> Message:
    """Show one letter and what can be done with it."""
    rows: list[str] = [
        texts("letter_desk.card", title=line.title, standing=_standing(texts, line), send_at=line.send_at,
              days=line.days, missing=_missing(texts, line), asked_for=not _waits_for_yes(line))
    ]  # fmt: skip
    if about.version:
        rows.append(
            texts(
                "letter_desk.card_version",
                number=about.version,
                written_at=about.written_at,
                writer=about.writer,
            )
        )
    else:
        rows.append(texts("letter_desk.card_template"))
    if about.approved_at is not None:
        rows.append(
            texts("letter_desk.card_approved", approved_at=about.approved_at, approver=about.approver)
        )
    if about.because:
        rows.append(texts("letter_desk.card_because", because=about.because))
    if line.sent or line.failed:
        rows.append(texts("letter_desk.card_sent", sent=line.sent, waiting=line.waiting, failed=line.failed))
    return Message(Ready(cut("\n".join(rows))), _card_buttons(texts, line, about, (cohort_id, line.code)))


def _card_buttons(texts: Texts, line: Line, about: Card, args: Args) -> tuple[Button, ...]:
    names = ["edit", *([] if is_extra(line.code) else ["videos"]), "show", "try", "check"]
    buttons = [_button(texts, name, args) for name in names]
    if about.asks and line.needs_approval:
        if line.standing == "draft":
            buttons.append(_button(texts, "ready", args))
        buttons.append(_button(texts, "approve", (*args, about.version), "success"))
    elif about.asks and line.standing == "approved":
        buttons.append(_button(texts, "reopen", args))
    buttons.append(_button(texts, "forecast", args))
    if is_extra(line.code) and line.waiting:
        buttons.append(_button(texts, "cancel", args))
    if line.sent:
        buttons += [_button(texts, name, args) for name in ("correct", "withdraw")]
    buttons += [
        _button(texts, name, args) for name in ("versions", *([] if is_extra(line.code) else ["steps"]))
    ]
    return (*buttons, _button(texts, "board", args[:1]))


def _button(texts: Texts, name: str, args: Args, style: str = "secondary") -> Button:
    label = texts(f"letter_desk.button.{name}")
    return Button(label, f"letter_{name}", args, "success" if style == "success" else "secondary")


def approved(texts: Texts, line: Line, let_go: int, complete: bool, cohort_id: int) -> Message:
    """Say that a letter is approved, and what brings it out; of the year's last one, offer to tick that off."""
    follows = (
        "correct" if line.standing == "sent" and not let_go else "forecast" if _waits_for_yes(line) else ""
    )
    said = {"title": line.title, "send_at": line.send_at, "let_go": let_go, "next": follows}
    rows: list[str] = [texts("letter_desk.approved", **said)]
    args = (cohort_id, line.code)
    buttons = [_button(texts, "open", args), _button(texts, "board", (cohort_id,))]
    if follows:
        buttons.insert(0, _button(texts, follows, args, "success"))
    if complete:
        rows.append(texts("letter_desk.complete"))
        buttons.insert(0, milestones_button(texts, cohort_id))
    return Message(Ready("\n".join(rows)), tuple(buttons))


def because_form(texts: Texts, cohort_id: int, code: str, version: int) -> Form:
    """Ask why a letter may go out although something was found in it."""
    field = Field("because", texts("letter_desk.label.because"), long=True)
    return Form("letter_because", texts("letter_desk.because_title"), (field,), (cohort_id, code, version))


def steps(
    texts: Texts, title: str, places: int, counts: Sequence[tuple[str, int]], cohort_id: int, code: str
) -> Message:
    """Say how many have ticked each next step: a number for each, no names and no order of merit."""
    rows: list[str] = [texts("letter_desk.steps", title=title, places=places)]
    rows += [
        texts("letter_desk.steps_line", number=number, step=step, places=count)
        for number, (step, count) in enumerate(counts, start=1)
    ]
    return Message(Ready(cut("\n".join(rows))), (_button(texts, "open", (cohort_id, code)),))


def news(texts: Texts, says: str, title: str, at: datetime, videos: int, args: Args) -> Message:
    """Tell the secretariat of a letter nobody has approved, with the way to it."""
    text = texts(f"letter_desk.news.{says}", title=title, at=at, videos=videos)
    return Message(text, (_button(texts, "open", args),), silent=True)


def _standing(texts: Texts, line: Line) -> Ready:
    return texts(f"letter_desk.standing.{line.standing}")


def _waits_for_yes(line: Line) -> bool:
    """Tell whether a letter goes out by nothing but somebody's yes: one outside the calendar, until it was given."""
    return is_extra(line.code) and line.standing in ("draft", "ready", "approved")


def _missing(texts: Texts, line: Line) -> Ready:
    """Return what a letter that has not gone out is without."""
    parts: list[str] = []
    over = line.standing in ("sent", "gone", "withdrawn")
    if line.needs_approval and not over:
        parts.append(texts("letter_desk.missing.approval"))
    if _waits_for_yes(line):
        parts.append(texts("letter_desk.missing.sending"))
    if line.videos_missing and not over:
        parts.append(texts("letter_desk.missing.videos", count=line.videos_missing))
    if line.subtitles_missing and not over:
        parts.append(texts("letter_desk.missing.subtitles", count=line.subtitles_missing))
    if line.failed:
        parts.append(texts("letter_desk.missing.channels", count=line.failed))
    return Ready(", ".join(parts))
