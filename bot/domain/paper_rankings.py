"""Rankings on paper: a letter for each answer, a line for each ballot, and what the lines say; no database, no prose.

The minute-taker writes "BAC" for a ballot with B first, then A, then C, and "3 x BAC" for three such (S30, S43).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.ballots import Rankings, sorted_rankings
from bot.domain.errors import InvalidInput

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWYZ"  # an X stands for "times"
MOST_LINES = 40  # in one entry: so many can be shown to whoever looks after
LEGEND = "="  # a line with this sign explains and is no ballot
_TIMES = r"(?:(\d{1,4})\s*[x×*]\s*)?"
_LETTERED = re.compile(_TIMES + r"([a-wyz][a-wyz\s,.;>-]*)", re.IGNORECASE | re.ASCII)
_NUMBERED = re.compile(_TIMES + r"(\d[\d\s,.;>-]*)", re.IGNORECASE | re.ASCII)


def labels(positions: Sequence[int]) -> dict[int, str]:
    """Return the letter that stands for each answer; a number where there are more answers than letters."""
    if len(positions) > len(LETTERS):
        return {position: str(number) for number, position in enumerate(positions, start=1)}
    return dict(zip(positions, LETTERS, strict=False))


def written(order: Sequence[int], names: Mapping[int, str]) -> str:
    """Return a ranking as it is written on a line."""
    lettered = all(name.isalpha() for name in names.values())
    return ("" if lettered else " ").join(names[position] for position in order)


def read_rankings(lines: Iterable[str], positions: Sequence[int]) -> Rankings:
    """Return the ballots that lines stand for. Raises InvalidInput for a line that is none, or too many lines."""
    by_name = {name: position for position, name in labels(positions).items()}
    lettered = len(positions) <= len(LETTERS)
    found: Counter[tuple[int, ...]] = Counter()
    for line in (line.strip() for line in lines if LEGEND not in line):
        if not line:
            continue
        match = (_LETTERED if lettered else _NUMBERED).fullmatch(line)
        names = re.findall(r"[A-Z]" if lettered else r"\d+", match[2].upper()) if match else []
        times = int(match[1] or 1) if match else 0
        if not times or not set(names) <= by_name.keys() or len(set(names)) < len(names):
            raise InvalidInput("error_paper.ranking", line=line)
        found[tuple(by_name[name] for name in names)] += times
    if len(found) > MOST_LINES:
        raise InvalidInput("error_paper.ranking_many", most=MOST_LINES)
    return sorted_rankings(found)
