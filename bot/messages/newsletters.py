"""Build what the secretariat sees of its letters: the question before sending, and progress."""

from collections.abc import Mapping

from bot.messages.message import Button, Message
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter_desk.tried": frozenset({"title"}),
    "letter_desk.confirm_button": frozenset(),
    "letter_desk.progress": frozenset({"title", "sent", "total"}),
    "letter_desk.again": frozenset({"title", "count"}),
    "letter_desk.video_saved": frozenset({"title"}),
    "letter_desk.correct_button": frozenset(),
}
_ROOM = 1900


def send_button(texts: Texts, args: tuple[int | str, ...]) -> tuple[Button, ...]:
    """Return what is pressed when a letter may go to those who were just named."""
    return (Button(texts("letter_desk.confirm_button"), "send_letter", args, "success"),)


def progress(texts: Texts, title: str, sent: int, total: int) -> Message:
    """Say how far a letter has come."""
    return Message(texts("letter_desk.progress", title=title, sent=sent, total=total))


def video_saved(texts: Texts, title: str, args: tuple[int | str, ...]) -> Message:
    """Say that a link is in its slot, and offer to put it into the letters that have gone out."""
    button = Button(texts("letter_desk.correct_button"), "letter_correct", args)
    return Message(texts("letter_desk.video_saved", title=title), (button,))


def cut(text: str) -> str:
    """Shorten a text to what one message holds, at the end of a line."""
    if len(text) <= _ROOM:
        return text
    return text[:_ROOM].rsplit("\n", 1)[0] + "\n…"
