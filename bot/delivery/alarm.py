"""The alarm clock: wakes the work when something is due, and at least every few minutes.

APScheduler keeps one job in memory. The database is the truth, so nothing is lost with it.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from bot.domain.clock import Clock

log = logging.getLogger(__name__)
Round = Callable[[], Awaitable[datetime | None]]
AFTER_FAILURE = timedelta(seconds=10)


class Alarm:
    """Runs a round of work now and then; a round says when the next thing is due."""

    def __init__(self, round_of_work: Round, clock: Clock, longest: timedelta = timedelta(minutes=5)) -> None:
        self._round, self._clock, self._longest = round_of_work, clock, longest
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._running = self._again = False

    def start(self) -> None:
        """Begin, with a first round at once."""
        self._scheduler.start()
        self._set(self._clock.now())

    def stop(self) -> None:
        """Ring no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def wake(self) -> None:
        """Do a round now, or right after the one that is going on."""
        if self._running:
            self._again = True
        elif self._scheduler.running:
            self._set(self._clock.now())

    def _set(self, at: datetime) -> None:
        self._scheduler.add_job(self._ring, DateTrigger(at, UTC), id="round", replace_existing=True)

    async def _ring(self) -> None:
        self._running, self._again = True, False
        next_at: datetime | None = self._clock.now() + AFTER_FAILURE
        try:
            next_at = await self._round()
        except Exception:
            log.exception("a round of work failed; trying again soon", extra={"action": "round"})
        finally:
            self._running = False
            now = self._clock.now()
            wanted = now if self._again else min(next_at or now + self._longest, now + self._longest)
            if self._scheduler.running:
                self._set(max(wanted, now))
