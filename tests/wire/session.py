"""One session on the loopback gateway: what its bot may hear, and what it has been told, to be told again."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import discord
from aiohttp import web
from simcord import intents
from simcord.backend import Backend, serializers

DISPATCH = 0
_TOLD_AGAIN = 5000  # so many events a bot may miss and still resume
_NUMBERS = count(1)


class Connection:
    """One web socket, and what waits to be said on it."""

    def __init__(self, socket: web.WebSocketResponse, hang_up: Callable[[], None]) -> None:
        self.socket, self.hang_up = socket, hang_up
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    async def speak(self) -> None:
        """Send what waits, in order, for as long as the connection lasts."""
        with suppress(ConnectionError):
            while True:
                await self.socket.send_str(await self._waiting.get())

    def say(self, op: int, data: object = None) -> None:
        """Put a message that is no event in line."""
        self.put(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def put(self, text: str) -> None:
        """Put a message in line."""
        self._waiting.put_nowait(text)


class Session:
    """What began with one IDENTIFY, and may go on over several connections."""

    def __init__(
        self, backend: Backend, connection: Connection, asked: int, shard: Sequence[int] = (0, 1)
    ) -> None:
        self.id = f"loopback-{next(_NUMBERS)}"
        self.connection: Connection | None = connection
        self.left_at = 0.0  # when it lost its connection
        self._backend, self._intents = backend, discord.Intents._from_value(asked)
        self._shard, self._shards = shard
        self._sequence = 0
        self._told: deque[tuple[int, str]] = deque(maxlen=_TOLD_AGAIN)

    def greet(self, gateway: str) -> None:
        """Say who the bot is, then each of its servers."""
        backend = self._backend
        ours = [guild for guild in backend.guilds.values() if self._tells_of(guild.id)]
        ready = {
            "v": 10,
            "user": serializers.user_payload(backend.bot_user),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in ours],
            "shard": [self._shard, self._shards],
            "session_id": self.id,
            "resume_gateway_url": gateway,
            "application": {"id": str(backend.application_id), "flags": 0},
        }
        self.dispatch("READY", json.dumps(ready))
        for guild in ours:
            created = serializers.guild_create_payload(backend, guild)
            self.dispatch("GUILD_CREATE", self.shaped("GUILD_CREATE", created))

    def _tells_of(self, guild_id: int) -> bool:
        """Tell whether a server belongs to this session's shard."""
        return (guild_id >> 22) % self._shards == self._shard

    def hears(self, event: str, payload: Mapping[str, Any]) -> bool:
        """Tell whether the bot asked for events like this one."""
        guild_id = payload.get("id") if event.startswith("GUILD_") and "guild_id" not in payload else None
        guild_id = payload.get("guild_id") or guild_id
        if guild_id is not None and not self._tells_of(int(guild_id)):
            return False
        needed = intents.required_intent(event, payload)
        return needed is None or bool(getattr(self._intents, needed))

    def shaped(self, event: str, payload: Mapping[str, Any]) -> str:
        """Return an event's JSON, with no more of a server than the intents allow."""
        said = dict(payload)
        if event == "GUILD_CREATE":
            intents.prune_guild_create(said, self._intents, self._backend.bot_user.id)
        return json.dumps(said)

    def dispatch(self, event: str, data: str) -> None:
        """Say that something happened; without a connection it waits for the bot to resume."""
        self._sequence += 1
        text = f'{{"op": {DISPATCH}, "d": {data}, "s": {self._sequence}, "t": "{event}"}}'
        self._told.append((self._sequence, text))
        if self.connection is not None:
            self.connection.put(text)

    def resume(self, connection: Connection, heard: int) -> bool:
        """Go on over a new connection after this sequence number. Tells whether all that was missed is known."""
        if self._told and heard + 1 < self._told[0][0]:
            return False
        self.connection = connection
        for number, text in self._told:
            if number > heard:
                connection.put(text)
        self.dispatch("RESUMED", "{}")
        return True

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
        self.dispatch("GUILD_MEMBERS_CHUNK", json.dumps(chunk))
