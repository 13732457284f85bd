"""What two versions of a letter have and have not in common, line by line; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import ndiff

SAME, TAKEN, ADDED = " ", "-", "+"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of either version: the same in both, taken away, or added."""

    sign: str
    text: str


def compare(before: Sequence[str], after: Sequence[str]) -> list[DiffLine]:
    """Return the lines of both versions in reading order."""
    signs = {"  ": SAME, "- ": TAKEN, "+ ": ADDED}
    return [DiffLine(signs[line[:2]], line[2:]) for line in ndiff(before, after) if line[:2] in signs]
