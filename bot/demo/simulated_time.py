"""One clock for the bot, the alarm clock and Discord while a year passes in seconds.

The embedded Discord keeps the time; everything else asks it. It knows nothing of the
programme, and production code never imports it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from typing import Any, Protocol

# APScheduler has no clock to inject: these modules ask `datetime.now` by that name.
_SCHEDULER_MODULES = (
    "apscheduler.schedulers.base",
    "apscheduler.executors.base",
    "apscheduler.triggers.interval",
    "apscheduler.triggers.date",
)


class TimeKeeper(Protocol):
    """Whatever holds the simulated time: a `simcord.Env`."""

    def now(self) -> datetime:
        """Return the simulated moment, aware and in UTC."""
        ...


class SimulatedClock:
    """The bot's clock inside the embedded Discord."""

    def __init__(self, keeper: TimeKeeper) -> None:
        self._keeper = keeper

    def now(self) -> datetime:
        """Return the simulated moment, aware and in UTC."""
        return self._keeper.now().astimezone(UTC)

    def machine_time(self, moment: datetime) -> datetime:
        """Return the moment itself: whoever waits by the machine's clock reads the simulated one (below)."""
        return moment


@contextmanager
def scheduler_reads(
    clock: TimeKeeper, inside_bot: Callable[[], AbstractContextManager[None]]
) -> Iterator[None]:
    """Let every APScheduler of the process read `clock` until the block is left.

    Whoever arms an alarm, it rings inside the bot: an alarm armed by a test that calls a
    service directly would otherwise run in real time, and never ring in a simulated year.
    Raises `RuntimeError` when APScheduler no longer has the parts that are replaced.
    """
    modules = [import_module(name) for name in _SCHEDULER_MODULES]
    for module in modules:
        found = getattr(module, "datetime", None)
        if not (isinstance(found, type) and issubclass(found, datetime)):
            raise RuntimeError(f"{module.__name__} has no `datetime` to replace: APScheduler changed")
    originals = [module.__dict__["datetime"] for module in modules]
    replacement = _datetime_reading(clock)
    asyncio_scheduler: Any = import_module("apscheduler.schedulers.asyncio").AsyncIOScheduler
    wakeup = asyncio_scheduler.wakeup

    def wakeup_inside_bot(scheduler: Any) -> None:
        with inside_bot():
            wakeup(scheduler)

    for module in modules:
        module.__dict__["datetime"] = replacement
    asyncio_scheduler.wakeup = wakeup_inside_bot
    try:
        yield
    finally:
        asyncio_scheduler.wakeup = wakeup
        for module, original in zip(modules, originals, strict=True):
            module.__dict__["datetime"] = original


class _AnyDatetime(type):
    """Makes every true datetime an instance of the replacement, as APScheduler expects."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


def _datetime_reading(clock: TimeKeeper) -> type[datetime]:
    class SimulatedDatetime(datetime, metaclass=_AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            moment = clock.now()
            return moment.astimezone(tz) if tz else moment.astimezone().replace(tzinfo=None)

    return SimulatedDatetime
