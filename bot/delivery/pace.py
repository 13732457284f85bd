"""The pace of requests: as many a second as Discord allows a bot and no more, so that none is answered with 429.

It sits on the HTTP session itself, so that it sees every request, also those that discord.py tries again.
What answers a person never waits behind a broadcast; Discord does not count interaction answers at all.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp

log = logging.getLogger(__name__)
LIMIT_PER_SECOND = 50  # Discord's limit for a bot, interaction answers not counted
PER_SECOND = 48.9  # at most 49 evenly spaced fall into any second, and one more that is caught up with
RESERVED_AT_ONCE = 8  # moments that a process takes from the common pace: about 160 ms of it
_LONGEST_LAG = 2.0
_FREE = ("/interactions/", "/webhooks/")
_PATIENT: ContextVar[bool] = ContextVar("patient", default=False)


@contextmanager
def patiently() -> Iterator[None]:
    """Let the requests made inside wait behind those that answer people."""
    token = _PATIENT.set(True)
    try:
        yield
    finally:
        _PATIENT.reset(token)


Reserve = Callable[[float], Awaitable[float]]


class Pace:
    """Lets requests through one by one, evenly spaced; a late one may be caught up with, but only one."""

    def __init__(self, per_second: float = PER_SECOND) -> None:
        self._interval = self._slack = 1 / per_second
        self._next_at = 0.0
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {False: deque(), True: deque()}
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, *, patient: bool = False) -> None:
        """Wait for one's turn."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[patient].append(turn)
        if self._timer is None:
            self._let_through()
        await turn

    def hold(self, seconds: float) -> None:
        """Let nothing through for a while: Discord has said so."""
        self._next_at = max(self._next_at, asyncio.get_running_loop().time() + seconds)

    def _let_through(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while (waiting := self._next_in_line()) is not None:
            now = loop.time()
            if now < self._next_at:
                self._timer = loop.call_at(self._next_at, self._let_through)
                return
            if not self._may_use(now):
                return
            self._next_at = max(self._next_at, now - self._slack) + self._interval
            waiting.popleft().set_result(None)

    def _may_use(self, _now: float) -> bool:
        """Tell whether this moment is ours."""
        return True

    def _next_in_line(self) -> deque[asyncio.Future[None]] | None:
        """Return the line whose turn it is, after those who gave up waiting are taken out."""
        for waiting in self._waiting.values():
            while waiting and waiting[0].done():
                waiting.popleft()
            if waiting:
                return waiting
        return None


class SharedPace(Pace):
    """One pace for several processes: each takes a few moments at a time from the common one."""

    def __init__(self, reserve: Reserve, per_second: float = PER_SECOND) -> None:
        """`reserve` takes so many seconds of the common pace, and returns how many seconds off they begin."""
        super().__init__(per_second)
        self._slack = 0.0  # what one process is late for may be another's by now
        self._reserve = reserve
        self._ours_until = self._lag = (
            0.0  # the lag: how late the last answer was read; so much more is asked for
        )
        self._reserving: asyncio.Task[None] | None = None

    def _may_use(self, now: float) -> bool:
        if now < self._ours_until:
            return True
        if self._reserving is None:
            self._reserving = asyncio.create_task(self._take_more())
        return False

    async def _take_more(self) -> None:
        loop = asyncio.get_running_loop()
        asked_at, span = loop.time(), RESERVED_AT_ONCE * self._interval + self._lag
        try:
            begins_in = await self._reserve(span)
        except Exception as error:
            log.warning("the common pace cannot be asked: %s", error, extra={"action": "pace"})
            begins_in = 1.0  # the database is away; nothing is claimed without it either
        self._lag = min(loop.time() - asked_at, _LONGEST_LAG)
        self._next_at = max(self._next_at, loop.time() + begins_in)
        # Counted from the question: an answer that is read late must not reach into another process's moments.
        self._ours_until = asked_at + begins_in + span - self._interval / 2
        self._reserving = None
        self._let_through()


def paced(pace: Pace) -> aiohttp.TraceConfig:
    """Return what discord.Client takes as `http_trace`, so that every request waits for its turn."""

    async def before(_session: aiohttp.ClientSession, _context: SimpleNamespace,
                     start: aiohttp.TraceRequestStartParams) -> None:  # fmt: skip
        if not any(part in start.url.path for part in _FREE):
            await pace.take(patient=_PATIENT.get())

    async def after(_session: aiohttp.ClientSession, _context: SimpleNamespace,
                    end: aiohttp.TraceRequestEndParams) -> None:  # fmt: skip
        if end.response.status == 429 and end.response.headers.get("X-RateLimit-Global"):
            pace.hold(float(end.response.headers.get("Retry-After", 1)))

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(before)
    trace.on_request_end.append(after)
    return trace
