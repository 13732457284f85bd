"""Spelling by a Hunspell dictionary that lies in the content folder, and by the programme's own words."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from hunspell import Hunspell

from bot.content.language import plain_line, words
from bot.content.source import read_text

OWN_WORDS = "words.txt"
_PIECES = re.compile(r"[.:/]")
_GENITIVE = re.compile(r"['’]?s$")


class Speller:
    """Knows which words are spelt right; the dictionary is read at the first lookup."""

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
        return bool(_dictionary(self._path).spell(word))


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


@lru_cache(maxsize=2)
def _dictionary(path: Path) -> Hunspell:
    return Hunspell(path.name, hunspell_data_dir=str(path.parent))
