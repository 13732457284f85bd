"""A ballot that is filled in press by press: what has been said so far stands in the button, a letter a press.

Nothing is stored until the last press, so whoever stops half way has not voted, and a restart loses nothing.
Points: one letter for each point, naming the answer that gets it. Ranked: the answers' letters, the best first.
Rated: one letter for each answer in turn, a to e for 1 to 5, x for "I do not know".
"""

from collections import Counter

from bot.domain.ballots import STARS, Kind
from bot.domain.errors import InvalidInput

UNKNOWN = "x"


def letter(number: int) -> str:
    """Return the letter for an answer's position, or for a number of stars: 1 is a."""
    return chr(ord("a") + number - 1)


def _number(said: str) -> int:
    return ord(said) - ord("a") + 1


def complete(kind: Kind, said: str, answers: int, points: int) -> bool:
    """Tell whether there is nothing left to say."""
    if kind is Kind.POINTS:
        return len(said) >= points
    return len(said) >= (answers - 1 if kind is Kind.RANKED else answers)


def left(said: str, answers: int) -> list[int]:
    """Return the positions that are not yet in a voter's order."""
    return [position for position in range(1, answers + 1) if letter(position) not in said]


def marks_of(kind: Kind, said: str, answers: int) -> dict[int, int]:
    """Return the marks that were said. Raises InvalidInput for what no button of ours says.

    When one answer alone has not been put in order, it comes last.
    """
    if kind is Kind.POINTS:
        marks = dict(Counter(map(_number, said)))
    elif kind is Kind.RANKED:
        rest = left(said, answers)
        order = [*map(_number, said), *(rest if len(rest) == 1 else ())]
        marks = {position: place for place, position in enumerate(order, start=1)}
        if len(marks) != len(order):
            raise InvalidInput("error_polls.unknown_answer")
    else:
        given = {position: _number(sign) for position, sign in enumerate(said, start=1) if sign != UNKNOWN}
        if not set(given.values()) <= set(STARS):
            raise InvalidInput("error_polls.unknown_answer")
        marks = given
    return marks
