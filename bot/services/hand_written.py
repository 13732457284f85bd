"""Read what the minute-taker wrote: totals for each answer, or the rankings of the ballots (S30, S33)."""

import re
from collections.abc import Sequence

from bot.domain import hand_votes as rules
from bot.domain.ballots import STARS, Kind, Rules
from bot.domain.errors import InvalidInput
from bot.domain.hand_votes import Part, Way
from bot.domain.paper_rankings import read_rankings
from bot.storage.models import Poll


def part_written(poll: Poll, way: Way, turnout: str, lines: Sequence[str]) -> Part:
    """Return what was written as a part; `lines` hold a number for each answer, or a ranking for each ballot.

    Raises InvalidInput: not readable, or it does not add up.
    """
    kind = Kind(poll.kind)
    if way not in rules.ways_of(kind):
        raise InvalidInput("error_paper.numbers")
    voted = number_of(turnout)
    if kind is Kind.RANKED:
        positions = [option.position for option in poll.options]
        return rules.ranked_part(way, voted, positions, read_rankings(lines, positions))
    limits = Rules(poll.fewest, poll.pick, poll.points)
    return rules.checked_part(kind, way, voted, _numbers(poll, lines), limits)


def number_of(text: str) -> int:
    """Return a whole number that is not negative; "" is 0. Raises InvalidInput."""
    found = text.strip()
    if not re.fullmatch(r"\d{0,6}", found, re.ASCII):
        raise InvalidInput("error_paper.numbers")
    return int(found or 0)


def _numbers(poll: Poll, lines: Sequence[str]) -> dict[int, list[int]]:
    """Read a line for each answer, "Ja: 8" or "8"; for a rating five numbers. Raises InvalidInput."""
    wanted = len(STARS) if poll.kind == Kind.RATING else 1
    written = [line for line in lines if line.strip()] if len(lines) != len(poll.options) else list(lines)
    if len(written) != len(poll.options):
        raise InvalidInput("error_paper.lines", count=len(poll.options))
    found = {}
    for option, line in zip(poll.options, written, strict=True):
        numbers = [number_of(part) for part in line.rpartition(":")[2].split()] or [0] * wanted
        if len(numbers) != wanted:
            raise InvalidInput("error_paper.stars" if wanted > 1 else "error_paper.numbers")
        found[option.position] = numbers
    return found
