"""Names on Discord: channel names as Discord writes them, and role names that tell villages apart."""

import unicodedata
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
MAX_NAME = 100
_SILENT = frozenset("'’‘`´\"”“„")  # O'Neill is oneill, but A/B is a-b


def channel_name(text: str, fallback: str) -> str:
    """Return a name as Discord keeps it: lower case, hyphens for spaces, letters (æøå too) and digits only.

    `fallback` is used when nothing is left.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    written = "".join("" if c in _SILENT else c if _stays(c) else "-" for c in folded)
    name = "-".join(part for part in written.split("-") if part)[:MAX_NAME].rstrip("-")
    return name or fallback


def _stays(character: str) -> bool:
    return (
        character == "_" or character.isdecimal() or (character.isalpha() and character.lower() == character)
    )


def distinct_names(choices: Mapping[K, Sequence[str]]) -> dict[K, str]:
    """Give each its first name, or for those who would share it a longer one, and so on.

    Each key's `choices` go from short to long, the last one unlike any other. Case does not tell names apart.
    """
    level = dict.fromkeys(choices, 0)
    while True:
        names = {key: _cut(options[level[key]]) for key, options in choices.items()}
        count = Counter(name.casefold() for name in names.values())
        shared = [
            key
            for key, name in names.items()
            if count[name.casefold()] > 1 and level[key] + 1 < len(choices[key])
        ]
        if not shared:
            return names
        for key in shared:
            level[key] += 1


def _cut(name: str) -> str:
    """Shorten a name that Discord would refuse, keeping what stands in brackets at its end."""
    name = " ".join(name.split())
    if len(name) <= MAX_NAME:
        return name
    head, bracket, tail = name.rpartition(" (")
    ending = (bracket + tail) if bracket and len(tail) < MAX_NAME - 20 else ""
    return (head if ending else name)[: MAX_NAME - len(ending)].rstrip() + ending
