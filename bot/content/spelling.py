"""Spelling by a Hunspell dictionary that lies in the content folder, and by the programme's own words."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.content.language import plain_line, words
from bot.content.source import read_text

OWN_WORDS = "words.txt"
_PIECES = re.compile(r"[.:/]")
_GENITIVE = re.compile(r"['’]?s$")


class Speller:
    """Knows which words are spelt right; the dictionary (seconds to load) is read at the first lookup."""

    def __init__(self, path: Path, accepted: Iterable[str] = ()) -> None:
        self._path = path
        self._accepted = {word for word in accepted if word}
        self._known: dict[str, bool] = {}

    def unknown(self, line: str) -> Iterator[str]:
        """Yield the words of a line of Markdown that are not spelt right."""
        for word in words(plain_line(line)):
            for piece in _PIECES.split(word):
                if not self.knows(piece):
                    yield piece

    def knows(self, word: str) -> bool:
        """Tell whether a word is right; what holds a digit, and a single letter, always is."""
        if len(word) < 2 or any(character.isdigit() for character in word):
            return True
        if word not in self._known:
            self._known[word] = self._is_right(word)
        return self._known[word]

    def _is_right(self, word: str) -> bool:
        bare = _GENITIVE.sub("", word)
        if any(form in self._accepted for form in (word, word.lower(), bare, bare.lower())):
            return True
        parts = [part for part in re.split(r"[-'’]", word) if part]
        if len(parts) > 1:
            return all(self.knows(part) for part in parts)
        # A capital may only begin a sentence, and the small form is the quicker one to look up.
        if word[0].isupper() and word[1:].islower() and self.knows(word.lower()):
            return True
        return bool(_dictionary(self._path).lookup(word))


def own_words(folder: Path) -> frozenset[str]:
    """Return the programme's own words: one a line, # begins a comment; no file means no words.

    Raises ContentError when the file is not UTF-8.
    """
    name = f"dictionary/{OWN_WORDS}"
    if not (folder / name).is_file():
        return frozenset()
    lines = (line.partition("#")[0].strip() for line in read_text(folder, name).splitlines())
    return frozenset(line for line in lines if line)


def dictionary_path(folder: Path, name: str) -> Path:
    """Return where a dictionary lies, without the ending that its two files add."""
    return folder / "dictionary" / name


class _Lines:
    """A file's lines as spylls reads them; its own reader leaves files open."""

    def __init__(self, path: Path, encoding: str = "Windows-1252") -> None:
        self._lines, self._encoding, self._at = path.read_bytes().splitlines(), encoding, 0

    def reset_encoding(self, encoding: str) -> None:
        self._encoding = encoding

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        while self._at < len(self._lines):
            line = self._lines[self._at].decode(self._encoding, "surrogateescape").strip("\ufeff \t")
            self._at += 1
            if line:
                return self._at, line
        raise StopIteration


@lru_cache(maxsize=2)
def _dictionary(path: Path) -> Any:
    from spylls.hunspell import Dictionary
    from spylls.hunspell.readers import read_aff, read_dic

    aff, context = read_aff(_Lines(path.with_suffix(".aff")))
    dic = read_dic(_Lines(path.with_suffix(".dic"), context.encoding), aff=aff, context=context)
    return Dictionary(aff, dic)
