"""The gateway of the loopback Discord: the web socket on which a bot hears what happens."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import discord
from aiohttp import WSMsgType, web
from simcord import intents
from simcord.backend import serializers

if TYPE_CHECKING:
    from tests.wire.loopback import Loopback

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, MEMBERS, INVALID, HELLO, ACK = 0, 1, 2, 6, 8, 9, 10, 11
WRONG_TOKEN = 4004


class Gateway:
    """Every connection a bot has open."""

    def __init__(self, world: "Loopback") -> None:
        self._world = world
        self.sessions: list[Session] = []  # those that are identified
        self._sockets: set[web.WebSocketResponse] = set()
        self.refuses = False
        world.backend.subscribers.append(self._spread)

    def found_at(self) -> dict[str, Any]:
        """Return what /gateway and /gateway/bot say."""
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.address, "shards": 1, "session_start_limit": limit}

    @property
    def address(self) -> str:
        """Where a bot connects."""
        return self._world.address.replace("http", "ws", 1) + "/gateway"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if self.refuses:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        self._sockets.add(socket)
        session = Session(self._world, socket)
        speaking = asyncio.create_task(session.speak())
        try:
            session.say(HELLO, {"heartbeat_interval": 41250})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(session, json.loads(message.data))
        finally:
            speaking.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await speaking
            self._sockets.discard(socket)
            if session in self.sessions:
                self.sessions.remove(session)
            self._world.moved()
        return socket

    async def _hear(self, session: "Session", message: dict[str, Any]) -> None:
        match message["op"]:
            case op if op == HEARTBEAT:
                session.say(ACK)
            case op if op == IDENTIFY:
                if message["d"]["token"] != self._world.token:
                    await session.socket.close(code=WRONG_TOKEN)
                    return
                session.greet(message["d"])
                self.sessions.append(session)
                self._world.moved()
            case op if op == RESUME:
                session.say(INVALID, False)
            case op if op == MEMBERS:
                session.tell_members(message["d"])

    def _spread(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in self.sessions:
            session.tell(event, payload)

    async def close(self) -> None:
        """End every connection, as Discord does when it restarts."""
        for socket in list(self._sockets):
            await socket.close(code=1001)


class Session:
    """One connection: what it may hear, and what waits to be said."""

    def __init__(self, world: "Loopback", socket: web.WebSocketResponse) -> None:
        self._backend, self._world, self.socket = world.backend, world, socket
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._sequence = 0
        self._intents = discord.Intents.none()

    async def speak(self) -> None:
        """Send what waits, in order, for as long as the connection lasts."""
        while True:
            await self.socket.send_str(await self._waiting.get())

    def say(self, op: int, data: object = None, event: str | None = None) -> None:
        """Put one message in line."""
        self._sequence += event is not None
        number = self._sequence if event else None
        self._waiting.put_nowait(json.dumps({"op": op, "d": data, "s": number, "t": event}))

    def greet(self, identify: dict[str, Any]) -> None:
        """Answer IDENTIFY: who the bot is, then each of its servers."""
        self._intents = discord.Intents._from_value(identify["intents"])
        backend = self._backend
        ready = {
            "v": 10,
            "user": serializers.user_payload(backend.bot_user),
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in backend.guilds],
            "session_id": f"loopback-{id(self)}",
            "resume_gateway_url": self._world.gateway.address,
            "application": {"id": str(backend.application_id), "flags": 0},
        }
        self.say(DISPATCH, ready, "READY")
        for guild in backend.guilds.values():
            self.tell("GUILD_CREATE", serializers.guild_create_payload(backend, guild))

    def tell(self, event: str, payload: Mapping[str, Any]) -> None:
        """Say that something happened, as far as the intents allow."""
        needed = intents.required_intent(event, payload)
        if needed is not None and not getattr(self._intents, needed):
            return
        shaped = dict(payload)
        if event == "GUILD_CREATE":
            intents.prune_guild_create(shaped, self._intents, self._backend.bot_user.id)
        self.say(DISPATCH, shaped, event)

    def tell_members(self, asked: dict[str, Any]) -> None:
        """Answer REQUEST_GUILD_MEMBERS for named users."""
        guild = self._backend.get_guild(int(asked["guild_id"]))
        wanted = {int(user_id) for user_id in asked.get("user_ids") or ()}
        found = [
            serializers.member_payload(self._backend, guild, member)
            for member in guild.members.values()
            if member.user_id in wanted
        ]
        chunk: dict[str, Any] = {
            "guild_id": str(guild.id),
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(user_id) for user_id in wanted - guild.members.keys()],
            "nonce": asked.get("nonce"),
        }
        self.say(DISPATCH, chunk, "GUILD_MEMBERS_CHUNK")
