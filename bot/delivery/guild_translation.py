"""Between discord.py's objects and plain data: permissions by name, overwrites, and what failed for good."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.delivery.dispatcher import PermanentFailure, TransientFailure
from bot.domain.guild import ActualChannel, ActualRole, Overwrite


def actual_role(role: discord.Role, top: discord.Role) -> ActualRole:
    """Return a role as data; `top` is the bot's highest role."""
    return ActualRole(role.id, role.name, role < top)


def actual_channel(channel: discord.abc.GuildChannel) -> ActualChannel:
    """Return a channel of any kind but a category as data."""
    is_text = isinstance(channel, discord.TextChannel)
    topic = (channel.topic or "") if isinstance(channel, discord.TextChannel) else ""
    overwrites = {target.id: _from_discord(overwrite) for target, overwrite in channel.overwrites.items()}
    return ActualChannel(channel.id, channel.name, topic, channel.category_id, overwrites, is_text)


def _from_discord(overwrite: discord.PermissionOverwrite) -> Overwrite:
    allow, deny = overwrite.pair()
    return Overwrite(names_of(allow), names_of(deny))


def for_discord(overwrite: Overwrite) -> discord.PermissionOverwrite:
    """Return an overwrite as discord.py takes it."""
    return discord.PermissionOverwrite.from_pair(
        permissions_named(overwrite.allow), permissions_named(overwrite.deny)
    )


def permissions_named(names: frozenset[str]) -> discord.Permissions:
    """Return the permissions of these names."""
    permissions = discord.Permissions.none()
    permissions.update(**dict.fromkeys(names, True))
    return permissions


def names_of(permissions: discord.Permissions) -> frozenset[str]:
    """Return the names of permissions; discord.py lists view_channel under an older name."""
    return frozenset(
        "view_channel" if name == "read_messages" else name for name, held in permissions if held
    )


@contextmanager
def failures() -> Iterator[None]:
    """Tell what may pass (TransientFailure) from what never will (PermanentFailure)."""
    try:
        yield
    except discord.HTTPException as error:
        if 400 <= error.status < 500 and error.status != 429:
            raise PermanentFailure(str(error)) from error
        raise TransientFailure(str(error)) from error
    except (discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise TransientFailure(repr(error)) from error
