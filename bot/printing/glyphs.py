"""Which characters the fonts of our pages can show; a page that promises to be readable may hold no others.

A font's table of characters ("cmap", in the OpenType specification) is read here, for nothing we have reads it.
"""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

MISSING = "□"
_KEPT = {"Cf", "Mn", "Me", "Zl", "Zp"}  # joins, marks and breaks: they need no glyph of their own
_NEVER = "\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # what turns other letters around


def showable(content: Any, fonts: Iterable[Path]) -> Any:
    """Return texts, lists and mappings with every character that no font has replaced by an empty box."""
    return _walk(content, frozenset().union(*(characters(font) for font in fonts)))


def _walk(content: Any, known: frozenset[int]) -> Any:
    if isinstance(content, str):
        return "".join(_shown(letter, known) for letter in content)
    if isinstance(content, list | tuple):
        return [_walk(one, known) for one in content]
    if isinstance(content, dict):
        return {key: _walk(one, known) for key, one in content.items()}
    return content


def _shown(letter: str, known: frozenset[int]) -> str:
    kind = unicodedata.category(letter)
    if letter in "\n\t" or (ord(letter) in known and kind != "Cc" and letter not in _NEVER):
        return " " if letter == "\t" else letter
    if kind == "Cc" or letter in _NEVER:
        return ""
    return letter if kind in _KEPT else MISSING


@cache
def characters(font: Path) -> frozenset[int]:
    """Return the code points that a TrueType font has a glyph for."""
    data = font.read_bytes()
    for index in range(struct.unpack_from(">H", data, 4)[0]):
        tag, _, start, _ = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        if tag == b"cmap":
            return frozenset(_mapped(data, start))
    raise ValueError(f"{font.name} has no table of characters")


def _mapped(data: bytes, start: int) -> Iterator[int]:
    """Yield what the subtables map, of the two forms that cover all of Unicode and its first plane."""
    for index in range(struct.unpack_from(">H", data, start + 2)[0]):
        _, _, offset = struct.unpack_from(">HHI", data, start + 4 + 8 * index)
        at = start + offset
        form = struct.unpack_from(">H", data, at)[0]
        if form == 12:
            for group in range(struct.unpack_from(">I", data, at + 12)[0]):
                first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * group)
                yield from range(first, last + 1)
        elif form == 4:
            segments = struct.unpack_from(">H", data, at + 6)[0]
            ends = struct.unpack_from(f">{segments // 2}H", data, at + 14)
            starts = struct.unpack_from(f">{segments // 2}H", data, at + 16 + segments)
            for first, last in zip(starts, ends, strict=True):
                yield from range(first, min(last, 0xFFFE) + 1)
