"""The alarm clock: wakes the work when something is due, and at least every few minutes.

APScheduler keeps one job in memory. The database is the truth, so nothing is lost with it. It knows the machine's
time only, so each ring is set in that; the steady watch is a matter of real minutes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from bot.domain.clock import Clock

log = logging.getLogger(__name__)
Work = Callable[[], Awaitable[None]]
Moment = Callable[[], Awaitable[datetime | None]]
AFTER_FAILURE = timedelta(seconds=10)


class Alarm:
    """Runs a round of work when something is due, then asks when the next thing is.

    Each ring is a job of its own, so that a ring set from inside another is never skipped; a steady watch
    looks every `longest`, whatever happens to the rings.
    """

    def __init__(
        self, work: Work, next_moment: Moment, clock: Clock, longest: timedelta = timedelta(minutes=5)
    ) -> None:
        self._work, self._next_moment, self._clock, self._longest = work, next_moment, clock, longest
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._watch: asyncio.TimerHandle | None = None
        self._ring_job: Job | None = None
        self._rings_at: datetime | None = None
        self._running = self._again = self._stopping = False
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    def start(self) -> None:
        """Begin, with a first round at once; one that has begun does a round."""
        if self._scheduler.running:
            self.wake()
            return
        self._scheduler.start()
        self._watch_on()
        self._set(self._clock.now())

    def _watch_on(self) -> None:
        """Look again after real seconds: a machine whose clock is put back rings late, and must not stand still."""
        self._watch = asyncio.get_running_loop().call_later(self._longest.total_seconds(), self._look)

    def _look(self) -> None:
        self.wake()
        self._watch_on()

    async def stop(self) -> None:
        """Ring no more, and wait for the round that is going on."""
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
        await self._at_rest.wait()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)  # it would cut short a round that goes on

    def wake(self) -> None:
        """Do a round now, or right after the one that is going on."""
        if self._running:
            self._again = True
        elif self._scheduler.running and not self._stopping:
            self._set(self._clock.now())

    def _set(self, at: datetime) -> None:
        if self._ring_job is not None:
            if self._rings_at is not None and self._rings_at <= at:
                return
            self._ring_job.remove()
        self._rings_at = at
        self._ring_job = self._scheduler.add_job(self._ring, DateTrigger(self._clock.machine_time(at), UTC))

    async def _ring(self) -> None:
        self._ring_job = self._rings_at = None
        if self._stopping:
            return
        if self._running:
            self._again = True
            return
        self._running, self._again = True, False
        self._at_rest.clear()
        next_at: datetime | None = self._clock.now() + AFTER_FAILURE
        try:
            await self._work()
            self._again = False  # what was planned until now is seen by the question that follows
            next_at = await self._next_moment()
        except Exception:
            log.exception("a round of work failed; trying again soon", extra={"action": "round"})
        finally:
            self._running = False
            now = self._clock.now()
            if self._scheduler.running and not self._stopping and (self._again or next_at is not None):
                self._set(now if self._again or next_at is None else max(next_at, now))
            self._at_rest.set()
