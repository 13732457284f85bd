"""`blup run --rehearse-from`: the bot at another time, on a database that serves nothing else."""

import asyncio
import shutil
import signal
from datetime import datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bot.cli.rehearsal import clock_for
from bot.domain.clock import RehearsalClock
from bot.domain.errors import StartupError
from tests.wire.conftest import VILLAGES, Scene, Scenes
from tests.wire.process import Finished, Machine
from tests.wire.programmes import PHONE
from tests.wire.troubles import Trouble

BEFORE_THE_LETTER = ("run", "--rehearse-from", "2027-10-14T09:59+02:00")  # of the first village circle
DUE = datetime(2027, 10, 14, 8, 0)  # noqa: DTZ001 - as SQLite keeps it
SEND = ("POST", "/channels/*/messages")
STOPS_WITHIN = 10.0
PATIENCE = 60.0


def is_one_plain_line(end: Finished) -> bool:
    return end.err.startswith("blup: ") and end.err.count("\n") == 1


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory, content: Path) -> Path:
    """A rehearsal's database with the three villages, made by the commands that an operator writes."""
    home = tmp_path_factory.mktemp("rehearsal")
    database, villages = home / "blup.sqlite3", home / "landsbyer.csv"
    villages.write_text(VILLAGES, "utf-8")
    machine = Machine(
        home,
        {
            "BLUP_DATABASE_URL": f"sqlite:///{database}",
            "BLUP_CONTENT_DIR": str(content),
            "BLUP_HELP_PHONE": PHONE,
        },
    )

    async def fill() -> None:
        made = await machine.blup("db", "upgrade", "--rehearsal")
        assert made.code == 0 and made.out.startswith("rehearsal database at version"), made
        imported = await machine.blup("villages", "import", str(villages), "--start-year", "2027")
        assert imported.code == 0 and imported.out.startswith("rehearsal, cohort 2027: 3 created"), imported

    try:
        asyncio.run(fill())
    finally:
        machine.close()
    return database


@pytest.fixture
async def stage(scenes: Scenes, rehearsal: Path) -> Scene:
    """A scene with a rehearsal's database instead of the programme's."""
    scene = await scenes()
    shutil.copyfile(rehearsal, scene.machine.home / "blup.sqlite3")
    scene.server()
    return scene


def letters(scene: Scene) -> list[datetime]:
    """Return when the letter came to each village that has it, in the rehearsal's time."""
    rows = scene.ledger("SELECT sent_at FROM delivery WHERE key LIKE 'NL-V01:village:%' AND state = 'sent'")
    return [datetime.fromisoformat(str(row[0])) for row in rows]


async def all_letters(scene: Scene) -> list[datetime]:
    """Wait until the letter stands in all three villages. Raises TimeoutError."""
    return await scene.discord.until(lambda: found if len(found := letters(scene)) == 3 else None, PATIENCE)


def standing(scene: Scene) -> int:
    """Return how many messages stand in all channels together."""
    return sum(len(held) for held in scene.discord.backend.messages.values())


def sends(scene: Scene) -> int:
    """Return how often the bot has asked Discord to post a message."""
    return sum(method == SEND[0] and fnmatch(path, SEND[1]) for method, path in scene.discord.requests)


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def test_a_letter_that_is_due_in_a_minute_is_posted_in_a_second_and_nothing_that_lies_after(
    stage: Scene,
) -> None:
    bot = stage.machine.start(*BEFORE_THE_LETTER, "--speed", "60")
    await stage.welcome(PATIENCE)
    early, began = letters(stage), seconds()
    came = await all_letters(stage)
    assert early == []
    assert seconds() - began < 20  # at the true pace it would be most of a minute
    assert all(DUE <= at < DUE + timedelta(minutes=5) for at in came)
    await asyncio.sleep(1)  # another minute
    done = stage.ledger("SELECT DISTINCT due_at FROM delivery WHERE state = 'sent' AND kind = 'newsletter'")
    assert done == [("2027-10-14 08:00:00.000000",)]
    (due,) = stage.ledger("SELECT min(due_at) FROM delivery WHERE state = 'pending'")[0]
    assert str(due) > "2027-10-14 09"
    assert standing(stage) == stage.ledger("SELECT count(*) FROM delivery WHERE state = 'sent'")[0][0]
    assert stage.ledger("SELECT DISTINCT created_at FROM village") == [("2027-07-31 22:00:00.000000",)]
    bot.stop()
    end = await bot.ended(STOPS_WITHIN)
    assert (end.code, end.out) == (0, "")
    assert "rehearsal: it is 2027-10-14T07:59:" in end.err and "60 times as fast" in end.err


async def test_a_wait_before_another_try_lasts_its_real_seconds_however_fast_the_time_runs(
    stage: Scene,
) -> None:
    accident = stage.discord.go_wrong(*SEND, Trouble.ERROR_503)
    stage.machine.start(*BEFORE_THE_LETTER, "--speed", "3600")
    await stage.discord.until(lambda: accident.met, PATIENCE)
    failed_at = seconds()

    def tried_again() -> bool:
        return bool(stage.ledger("SELECT 1 FROM delivery WHERE state = 'sent' AND attempts = 2"))

    await stage.discord.until(tried_again, 20)  # long before the letter at the true pace
    assert seconds() - failed_at > 1.8
    came = await all_letters(stage)
    (sent_at,) = stage.ledger("SELECT sent_at FROM delivery WHERE attempts = 2")[0]
    assert datetime.fromisoformat(str(sent_at)) < DUE
    assert all(DUE <= at < DUE + timedelta(minutes=5) for at in came)


async def test_killed_and_started_again_at_another_moment_it_finds_what_it_had_posted(stage: Scene) -> None:
    stage.discord.go_wrong(*SEND, Trouble.HOLD)
    bot = stage.machine.start(*BEFORE_THE_LETTER)
    await stage.welcome(PATIENCE)
    bot.stop(signal.SIGKILL)
    await bot.ended()
    assert stage.ledger("SELECT 1 FROM delivery WHERE state = 'claimed'")

    stage.machine.start("run", "--rehearse-from", "2027-10-14T10:30+02:00")
    await all_letters(stage)
    await stage.discord.until(
        lambda: not stage.ledger("SELECT 1 FROM delivery WHERE state = 'claimed'"), PATIENCE
    )
    assert sends(stage) == standing(stage)
    assert len(stage.welcomes()) == 1


async def test_the_programmes_database_and_a_rehearsals_are_never_mixed_up(
    scene: Scene, stage: Scene
) -> None:
    def kept(one: Scene) -> list[tuple[object, ...]]:
        return one.ledger("SELECT version_num, made_at FROM alembic_version LEFT JOIN rehearsal_mark ON true")

    before = kept(scene), kept(stage)
    own, rehearsed = scene.machine, stage.machine
    *ends, health = await asyncio.gather(
        own.blup(*BEFORE_THE_LETTER),
        own.blup("db", "upgrade", "--rehearsal"),
        rehearsed.blup("run"),
        rehearsed.blup("provision"),
        rehearsed.blup("db", "upgrade"),
        rehearsed.blup("run", "--rehearse-from", "2027-10-14T09:59"),
        rehearsed.blup("doctor", "--quick"),
    )
    assert [(end.code, end.out) for end in ends] == [(2, "")] * len(ends)
    assert all(is_one_plain_line(end) for end in ends), ends
    complaints = (
        "programme's own database",
        "already",
        "--rehearse-from",
        "--rehearse-from",
        "--rehearsal",
        "offset",
    )
    assert all(complaint in end.err for complaint, end in zip(complaints, ends, strict=True)), ends
    assert (health.code, "rehearsals only" in health.out) == (0, True)
    assert (kept(scene), kept(stage)) == before
    assert scene.channels() == stage.channels() == []
    again = await rehearsed.blup("db", "upgrade", "--rehearsal")
    assert (again.code, kept(stage)) == (0, before[1])


@pytest.mark.parametrize("speed", ["", "nan", "inf", "0", "-1", "0.01", "3601", "quick"])
def test_a_speed_that_makes_no_sense_is_refused(speed: str) -> None:
    with pytest.raises(StartupError, match=r"^--speed: .* from 0\.1 to 3600$"):
        clock_for("2027-10-14T09:59+02:00", speed)


@pytest.mark.parametrize(
    "moment", ["", "2027-10-14", "2027-10-14T09:59", "1999-12-31T23:59Z", "2101-01-01T00:00Z", "09:59+02:00"]
)
def test_a_moment_that_is_none_is_refused(moment: str) -> None:
    with pytest.raises(StartupError, match=r"^--rehearse-from: .* offset"):
        clock_for(moment, None)


def test_a_speed_without_a_moment_is_refused_and_a_fraction_is_a_speed() -> None:
    with pytest.raises(StartupError, match="--rehearse-from"):
        clock_for(None, "60")
    clock = clock_for("2027-10-14T09:59+02:00", "2.5")
    assert isinstance(clock, RehearsalClock) and clock.speed == 2.5
