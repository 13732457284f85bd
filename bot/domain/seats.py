"""Answers to a meeting, and who has a seat when seats are few: strictly in the order people came (S25, S59).

Whoever has a seat keeps it; nobody on the waiting list is passed by somebody behind them, also not by a smaller
party. Knows no database or prose.
"""

from collections.abc import Sequence
from enum import StrEnum

MOST_PEOPLE = 8  # that one person may answer for


class Answer(StrEnum):
    """What somebody says to an invitation."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


def has_room(people: int, taken: int, seats: int | None, *, somebody_waits: bool) -> bool:
    """Tell whether a party gets seats at once; with `seats` None there are enough for all."""
    return seats is None or (not somebody_waits and taken + people <= seats)


def moving_up(taken: int, seats: int | None, waiting: Sequence[int]) -> int:
    """Return how many of the parties that wait, from the first, now have seats; `waiting` are their sizes in order."""
    for number, people in enumerate(waiting):
        if seats is not None and taken + people > seats:
            return number
        taken += people
    return len(waiting)
