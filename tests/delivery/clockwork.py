"""An event loop whose time jumps to the next thing that waits: hours pass in no time, and always alike."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: it lets the loop's time jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.passed += timeout
        return super().select(0)


class Clockwork(asyncio.SelectorEventLoop):
    """A loop on time of its own."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1000.0 + self._jumping.passed

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing is done."""
        self._jumping.passed += seconds


def told(story: Callable[[Clockwork], Awaitable[None]]) -> None:
    """Tell a story on such a loop."""
    loop = Clockwork()
    try:
        loop.run_until_complete(asyncio.wait_for(story(loop), 3600))
    finally:
        loop.close()
