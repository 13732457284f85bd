"""Every line of the seed that names a meeting, a letter or a circle has a test that says so."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
LINES = {*range(3, 10), 17, *range(20, 26), 31, 36, 40, 46, 48, 55, *range(59, 65)}
_NUMBERS = re.compile(r"\bS(\d\d)\b(?:\s+to\s+S(\d\d)\b)?")


def _named() -> Iterator[int]:
    """Yield the lines that names and docstrings of tests speak of; "S62 to S64" are three."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for first, last in _NUMBERS.findall(f"{node.name} {ast.get_docstring(node) or ''}"):
                    yield from range(int(first), int(last or first) + 1)


def test_every_line_on_meetings_letters_and_circles_has_a_test_with_its_number() -> None:
    assert LINES - set(_named()) == set()
