"""Build what is said around letters that go out: the questions before it, and what stands where a letter was changed."""

from collections.abc import Mapping
from datetime import datetime

from bot.content.templates import Ready
from bot.messages.message import Button, Message
from bot.messages.poll_parts import LONGEST
from bot.messages.posts import calendar_button
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter.corrected": frozenset({"at"}),
    "letter.withdrawn": frozenset({"title", "at", "phone"}),
    "letter_sending.correct": frozenset({"title", "count", "waiting"}),
    "letter_sending.correct_button": frozenset(),
    "letter_sending.withdraw": frozenset({"title", "count", "waiting"}),
    "letter_sending.withdraw_button": frozenset(),
    "letter_sending.changing": frozenset({"title", "done", "total"}),
    "letter_sending.called_off": frozenset({"title", "count"}),
}


def with_note(texts: Texts, text: str, at: datetime) -> str:
    """Say under a letter when it was corrected, where there is room for it."""
    noted = f"{text}\n\n{texts('letter.corrected', at=at)}"
    return noted if len(noted) <= LONGEST else text


def withdrawn(texts: Texts, title: str, at: datetime, phone: str) -> Message:
    """Build the line that stands where a letter was taken back."""
    return Message(texts("letter.withdrawn", title=title, at=at, phone=phone), (calendar_button(texts),))
