"""A programme under way, made by the commands that an operator writes, for machines on the loopback Discord."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.wire.process import Machine

CONTENT = Path(__file__).parents[2] / "content"
PHONE = "12 34 56 78"
FIRST_MONTH = 8  # a programme begins in August
NEEDED = ("samples", "longest_names")  # what texts are filled with when they are checked
SPELLING = ("*.dic", "*.aff")


def light_content(folder: Path) -> Path:
    """Copy the programme's content without the rules of its voice, which every process would apply anew."""
    shutil.copytree(CONTENT, folder, ignore=shutil.ignore_patterns(*SPELLING))
    tone = folder / "tone.yaml"
    rules = yaml.safe_load(tone.read_text("utf-8"))
    tone.write_text(yaml.safe_dump({key: rules[key] for key in NEEDED}), "utf-8")
    programme = folder / "programme.yaml"  # nobody sits at these programmes' desks to approve letters
    lines = programme.read_text("utf-8").splitlines(keepends=True)
    programme.write_text("".join(line for line in lines if "newsletter_approval:" not in line), "utf-8")
    return folder


def settings(database_url: str, content: Path) -> dict[str, str]:
    """Return the environment of a machine that works with a database."""
    return {
        "BLUP_DATABASE_URL": database_url,
        "BLUP_HELP_PHONE": PHONE,
        "BLUP_CONTENT_DIR": str(content),
    }


def many_villages(count: int) -> str:
    """Return the list of so many villages."""
    rows = (f"Kommune {number // 48};Landsby {number}" for number in range(count))
    return "\n".join(("kommune;landsby", *rows)) + "\n"


async def fill(home: Path, database_url: str, content: Path, villages: str) -> None:
    """Make the tables with `blup db upgrade`, and fill them with `blup villages import`."""
    file = home / "landsbyer.csv"
    file.write_text(villages, "utf-8")
    now = datetime.now(UTC)  # the bot in its own process has the real clock
    start_year = now.year if now.month >= FIRST_MONTH else now.year - 1
    machine = Machine(home, settings(database_url, content))
    try:
        made = await machine.blup("db", "upgrade")
        assert made.code == 0 and "was empty" in made.out, made
        imported = await machine.blup("villages", "import", str(file), "--start-year", str(start_year))
        assert imported.code == 0 and f"{_count(villages)} created" in imported.out, imported
    finally:
        machine.close()


def _count(villages: str) -> int:
    lines: Sequence[str] = villages.strip().splitlines()
    return len(lines) - 1
