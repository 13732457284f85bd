"""The guilds, people and channels of a simulated Discord: to arrange them and to look at them.

It arranges what an administrator would, past the bot; `strict` binds the bot alone.
"""

from datetime import datetime

import discord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle, RoleHandle, UserHandle
from simcord.results import ResponseMessage

from bot.demo import _private, world
from bot.demo.world import CategoryRecord, MessageRecord


class Scenery:
    """What people see and where they stand; `EmbeddedDiscord` adds the bot and the time."""

    def __init__(self, env: _private.SimulatedEnv) -> None:
        self.env = env
        self._guilds: dict[int, GuildHandle] = {}

    async def create_guild(
        self, name: str, *, permissions: discord.Permissions, owner_name: str = "Sekretariatet"
    ) -> tuple[GuildHandle, MemberActor]:
        """Create a guild whose owner is a person and whose bot has these permissions."""
        owner = self.env.create_user(owner_name)
        guild = self.env.create_guild(name, owner=owner, preferred_locale="da")
        self._guilds[guild.id] = guild
        backend = self.env.backend
        for role in list(backend.get_guild(guild.id).roles.values()):
            if role.managed:
                backend.edit_role(guild.id, role.id, {"permissions": permissions.value})
        await self.env.settle(idle=_private.POLL_EVERY)
        return guild, MemberActor(self.env, guild, owner)

    def add_member(self, guild: GuildHandle, name: str, *, roles: tuple[RoleHandle, ...] = ()) -> MemberActor:
        """Let a new person join the guild."""
        return guild.add_member(self.env.create_user(name), roles=roles)

    def actor(self, guild: GuildHandle, user_id: int) -> MemberActor:
        """Return the hands of someone who is in the guild already."""
        user = UserHandle(self.env, self.env.backend.get_user(user_id))
        return MemberActor(self.env, guild, user)

    def channel(self, channel_id: int) -> ChannelHandle:
        """Return a channel by its Discord id."""
        channel = self.env.backend.get_channel(channel_id)
        return ChannelHandle(self.env, self._guilds.get(channel.guild_id or 0), channel)

    def role_count(self, guild: GuildHandle) -> int:
        """Return how many roles the bot has made: all but everyone's and the bots' own."""
        roles = self.env.backend.get_guild(guild.id).roles.values()
        return sum(1 for role in roles if role.id != guild.id and not role.managed)

    def guilds(self) -> list[GuildHandle]:
        """Return the guilds that were created, oldest first."""
        return list(self._guilds.values())

    def name_of(self, user_id: int) -> str:
        """Return what a person (or the bot) is called."""
        user = self.env.backend.get_user(user_id)
        return user.global_name or user.name

    def categories(self, guild: GuildHandle) -> list[CategoryRecord]:
        """Return the guild's channels, grouped and ordered as in Discord."""
        return world.categories(self.env.backend, guild.id)

    def messages(
        self,
        channel_id: int,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ephemeral: bool = False,
    ) -> list[MessageRecord]:
        """Return what stands in a channel, oldest first, from `since` until before `until`."""
        found = world.messages(self.env.backend, channel_id, since=since, until=until, ephemeral=ephemeral)
        return list(found)

    def around(
        self, channel_id: int, since: datetime, until: datetime
    ) -> tuple[datetime | None, list[MessageRecord], datetime | None]:
        """Return a channel's posts of a period, and when the nearest before and after were made."""
        return world.around(self.env.backend, channel_id, since, until)

    def clickable(self, record: MessageRecord) -> ResponseMessage:
        """Return a message in the form that an actor can click."""
        return ResponseMessage(self.env, self.env.backend.get_message(record.channel_id, record.id))
