"""The register's numbers and its chain: letters, canonical JSON and SHA-256; knows no database (S22, S30, S63).

Names and account numbers of people are no part of a hash, so that somebody can be erased without breaking it.
"""

import hashlib
import itertools
import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

OBJECTIONS_FOR = timedelta(hours=48)
REMIND_DAYS = (7, 0)  # before a deadline, and before a day to look again
BEGINNING = "0" * 64
LETTERS = 4


class Entry(StrEnum):
    """What can be written in a register."""

    RECORDED = "recorded"
    FOLLOW_UP = "follow_up"
    GOALS = "goals"
    BACKGROUND = "background"
    OBJECTION = "objection"
    ANSWERED = "answered"
    FINAL = "final"
    RENEWED = "renewed"  # another deadline, or another day to look again
    DONE = "done"


def full_number(letters: str, year: int, number: int) -> str:
    """Return a decision's number as it is written: SØND-2027-003."""
    return f"{letters}-{year}-{number:03}"


def letters_for(name: str, where: str, others: Collection[str], taken: Collection[str]) -> str:
    """Return the letters of a place's numbers: four of its name, unless another one of the year begins so too.

    `others` are the other places' names, `where` is the municipality, `taken` are letters in use. Twins get letters
    of their last word, then of their municipality, then a digit.
    """
    mine, shared = _letters(name), {_letters(other)[:LETTERS] for other in others}
    first = mine[:LETTERS]
    if first not in shared and first not in taken:
        return first
    last, town = _letters(name.rsplit(maxsplit=1)[-1]), _letters(where)
    telling = (mine[:2] + last[:2], mine[:3] + last[:1], mine[:1] + last[:3]) if last != mine else ()
    numbered = (f"{first[: LETTERS - 1]}{number}" for number in itertools.count(2))
    for found in itertools.chain(telling, (mine[:2] + town[:2], mine[:3] + town[:1]), numbered):
        if found not in taken and found not in shared:
            return found
    raise AssertionError("numbers never end")


def canonical(content: Mapping[str, object]) -> str:
    """Return content as JSON that has one form only: sorted keys, no spaces."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link(
    previous: str,
    position: int,
    kind: str,
    number: str,
    at: datetime,
    role: str,
    content: Mapping[str, object],
) -> str:
    """Return the hash of an entry: of the one before it and of all that it says."""
    said = {
        "previous": previous, "position": position, "kind": kind, "decision": number,
        "at": at.astimezone(UTC).isoformat(), "role": role, "content": content,
    }  # fmt: skip
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def sealed(words: str) -> tuple[str, str]:
    """Return a random salt and the checksum of words with it: words can go, and the checksum tells nothing."""
    salt = secrets.token_hex(16)
    return salt, seal(salt, words)


def seal(salt: str, words: str) -> str:
    """Return the checksum of words with their salt."""
    return hashlib.sha256(f"{salt}{words}".encode()).hexdigest()


def _letters(name: str) -> str:
    return "".join(_upper(name))


def _upper(name: str) -> Iterator[str]:
    for letter in name.upper():
        if letter.isalpha():
            yield letter
