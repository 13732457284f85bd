"""What a letter written while the bot runs may use: plain placeholders, and a choice between videos that are there or not.

Such a text comes from a form. It is read, never run, before it is known to hold no loop and no arithmetic.
"""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from bot.content.filling import LETTERS, TemplateFault
from bot.content.findings import Finding

PARTS = ("date", "time", "number", "title")
_PLAIN = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.Not,
          nodes.Getattr, nodes.Call)  # fmt: skip


def faults(body: str, names: Collection[str], meetings: Collection[str]) -> list[tuple[int, Finding]]:
    """Return every placeholder that cannot be filled, with its line; nothing is filled."""
    try:
        tree = LETTERS.parse(body)
    except (TemplateSyntaxError, RecursionError) as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else 1
        return [(line, Finding("template", str(error), {"text": _line_of(body, line)}))]
    return list(_in_tree(tree, names, meetings))


def _in_tree(
    tree: nodes.Template, names: Collection[str], meetings: Collection[str]
) -> Iterator[tuple[int, Finding]]:
    for node in tree.find_all(nodes.Node):
        if not _is_plain(node):
            yield node.lineno, Finding("template_complex", "only plain placeholders may stand here")
        elif isinstance(node, nodes.Name) and node.name not in names:
            allowed = ", ".join(sorted(names))
            values = {"name": node.name, "allowed": allowed}
            yield node.lineno, Finding("unknown_placeholder", f"{node.name} is not one of {allowed}", values)
        elif isinstance(node, nodes.Getattr) and node.attr not in PARTS:
            values = {"name": node.attr, "allowed": ", ".join(PARTS)}
            yield node.lineno, Finding("unknown_part", f"there is no {node.attr}", values)
        elif isinstance(node, nodes.Call) and (code := _code(node)) not in meetings:
            yield node.lineno, Finding("unknown_meeting", f"there is no meeting {code}", {"name": code})


def _is_plain(node: Any) -> bool:
    if isinstance(node, nodes.Call):
        named = isinstance(node.node, nodes.Name) and node.node.name == "event"
        words = [arg for arg in node.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        return named and plain and len(words) == len(node.args) == 1
    if isinstance(node, nodes.Getattr):
        of_circle = isinstance(node.node, nodes.Name) and node.node.name == "circle"
        return of_circle or isinstance(node.node, nodes.Call)
    return isinstance(node, _PLAIN) or type(node) is nodes.Node


def _code(call: nodes.Call) -> str:
    return str(call.args[0].value) if isinstance(call.args[0], nodes.Const) else ""


def meetings_in(body: str) -> frozenset[str]:
    """Return the meetings a letter speaks of by their id; of a text that cannot be read, none."""
    try:
        tree = LETTERS.parse(body)
    except (TemplateSyntaxError, RecursionError):
        return frozenset()
    calls = tree.find_all(nodes.Call)
    return frozenset(
        call.args[0].value for call in calls
        if call.args and isinstance(call.args[0], nodes.Const) and isinstance(call.args[0].value, str)
    )  # fmt: skip


@lru_cache(maxsize=256)
def require_plain(body: str) -> None:
    """Raise TemplateFault when a text written while the bot runs holds more than plain placeholders."""
    try:
        tree = LETTERS.parse(body)
    except TemplateSyntaxError as error:
        raise TemplateFault(str(error.message), error.lineno) from error
    for node in tree.find_all(nodes.Node):
        if not _is_plain(node):
            raise TemplateFault("only plain placeholders may stand here", node.lineno)


def _line_of(body: str, number: int) -> str:
    lines = body.splitlines()
    return lines[number - 1].strip()[:60] if 0 < number <= len(lines) else ""
