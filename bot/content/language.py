"""Take a text apart: sentences, words and LIX. Markdown is read as people see it; no language is built in.

LIX is words per sentence plus the share of words with more than six letters (in per cent).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

LONG_WORD_LETTERS = 6
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_URL = re.compile(r"https?://\S+")
_TIMESTAMP = re.compile(r"<[@#:t][^>]*>")
_LINE_START = re.compile(r"^\s*(?:[-*+•]\s+|\d{1,3}[.)]\s+|#{1,6}\s+|-#\s+|>\s+)+")
_MARKS = re.compile(r"\\([\W_])|\*\*|__|~~|(?<!\w)[*_]|[*_](?!\w)")
_WORD = re.compile(r"\w+(?:[-'’.:/]\w+)*", re.UNICODE)
_END = re.compile(r"[.!?…]+[)»«”\"'’]*(?=\s|$)|:(?=\s+[»”\"'(]*[^\W\d_])")
_OPENING = "»«”“\"'’(–- "


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as people see it, with the line (1-based) of the text it begins on."""

    text: str
    line: int

    @property
    def words(self) -> tuple[str, ...]:
        """Return its words in order."""
        return words(self.text)


def plain_line(line: str) -> str:
    """Return one line of Markdown as people see it: link names for links, no marks, no list numbers."""
    line = _TIMESTAMP.sub(" ", _URL.sub(" ", _LINK.sub(r"\1", line)))
    return _MARKS.sub(r"\1", _LINE_START.sub("", line)).strip()


def sentences(text: str, abbreviations: Collection[str] = ()) -> Iterator[Sentence]:
    """Yield the sentences of a Markdown text; every line and list item ends one.

    A full stop ends a sentence unless it stands after one of the abbreviations (written without
    their last stop) or before a small letter, as in a date: "den 26. oktober".
    """
    short = {word.lower().rstrip(".") for word in abbreviations}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = plain_line(raw)
        start = 0
        for found in _END.finditer(line):
            if _ends(line, found, short):
                yield from _sentence(line[start : found.end()], number)
                start = found.end()
        yield from _sentence(line[start:], number)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text as people see it; a time or a number is one word."""
    return tuple(_WORD.findall(text))


def lix(text: str, abbreviations: Collection[str] = ()) -> float:
    """Return the readability index of a Markdown text; 0 for a text without words."""
    parts = [s.words for s in sentences(text, abbreviations)]
    everything = [word for part in parts for word in part]
    if not everything:
        return 0.0
    long = sum(_letters(word) > LONG_WORD_LETTERS for word in everything)
    return len(everything) / len(parts) + 100 * long / len(everything)


def _ends(line: str, found: re.Match[str], short: Collection[str]) -> bool:
    after = line[found.end() :].lstrip(_OPENING)
    if found.group().startswith(":"):
        return after[:1].isupper()
    if not after or found.group() != ".":
        return not after[:1].islower()
    before = line[: found.start()].split()
    if before and before[-1].lower().lstrip(_OPENING) in short:
        return False
    return not after[0].islower()


def _sentence(text: str, line: int) -> Iterator[Sentence]:
    text = text.strip()
    if words(text):
        yield Sentence(text, line)


def _letters(word: str) -> int:
    return sum(character.isalpha() for character in word)
