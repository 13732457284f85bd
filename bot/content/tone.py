"""The rules of the programme's voice, read from tone.yaml; a rule that is not there is not checked.

Only data: what a text must look like in this programme's language. `manners` applies it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from pydantic import TypeAdapter

from bot.content.language import words
from bot.content.load import Content
from bot.content.places import TONE
from bot.content.source import Fault, typed

Strict: dict[str, object] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Kind:
    """The limits for one kind of text; `keys` are patterns such as "button.*", the first match holds."""

    __pydantic_config__: ClassVar = Strict
    keys: tuple[str, ...] = ()
    chars: int | None = None
    lix: float | None = None
    lix_from_words: int = 0  # shorter texts have no meaningful LIX
    sentence_words: int | None = None
    emoji: int | None = None


@dataclass(frozen=True, slots=True)
class Banned:
    """A word not to use ("implementer*" also covers its endings) and what to say; all texts, or some."""

    __pydantic_config__: ClassVar = Strict
    word: str
    say: str
    keys: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A regular expression that must not match, and why."""

    __pydantic_config__: ClassVar = Strict
    pattern: re.Pattern[str]
    why: str


@dataclass(frozen=True, slots=True)
class Bold:
    """Where bold may stand besides whole lines: fixed words, and the values of some placeholders."""

    __pydantic_config__: ClassVar = Strict
    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tone:
    """Every rule of the voice; empty fields stand for rules a programme does not have."""

    __pydantic_config__: ClassVar = Strict
    dictionary: str | None = None
    kinds: tuple[Kind, ...] = ()
    letter: Kind = Kind()
    title: Kind = Kind()
    abbreviations: tuple[str, ...] = ()
    emoji_allowed: tuple[str, ...] | None = None
    banned: tuple[Banned, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    ascii_spellings: dict[str, str] = field(default_factory=dict)
    seed_words: tuple[str, ...] = ()
    bold: Bold | None = None
    longest_names: tuple[str, ...] = ()
    placeholder_chars: int = 70
    sample_chars: int = 30
    samples: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def own_words(self) -> frozenset[str]:
        """Return the words of the rules themselves that count as spelt right."""
        return frozenset(w for entry in (*self.seed_words, *self.abbreviations) for w in words(entry))

    def kind_of(self, key: str) -> Kind:
        """Return the limits for a text's dotted key."""
        for kind in self.kinds:
            if any(fnmatchcase(key, pattern) for pattern in kind.keys):
                return kind
        return Kind()


_ADAPTER = TypeAdapter(Tone)


def read_tone(content: Content) -> Tone:
    """Return the tone of a content folder. Raises ContentError naming every key that does not fit."""
    return typed(content.sources[TONE], _ADAPTER, content.tone or {})


def warn_of_silence(content: Content, tone: Tone) -> Iterator[Fault]:
    """Yield a warning for every check that has no data and is therefore left out."""
    for key, given, skipped in (
        ("dictionary", tone.dictionary, "spelling is not checked"),
        ("letter", tone.letter.lix or tone.letter.sentence_words, "letters may be hard to read"),
        ("kinds", tone.kinds, "texts may have any length"),
        ("banned", tone.banned, "no words are banned"),
        ("emoji_allowed", tone.emoji_allowed, "emoji are not checked"),
        ("longest_names", tone.longest_names, "letters are measured with a made-up name"),
    ):
        if not given:
            yield content.fault(TONE, (key,), f"is not given: {skipped}")
