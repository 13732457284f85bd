"""Say what a finished text does that the programme's voice does not allow, line by line.

Knows nothing of files or templates: it is given the text as people would see it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from bot.content.findings import Finding
from bot.content.language import Sentence, lix, sentences, words
from bot.content.spelling import Speller
from bot.content.tone import Kind, Tone

Problem = tuple[int, str]  # line of the text (1-based), what is wrong
Found = tuple[int, Finding]
_ONE = "[\u203c\u2049\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_EMOJI = re.compile(
    rf"(?:[0-9#*]\ufe0f?\u20e3|{_ONE}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
    rf"(?:\u200d{_ONE}[\ufe0f\U0001f3fb-\U0001f3ff]*)*)"
)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_START = r"(?<!\w)"  # of a word
_COMMAND = re.compile(r"(?<![\w/:.)\]])/([^\W\d_][\w-]*)(?: ([^\W\d_][\w-]*))?")


class Manners:
    """The voice of one programme, ready to be held against texts."""

    def __init__(self, tone: Tone, speller: Speller | None = None) -> None:
        self._tone, self._speller = tone, speller
        self._banned = [(b, _word_pattern(b.word)) for b in tone.banned]
        self._kept = {word.lower() for word in tone.seed_words}
        self._ascii = [(_word_pattern(wrong), right) for wrong, right in tone.ascii_spellings.items()]
        # One search over all words of a line, since nearly every line is fine.
        each = [*(b.word for b in tone.banned), *tone.ascii_spellings]
        self._any = re.compile(
            _START + f"(?:{'|'.join(map(_rest, each))})" if each else r"(?!)", re.IGNORECASE
        )

    def problems(
        self,
        text: str,
        kind: Kind,
        *,
        key: str = "",
        given: Collection[str] = (),
        may_be_bold: Collection[str] = (),
    ) -> Iterator[Problem]:
        """Yield everything wrong with a text, in English: see `findings`."""
        for line, found in self.findings(text, kind, key=key, given=given, may_be_bold=may_be_bold):
            yield line, found.said

    def findings(
        self,
        text: str,
        kind: Kind,
        *,
        key: str = "",
        given: Collection[str] = (),
        may_be_bold: Collection[str] = (),
    ) -> Iterator[Found]:
        """Yield everything wrong with a text.

        `given` are values filled in that are not ours to judge; some of them `may_be_bold`.
        """
        yield from self._length(text, kind)
        yield from self._readability(text, _without(text, given), kind)
        yield from self._emoji(_without(text, given), kind)
        for number, line in enumerate(text.splitlines(), start=1):
            ours = _without(line, given)
            yield from ((number, problem) for problem in self._words(ours, key))
            yield from ((number, problem) for problem in self._bold(line, may_be_bold))
            if self._speller is not None:
                for word in self._speller.unknown(_COMMAND.sub(" ", ours)):
                    said = f"{word} is not in the dictionary (dictionary/words.txt adds words)"
                    yield number, Finding("spelling", said, {"word": word})

    def _length(self, text: str, kind: Kind) -> Iterator[Found]:
        if kind.chars is not None and len(text) > kind.chars:
            said = f"has {len(text)} characters, and at most {kind.chars} fit"
            yield 1, Finding("chars", said, {"count": len(text), "limit": kind.chars})

    def _readability(self, text: str, ours: str, kind: Kind) -> Iterator[Found]:
        """Sentences are judged as they are read; LIX by our own words, not by names and titles."""
        if kind.sentence_words is not None:
            for sentence in sentences(text, self._tone.abbreviations):
                count = len(sentence.words)
                if count > kind.sentence_words:
                    said, start = f"a sentence has {count} words: {_start(sentence)}", _start(sentence)
                    values = {"count": count, "limit": kind.sentence_words, "start": start}
                    yield sentence.line, Finding("sentence", said, values)
        if kind.lix is not None and len(words(ours)) >= kind.lix_from_words:
            found = lix(ours, self._tone.abbreviations)
            if found >= kind.lix:
                said = f"LIX is {found:.1f}; it must be under {kind.lix:g}"
                yield 1, Finding("lix", said, {"lix": round(found), "limit": round(kind.lix)})

    def _emoji(self, text: str, kind: Kind) -> Iterator[Found]:
        allowed, seen = self._tone.emoji_allowed, 0
        if allowed is None:
            return
        for number, line in enumerate(text.splitlines(), start=1):
            for found in _EMOJI.finditer(line):
                emoji = found.group()
                seen += 1
                if emoji not in allowed:
                    values = {"emoji": emoji, "allowed": " ".join(allowed)}
                    yield (
                        number,
                        Finding("emoji", f"the emoji {emoji} is not one of {' '.join(allowed)}", values),
                    )
                elif kind.emoji == 0:
                    yield number, _misplaced(f"no emoji may stand here: {emoji}", emoji)
                elif is_heading(line):
                    yield number, _misplaced(f"an emoji stands in a heading: {emoji}", emoji)
                elif line[found.end() :].strip():
                    yield number, _misplaced(f"an emoji must end its line: {emoji}", emoji)
        if kind.emoji and seen > kind.emoji:
            said = f"has {seen} emoji; at most {kind.emoji} may stand in one message"
            yield 1, Finding("emoji_many", said, {"count": seen, "limit": kind.emoji})

    def _words(self, line: str, key: str) -> Iterator[Finding]:
        if self._any.search(line):
            yield from self._wrong_words(line, key)
        for rule in self._tone.forbidden:
            if found := rule.pattern.search(line):
                text = found.group().strip()
                yield Finding("forbidden", f"{rule.why}: {text}", {"text": text})
        if not unicodedata.is_normalized("NFC", line):
            yield Finding("nfc", "holds letters put together from parts (not Unicode NFC)")

    def _wrong_words(self, line: str, key: str) -> Iterator[Finding]:
        for banned, pattern in self._banned:
            for found in pattern.finditer(line):
                fits = any(fnmatchcase(key, keys) for keys in banned.keys)
                if fits and found.group().lower() not in self._kept:
                    said = f"{found.group()} is not our word; say {banned.say}"
                    yield Finding("banned", said, {"word": found.group(), "say": banned.say})
        for pattern, right in self._ascii:
            if found_wrong := pattern.search(line):
                wrong = found_wrong.group()
                yield Finding("ascii", f"{wrong} is written {right}", {"word": wrong, "right": right})

    def _bold(self, line: str, may_be_bold: Collection[str]) -> Iterator[Finding]:
        rule = self._tone.bold
        if rule is None or is_heading(line):
            return
        for found in _BOLD.finditer(line):
            text = found.group(1).strip()
            if text not in rule.words and not any(value in text for value in may_be_bold):
                yield Finding("bold", f"bold is for headings, dates and titles: {text}", {"text": text})


def _misplaced(said: str, emoji: str) -> Finding:
    return Finding("emoji_place", said, {"emoji": emoji})


def is_heading(line: str) -> bool:
    """Tell whether a line of Markdown is one bold text, or a heading."""
    line = line.strip()
    return bool(_BOLD.fullmatch(line)) or line.startswith("#")


def commands_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, first word and possible second word of every /command a text mentions."""
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _COMMAND.finditer(line):
            yield number, found.group(1), found.group(2) or ""


def unknown_commands(text: str, commands: Collection[str]) -> Iterator[Problem]:
    """Yield every /command that does not exist, in English: see `strange_commands`."""
    for line, found in strange_commands(text, commands):
        yield line, found.said


def strange_commands(text: str, commands: Collection[str]) -> Iterator[Found]:
    """Yield every /command that does not exist; one in a group is two words: "hold opret"."""
    known = {command.lstrip("/") for command in commands}
    groups = {command.split(" ")[0] for command in known if " " in command}
    for number, first, second in commands_in(text):
        if first in groups:
            if f"{first} {second}" not in known:
                name = f"/{first} {second}".rstrip()
                yield number, Finding("command", f"there is no command {name}", {"command": name})
        elif first not in known:
            yield number, Finding("command", f"there is no command /{first}", {"command": f"/{first}"})


def _word_pattern(word: str) -> re.Pattern[str]:
    return re.compile(_START + _rest(word), re.IGNORECASE)


def _rest(word: str) -> str:
    ending = r"\w*" if word.endswith("*") else r"(?!\w)"
    return re.escape(word.rstrip("*")) + ending


def _without(text: str, given: Collection[str]) -> str:
    """Take out values that were filled in, longest first; lines stay."""
    for value in sorted(given, key=len, reverse=True):
        if value:
            text = text.replace(value, " " if "\n" not in value else "\n" * value.count("\n"))
    return text


def _start(sentence: Sentence) -> str:
    return sentence.text if len(sentence.text) <= 40 else sentence.text[:39] + "…"
