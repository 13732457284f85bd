"""What can go wrong between a bot and the loopback Discord: for the next request that fits, or at random."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatch


class Trouble(Enum):
    """What can go wrong with one request."""

    ERROR_429 = 429
    ERROR_500 = 500
    ERROR_502 = 502
    ERROR_503 = 503
    DROP_BEFORE = "the connection breaks before the work is done"
    DROP_AFTER = "the work is done, and the connection breaks before the answer"
    HOLD = "the answer waits until `Accident.over` is set"


@dataclass
class Accident:
    """One trouble that waits for the next request that fits."""

    method: str
    path: str
    trouble: Trouble
    over: asyncio.Event = field(default_factory=asyncio.Event)
    met: bool = False

    def fits(self, method: str, path: str) -> bool:
        return not self.met and method == self.method and fnmatch(path, self.path)


class BadLuck:
    """Troubles that come at random, the same ones for the same seed and order of requests."""

    def __init__(self, chances: Mapping[Trouble, float], method: str, path: str, seed: int) -> None:
        self._chances, self._method, self._path = dict(chances), method, path
        self._random = random.Random(seed)

    def strikes(self, method: str, path: str) -> Trouble | None:
        """Draw for one request; those that do not fit draw nothing."""
        if not (fnmatch(method, self._method) and fnmatch(path, self._path)):
            return None
        drawn = self._random.random()
        for trouble, chance in self._chances.items():
            drawn -= chance
            if drawn < 0:
                return trouble
        return None


class Troubles:
    """All that waits to go wrong."""

    def __init__(self) -> None:
        self._accidents: list[Accident] = []
        self._bad_luck: BadLuck | None = None

    def arrange(self, accident: Accident) -> None:
        """Put one trouble in line; those of one path come in turn."""
        self._accidents.append(accident)

    def leave_to_luck(self, bad_luck: BadLuck) -> None:
        """Let requests meet troubles at random, by these chances alone."""
        self._bad_luck = bad_luck

    def of(self, method: str, path: str) -> Accident | None:
        """Return what goes wrong with this request, if anything."""
        for accident in self._accidents:
            if accident.fits(method, path):
                accident.met = True
                return accident
        trouble = self._bad_luck.strikes(method, path) if self._bad_luck else None
        return Accident(method, path, trouble, met=True) if trouble else None

    def end(self) -> None:
        """Hold no answer any longer."""
        for accident in self._accidents:
            accident.over.set()
