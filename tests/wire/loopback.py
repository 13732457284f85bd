"""A small Discord on this machine: REST and gateway over real sockets, for a bot in a process of its own.

The world and its routes are simcord's, with the strict layer's rules; here are only the sockets, the
real time, and what may go wrong on the way. It runs in the test's own event loop:

    async with Loopback() as discord:
        guild = discord.add_guild("Landsbyer", required_permissions())
        ...  # start `blup run` with BLUP_DISCORD_API=discord.address and DISCORD_TOKEN=discord.token
        discord.go_wrong("POST", "/channels/*/messages", Trouble.DROP_AFTER)
"""

import asyncio
import io
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from fnmatch import fnmatch
from typing import Any, Self, TypeVar
from urllib.parse import unquote

import discord
from aiohttp import web
from simcord.backend import Backend
from simcord.backend.errors import BackendError
from simcord.backend.models import Channel, Guild, Message
from simcord.http import router, routes  # noqa: F401 - importing the routes registers them

from bot.demo import strict
from tests.wire.sockets import Gateway

T = TypeVar("T")
LOOKS_EVERY = 0.05
_ONLY_ON_GATEWAY = {"members", "channels", "threads", "presences", "voice_states", "joined_at", "unavailable"}
_OPEN = ("interactions", "webhooks", "gateway")  # what needs no token, or has one in its path


class Trouble(Enum):
    """What can go wrong with one request."""

    ERROR_500 = 500
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


class Loopback:
    """One Discord with its own address, token and bot account."""

    token = "MTIz.wire-secret.token"

    def __init__(self) -> None:
        self.backend = Backend()
        self._epoch = self.backend.clock.now()
        self._tick()
        self.address = ""
        self.requests: list[tuple[str, str]] = []
        self.accidents: list[Accident] = []
        self.gaps: list[str] = []  # requests that simcord does not know: a test must not pass over them
        self.gateway = Gateway(self)
        self._moved = asyncio.Event()
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._exits.enter_context(strict.enforce(self.backend))
        app = web.Application(client_max_size=30 * 2**20)
        app.router.add_get("/gateway", self.gateway.connect)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._exits.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for accident in self.accidents:
            accident.over.set()
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
        self.accidents.append(accident)
        return accident

    async def until(self, found: Callable[[], T | None], seconds: float = 10.0) -> T:
        """Wait until something is true of the world, and return it. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not (result := found()):
                self._moved.clear()
                with suppress(TimeoutError):  # some of the world lies outside: a process, its database
                    await asyncio.wait_for(self._moved.wait(), LOOKS_EVERY)
        return result

    def moved(self) -> None:
        """Let those who wait look again."""
        self._tick()
        self._moved.set()

    def _tick(self) -> None:
        self.backend.clock.elapsed = (datetime.now(UTC) - self._epoch).total_seconds()

    # REST ---------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path, method = f"/{request.match_info['path']}", request.method
        self.moved()
        self.requests.append((method, path))
        accident = next((found for found in self.accidents if found.fits(method, path)), None)
        trouble = accident.trouble if accident else None
        if accident is not None:
            accident.met = True
        if trouble in (Trouble.ERROR_500, Trouble.ERROR_503):
            return _answer(int(trouble.value), {"message": "the server is unwell", "code": 0})
        if trouble is Trouble.DROP_BEFORE:
            return _hang_up(request)
        answer = await self._do(request, method, path)
        self.moved()
        if accident is not None and trouble is Trouble.HOLD:
            await accident.over.wait()
        return _hang_up(request) if trouble is Trouble.DROP_AFTER else answer

    async def _do(self, request: web.Request, method: str, path: str) -> web.StreamResponse:
        kind = path.split("/")[1]
        if kind not in _OPEN and request.headers.get("Authorization") != f"Bot {self.token}":
            return _answer(401, {"message": "401: Unauthorized", "code": 0})
        if kind == "gateway":
            return _answer(200, self.gateway.found_at())
        body, files = await _read(request)
        reason = request.headers.get("X-Audit-Log-Reason")
        try:
            result = router.dispatch(
                self.backend,
                method,
                path,
                json=body,
                params=dict(request.query),
                files=files,
                reason=unquote(reason) if reason else None,
                message_content_access=False,
            )
        except (router.RouteNotImplemented, router.UnsupportedField) as error:
            self.gaps.append(str(error))
            return _answer(error.status, error.to_json())
        except BackendError as error:
            return _answer(error.status, error.to_json())
        if result is None:
            return web.Response(status=204)
        return _answer(200, _bare(result) if fnmatch(path, "/guilds/*") and path.count("/") == 2 else result)


def _bare(guild: dict[str, Any]) -> dict[str, Any]:
    """Return a server as REST gives it: simcord adds what only the gateway tells."""
    return {key: value for key, value in guild.items() if key not in _ONLY_ON_GATEWAY}


def _answer(status: int, data: object) -> web.Response:
    body = json.dumps(data).encode()  # a charset in the content type would hide the answer from discord.py
    return web.Response(status=status, body=body, content_type="application/json")


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _read(request: web.Request) -> tuple[Any, list[discord.File]]:
    """Return a request's JSON and its files, whether sent plainly or as a form."""
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        return (json.loads(raw) if raw else None), []
    form = await request.post()
    body = json.loads(str(form["payload_json"])) if "payload_json" in form else None
    files = [
        discord.File(io.BytesIO(part.file.read()), part.filename)
        for part in form.values()
        if isinstance(part, web.FileField)
    ]
    return body, files
