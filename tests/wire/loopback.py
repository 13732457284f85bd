"""A small Discord on this machine: REST and gateway over real sockets, for a bot in a process of its own.

The world and its routes are simcord's, with the strict layer's rules; here are only the sockets, the
real time, the rate limits, and what may go wrong on the way. It runs in the test's own event loop:

    async with Loopback() as discord:
        guild = discord.add_guild("Landsbyer", required_permissions())
        ...  # start `blup run` with BLUP_DISCORD_API=discord.address and DISCORD_TOKEN=discord.token
        discord.go_wrong("POST", "/channels/*/messages", Trouble.DROP_AFTER)
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import Self, TypeVar

import discord
from aiohttp import web
from simcord.backend.models import Channel, Guild, Message

from bot.demo import strict
from bot.demo._private_backend import SimulatedBackend
from bot.demo.nonces import WINDOW, Nonces
from tests.wire import answers
from tests.wire.limits import Limits, refusal
from tests.wire.sockets import Gateway
from tests.wire.troubles import Accident, BadLuck, Trouble, Troubles

T = TypeVar("T")
LOOKS_EVERY = 0.05
RESTS = 0.02
_OPEN = ("interactions", "webhooks", "gateway")  # what needs no token, or has one in its path
_SHORTLY = 0.5  # seconds: when to come again after a 429 out of the blue


class Loopback:
    """One Discord with its own address, token and bot account."""

    token = "MTIz.wire-secret.token"

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        nonce_seconds: float = WINDOW,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        """Begin a world. `latency`: so many seconds every answer is on its way; `port` 0 is any that is free."""
        self.backend = SimulatedBackend()
        self._ahead = (datetime.now(UTC) - self.backend.clock.now()).total_seconds() - time.monotonic()
        self._tick()
        self.address = ""
        self.latency = latency
        self.requests: list[tuple[str, str]] = []
        self.answers_429 = 0
        self.acknowledged: dict[int, float] = {}  # interactions, and when each was first answered (monotonic)
        self.gaps: list[str] = []  # requests that simcord does not know: a test must not pass over them
        self.gateway = Gateway(self)
        self.app = web.Application(client_max_size=30 * 2**20)
        self._port = port
        self._limits = limits or Limits()
        self._nonces = Nonces(nonce_seconds)
        self._troubles = Troubles()
        self.outage = False
        self._moved = asyncio.Event()
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._exits.enter_context(strict.enforce(self.backend, self._nonces))
        self.app.router.add_get("/gateway", self.gateway.connect)
        self.app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._exits.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        host, port = runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._troubles.end()
        await self.gateway.close()
        await self._exits.aclose()

    # The world ----------------------------------------------------------------------------

    def add_guild(self, name: str, rights: discord.Permissions) -> Guild:
        """Create a server whose bot has these rights."""
        guild = self.backend.create_guild(name)
        for role in list(guild.roles.values()):
            if role.managed:
                self.backend.edit_role(guild.id, role.id, {"permissions": rights.value})
        return guild

    def channel(self, name: str) -> Channel | None:
        """Return the channel of this name, if it stands."""
        return next((found for found in self.backend.channels.values() if found.name == name), None)

    def messages(self, channel_name: str) -> list[Message]:
        """Return what everyone can read in a channel, oldest first."""
        channel = self.channel(channel_name)
        found = self.backend.messages.get(channel.id, {}).values() if channel else ()
        return [message for message in found if not message.is_ephemeral]

    def go_wrong(self, method: str, path: str, trouble: Trouble) -> Accident:
        """Let the next request that fits meet this trouble; troubles of one path come in turn."""
        accident = Accident(method, path, trouble)
        self._troubles.arrange(accident)
        return accident

    def unlucky(
        self, chances: Mapping[Trouble, float], method: str = "*", path: str = "*", seed: int = 0
    ) -> None:
        """From now on let requests that fit meet troubles at random, and no others; {} ends it."""
        self._troubles.leave_to_luck(BadLuck(chances, method, path, seed))

    def begin_outage(self) -> None:
        """Break every connection, and let nobody in."""
        self.outage = True
        self.gateway.drop()

    def end_outage(self) -> None:
        """Let everybody in again."""
        self.outage = False

    def forget_nonces(self) -> None:
        """Let the time pass for which nonces are remembered."""
        self._nonces.forget()

    def let_pass(self, seconds: float) -> None:
        """Put this Discord's clock forward: for its nonces, its rate limits and its patience."""
        self._ahead += seconds
        self._tick()

    async def until(self, found: Callable[[], T | None], seconds: float = 10.0) -> T:
        """Wait until something is true of the world, and return it. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not (result := found()):
                self._moved.clear()
                await asyncio.sleep(RESTS)  # a look may cost a query, and this loop is everybody's Discord
                with suppress(TimeoutError):  # some of the world lies outside: a process, its database
                    await asyncio.wait_for(self._moved.wait(), LOOKS_EVERY)
        return result

    def moved(self) -> None:
        """Let those who wait look again."""
        self._tick()
        self._moved.set()

    def _tick(self) -> None:
        self.backend.clock.elapsed = self._ahead + time.monotonic()

    # REST ---------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path, method = f"/{request.match_info['path']}", request.method
        self.moved()
        self.requests.append((method, path))
        answer = None if self.outage else await self._judged(request, method, path)
        self.moved()
        if self.latency:
            await asyncio.sleep(self.latency)
        return answers.hang_up(request) if answer is None else answer

    async def _judged(self, request: web.Request, method: str, path: str) -> web.StreamResponse | None:
        """Return the answer to a request; None breaks the connection."""
        token = request.headers.get("Authorization", "")
        if path.split("/")[1] not in _OPEN and token != f"Bot {self.token}":
            return answers.answer(401, {"message": "401: Unauthorized", "code": 0})
        arrived = self.backend.clock.now().timestamp()
        asked = await answers.read(request)
        verdict = self._limits.judge(token, method, path, asked[0], arrived)
        accident = None if verdict.refusal else self._troubles.of(method, path)
        trouble = accident.trouble if accident else None
        if trouble is Trouble.ERROR_429:
            verdict = refusal(_SHORTLY, verdict.headers, scope="shared")
        if verdict.refusal:
            self.answers_429 += 1
            return answers.answer(429, verdict.refusal, verdict.headers)
        if trouble in (Trouble.ERROR_500, Trouble.ERROR_502, Trouble.ERROR_503):
            return answers.answer(int(trouble.value), {"message": "the server is unwell", "code": 0})
        if trouble is Trouble.DROP_BEFORE:
            return None
        answer = self._work(request, path, asked)
        answer.headers.update(verdict.headers)
        if accident is not None and trouble is Trouble.HOLD:
            self.moved()
            await accident.over.wait()
        return None if trouble is Trouble.DROP_AFTER else answer

    def _work(self, request: web.Request, path: str, asked: answers.Asked) -> web.Response:
        kind, arrived = path.split("/")[1], time.monotonic()
        if kind == "gateway":
            return answers.answer(200, self.gateway.found_at())
        answer = answers.work(self.backend, request, path, asked, self.gaps)
        if kind == "interactions" and answer.status == 200:
            self.acknowledged.setdefault(int(path.split("/")[2]), arrived)
        return answer
