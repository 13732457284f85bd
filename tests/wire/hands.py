"""A person on the loopback Discord: writes a slash command, presses a button, reads the answer."""

from typing import Any

from simcord import interactions
from simcord.backend import serializers
from simcord.backend.models import Interaction, Message
from simcord.components import walk_components
from simcord.enums import AppCommandType, InteractionType

from tests.wire.loopback import Loopback


class Person:
    """Someone who is on a server."""

    def __init__(self, world: Loopback, guild_id: int, name: str) -> None:
        self._world, self.guild_id = world, guild_id
        self.id = world.backend.make_user(name).id
        world.backend.add_member(guild_id, self.id)

    def roles(self) -> int:
        """Return how many roles this person has been given."""
        return len(self._world.backend.get_member(self.guild_id, self.id).role_ids)

    async def slash(self, channel: str, name: str) -> Message:
        """Write a slash command without options and wait for the answer. Raises TimeoutError."""
        command = self._world.backend.commands[self.guild_id][name, AppCommandType.CHAT_INPUT]
        data = {"id": command["id"], "name": name, "type": command["type"], "options": [],
                "guild_id": str(self.guild_id)}  # fmt: skip
        found = self._world.channel(channel)
        assert found is not None, f"there is no #{channel}"
        return await self._act(InteractionType.APPLICATION_COMMAND, found.id, data)

    async def press(self, message: Message, action: str) -> Message:
        """Press the button that does this action and wait for the answer. Raises TimeoutError."""
        button = self._part(message, f"b:{action}:")
        data = {"custom_id": button["custom_id"], "component_type": button["type"]}
        return await self._act(InteractionType.MESSAGE_COMPONENT, message.channel_id, data, message)

    async def choose(self, message: Message, label: str) -> Message:
        """Choose from the message's menu and wait for the answer. Raises TimeoutError."""
        menu = self._part(message, "m:")
        value = next(option["value"] for option in menu["options"] if option["label"] == label)
        data = {"custom_id": menu["custom_id"], "component_type": menu["type"], "values": [value]}
        return await self._act(InteractionType.MESSAGE_COMPONENT, message.channel_id, data, message)

    def _part(self, message: Message, custom_id: str) -> dict[str, Any]:
        parts = list(walk_components(message.components))
        return next(part for part in parts if str(part.get("custom_id", "")).startswith(custom_id))

    async def _act(
        self, kind: int, channel_id: int, data: dict[str, Any], source: Message | None = None
    ) -> Message:
        record = interact(self._world, kind, self.guild_id, channel_id, self.id, data, source)
        message_id = await self._world.until(lambda: _answered(record), seconds=5)
        return self._world.backend.get_message(channel_id, message_id)


def interact(
    world: Loopback,
    kind: int,
    guild_id: int,
    channel_id: int,
    user_id: int,
    data: dict[str, Any],
    source: Message | None = None,
) -> Interaction:
    """Let somebody do something that the bot is to answer, and tell the bot."""
    backend = world.backend
    world.moved()
    record, payload = interactions.base_payload(
        backend, type=kind, channel_id=channel_id, guild_id=guild_id, user_id=user_id, data=data
    )
    if source is not None:
        record.source_message_id = source.id
        payload["message"] = serializers.message_payload(backend, source)
    backend.emit("INTERACTION_CREATE", payload)
    return record


def _answered(record: Interaction) -> int | None:
    return record.message_id if record.responded and not record.loading else None
