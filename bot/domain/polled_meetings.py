"""Meetings as people see them, and what may be written of one whose day was voted for; knows no database or prose."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TITLE_LONGEST, VENUE_LONGEST, REASON_LONGEST = 100, 100, 200
SHORTEST, USUAL, LONGEST = 15, 120, 1440  # minutes


@dataclass(frozen=True, slots=True)
class Offer:
    """What a poll's date may become."""

    poll_id: int
    title: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class MeetingSeen:
    """A meeting; `sequence` counts its changes, as calendar files do. `agenda` is ready to be read."""

    event_id: int
    title: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    called_off: bool
    link: str = ""
    agenda: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """Return how long it lasts."""
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)
