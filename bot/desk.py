"""The desk at which people are served: a few at a time, and the others hear at once that they are in line.

Discord gives up on a click after 3 s. In a storm of clicks, telling people that they have been heard comes before
serving the next one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

AT_ONCE = 4
TELLING_SECONDS = 1.0  # so long at most the next one waits for others to be told: a storm may last


class Desk:
    """Who is served, and who is being told to wait."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._being_told = 0
        self._all_told = asyncio.Event()
        self._all_told.set()

    @property
    def busy(self) -> bool:
        """Whether somebody who comes now has to wait."""
        return self._places.locked() or not self._all_told.is_set()

    async def tell(self, telling: Awaitable[None]) -> None:
        """Tell somebody to wait; nobody new is served before it is done."""
        self._being_told += 1
        self._all_told.clear()
        try:
            await telling
        finally:
            self._being_told -= 1
            if not self._being_told:
                self._all_told.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn and take it."""
        async with self._places:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_told.wait(), TELLING_SECONDS)
            yield
