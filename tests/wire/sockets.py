"""The gateway of the loopback Discord: the web socket on which a bot hears what happens."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.wire.answers import hang_up
from tests.wire.session import Connection, Session

if TYPE_CHECKING:
    from tests.wire.loopback import Loopback

HEARTBEAT, IDENTIFY, RESUME, MEMBERS, INVALID, HELLO, ACK = 1, 2, 6, 8, 9, 10, 11
WRONG_TOKEN = 4004
_SAID_GOODBYE = (1000, 1001)
_RESUMABLE_FOR = 60.0


class Gateway:
    """Every connection a bot has open, and the sessions that may be taken up again."""

    def __init__(self, world: "Loopback") -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.refuses = False  # new connections
        self.refuses_resume = False
        self.identified = self.resumed = 0  # so many times
        self._connections: set[Connection] = set()
        world.backend.subscribers.append(self._spread)

    def found_at(self) -> dict[str, Any]:
        """Return what /gateway and /gateway/bot say."""
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.address, "shards": 1, "session_start_limit": limit}

    @property
    def address(self) -> str:
        """Where a bot connects."""
        return self._world.address.replace("http", "ws", 1) + "/gateway"

    def connected(self) -> int:
        """Return how many sessions are heard right now."""
        return sum(session.connection is not None for session in self.sessions.values())

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if self._world.outage:
            return hang_up(request)
        if self.refuses:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        assert request.transport is not None
        connection = Connection(socket, request.transport.close)
        self._connections.add(connection)
        speaking = asyncio.create_task(connection.speak())
        session: Session | None = None
        try:
            connection.say(HELLO, {"heartbeat_interval": 41250})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._hear(connection, session, json.loads(message.data))
        finally:
            speaking.cancel()
            with suppress(asyncio.CancelledError):
                await speaking
            self._connections.discard(connection)
            if session is not None and session.connection is connection:
                self._leave(session, goodbye=socket.close_code in _SAID_GOODBYE)
            self._world.moved()
        return socket

    async def _hear(
        self, connection: Connection, session: Session | None, message: dict[str, Any]
    ) -> Session | None:
        op, data = message["op"], message["d"]
        if op == HEARTBEAT:
            connection.say(ACK)
        elif op in (IDENTIFY, RESUME) and data["token"] != self._world.token:
            await connection.socket.close(code=WRONG_TOKEN)
        elif op == IDENTIFY:
            session = Session(self._world.backend, connection, data["intents"], data.get("shard") or (0, 1))
            self.sessions[session.id] = session
            session.greet(self.address)
            self.identified += 1
            self._world.moved()
        elif op == RESUME:
            session = self._take_up(connection, data["session_id"], data["seq"])
        elif op == MEMBERS and session is not None:
            session.tell_members(data)
        return session

    def _take_up(self, connection: Connection, session_id: str, heard: int) -> Session | None:
        session = self.sessions.get(session_id)
        if session is None or self.refuses_resume or not session.resume(connection, heard):
            self.sessions.pop(session_id, None)
            connection.say(INVALID, False)
            return None
        self.resumed += 1
        self._world.moved()
        return session

    def _leave(self, session: Session, *, goodbye: bool) -> None:
        session.connection, session.left_at = None, time.monotonic()
        if goodbye:
            self.sessions.pop(session.id, None)

    def _spread(self, event: str, payload: Mapping[str, Any]) -> None:
        shaped = ""  # the same for all, but for a new server
        for session in list(self.sessions.values()):
            if session.connection is None and time.monotonic() - session.left_at > _RESUMABLE_FOR:
                del self.sessions[session.id]
            elif session.hears(event, payload):
                if not shaped or event == "GUILD_CREATE":
                    shaped = session.shaped(event, payload)
                session.dispatch(event, shaped)

    def drop(self) -> None:
        """Break every connection without a word; the sessions may be resumed."""
        for connection in self._connections:
            connection.hang_up()

    async def close(self) -> None:
        """End every connection, as Discord does when it restarts."""
        for connection in list(self._connections):
            await connection.socket.close(code=1001)
