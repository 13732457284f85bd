"""Build what the secretariat sees of its letters: the list, the question before sending, progress and account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.content.templates import Ready
from bot.messages.message import Button, File, Message
from bot.messages.texts import Texts

STATES = ("sent", "pending", "claimed", "parked", "stale", "cancelled", "not_needed")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter_desk.heading": frozenset({"cohort"}),
    "letter_desk.line": frozenset({"code", "send_at", "sent", "waiting", "failed", "videos"}),
    "letter_desk.tried": frozenset({"title"}),
    "letter_desk.confirm": frozenset({"title", "count"}),
    "letter_desk.confirm_button": frozenset(),
    "letter_desk.progress": frozenset({"title", "sent", "total"}),
    "letter_desk.done": frozenset({"title", "sent", "failed"}),
    "letter_desk.receipt_line": frozenset({"place", "state"}),
    "letter_desk.video_saved": frozenset({"title"}),
    **{f"letter_desk.state.{state}": frozenset() for state in STATES},
}
_ROOM = 1900


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter in the secretariat's list."""

    code: str
    send_at: datetime
    sent: int
    waiting: int
    failed: int
    videos_missing: int


def letter_list(texts: Texts, cohort: str, lines: Sequence[LetterLine]) -> Message:
    """List the year's letters."""
    rows: list[str] = [texts("letter_desk.heading", cohort=cohort)]
    for line in lines:
        rows.append(
            texts("letter_desk.line", code=line.code, send_at=line.send_at, sent=line.sent, waiting=line.waiting,
                  failed=line.failed, videos=line.videos_missing)
        )  # fmt: skip
    return Message(Ready(cut("\n".join(rows))))


def confirm(texts: Texts, title: str, count: int, args: tuple[int | str, ...]) -> Message:
    """Ask before a letter goes to many."""
    button = Button(texts("letter_desk.confirm_button"), "send_letter", args, "success")
    return Message(texts("letter_desk.confirm", title=title, count=count), (button,))


def progress(texts: Texts, title: str, sent: int, total: int) -> Message:
    """Say how far a letter has come."""
    return Message(texts("letter_desk.progress", title=title, sent=sent, total=total))


def account(texts: Texts, title: str, receipts: Sequence[tuple[str, str]]) -> Message:
    """Say how every channel fared; the whole list is a file when it is long."""
    failed = sum(state == "parked" for _, state in receipts)
    sent = sum(state == "sent" for _, state in receipts)
    rows = [
        texts("letter_desk.receipt_line", place=place, state=texts(f"letter_desk.state.{state}"))
        for place, state in receipts
    ]
    head = texts("letter_desk.done", title=title, sent=sent, failed=failed)
    whole = "\n".join([head, *rows])
    if len(whole) <= _ROOM:
        return Message(Ready(whole))
    return Message(head, files=(File("kvittering.txt", whole.encode(), str(head)[:1000]),))


def cut(text: str) -> str:
    """Shorten a text to what one message holds, at the end of a line."""
    if len(text) <= _ROOM:
        return text
    return text[:_ROOM].rsplit("\n", 1)[0] + "\n…"
