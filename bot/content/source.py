"""Read YAML so that every fault can name file, line and key; knows nothing of the programme."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.content.yaml_lines import Entries, Items, NotYaml, load

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Fault:
    """Something wrong in the content: where it stands and what to do about it, in English."""

    file: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.problem}"


class ContentError(Exception):
    """The content folder holds faults; `faults` lists every one."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass
class Source:
    """One file's data together with the lines its keys stand on; `offset` counts lines before the YAML."""

    file: str
    data: Any
    offset: int = 0

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line (1-based) of a key, or of the nearest key above it that has one."""
        node, line = self.data, 1
        for step in path:
            if isinstance(node, Entries) and step in node:
                if not written(node, step):  # filled in by a default
                    break
                line, node = node.lines[step], node[step]
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node):
                line, node = node.lines[step], node[step]
            else:
                break
        return line + self.offset

    def fault(self, path: Sequence[str | int], problem: str) -> Fault:
        """Return a fault at a key of this file."""
        return Fault(self.file, self.line(path), _dotted(self.data, path), problem)


def written(node: Entries, key: str | int) -> bool:
    """Tell whether a key stands in the file itself, not only in the defaults laid over it."""
    return key in node and key in node.lines


def _dotted(data: Any, path: Sequence[str | int]) -> str:
    """Write a path for people: a list entry is named by its id where it has one."""
    parts: list[str] = []
    for step in path:
        data = data[step] if _holds(data, step) else None
        named = data.get("id") if isinstance(data, Mapping) else None
        parts.append(str(named) if isinstance(step, int) and named else str(step))
    return ".".join(parts) or "(file)"


def _holds(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return (
        isinstance(data, Sequence)
        and not isinstance(data, str)
        and isinstance(step, int)
        and step < len(data)
    )


def read_yaml(folder: Path, name: str) -> Source:
    """Read one YAML file. Raises ContentError when it is missing or cannot be parsed."""
    return parse_yaml(name, read_text(folder, name))


def read_text(folder: Path, name: str) -> str:
    """Read one file as UTF-8, whatever its line endings. Raises ContentError when it is missing or not UTF-8."""
    try:
        return (folder / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ContentError([Fault(name, 1, "(file)", "is missing")]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ContentError([Fault(name, line, "(text)", "is not UTF-8: save the file as UTF-8")]) from None
    except OSError as error:
        raise ContentError([Fault(name, 1, "(file)", f"cannot be read: {error.strerror}")]) from None


def parse_yaml(name: str, text: str, offset: int = 0) -> Source:
    """Parse YAML text, keeping line numbers. Raises ContentError."""
    try:
        return Source(name, load(text), offset)
    except NotYaml as error:
        raise ContentError([Fault(name, error.line + offset, "(yaml)", error.problem)]) from None


def typed(source: Source, adapter: TypeAdapter[T], data: Any, path: Sequence[str | int] = ()) -> T:
    """Check data against its type. Raises ContentError naming every key that does not fit."""
    try:
        found = adapter.validate_python(data)
    except ValidationError as error:
        faults = []
        for item in error.errors(include_url=False):
            where = [*path, *(step for step in item["loc"] if _is_key(step))]
            faults.append(source.fault(where, _PROBLEMS.get(item["type"], item["msg"])))
        raise ContentError(faults) from None
    zoned = [source.fault([*path, *where], _NO_WALL_TIME) for where in _zoned(found)]
    if zoned:
        raise ContentError(zoned)
    return found


_NO_WALL_TIME = 'must be a time of day in quotation marks, such as "10:00"'
_PROBLEMS = {
    "unexpected_keyword_argument": "is not a known key",
    "missing": "is missing",
    "missing_argument": "is missing",
    "missing_keyword_only_argument": "is missing",
    "tuple_type": "must be a list",
}


def _zoned(value: object) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every time that has a zone of its own: pydantic also makes one of a bare number."""
    if isinstance(value, dt.time):
        if value.tzinfo is not None:
            yield ()
        return
    parts: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, Mapping):
        parts = iter(value.items())
    elif isinstance(value, tuple):
        parts = iter(enumerate(value))
    elif is_dataclass(value):
        parts = ((field.name, getattr(value, field.name)) for field in fields(value))
    for step, part in parts:
        yield from ((step, *rest) for rest in _zoned(part))


def _is_key(step: str | int) -> bool:
    """Tell a key from the name of a union branch, which pydantic also puts in a location."""
    return isinstance(step, int) or (step.isidentifier() and step[0].islower() and step != "str")
