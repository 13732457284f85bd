"""The control side of a loopback Discord in a process of its own, for whoever started it.

GET /control/account, and POST to /control/reset, /forget-nonces, /unlucky, /people and /press.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from simcord.backend.models import Guild, Message
from simcord.components import walk_components
from simcord.enums import InteractionType

from tests.wire.hands import interact
from tests.wire.loopback import Loopback
from tests.wire.troubles import Trouble


@dataclass(frozen=True)
class Press:
    """Somebody's click on the component of this custom_id, on one message or on the newest that has it."""

    person: str
    channel_id: int
    custom_id: str
    message_id: int | None = None


class Control:
    """What may be asked of one world, and told to it."""

    def __init__(self, world: Loopback) -> None:
        self._world = world
        self._people: dict[str, int] = {}
        self._sent: dict[int, float] = {}  # interactions, and when each went to the gateway
        router = world.app.router
        router.add_get("/control/account", self._tell)
        router.add_post("/control/reset", self._reset)
        router.add_post("/control/forget-nonces", self._forget_nonces)
        router.add_post("/control/unlucky", self._unlucky)
        router.add_post("/control/press", self._press)
        router.add_post("/control/people", self._people_of)

    async def _tell(self, _: web.Request) -> web.Response:
        return _json(self.account())

    def account(self) -> dict[str, Any]:
        """Return what has happened since the beginning, or since it was last reset."""
        world = self._world
        held = {
            str(channel_id): [_told(message) for message in messages.values() if not message.is_ephemeral]
            for channel_id, messages in world.backend.messages.items()
            if messages
        }
        return {
            "requests": len(world.requests),
            "answers_429": world.answers_429,
            "sessions": world.gateway.connected(),
            "acknowledged": sum(number in world.acknowledged for number in self._sent),
            "interactions": {
                str(number): [_ms(sent), _ms(world.acknowledged.get(number))]
                for number, sent in self._sent.items()
            },
            "messages": {channel_id: messages for channel_id, messages in held.items() if messages},
            "gaps": world.gaps,
        }

    async def _reset(self, _: web.Request) -> web.Response:
        world = self._world
        for held in world.backend.messages.values():
            held.clear()
        world.acknowledged.clear()
        self._sent.clear()
        world.requests.clear()
        world.gaps.clear()
        world.answers_429 = 0
        world.forget_nonces()  # their messages are gone
        return _json({})

    async def _forget_nonces(self, _: web.Request) -> web.Response:
        self._world.forget_nonces()
        return _json({})

    async def _unlucky(self, request: web.Request) -> web.Response:
        asked = await request.json()
        chances = {Trouble[name]: float(chance) for name, chance in asked.pop("chances").items()}
        self._world.unlucky(chances, **asked)
        return _json({})

    async def _people_of(self, request: web.Request) -> web.Response:
        asked = await request.json()
        guild = self._world.backend.guilds[asked["guild_id"]]
        return _json({name: self._user(name, guild) for name in asked["names"]})

    async def _press(self, request: web.Request) -> web.Response:
        asked = await request.json()
        made: list[int | None] = []
        for press in asked["presses"]:
            made.append(self.press(Press(**press)))
            await asyncio.sleep(0)  # let the gateway send it now
        return _json({"interactions": made})

    def press(self, press: Press) -> int | None:
        """Let somebody click. Returns the interaction's id, or None when there is nothing to click on."""
        backend = self._world.backend
        found = self._find(press)
        if found is None:
            return None
        message, part = found
        guild = backend.guilds[backend.channels[press.channel_id].guild_id or 0]
        data = {"custom_id": press.custom_id, "component_type": part["type"]}
        user_id = self._user(press.person, guild)
        kind = InteractionType.MESSAGE_COMPONENT
        record = interact(self._world, kind, guild.id, press.channel_id, user_id, data, message)
        self._sent[record.id] = time.monotonic()
        return record.id

    def _find(self, press: Press) -> tuple[Message, dict[str, Any]] | None:
        standing = self._world.backend.messages.get(press.channel_id, {})
        for message in reversed(standing.values()):
            if press.message_id in (None, message.id):
                for part in walk_components(message.components):
                    if part.get("custom_id") == press.custom_id:
                        return message, part
        return None

    def _user(self, name: str, guild: Guild) -> int:
        backend = self._world.backend
        if name not in self._people:
            self._people[name] = backend.make_user(name).id
        if self._people[name] not in guild.members:
            backend.add_member(guild.id, self._people[name])
        return self._people[name]


def _told(message: Message) -> dict[str, Any]:
    parts = walk_components(message.components)
    found = [str(part["custom_id"]) for part in parts if part.get("custom_id")]
    return {"id": message.id, "content": message.content, "custom_ids": found}


def _ms(moment: float | None) -> float | None:
    return None if moment is None else round(moment * 1000, 3)


def _json(data: object) -> web.Response:
    return web.Response(text=json.dumps(data), content_type="application/json")
