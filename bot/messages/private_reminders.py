"""Build the reminder of a poll that one person alone reads, and the choice between it and the channel's."""

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.poll_view import PollView
from bot.messages.message import Button, Message
from bot.messages.polls import ballot_parts
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll_reminder.private": frozenset({"village", "question", "closes_at"}),
    **dict.fromkeys(("poll_reminder.chosen.*", "poll_reminder.button.*"), frozenset()),
}
PRIVATE, CHANNEL = "private", "channel"


def private_reminder(texts: Texts, view: PollView, village: str) -> Message:
    """Remind one person, who has not voted, with the answers to press, and a way back to the channel's reminder."""
    buttons, menus = ballot_parts(texts, view)
    said = texts("poll_reminder.private", village=village, question=view.question, closes_at=view.closes_at)
    return Message(said, (*buttons, reminder_button(texts, privately=False)), menus, silent=True)


def with_choice(texts: Texts, reminder: Message) -> Message:
    """Return the channel's reminder with the button for those who would rather be written to."""
    return replace(reminder, buttons=(*reminder.buttons, reminder_button(texts, privately=True)))


def reminder_button(texts: Texts, *, privately: bool) -> Button:
    """Return the button with which a person chooses where to be reminded."""
    name = PRIVATE if privately else CHANNEL
    return Button(texts(f"poll_reminder.button.{name}"), "remind_me", (int(privately),))


def reminder_chosen(texts: Texts, *, privately: bool) -> Message:
    """Tell a person where the reminders come from now on, and let them choose again."""
    name = PRIVATE if privately else CHANNEL
    return Message(texts(f"poll_reminder.chosen.{name}"), (reminder_button(texts, privately=not privately),))
