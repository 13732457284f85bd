"""A process that sends what is due and ends: `python -m tests.bench.calendar_worker ours|job_store WHERE FILE [MOMENT]`.

To send is to wait as long as Discord takes, and to write the post's key into a file that stands for the channels.
"""

import asyncio
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine, create_engine, event, select

from bot.app import App, build, content_of
from bot.delivery.dispatcher import Dispatcher
from bot.domain.clock import FixedClock
from bot.messages.message import Message
from bot.storage.database import prepare_sqlite
from bot.storage.models import Delivery
from tests.bench.ledger import FACTS

DISCORD_TAKES = 0.2
NOTHING_LEFT_FOR = 2.0  # so long the job store is watched after it is empty, while its threads still send


def job_store(file: Path) -> SQLAlchemyJobStore:
    """Open a job store in a SQLite file that is written the way ours is."""
    engine: Engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _record: object) -> None:
        level = connection.isolation_level  # type: ignore[attr-defined]
        prepare_sqlite(connection, _record)
        connection.isolation_level = level  # type: ignore[attr-defined]

    return SQLAlchemyJobStore(engine=engine)


def send_slowly(key: str, said: str) -> None:
    """Send a post, as a job."""
    time.sleep(DISCORD_TAKES)
    _say(Path(said), key)


def _say(file: Path, key: str) -> None:
    with file.open("a", encoding="utf-8") as channels:
        channels.write(f"{key}\n")


class FileGateway:
    """Channels in a file; a post is found again by its key."""

    def __init__(self, app: App, file: Path) -> None:
        self._app, self._file = app, file

    async def _key(self, mark: int) -> str:
        async with self._app.database.transaction() as session:
            return str(await session.scalar(select(Delivery.key).where(Delivery.id == mark)))

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int | None:
        """Write the post's key."""
        await asyncio.sleep(DISCORD_TAKES)
        _say(self._file, await self._key(mark))
        return mark

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        """Do nothing: no post here asks for one."""

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        """Look for the post's key."""
        there = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        return mark if await self._key(mark) in there else None

    async def private_channel(self, user_id: int) -> int:
        """Return the account itself."""
        return user_id

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        """Change nothing: no story here corrects a letter."""
        return True


async def _ours(url: str, file: Path, at: datetime) -> None:
    clock = FixedClock(at)
    app = build(url, content_of(None), FACTS, clock)
    await Dispatcher(app.services.outbox, FileGateway(app, file), clock).send_due()
    await app.stop()


def _job_store(store: Path) -> None:
    scheduler = BackgroundScheduler(jobstores={"default": job_store(store)}, timezone=UTC)
    scheduler.start()
    while scheduler.get_jobs():
        time.sleep(0.1)
    time.sleep(NOTHING_LEFT_FOR)
    scheduler.shutdown(wait=True)


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    way, where, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if way == "ours":
        asyncio.run(_ours(where, file, datetime.fromisoformat(sys.argv[4])))
    else:
        _job_store(Path(where))
