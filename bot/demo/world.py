"""What stands in the simulated Discord, as plain records that are cheap to count.

Reading a year's 20,000 posts as `discord.Message` would build a client's object for each;
these records only point at what simcord has stored. It changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simcord.backend import Backend
from simcord.backend.models import Channel, Message
from simcord.components import walk_components
from simcord.enums import ChannelType, ComponentType

_DISCORD_EPOCH_MS = 1420070400000
_VOICE_TYPES = frozenset({ChannelType.VOICE, ChannelType.STAGE_VOICE})


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message that stands in a channel (or, if ephemeral, that one person saw)."""

    id: int
    channel_id: int
    author_id: int
    content: str
    embeds: Sequence[Mapping[str, Any]]
    components: Sequence[Mapping[str, Any]]
    flags: int
    pinned: bool
    attachments: Sequence[Mapping[str, Any]]

    @property
    def created_at(self) -> datetime:
        """When it was posted, aware and in UTC (to the millisecond, from the id)."""
        return datetime.fromtimestamp(((self.id >> 22) + _DISCORD_EPOCH_MS) / 1000, UTC)

    @property
    def custom_ids(self) -> tuple[str, ...]:
        """The custom ids of its buttons and menus, in order."""
        return tuple(
            str(component["custom_id"])
            for component in walk_components([dict(row) for row in self.components])
            if component.get("custom_id")
        )

    @property
    def button_labels(self) -> tuple[str, ...]:
        """What is written on its buttons, in order."""
        return tuple(
            str(component["label"])
            for component in walk_components([dict(row) for row in self.components])
            if component.get("type") == ComponentType.BUTTON and component.get("label")
        )

    @property
    def is_ephemeral(self) -> bool:
        """Whether only the person who acted saw it."""
        return bool(self.flags & (1 << 6))

    @property
    def text(self) -> str:
        """Everything a person reads in it: content, embeds and text components, by lines."""
        parts: list[str | None] = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title"), embed.get("description")]
            for field in embed.get("fields") or ():
                parts += [field.get("name"), field.get("value")]
            parts.append((embed.get("footer") or {}).get("text"))
        parts += [
            component.get("content")
            for component in walk_components([dict(row) for row in self.components])
            if component.get("type") == ComponentType.TEXT_DISPLAY
        ]
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """One channel as it stands in the list at the left of Discord, and how many posts it has."""

    id: int
    name: str
    type: int
    topic: str | None
    posts: int


@dataclass(frozen=True, slots=True)
class CategoryRecord:
    """A category with its channels; `name` is None for those without a category."""

    id: int | None
    name: str | None
    channels: tuple[ChannelRecord, ...]


def messages(
    backend: Backend,
    channel_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    ephemeral: bool = False,
) -> Iterator[MessageRecord]:
    """Yield what stands in a channel, oldest first, from `since` until before `until`."""
    first = _id_at(since) if since else 0
    end = _id_at(until) if until else 1 << 64
    for message in backend.messages.get(channel_id, {}).values():
        if first <= message.id < end and (ephemeral or not message.is_ephemeral):
            yield _record(message)


def around(
    backend: Backend, channel_id: int, since: datetime, until: datetime
) -> tuple[datetime | None, list[MessageRecord], datetime | None]:
    """Return a channel's posts of a period, and when the nearest before and after were made."""
    first, end = _id_at(since), _id_at(until)
    before: Message | None = None
    inside: list[MessageRecord] = []
    for message in backend.messages.get(channel_id, {}).values():
        if message.is_ephemeral:
            continue
        if message.id >= end:
            return _made_at(before), inside, _made_at(message)
        if message.id >= first:
            inside.append(_record(message))
        else:
            before = message
    return _made_at(before), inside, None


def categories(backend: Backend, guild_id: int) -> list[CategoryRecord]:
    """Return a guild's channels as Discord lists them: first those without a category."""
    channels = [backend.channels[id_] for id_ in backend.get_guild(guild_id).channel_ids]
    inside: dict[int | None, list[Channel]] = {None: []}
    for category in sorted(channels, key=_place):
        if category.type == ChannelType.CATEGORY:
            inside[category.id] = []
    for channel in channels:
        if channel.type != ChannelType.CATEGORY:
            inside[channel.parent_id if channel.parent_id in inside else None].append(channel)
    return [
        CategoryRecord(
            id_,
            None if id_ is None else backend.channels[id_].name,
            tuple(
                ChannelRecord(
                    c.id,
                    c.name or str(c.id),
                    int(c.type),
                    c.topic,
                    sum(not message.is_ephemeral for message in backend.messages[c.id].values()),
                )
                for c in sorted(group, key=_place)
            ),
        )
        for id_, group in inside.items()
        if group or id_ is not None
    ]


def _place(channel: Channel) -> tuple[bool, int, int]:
    """Sort as Discord does: voice below text, then by position, then by age."""
    return channel.type in _VOICE_TYPES, channel.position, channel.id


def _id_at(moment: datetime) -> int:
    """Return the lowest id that can be given at a moment: ids carry their milliseconds."""
    return (int(moment.timestamp() * 1000) - _DISCORD_EPOCH_MS) << 22


def _made_at(message: Message | None) -> datetime | None:
    return _record(message).created_at if message else None


def _record(message: Message) -> MessageRecord:
    return MessageRecord(
        message.id,
        message.channel_id,
        message.author_id,
        message.content,
        message.embeds,
        message.components,
        message.flags,
        message.pinned,
        message.attachments,
    )
