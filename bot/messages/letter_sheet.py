"""Build a letter as one sheet of paper, for the notice board and the neighbour without Discord."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.content.templates import Ready
from bot.domain.letter_blocks import blocks_of, wordless
from bot.messages.message import Choice, File, Menu, Message
from bot.messages.texts import Texts
from bot.printing.code import qr
from bot.printing.paper import pdf

_NONE: frozenset[str] = frozenset()
MOST_LETTERS = 25  # entries of a menu
SUPPLIES: Mapping[str, frozenset[str]] = {
    **{f"letter_sheet.{name}": _NONE
       for name in ("file_about", "page", "ready", "others", "when_label", "where_label", "ring_label", "code_about",
                    "no_buttons")},
    "letter_sheet.file": frozenset({"title", "place"}),
    "letter_sheet.place": frozenset({"place"}),
    "letter_sheet.when": frozenset({"starts_at", "ends_at"}),
    "letter_sheet.where.*": frozenset({"phone"}),
    "letter_sheet.invited": frozenset({"place", "address"}),
    "letter_sheet.ring": frozenset({"phone"}),
    "letter_sheet.foot": frozenset({"at"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PrintedMeeting:
    """What stands on a sheet of the circle that its letter leads up to; `where` is "online" or "physical"."""

    starts_at: datetime
    ends_at: datetime
    where: str
    venue: str = ""


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """A letter as a place reads it, and what a sheet says beside it. `invitation` is an address, where there is one.

    One outside the calendar leads up to no `meeting`.
    """

    code: str
    text: str
    place: str
    place_key: str
    language: str
    phone: str
    meeting: PrintedMeeting | None
    invitation: str = ""


def sheet(texts: Texts, letter: PrintedLetter, now: datetime, others: Sequence[Choice] = ()) -> Message:
    """Hand a letter out as a PDF, with a menu of the others that may be printed here."""
    menu = Menu("print", tuple(others[:MOST_LETTERS]), (letter.place_key,), texts("letter_sheet.others"))
    return Message(
        texts("letter_sheet.ready"), menus=(menu,) if others else (), files=(paper(texts, letter, now),)
    )


def paper(texts: Texts, letter: PrintedLetter, now: datetime) -> File:
    """Set a letter on one A4 page."""
    title, *body = blocks_of(wordless(letter.text))
    heading = "".join(run.text for run in title.lines[0])
    place = Ready(letter.place)
    document = {
        "title": f"{heading}, {letter.place}",
        "author": letter.place,
        "language": letter.language,
        "foot": texts("letter_sheet.foot", at=now),
        "page_word": texts("letter_sheet.page"),
        "place": texts("letter_sheet.place", place=place),
        "heading": heading,
        "facts": _facts(texts, letter),
        "blocks": [asdict(block) for block in body],
        "ending": _ending(texts, letter),
        "code": qr(letter.invitation) if letter.invitation else "",
        "code_about": texts("letter_sheet.code_about"),
    }
    name = _file_name(texts("letter_sheet.file", title=Ready(heading), place=place))
    return File(f"{name}.pdf", pdf("letter", document, now), texts("letter_sheet.file_about"))


def _facts(texts: Texts, letter: PrintedLetter) -> list[list[str]]:
    ring, meeting = [texts("letter_sheet.ring_label"), letter.phone], letter.meeting
    if meeting is None:
        return [ring]
    where = texts(f"letter_sheet.where.{meeting.where}", phone=letter.phone)
    return [
        [texts("letter_sheet.when_label"), texts("letter_sheet.when", starts_at=meeting.starts_at, ends_at=meeting.ends_at)],
        [texts("letter_sheet.where_label"), meeting.venue or where],
        ring,
    ]  # fmt: skip


def _ending(texts: Texts, letter: PrintedLetter) -> list[str]:
    lines: list[str] = [texts("letter_sheet.no_buttons")] if letter.meeting is not None else []
    lines.append(texts("letter_sheet.ring", phone=letter.phone))
    if letter.invitation:
        address = Ready(letter.invitation.removeprefix("https://"))
        lines.append(texts("letter_sheet.invited", place=Ready(letter.place), address=address))
    return lines


def _file_name(text: str) -> str:
    """Return words as a file's name: letters and digits, one hyphen between."""
    folded = unicodedata.normalize("NFC", text.casefold())
    return re.sub(r"[\W_]+", "-", folded).strip("-")[:80]


def letter_choices(titles: Mapping[str, str]) -> list[Choice]:
    """Return letters as entries of a menu, by their ids."""
    return [Choice(code, title) for code, title in titles.items()]
