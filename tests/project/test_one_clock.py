"""The whole bot runs on one injected clock."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READS_THE_MACHINE = ("datetime.now", "datetime.today", "utcnow", "date.today", "time.time")
SOURCES = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]


def _reads_of_the_machines_clock(source: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and f".{ast.unparse(node.func)}".endswith(tuple(f".{name}" for name in READS_THE_MACHINE))
    ]


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    clock = ROOT / "bot/domain/clock.py"
    readers = {path for path in SOURCES if _reads_of_the_machines_clock(path.read_text("utf-8"))}
    assert {path.relative_to(ROOT).as_posix() for path in readers - {clock}} == set()
    assert clock in readers


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("datetime.now(UTC)", True),
        ("datetime.datetime.now()", True),
        ("discord.utils.utcnow()", True),
        ("time.time()", True),
        ("self.clock.now()", False),
        ("'never datetime.now()'", False),
    ],
)
def test_a_read_of_the_machines_clock_is_recognised(source: str, found: bool) -> None:
    assert bool(_reads_of_the_machines_clock(source)) is found
