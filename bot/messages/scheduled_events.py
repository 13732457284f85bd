"""Build what stands in the server's own list of events, which everybody there can read."""

from collections.abc import Mapping

from bot.domain.programme import Meeting
from bot.messages.texts import Texts

SUPPLIES: Mapping[str, frozenset[str]] = {
    "scheduled_event.said": frozenset({"number", "cohort"}),
    "scheduled_event.online": frozenset(),
    "scheduled_event.asked": frozenset(),
}
_ONLINE = "online"


def name(meeting: Meeting) -> str:
    """Return the event's name."""
    return meeting.title


def location(texts: Texts, meeting: Meeting, venue: str | None) -> str:
    """Return where it is; the link to an online meeting is for its own channels only."""
    return venue or texts("scheduled_event.online" if meeting.mode == _ONLINE else "scheduled_event.asked")


def said(texts: Texts, meeting: Meeting, cohort: str) -> str:
    """Return what is told of it."""
    return texts("scheduled_event.said", number=meeting.number, cohort=cohort)
