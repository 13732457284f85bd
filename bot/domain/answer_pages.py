"""Many answers in pages: a menu holds 25, and what is chosen on all pages stands in its buttons; knows no prose.

What is chosen is written as "s" and a number in hexadecimal, a bit for each answer: "s5" is the first and the third.
"""

from collections.abc import Collection, Iterable

from bot.domain.errors import InvalidInput

PAGE = 25  # answers in one menu
MOST_PAGED = 100  # answers of a poll with pages
NOTHING = "s0"


def pages(answers: int) -> int:
    """Return how many pages so many answers take."""
    return max(1, -(-answers // PAGE))


def on_page(page: int, answers: int) -> range:
    """Return the positions on a page; pages count from 1, and one that does not exist is the nearest that does."""
    first = (min(max(page, 1), pages(answers)) - 1) * PAGE
    return range(first + 1, min(first + PAGE, answers) + 1)


def said(chosen: Iterable[int]) -> str:
    """Return the mark for what has been chosen."""
    return f"s{sum(1 << (position - 1) for position in set(chosen)):x}"


def chosen(mark: str) -> frozenset[int]:
    """Return the positions in a mark. Raises InvalidInput for one that is not ours."""
    try:
        bits = int(mark.removeprefix("s"), 16)
    except ValueError:
        bits = -1
    if not 0 <= bits < 1 << MOST_PAGED:
        raise InvalidInput("error_polls.unknown_answer")
    return frozenset(n + 1 for n in range(bits.bit_length()) if bits >> n & 1)


def turned(mark: str, page: int, answers: int, picked: Collection[int]) -> str:
    """Return the mark after somebody has chosen on one page; what is chosen on the others is kept."""
    here = set(on_page(page, answers))
    return said((chosen(mark) - here) | (set(picked) & here))
