"""A letter's markup taken apart into blocks, for paper and e-mail: headings, paragraphs, lists, bold words, links.

Discord reads the same markup itself. What nothing here knows is left as it was written.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_ESCAPED = re.compile(r"\\([\\*_~`|\[\]<>()#-])")
_LIST = re.compile(r"\s*(?P<mark>[-*•]|\d{1,2}[.)])\s+(?P<text>.*)")
_HEADING = re.compile(r"\*\*(?P<text>[^*]+)\*\*|#{1,3}\s+(?P<hashed>.+)")
_INLINE = re.compile(
    r"\[(?P<label>[^\[\]]+)\]\(<?(?P<to>https?://[^\s<>()]+)>?\)"
    r"|<?(?P<bare>https?://[^\s<>()]*[^\s<>().,;:!?»])>?"
    r"|(?P<mark>\*\*|__|\*)(?=\S)(?P<bold>.+?)(?<=\S)(?P=mark)"
)
_KEPT_FROM = 0xE000  # escaped signs wait here until the markup has been read
BlockKind = Literal["heading", "paragraph", "bullets", "numbers"]


@dataclass(frozen=True, slots=True)
class Run:
    """Words that look the same; `url` is where they lead, and words that are their own address are the address."""

    text: str
    bold: bool = False
    url: str = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a letter: its lines (of a paragraph) or its points (of a list)."""

    kind: BlockKind
    lines: tuple[Runs, ...]


def blocks_of(text: str) -> list[Block]:
    """Return a letter's blocks in order; a sign with a backslash before it is just that sign."""
    found: list[Block] = []
    kept = _ESCAPED.sub(lambda sign: chr(_KEPT_FROM + ord(sign[1])), text.replace("\r\n", "\n").strip())
    for part in re.split(r"\n\s*\n", kept):
        for kind, lines in _parts(part):
            found.append(Block(kind, tuple(_runs(line) for line in lines)))
    return found


def _parts(part: str) -> Iterator[tuple[BlockKind, list[str]]]:
    """Yield what stands between two blank lines, kind by kind."""
    kind: BlockKind | None = None
    lines: list[str] = []
    for line in part.splitlines():
        heading, point = _HEADING.fullmatch(line.strip()), _LIST.fullmatch(line)
        if heading:
            here: BlockKind = "heading"
            said = heading["text"] or heading["hashed"]
        elif point:
            here, said = ("numbers" if point["mark"][0].isdigit() else "bullets"), point["text"]
        else:
            here, said = "paragraph", line.strip()
        if kind is not None and (here != kind or here == "heading"):
            yield kind, lines
            lines = []
        kind = here
        lines.append(said)
    if kind is not None:
        yield kind, lines


def _runs(line: str) -> Runs:
    """Read a line's bold words and links."""
    runs: list[Run] = []
    end = 0
    for found in _INLINE.finditer(line):
        runs.append(Run(line[end : found.start()]))
        if found["bold"]:
            runs.append(Run(found["bold"], bold=True))
        else:
            runs.append(Run(found["label"] or found["bare"], url=_shown(found["to"] or found["bare"])))
        end = found.end()
    runs.append(Run(line[end:]))
    return tuple(Run(_shown(run.text), run.bold, run.url) for run in runs if run.text)


def _shown(text: str) -> str:
    return re.sub(r"[\ue000-\ue07f]", lambda found: chr(ord(found[0]) - _KEPT_FROM), text)


def wordless(text: str) -> str:
    """Return text without emoji and other pictures, which a page's font does not have and nobody misses."""
    kept = (
        sign
        for sign in text
        if unicodedata.category(sign) not in ("So", "Cs", "Cn") and sign not in "\ufe0f\u200d"
    )
    return re.sub(r"[ \t]+$", "", "".join(kept), flags=re.MULTILINE)


def plain_of(blocks: list[Block]) -> str:
    """Return blocks as plain text: links with their address after them, points with their marks."""
    return "\n\n".join(_plain(block) for block in blocks)


def _plain(block: Block) -> str:
    lines = ["".join(_said(run) for run in line) for line in block.lines]
    if block.kind == "bullets":
        lines = [f"- {line}" for line in lines]
    elif block.kind == "numbers":
        lines = [f"{number}. {line}" for number, line in enumerate(lines, start=1)]
    return "\n".join(lines)


def _said(run: Run) -> str:
    return f"{run.text} ({run.url})" if run.url and run.url != run.text else run.text
