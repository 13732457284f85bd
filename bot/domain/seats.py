"""Answers to a meeting, and who has a seat when seats are few: strictly in the order people came (S25, S40, S59).

Whoever has a seat keeps it; nobody on the waiting list is passed by somebody behind them, also not by a smaller
party. Where each village has a share of the seats, who is over it waits without keeping other villages waiting, until
the share ends. Knows no database or prose.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_PEOPLE = 8  # that one person may answer for


class Answer(StrEnum):
    """What somebody says to an invitation."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Party:
    """People who come together, and the village whose share they are of; None for nobody's."""

    people: int
    home: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How many seats there are (None: enough for all), how many are taken, and by whom; `share` is a village's own part."""

    seats: int | None
    taken: int = 0
    share: int | None = None
    held: Mapping[str, int] = field(default_factory=dict)


def has_room(room: Room, waiting: Sequence[Party], party: Party) -> bool:
    """Tell whether a party that comes after those who wait gets seats at once."""
    return len(waiting) in moving_up(room, [*waiting, party])


def moving_up(room: Room, waiting: Sequence[Party]) -> list[int]:
    """Return which of the parties that wait, by their places in the row, now have seats."""
    taken, held = room.taken, Counter(room.held)
    found: list[int] = []
    over: set[str] = set()  # villages of which somebody waits for more than the share
    for number, party in enumerate(waiting):
        if room.share is not None and party.home is not None:
            if party.home in over or held[party.home] + party.people > room.share:
                over.add(party.home)
                continue
            held[party.home] += party.people
        if room.seats is not None and taken + party.people > room.seats:
            break
        taken += party.people
        found.append(number)
    return found
