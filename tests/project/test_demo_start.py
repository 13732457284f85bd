"""`blup demo` finds out before the year whether it can be lived through, and says in a line what is in the way."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.demo import own_database
from bot.domain.errors import StartupError
from tests.support.short_programme import short_programme


def test_content_with_nothing_but_a_spelling_fault_is_refused(tmp_path: Path) -> None:
    folder = short_programme(tmp_path / "content")
    (folder / "tone.yaml").write_text("dictionary: en\n", "utf-8")
    (folder / "dictionary").mkdir()
    (folder / "dictionary" / "en.aff").write_text("SET UTF-8\n", "utf-8")
    (folder / "dictionary" / "en.dic").write_text("1\nhello\n", "utf-8")
    command = [sys.executable, "-m", "bot", "demo", "--headless", "--content", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    *faults, last = done.stderr.splitlines()
    assert done.returncode == 2
    assert "nothing was started" in last
    assert faults and all("is not in the dictionary" in fault for fault in faults)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://u:secret@h/year", "--database is not valid. The programme database: sqlite:///path"),
        ("sqlite://year.sqlite3", "--database is not valid. The programme database: sqlite:///path"),
        ("postgresql://u:secret@127.0.0.1:1/year", "--database: the database cannot be opened: "),
        ("sqlite:////dev/null/year.sqlite3", "--database: the database cannot be opened: "),
    ],
)
def test_a_database_that_cannot_be_is_the_options_fault(url: str, problem: str) -> None:
    with pytest.raises(StartupError) as caught:
        own_database(url)
    assert str(caught.value).startswith(problem)
    assert "BLUP_DATABASE_URL" not in str(caught.value) and "secret" not in str(caught.value)


def test_a_database_that_can_be_opened_is_given_with_its_driver(tmp_path: Path) -> None:
    assert (
        own_database(f"sqlite:///{tmp_path}/year.sqlite3") == f"sqlite+aiosqlite:///{tmp_path}/year.sqlite3"
    )
