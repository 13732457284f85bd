"""Read every letter as a village would get it: with long names, with and without links."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.content.filling import TemplateFault
from bot.content.findings import Finding
from bot.content.letter_text import (
    MeetingText,
    letter_values,
    render_letter,
    video_block,
    videos_ready,
)
from bot.content.load import Content
from bot.content.manners import Found, Manners, strange_commands, unknown_commands
from bot.content.places import Places, letter_file
from bot.content.samples import Samples
from bot.content.source import Fault, read_text
from bot.content.tone import Kind, Tone
from bot.domain.programme import Meeting, Newsletter, Programme

# Marks that carry a line's number through Jinja2; people's texts hold no private-use characters.
_MARK = re.compile("\ue000(\\d+)\ue001")
_OPENING_TAG = re.compile(r"^\s*\{[%#].*?[%#]\}")


@dataclass(frozen=True, slots=True)
class _Case:
    """One way a letter may be filled; `given` are the values that are not the letter's own words."""

    values: Mapping[str, object]
    given: frozenset[str]
    may_be_bold: frozenset[str]


class LetterCheck:
    """Checks the letters of one content folder."""

    def __init__(self, content: Content, tone: Tone, manners: Manners, samples: Samples) -> None:
        self._content, self._tone = content, tone
        self._manners, self._samples = manners, samples
        self._places = Places(content)

    def faults(self, commands: Collection[str] | None) -> Iterator[Fault]:
        """Yield everything wrong with the letters that lead up to a circle."""
        programme = self._content.programme
        for letter in programme.newsletters.values():
            yield from self._head(letter, commands)
            try:
                circle = programme.circle_of(letter.id)
            except KeyError:
                continue  # reported with the circles
            yield from self._body(letter, circle, commands)

    def _head(self, letter: Newsletter, commands: Collection[str] | None) -> Iterator[Fault]:
        lines: list[tuple[tuple[str | int, ...], str]] = [(("title",), letter.title)]
        lines += [(("next_steps", n), step) for n, step in enumerate(letter.next_steps)]
        lines += [(("videos", n, "title"), video.title) for n, video in enumerate(letter.videos)]
        for path, text in lines:
            problems = list(self._manners.problems(text, self._tone.title, key="letter"))
            problems += unknown_commands(text, commands) if commands is not None else []
            problems += [(1, "is empty")] if not text.strip() else []
            for _, problem in problems:
                yield self._places.letter(letter.id, *path, problem=problem)

    def _body(
        self, letter: Newsletter, circle: Meeting | None, commands: Collection[str] | None
    ) -> Iterator[Fault]:
        name = letter_file(letter.id)
        if not letter.body.strip():
            yield self._places.letter(letter.id, "body", problem="is empty")
            return
        first = _body_line(read_text(self._content.folder, name))
        found: set[Fault] = set()
        for ready in (True, False):
            try:
                problems = list(self._filled(letter, circle, ready))
            except TemplateFault as fault:
                found.add(Fault(name, first + fault.line - 1, "body", fault.problem))
                continue
            found |= {Fault(name, first + line - 1, "body", problem.said) for line, problem in problems}
        if commands is not None:
            for line, problem in strange_commands(letter.body, commands):
                found.add(Fault(name, first + line - 1, "body", problem.said))
        yield from found

    def judge(
        self, letter: Newsletter, circle: Meeting | None, commands: Collection[str]
    ) -> Iterator[tuple[int, Finding]]:
        """Yield what a letter's title, next steps and body do that they should not, the body's with their line.

        A line of 0 is no line of the body. The letter may stand nowhere in the folder. Raises TemplateFault.
        """
        for text in (letter.title, *letter.next_steps):
            for _, found in self._manners.findings(text, self._tone.title, key="letter"):
                yield 0, found
        for ready in (True, False):
            yield from self._filled(letter, circle, ready)
        yield from strange_commands("\n".join((letter.body, letter.title, *letter.next_steps)), commands)

    def _filled(self, letter: Newsletter, circle: Meeting | None, ready: bool) -> Iterator[Found]:
        case = self._case(letter, circle, ready)
        yield from self._length(letter, case, ready)
        yield from self._wording(letter, case)

    def _case(self, letter: Newsletter, circle: Meeting | None, ready: bool) -> _Case:
        samples, programme = self._samples, self._content.programme
        long = self._tone.placeholder_chars
        link = "https://example.org/".ljust(long, "x")
        urls = [link if ready else None for _ in letter.videos]
        # Digits fill the place without being words of the letter.
        phone, coordinator = "0" * long, "1" * long
        values = letter_values(
            circle,
            describe=lambda meeting_id: _describe(programme, samples, meeting_id),
            village=samples.village,
            phone=phone,
            coordinator=coordinator,
            videos=video_block(letter, urls, samples.say),
            videos_ready=videos_ready(letter, urls),
        )
        bold = frozenset({samples.date, *(m.title for m in programme.meetings.values())})
        given = frozenset({samples.village, phone, coordinator, samples.date, samples.time})
        return _Case(values, given, bold)

    def _length(self, letter: Newsletter, case: _Case, ready: bool) -> Iterator[Found]:
        count = len(render_letter(letter, values=case.values))
        limit = self._content.programme.rules.newsletter_max_chars
        if count > limit:
            filled = "with" if ready else "without"
            said = f"has {count} characters with the longest names and {filled} links; at most {limit} fit"
            yield 1, Finding("chars", said, {"count": count, "limit": limit})

    def _wording(self, letter: Newsletter, case: _Case) -> Iterator[Found]:
        """Judge the letter's words, and give each problem the line of the template it came from."""
        marked = replace(letter, body=_marked(letter.body))
        try:
            text = render_letter(marked, values=case.values)
        except TemplateFault:  # a tag over several lines holds a mark
            text = render_letter(letter, values=case.values)
        lines, origin = _unmarked(text.split("\n")[2:])
        kind: Kind = self._tone.letter
        for line, problem in self._manners.findings(
            "\n".join(lines), kind, key="letter", given=case.given, may_be_bold=case.may_be_bold
        ):
            yield origin[line - 1], problem


def _describe(programme: Programme, samples: Samples, meeting_id: str) -> MeetingText:
    meeting = programme.meetings[meeting_id]
    return MeetingText(samples.date, samples.time, meeting.number, meeting.title)


def _body_line(text: str) -> int:
    """Return the line of a letter's file on which its body begins."""
    start = text.index("\n---\n", 3) + len("\n---\n")
    body = text[start:]
    return text[: start + len(body) - len(body.lstrip())].count("\n") + 1


def _marked(body: str) -> str:
    """Put each line's number where it will come out with the line, after a tag the line begins with."""

    def mark(number: int, line: str) -> str:
        tag = _OPENING_TAG.match(line)
        end = tag.end() if tag else 0
        if not line.strip() or (tag and not line[end:].strip()):
            return line
        return f"{line[:end]}\ue000{number}\ue001{line[end:]}"

    return "\n".join(mark(number, line) for number, line in enumerate(body.splitlines(), start=1))


def _unmarked(lines: list[str]) -> tuple[list[str], list[int]]:
    """Take the marks out again; a line without one came from the line before it."""
    origin: list[int] = []
    for line in lines:
        marks = _MARK.findall(line)
        origin.append(int(marks[-1]) if marks else (origin[-1] if origin else 1))
    return [_MARK.sub("", line) for line in lines], origin or [1]
