"""The one clock of the whole bot; no other module asks the machine what time it is."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the present moment."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...

    def machine_time(self, moment: datetime) -> datetime:
        """Return what the machine's own clock will show when this one shows a moment."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        return datetime.now(UTC)

    def machine_time(self, moment: datetime) -> datetime:
        """Return the moment itself."""
        return moment


class FixedClock:
    """A clock that stands still until it is set: for tests and dry runs."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment it was last set to."""
        return self.at

    def machine_time(self, moment: datetime) -> datetime:
        """Return the moment itself."""
        return moment


class RehearsalClock:
    """A clock that begins at any moment and can run faster than time does.

    It keeps the true pace, a second in a second, until it is let go, and again when it is held: what is promised
    in real seconds, such as a lease or the wait before another try, is kept as long as it is held.
    """

    def __init__(self, start: datetime, speed: float, ticks: Callable[[], float] = time.monotonic) -> None:
        """Begin now at `start`; `ticks` counts real seconds, and no change of the machine's time moves it."""
        self.speed = speed
        self._ticks = ticks
        self._shown, self._shown_at, self._pace = start.astimezone(UTC), ticks(), 1.0

    def now(self) -> datetime:
        """Return the present moment of the rehearsal, aware and in UTC."""
        return self._shown_after(self._ticks())

    def machine_time(self, moment: datetime) -> datetime:
        """Return what the machine's own clock will show when this one, at its present pace, shows a moment."""
        return SystemClock().now() + (moment - self.now()) / self._pace

    def let_go(self) -> None:
        """Run at the wanted speed."""
        self._run_at(self.speed)

    def hold(self) -> None:
        """Run at the true pace."""
        self._run_at(1.0)

    def _run_at(self, pace: float) -> None:
        tick = self._ticks()
        self._shown, self._shown_at, self._pace = self._shown_after(tick), tick, pace

    def _shown_after(self, tick: float) -> datetime:
        return self._shown + timedelta(seconds=(tick - self._shown_at) * self._pace)
