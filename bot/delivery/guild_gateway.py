"""The server side of Discord through discord.py: read what stands, take one step, give and take roles.

It needs no privileged intent, and works on a guild that was only fetched, without a gateway connection.
"""

from collections.abc import Mapping, Sequence

import discord

from bot.delivery.dispatcher import PermanentFailure
from bot.delivery.guild_translation import (
    actual_channel,
    actual_role,
    failures,
    for_discord,
    names_of,
    permissions_named,
)
from bot.domain.guild import (
    BOT,
    EVERYONE,
    OPTIONAL_RIGHTS,
    REQUIRED_RIGHTS,
    ActualCategory,
    ActualGuild,
    Overwrite,
)
from bot.domain.guild_steps import (
    Adopt,
    CreateCategory,
    CreateChannel,
    CreateRole,
    Kind,
    Move,
    Rename,
    SetOverwrites,
    SetTopic,
    Step,
)

_Overwrites = dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]
_REASON = "provisioning"  # stands in the server's audit log


def required_permissions() -> discord.Permissions:
    """Return the rights to ask for when the bot is invited; Administrator is not among them."""
    return permissions_named(REQUIRED_RIGHTS | OPTIONAL_RIGHTS)


class DiscordGuildGateway:
    """One server. `bot_id` is needed when the guild was fetched without a gateway connection."""

    def __init__(self, guild: discord.Guild, bot_id: int | None = None) -> None:
        self._guild, self._connected = guild, bot_id is None
        self._bot_id = guild.me.id if bot_id is None else bot_id
        self._roles: dict[int, discord.Role] = {}
        self._channels: dict[int, discord.abc.GuildChannel] = {}

    async def read(self) -> ActualGuild:
        """Return what stands on the server, asked of Discord itself. Raises TransientFailure."""
        with failures():
            self._roles = {role.id: role for role in await self._guild.fetch_roles()}
            self._channels = {channel.id: channel for channel in await self._fetch_channels()}
            me = await self._guild.fetch_member(self._bot_id)
        own = [self._roles[role.id] for role in me.roles if role.id in self._roles]
        everyone = self._roles[self._guild.id]
        rights = discord.Permissions(everyone.permissions.value)
        for role in own:
            rights |= role.permissions
        top = max(own, default=everyone)
        channels = self._channels.values()
        return ActualGuild(
            self._guild.id,
            self._guild.name,
            self._bot_id,
            names_of(rights),
            tuple(actual_role(role, top) for role in self._roles.values()),
            tuple(ActualCategory(c.id, c.name) for c in channels if isinstance(c, discord.CategoryChannel)),
            tuple(actual_channel(c) for c in channels if not isinstance(c, discord.CategoryChannel)),
        )

    async def _fetch_channels(self) -> Sequence[discord.abc.GuildChannel]:
        try:
            return await self._guild.fetch_channels()
        except discord.InvalidData:  # a kind this discord.py does not know: its cache leaves it out
            return self._guild.channels

    async def do(self, step: Step, ids: Mapping[str, int]) -> int | None:
        """Take one step and return the id of what was made. Raises PermanentFailure and TransientFailure."""
        with failures():
            match step:
                case CreateRole():
                    role = await self._guild.create_role(
                        name=step.name, permissions=discord.Permissions.none(), reason=_REASON
                    )
                    self._roles[role.id] = role
                    return role.id
                case CreateCategory():
                    category = await self._guild.create_category(step.name, reason=_REASON)
                    self._channels[category.id] = category
                    return category.id
                case CreateChannel():
                    return await self._create_channel(step, ids)
                case Rename(kind=Kind.ROLE):
                    await self._roles[_id(ids, step.key)].edit(name=step.name, reason=_REASON)
                case Rename(kind=Kind.CATEGORY):
                    await self._category(_id(ids, step.key)).edit(name=step.name, reason=_REASON)
                case Rename():
                    await self._text(ids, step.key).edit(name=step.name, reason=_REASON)
                case Move():
                    category = self._category(_id(ids, step.category_key))
                    await self._text(ids, step.key).edit(category=category, reason=_REASON)
                case SetOverwrites():
                    overwrites = self._overwrites(step.overwrites, ids)
                    await self._text(ids, step.key).edit(overwrites=overwrites, reason=_REASON)
                case SetTopic():
                    await self._text(ids, step.key).edit(topic=step.topic, reason=_REASON)
                case Adopt():
                    pass
        return None

    async def invitation(self, channel_id: int) -> str | None:
        """Return the code of a lasting invitation of ours to a channel, made if there is none.

        None without the right to make one. Raises PermanentFailure and TransientFailure.
        """
        channel = self._guild.get_channel(channel_id)
        if not isinstance(channel, discord.TextChannel):
            raise PermanentFailure("the channel to invite to is gone")
        if not channel.permissions_for(self._guild.me).create_instant_invite:
            return None
        with failures():
            for invite in await channel.invites():
                ours = invite.inviter is not None and invite.inviter.id == self._bot_id
                if ours and not invite.max_age and not invite.max_uses:
                    return invite.code
            made = await channel.create_invite(max_age=0, max_uses=0, unique=False, reason=_REASON)
        return made.code

    async def roles_held(self, user_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Return the role ids of those users who are on the server. Raises TransientFailure.

        One question for all: asking for named users needs no privileged intent, but a gateway connection.
        """
        with failures():
            if len(user_ids) == 1 or not self._connected:
                members = [member for user_id in user_ids for member in await self._one_member(user_id)]
            else:
                members = await self._guild.query_members(
                    user_ids=list(user_ids), limit=len(user_ids), cache=False
                )
        return {member.id: frozenset(role.id for role in member.roles) for member in members}

    async def change_roles(self, user_id: int, give: frozenset[int], take: frozenset[int]) -> None:
        """Give and take roles of one member. Raises PermanentFailure and TransientFailure."""
        with failures():
            for member in await self._one_member(user_id):
                await member.add_roles(*map(discord.Object, give), reason=_REASON)
                await member.remove_roles(*map(discord.Object, take), reason=_REASON)

    async def _one_member(self, user_id: int) -> list[discord.Member]:
        try:
            return [await self._guild.fetch_member(user_id)]
        except discord.NotFound:
            return []

    async def _create_channel(self, step: CreateChannel, ids: Mapping[str, int]) -> int:
        channel = await self._guild.create_text_channel(
            step.name,
            topic=step.topic,
            category=self._category(_id(ids, step.category_key)),
            overwrites=self._overwrites(step.overwrites, ids),
            reason=_REASON,
        )
        self._channels[channel.id] = channel
        return channel.id

    def _text(self, ids: Mapping[str, int], key: str) -> discord.TextChannel:
        found = self._channels.get(_id(ids, key))
        if not isinstance(found, discord.TextChannel):
            raise PermanentFailure(f"{key} is no text channel any more")
        return found

    def _category(self, discord_id: int) -> discord.CategoryChannel:
        found = self._channels.get(discord_id)
        if not isinstance(found, discord.CategoryChannel):
            raise PermanentFailure("its category is gone")
        return found

    def _overwrites(self, wanted: Mapping[str, Overwrite], ids: Mapping[str, int]) -> _Overwrites:
        """Return overwrites for discord.py.

        Roles must be true roles: on creation it takes any `Object` for a member, whatever its type.
        """
        return {self._target(target, ids): for_discord(overwrite) for target, overwrite in wanted.items()}

    def _target(self, target: str, ids: Mapping[str, int]) -> discord.Role | discord.Object:
        if target == EVERYONE:
            return self._roles[self._guild.id]
        if target == BOT:
            return discord.Object(self._bot_id, type=discord.Member)
        kind, _, number = target.partition(":")
        return (
            discord.Object(int(number), type=discord.Member) if kind == "member" else self._role(ids, target)
        )

    def _role(self, ids: Mapping[str, int], key: str) -> discord.Role:
        found = self._roles.get(_id(ids, key))
        if found is None:
            raise PermanentFailure(f"{key} is gone")
        return found


def _id(ids: Mapping[str, int], key: str) -> int:
    if key not in ids:
        raise PermanentFailure(f"{key} does not stand on the server")
    return ids[key]
