"""Name many things in one line."""

from collections.abc import Mapping, Sequence

from bot.messages.texts import Texts

NAMED = 8  # of many names so many are written
SUPPLIES: Mapping[str, frozenset[str]] = {"post.task.and_more": frozenset({"few", "count"})}


def few(texts: Texts, names: Sequence[str], most: int = NAMED) -> str:
    """Name the first of many, and count the rest; with `most` 0 only count."""
    if len(names) <= most:
        return ", ".join(names)
    return texts("post.task.and_more", few=", ".join(names[:most]), count=len(names) - most)
