"""YAML 1.2 as plain dictionaries and lists that know the lines they were written on.

The library parses and builds; ours are the lines, the refusal of a key that stands twice, and 1.2's plain words: "no"
and "10:00" are texts.
"""

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, SequenceNode

_Fastest: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # some platforms have no compiled parser


class Entries(dict[Any, Any]):
    """A mapping; `lines` has the line (1-based) of each key that stands in the file itself."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}


class Items(list[Any]):
    """A list, with the line (1-based) of each item."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


class NotYaml(Exception):
    """The text cannot be read: the line (1-based), and what is wrong."""

    def __init__(self, line: int, problem: str) -> None:
        self.line, self.problem = line, problem
        super().__init__(f"{line}: {problem}")


class _Loader(_Fastest):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the library's own way


def _plain(kind: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{pattern})$"), list(first))


_plain("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_plain("int", r"[-+]?[0-9]+", "-+0123456789")
_plain("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+", "-+.0123456789")
_plain("null", "~|null|Null|NULL|", "~nN")
_plain("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789")
_plain("merge", "<<", "<")
_Loader.yaml_implicit_resolvers[""] = [("tag:yaml.org,2002:null", re.compile("^$"))]


def load(text: str) -> Any:
    """Read a text. Raises NotYaml."""
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(mark.line + 1 if mark else 1, str(error.problem or error).split("\n", 1)[0]) from None
    except yaml.YAMLError as error:
        raise NotYaml(1, str(error).split("\n", 1)[0]) from None


def _mapping(loader: Any, node: MappingNode) -> Entries:
    found = Entries()
    for key_node, value_node in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            for key, value in loader.construct_object(value_node, deep=True).items():
                found.setdefault(key, value)
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int):
            raise ConstructorError(None, None, "a key must be a word or a number", key_node.start_mark)
        if key in found.lines:
            raise ConstructorError(None, None, f'found duplicate key "{key}"', key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = key_node.start_mark.line + 1
    return found


def _sequence(loader: Any, node: SequenceNode) -> Items:
    found = Items()
    for item in node.value:
        found.append(loader.construct_object(item, deep=True))
        found.lines.append(item.start_mark.line + 1)
    return found


def _number(loader: Any, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _sequence)
_Loader.add_constructor("tag:yaml.org,2002:int", _number)
