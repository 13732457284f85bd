"""Build what is seen of a letter that is written on: the form, what was found, its versions and their differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.content.findings import SAID, Remark
from bot.content.templates import Ready, plain
from bot.domain.letter_diff import ADDED, SAME, TAKEN, DiffLine
from bot.messages.message import Button, Choice, Field, File, Form, Menu, Message
from bot.messages.newsletters import cut
from bot.messages.texts import Texts

FORM = ("title", "body", "next_steps")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter_desk.edit_title": frozenset(),
    **{f"letter_desk.label.{name}": frozenset() for name in FORM},
    "letter_desk.saved": frozenset({"title", "number"}),
    "letter_desk.saved_aside": frozenset({"number", "other"}),
    "letter_desk.clean": frozenset({"title"}),
    "letter_desk.found": frozenset({"title"}),
    "letter_desk.found_stops": frozenset(),
    "letter_desk.found_doubts": frozenset(),
    "letter_desk.found_notes": frozenset(),
    "letter_desk.found_line": frozenset({"line", "said"}),
    "letter_desk.found_more": frozenset({"count"}),
    "letter_desk.versions": frozenset({"title"}),
    "letter_desk.version": frozenset({"number", "title", "written_at", "writer", "aside", "current"}),
    "letter_desk.versions_menu": frozenset(),
    "letter_desk.version_choice": frozenset({"number", "title"}),
    "letter_desk.diff": frozenset({"title", "before", "after", "added", "taken"}),
    "letter_desk.diff_none": frozenset({"title", "before", "after"}),
    "letter_desk.diff_file": frozenset({"before", "after"}),
    "letter_desk.diff_about": frozenset(),
    **{f"letter_desk.finding.{code}": values for code, values in SAID.items()},
    **{f"letter_desk.button.{name}": frozenset() for name in ("diff", "take", "take_mine")},
}
TITLE_LONGEST, BODY_LONGEST, STEPS_LONGEST = 100, 4000, 2000
_ROOM = 1700
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Version:
    """A line of a letter's history."""

    number: int
    title: str
    written_at: datetime | None
    writer: str
    aside: bool
    current: bool


def edit_form(
    texts: Texts, cohort_id: int, code: str, base: int, title: str, body: str, next_steps: Sequence[str]
) -> Form:
    """Return a letter's form, filled with the version it is written on top of."""
    label = {name: texts(f"letter_desk.label.{name}") for name in FORM}
    fields = (
        Field("title", label["title"], longest=TITLE_LONGEST, value=title[:TITLE_LONGEST]),
        Field("body", label["body"], long=True, longest=BODY_LONGEST, value=body.strip("\n")[:BODY_LONGEST]),
        Field("next_steps", label["next_steps"], long=True, required=False, longest=STEPS_LONGEST,
              value="\n".join(next_steps)[:STEPS_LONGEST]),
    )  # fmt: skip
    return Form("letter_save", texts("letter_desk.edit_title"), fields, (cohort_id, code, base))


def saved(
    texts: Texts, title: str, number: int, remarks: Sequence[Remark], cohort_id: int, code: str
) -> Message:
    """Say that a version is stored, and what is found in it."""
    said = texts("letter_desk.saved", title=title, number=number)
    return found(texts, title, remarks, cohort_id, code, said)


def saved_aside(texts: Texts, number: int, other: int, cohort_id: int, code: str) -> Message:
    """Say that a version is stored beside another person's, and let the writer look and choose."""
    args = (cohort_id, code)
    buttons = (
        Button(texts("letter_desk.button.diff"), "letter_diff", (*args, other, number)),
        Button(texts("letter_desk.button.take_mine"), "letter_take", (*args, number)),
        Button(texts("letter_desk.button.open"), "letter_open", args),
    )
    return Message(texts("letter_desk.saved_aside", number=number, other=other), buttons)


def found(
    texts: Texts, title: str, remarks: Sequence[Remark], cohort_id: int, code: str, said: str = "",
    version: int | None = None,
) -> Message:  # fmt: skip
    """List what was found in a letter; with a `version` it may be approved all the same when nothing stops it."""
    rows: list[str] = [said] if said else []
    rows.append(texts("letter_desk.found" if remarks else "letter_desk.clean", title=title))
    kinds = {
        "stops": [remark for remark in remarks if remark.stops],
        "doubts": [remark for remark in remarks if not remark.stops and not remark.only_told],
        "notes": [remark for remark in remarks if remark.only_told and not remark.stops],
    }
    left = len(remarks)
    for kind, of_kind in kinds.items():
        if of_kind:
            rows.append(texts(f"letter_desk.found_{kind}"))
        for remark in of_kind:
            row = _remark(texts, remark)
            if len("\n".join([*rows, row])) > _ROOM:
                break
            rows.append(row)
            left -= 1
    if left:
        rows.append(texts("letter_desk.found_more", count=left))
    args = (cohort_id, code)
    buttons = [Button(texts("letter_desk.button.edit"), "letter_edit", args, "primary")]
    if version is not None and not kinds["stops"]:
        anyway = texts("letter_desk.button.approve_anyway")
        buttons.append(Button(anyway, "letter_why", (*args, version)))
    buttons.append(Button(texts("letter_desk.button.open"), "letter_open", args))
    return Message(Ready(cut("\n".join(rows))), tuple(buttons))


def _remark(texts: Texts, remark: Remark) -> Ready:
    said = texts(f"letter_desk.finding.{remark.finding.code}", **remark.finding.values)
    return texts("letter_desk.found_line", line=remark.line, said=said)


def versions(texts: Texts, title: str, history: Sequence[Version], cohort_id: int, code: str) -> Message:
    """List a letter's versions, the newest first; one or two of them can be chosen to be compared."""
    rows: list[str] = [texts("letter_desk.versions", title=title)]
    rows += [
        texts("letter_desk.version", number=v.number, title=v.title, written_at=v.written_at, writer=v.writer,
              aside=v.aside, current=v.current)
        for v in history
    ]  # fmt: skip
    shown = [*history[:24], history[-1]] if len(history) > 25 else history
    choices = tuple(
        Choice(str(v.number), texts("letter_desk.version_choice", number=v.number, title=v.title)[:100])
        for v in shown
    )
    menu = Menu(
        "letter_diff", choices, (cohort_id, code), texts("letter_desk.versions_menu"), 1, min(2, len(choices))
    )
    open_it = Button(texts("letter_desk.button.open"), "letter_open", (cohort_id, code))
    return Message(Ready(cut("\n".join(rows))), (open_it,), (menu,) if len(choices) > 1 else ())


def difference(
    texts: Texts, title: str, before: int, after: int, lines: Sequence[DiffLine], cohort_id: int, code: str
) -> Message:
    """Show what differs between two versions: the first changes as text, all of it as a file."""
    changed = [line for line in lines if line.sign != SAME]
    buttons = (
        Button(texts("letter_desk.button.take"), "letter_take", (cohort_id, code, before)),
        Button(texts("letter_desk.button.open"), "letter_open", (cohort_id, code)),
    )
    if not changed:
        return Message(texts("letter_desk.diff_none", title=title, before=before, after=after), buttons[1:])
    added = sum(line.sign == ADDED for line in changed)
    rows: list[str] = [
        texts(
            "letter_desk.diff",
            title=title,
            before=before,
            after=after,
            added=added,
            taken=len(changed) - added,
        )
    ]
    rows += [_shown(line)[:200] for line in changed if line.text.strip()][:_SHOWN]
    data = "\n".join(f"{line.sign} {line.text}" for line in lines).encode()
    name = texts("letter_desk.diff_file", before=before, after=after)
    return Message(
        Ready(cut("\n".join(rows))), buttons, files=(File(name, data, texts("letter_desk.diff_about")),)
    )


def _shown(line: DiffLine) -> str:
    """Return a changed line as it can stand in a message: taken words struck out."""
    text = plain(line.text.replace("**", "").strip())
    return f"- ~~{text}~~" if line.sign == TAKEN else f"- {text}"
