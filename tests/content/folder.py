"""A content folder to break: a copy of the small programme in tests/support, checked after each break."""

from dataclasses import dataclass
from pathlib import Path

from bot.content.check import Report, check
from bot.content.load import Content, load
from bot.content.source import Fault

OTHER = Path(__file__).parent.parent / "support" / "other_programme"


@dataclass
class Folder:
    """A copy of a content folder that a test may spoil."""

    path: Path
    supplies: dict[str, frozenset[str]] | None = None
    commands: frozenset[str] | None = None

    def change(self, file: str, old: str, new: str) -> None:
        """Replace the one place where `old` stands in a file."""
        text = (self.path / file).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (self.path / file).write_text(text.replace(old, new), "utf-8")

    def write(self, file: str, text: str) -> None:
        (self.path / file).parent.mkdir(parents=True, exist_ok=True)
        (self.path / file).write_text(text, "utf-8")

    def line(self, file: str, text: str) -> int:
        """Return the first line of a file that holds a text."""
        lines = (self.path / file).read_text("utf-8").splitlines()
        return next(number for number, line in enumerate(lines, start=1) if text in line)

    def load(self) -> Content:
        return load(self.path)

    def check(self, spelling: bool = True) -> Report:
        return check(self.load(), supplies=self.supplies, commands=self.commands, spelling=spelling)

    def faults(self) -> list[Fault]:
        return self.check().faults
