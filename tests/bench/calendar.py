"""A year's posts as our ledger, and as jobs in APScheduler's own SQLAlchemy job store: planned, moved, killed.

Both lie in a SQLite file of the same settings. Planning and moving are timed here; what sends is a process of its
own (tests/bench/calendar_worker.py) that is killed in the middle, or was away when posts were due.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.date import DateTrigger
from sqlalchemy import delete, select, update

from bot.app import App, build, content_of
from bot.domain.clock import FixedClock
from bot.services.places import village_key
from bot.services.village_list import VillageRow
from bot.storage import upgrade as migrations
from bot.storage.models import Delivery, DiscordPlace, Event
from tests.bench.calendar_worker import job_store, send_slowly
from tests.bench.ledger import BEGINS, FACTS, START_YEAR
from tests.bench.programme import LETTER, SECRETARIAT
from tests.bench.server import ROOT
from tests.support.databases import sqlite_url

MEETING = "VC06"
SENT_BEFORE_KILL = 10
LEASE_OVER = timedelta(minutes=1)
AWAY = timedelta(hours=1)
Dues = dict[str, datetime]


@dataclass
class Kept:
    """How a way of keeping a year's posts fared; the posts due are one letter's, one for each village."""

    posts: int
    plan_seconds: float
    move_seconds: float
    moved: int
    due: int
    lost_at_kill: int
    doubled_at_kill: int
    sent_after_absence: int
    dropped_after_absence: int


async def calendar(villages: int) -> dict[str, Any]:
    """Keep the same year's posts in both ways. Returns the figures and ratios."""
    with TemporaryDirectory(prefix="blup-bench-") as name:
        folder = Path(name)
        async with _programme(sqlite_url(folder / "ours.sqlite3"), villages) as app:
            begun = perf_counter()
            await app.services.planning.refresh()
            planned = perf_counter() - begun
            before = await _dues(app)
            moving = perf_counter()
            await _move(app)
            moved = perf_counter() - moving
            after = await _dues(app)
        followed = {key: due for key, due in after.items() if due != before.get(key, due)}
        ours = Kept(len(before), planned, moved, len(followed), *await _ours_away(folder, villages))
        seconds = _in_job_store(folder / "jobs.sqlite3", before, followed)
        theirs = Kept(len(before), *seconds, len(followed), *await _jobs_away(folder, villages))
    ratios = {
        "plan": round(theirs.plan_seconds / ours.plan_seconds, 2),
        "move": round(theirs.move_seconds / ours.move_seconds, 2),
    }
    return {"villages": villages, "ours": _rounded(ours), "job_store": _rounded(theirs),
            "job_store_times_ours": ratios}  # fmt: skip


def _rounded(kept: Kept) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(kept).items()}


@asynccontextmanager
async def _programme(url: str, villages: int) -> AsyncIterator[App]:
    app = build(url, content_of(None), FACTS, FixedClock(BEGINS))
    await migrations.upgrade(app.database.engine)
    rows = [
        VillageRow(number + 2, f"Kommune {number // 48}", f"Landsby {number}") for number in range(villages)
    ]
    await app.services.cohorts.import_villages(rows, START_YEAR)
    yield app
    await app.stop()


async def _dues(app: App) -> Dues:
    async with app.database.transaction() as session:
        rows = await session.execute(select(Delivery.key, Delivery.due_at).where(Delivery.state == "pending"))
        return dict(rows.all())


async def _move(app: App) -> None:
    cohort = await app.services.cohorts.cohort(START_YEAR)
    async with app.database.transaction() as session:
        starts_at = await session.scalar(
            select(Event.starts_at).where(Event.code == MEETING, Event.village_id.is_(None))
        )
    assert starts_at is not None
    await app.services.planning.move(SECRETARIAT, cohort.id, MEETING, starts_at + timedelta(days=1))


def _in_job_store(file: Path, dues: Dues, followed: Dues) -> tuple[float, float]:
    """Add a job for each post, then move those that follow; their keys and dues are given, none is looked for."""
    with _scheduler(file) as scheduler:
        begun = perf_counter()
        _add(scheduler, dues.items(), file)
        planned = perf_counter() - begun
        moving = perf_counter()
        for key, due in followed.items():
            scheduler.reschedule_job(key, trigger=DateTrigger(due))
        return planned, perf_counter() - moving


class Planner(BaseScheduler):  # type: ignore[misc]
    """A scheduler that keeps jobs and runs none."""

    def wakeup(self) -> None:
        """Stay asleep."""

    def shutdown(self, wait: bool = True) -> None:
        """Close the store."""
        super().shutdown(wait)


@contextmanager
def _scheduler(file: Path) -> Iterator[Planner]:
    scheduler = Planner(jobstores={"default": job_store(file)}, timezone=UTC)
    scheduler.start(paused=True)
    try:
        yield scheduler
    finally:
        scheduler.shutdown()


def _add(scheduler: Planner, dues: Iterable[tuple[str, datetime]], said: Path) -> None:
    for key, due in dues:
        scheduler.add_job(send_slowly, DateTrigger(due), args=[key, str(said)], id=key)


async def _ours_away(folder: Path, villages: int) -> tuple[int, int, int, int, int]:
    url, said, late = sqlite_url(folder / "due.sqlite3"), folder / "ours.txt", folder / "ours-late.txt"
    due_at = await _only_the_letter(url, villages)
    await _killed("ours", url, str(said), due_at.isoformat())
    await _ends("ours", url, str(said), (due_at + LEASE_OVER).isoformat())
    url = sqlite_url(folder / "late.sqlite3")
    await _only_the_letter(url, villages)
    await _ends("ours", url, str(late), (due_at + AWAY).isoformat())
    return _counts(said, late, villages)


async def _only_the_letter(url: str, villages: int) -> datetime:
    """Leave one letter to every village, and nothing else, to be sent. Returns when it is due."""
    async with _programme(url, villages) as app:
        await app.services.planning.refresh()
        places = await app.services.cohorts.villages()
        async with app.database.transaction() as session:
            session.add_all(DiscordPlace(key=village_key(one.id), discord_id=1000 + one.id) for one in places)
            letter = Delivery.key.startswith(f"{LETTER}:village:")
            await session.execute(delete(Delivery).where(~letter))
            due_at = await session.scalar(select(Delivery.due_at).where(letter).limit(1))
            assert due_at is not None
            await session.execute(update(Delivery).values(due_at=due_at))
        return due_at


async def _jobs_away(folder: Path, villages: int) -> tuple[int, int, int, int, int]:
    said, late = folder / "jobs.txt", folder / "jobs-late.txt"
    file, soon = folder / "due-jobs.sqlite3", datetime.now(UTC) + timedelta(seconds=6)
    keys = [f"{LETTER}:village:{number}" for number in range(villages)]
    with _scheduler(file) as scheduler:
        _add(scheduler, ((key, soon) for key in keys), said)
    await _killed("job_store", str(file), str(said))
    await _ends("job_store", str(file), str(said))
    file = folder / "late-jobs.sqlite3"
    with _scheduler(file) as scheduler:
        _add(scheduler, ((key, datetime.now(UTC) - AWAY) for key in keys), late)
    await _ends("job_store", str(file), str(late))
    return _counts(said, late, villages)


def _counts(said: Path, late: Path, due: int) -> tuple[int, int, int, int, int]:
    sent, after = _lines(said), set(_lines(late))
    return due, due - len(set(sent)), len(sent) - len(set(sent)), len(after), due - len(after)


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


async def _killed(*said: str) -> None:
    """Let a process send, and kill it when some posts have gone out and others are in the air."""
    process, file = await _worker(*said), Path(said[2])
    while len(_lines(file)) < SENT_BEFORE_KILL and process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    process.kill()
    await process.wait()


async def _ends(*said: str) -> None:
    if await (await _worker(*said)).wait():
        raise RuntimeError(f"the worker failed: {said[0]}")


async def _worker(*said: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.calendar_worker", *said, cwd=ROOT
    )
