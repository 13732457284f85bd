"""`blup decisions`, as an operator runs it on a SQLite file."""

import asyncio
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.faults import expected
from bot.domain.access import Role
from bot.services.decisions import Decisions
from bot.storage import upgrade as migrations
from bot.storage.database import Database
from tests.support.databases import sqlite_url
from tests.support.polls_world import polls_world
from tests.support.world import CONTENT, context_on


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with one decision in each of two villages, named by the environment."""
    found = tmp_path / "blup.sqlite3"

    async def make() -> None:
        database = Database(sqlite_url(found))
        await migrations.upgrade(database.engine)
        world = await polls_world(context_on(database))
        for place in (world.village, world.neighbour):
            lead = await world.person("Lis", Role.STEERING_LEAD, place)
            await Decisions(world.context).record(
                lead, place, title="Telt", text="Et telt.", decided_on=date(2027, 8, 2), how="Enighed"
            )
        await database.close()

    asyncio.run(make())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLUP_DATABASE_URL", f"sqlite:///{found}")
    monkeypatch.setenv("BLUP_CONTENT_DIR", str(CONTENT))
    return found


def blup(*words: str) -> tuple[int, str]:
    """Run a command; what it ends with and what it says."""
    done = CliRunner().invoke(app, ["decisions", *words])
    return done.exit_code, done.output


def test_a_whole_chain_ends_with_0_and_a_changed_row_with_1_and_its_number(file: Path) -> None:
    code, said = blup("verify")
    assert code == 0 and "Sønder Ørslev: 1 entries" in said and said.count("whole") == 2
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE decision SET text = 'To telte.' WHERE scope_key = 'village:1'")
    code, said = blup("verify")
    assert code == 1 and "BROKEN at SØND-2027-001" in said and said.count("whole") == 1
    assert blup("verify", "--village", "Sønder Ørslev")[0] == 1
    assert blup("verify", "--village", "Ålby")[0] == 0


def test_a_register_is_written_to_a_file(file: Path, tmp_path: Path) -> None:
    for option, name in (("--village", "Ålby"), ("--municipality", "næstved"), ("--cohort", "2027")):
        for form, begins in (("pdf", b"%PDF"), ("csv", b"\xef\xbb\xbf"), ("json", b"{")):
            out = tmp_path / f"out.{form}"
            code, said = blup("export", option, name, "--format", form, "--output", str(out))
            assert code == 0, said
            assert out.read_bytes().startswith(begins)
    with pytest.raises(SystemExit) as refused, expected():
        app(["decisions", "export", "--output", str(tmp_path / "x")], standalone_mode=False)
    assert refused.value.code == 2
