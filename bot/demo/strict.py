"""The thin strict layer: refuses what Discord refuses and simcord lets pass.

It knows Discord's limits and nothing of the programme. Each rule stands before the route it
concerns, after simcord has logged the request and tried the faults injected by a test, and
answers with Discord's own error codes. People who arrange the world through simcord's builders
are not bound by it, as an administrator's past is not: the bot is.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from simcord.backend import Backend
from simcord.backend.errors import BackendError, invalid_form_body, missing_permissions
from simcord.backend.models import Overwrite
from simcord.enums import CallbackType, ChannelType
from simcord.http.router import RequestContext

from bot.demo import strict_meetings
from bot.demo._private_routes import Handler, Rule, routes_replaced
from bot.demo.nonces import Nonces

CHANNELS_IN_A_GUILD = 500
CHANNELS_IN_A_CATEGORY = 50
ROLES_IN_A_GUILD = 250
NAME_LENGTH = 100
TOPIC_LENGTH = 1024
DESCRIPTION_LENGTH = 1024
AUTOCOMPLETE_CHOICES = 25

_LOWER_CASE_TYPES = frozenset({ChannelType.TEXT, ChannelType.NEWS, ChannelType.FORUM})
_DROPPED = re.compile(r"""[!"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~]""")


@contextmanager
def enforce(backend: Backend, nonces: Nonces | None = None) -> Iterator[None]:
    """Apply the rules to one simulated Discord until the block is left."""
    remembered = nonces or Nonces()

    def send_message(ctx: RequestContext, send: Handler) -> Any:
        if ctx.files:
            ctx.require_channel_permissions(ctx.int_arg("channel_id"), "attach_files")
        if any(len(file.description or "") > DESCRIPTION_LENGTH for file in ctx.files):
            raise _refused("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
        return remembered.send(ctx, send)

    rules: dict[tuple[str, str], Rule] = {
        ("POST", "/guilds/{guild_id}/channels"): _create_channel,
        ("PATCH", "/guilds/{guild_id}/channels"): _move_channels,
        ("PATCH", "/channels/{channel_id}"): _edit_channel,
        ("POST", "/guilds/{guild_id}/roles"): _create_role,
        ("PATCH", "/guilds/{guild_id}/roles/{role_id}"): _edit_role,
        ("POST", "/channels/{channel_id}/messages"): send_message,
        ("GET", "/channels/{channel_id}/messages"): _history,
        ("POST", "/interactions/{interaction_id}/{token}/callback"): _answer,
        **strict_meetings.RULES,
    }
    with routes_replaced(backend, rules):
        yield


def channel_name(name: object, channel_type: int) -> str:
    """Return the name as Discord stores it for a channel of this type.

    Text channels, news channels and forums are written in lower case without spaces and
    punctuation (æøå stay); the others keep their name as it was given. Raises
    `BackendError` (50035) when nothing is left or it is longer than 100 characters.
    """
    result = str(name or "").strip()
    if channel_type in _LOWER_CASE_TYPES:
        result = _DROPPED.sub("", re.sub(r"\s+", "-", result.lower()))
        result = re.sub(r"-{2,}", "-", result)
    return _name_within_bounds(result)


def _name_within_bounds(name: str) -> str:
    if not 1 <= len(name) <= NAME_LENGTH:
        raise _refused("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name


def _refused(field: str, code: str, message: str) -> BackendError:
    return invalid_form_body(errors={field: {"_errors": [{"code": code, "message": message}]}})


def _check_topic(body: dict[str, Any]) -> None:
    if len(body.get("topic") or "") > TOPIC_LENGTH:
        raise _refused("topic", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")


def _check_room_in_category(
    backend: Backend, category_id: object, moving: frozenset[int] = frozenset()
) -> None:
    if category_id is None:
        return
    inside = [
        channel.id
        for channel in backend.channels.values()
        if channel.parent_id == int(str(category_id)) and not channel.is_thread
    ]
    if len({*inside, *moving}) > CHANNELS_IN_A_CATEGORY - (0 if moving else 1):
        raise _refused(
            "parent_id",
            "CHANNEL_PARENT_MAX_CHANNELS",
            "Maximum number of channels in category reached (50)",
        )


def _check_overwrites(
    backend: Backend, guild_id: int, standing: Iterable[Overwrite], wanted: Iterable[dict[str, Any]] | None
) -> None:
    """Refuse (50013) to allow or deny in a channel what the bot may not do itself."""
    before = {held.target_id: (held.allow, held.deny) for held in standing}
    after = {int(o["id"]): (int(o.get("allow") or 0), int(o.get("deny") or 0)) for o in wanted or ()}
    changed = 0
    for target in before.keys() | after.keys():
        (allowed, denied), (allow, deny) = before.get(target, (0, 0)), after.get(target, (0, 0))
        changed |= (allowed ^ allow) | (denied ^ deny)
    if changed & ~backend.compute_permissions(guild_id, backend.bot_user.id):
        raise missing_permissions()


def _create_channel(ctx: RequestContext, create: Handler) -> Any:
    body = ctx.body()
    if len(ctx.backend.get_guild(ctx.int_arg("guild_id")).channel_ids) >= CHANNELS_IN_A_GUILD:
        raise BackendError(400, 30013, "Maximum number of guild channels reached (500)")
    kind = int(body.get("type") or ChannelType.TEXT)
    ctx.json = {**body, "name": channel_name(body.get("name"), kind)}
    _check_topic(body)
    _check_room_in_category(ctx.backend, body.get("parent_id"))
    _check_overwrites(ctx.backend, ctx.int_arg("guild_id"), (), body.get("permission_overwrites"))
    return create(ctx)


def _edit_channel(ctx: RequestContext, edit: Handler) -> Any:
    body = ctx.body()
    channel = ctx.backend.get_channel(ctx.int_arg("channel_id"))
    if "name" in body:
        ctx.json = {**body, "name": channel_name(body["name"], channel.type)}
    _check_topic(body)
    if body.get("parent_id") is not None:
        _check_room_in_category(ctx.backend, body["parent_id"], frozenset({channel.id}))
    if channel.guild_id is not None and body.get("permission_overwrites") is not None:
        ctx.require_channel_permissions(channel.id, "manage_channels", "manage_roles")
        _check_overwrites(ctx.backend, channel.guild_id, channel.overwrites, body["permission_overwrites"])
    return edit(ctx)


def _move_channels(ctx: RequestContext, move: Handler) -> Any:
    arriving: dict[str, set[int]] = {}
    for item in ctx.json if isinstance(ctx.json, list) else []:
        if item.get("parent_id") is not None:
            arriving.setdefault(str(item["parent_id"]), set()).add(int(item["id"]))
    for category_id, moving in arriving.items():
        _check_room_in_category(ctx.backend, category_id, frozenset(moving))
    return move(ctx)


def _create_role(ctx: RequestContext, create: Handler) -> Any:
    if len(ctx.backend.get_guild(ctx.int_arg("guild_id")).roles) >= ROLES_IN_A_GUILD:
        raise BackendError(400, 30005, "Maximum number of guild roles reached (250)")
    return _edit_role(ctx, create)


def _edit_role(ctx: RequestContext, edit: Handler) -> Any:
    if ctx.body().get("name"):
        _name_within_bounds(str(ctx.body()["name"]))
    return edit(ctx)


def _history(ctx: RequestContext, newest_first: Handler) -> Any:
    """Begin what comes after a message with the oldest; simcord begins with the newest."""
    if "after" not in ctx.params:
        return newest_first(ctx)
    limit, after = int(ctx.params.get("limit", 50)), int(ctx.params["after"])
    ctx.params = {"limit": "1000000"}
    return [message for message in newest_first(ctx) if int(message["id"]) > after][-limit:]


def _answer(ctx: RequestContext, answer: Handler) -> Any:
    body = ctx.body()
    if body.get("type") == CallbackType.APPLICATION_COMMAND_AUTOCOMPLETE_RESULT:
        choices = (body.get("data") or {}).get("choices") or []
        if len(choices) > AUTOCOMPLETE_CHOICES:
            raise _refused("choices", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
        for choice in choices:
            _name_within_bounds(str(choice.get("name") or ""))
    return answer(ctx)
