"""Desired server minus actual server: what must be done, in a safe order. Pure; it never deletes.

Whatever we made is found again by its stored id. When the id is not known or leads nowhere, a channel whose
topic carries our mark is taken over, and a category with exactly our name; only then is one made. A role is
always made: one of the same name may be held by anybody.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bot.domain.errors import StartupError
from bot.domain.guild import (
    MAX_CHANNELS,
    MAX_IN_CATEGORY,
    MAX_ROLES,
    ActualCategory,
    ActualChannel,
    ActualGuild,
    ActualRole,
    DesiredCategory,
    DesiredChannel,
    DesiredGuild,
    missing_rights,
)
from bot.domain.guild_draft import Draft
from bot.domain.guild_steps import (
    CreateCategory,
    CreateChannel,
    CreateRole,
    Kind,
    Move,
    Plan,
    SetOverwrites,
    SetTopic,
    Twin,
)


class PlanError(StartupError):
    """The server cannot be made as it should be; the text tells an operator what to do."""


def plan(desired: DesiredGuild, actual: ActualGuild, known: Mapping[str, int]) -> Plan:
    """Return what must be done; `known` gives the Discord id stored under each place key.

    Raises PlanError when the bot lacks rights, stands below a role of ours, or would pass Discord's limits.
    """
    missing = missing_rights(actual.bot_rights)
    if missing:
        raise PlanError(
            f'On the server "{actual.name}" the bot lacks: {", ".join(missing)}. '
            "Give its role these rights in Server Settings > Roles, then try again."
        )
    draft = Draft(actual, known)
    _roles(draft, desired)
    for category in desired.categories:
        _category(draft, category, [c for c in desired.channels if c.category == category.key])
    _check_limits(draft)
    return draft.plan()


def _roles(draft: Draft, desired: DesiredGuild) -> None:
    for role in desired.roles:
        found, _ = draft.find(Kind.ROLE, role.key, draft.actual.roles, _never)
        if found is None:
            draft.create.append(CreateRole(role.key, role.name, again=role.key in draft.known))
        elif not found.below_bot:
            raise PlanError(
                f'The bot may not give the role "{found.name}": it stands above the bot\'s own role. '
                "Drag the bot's role above it in Server Settings > Roles, then try again."
            )
        else:
            draft.name(Kind.ROLE, role.key, found.name, role.name)


def _never(_role: ActualRole) -> bool:
    """Take over no role by its name: whoever holds it would see what its new channels hold."""
    return False


def _category(draft: Draft, category: DesiredCategory, channels: Sequence[DesiredChannel]) -> None:
    """Find a category's channels, give each a place in a category with room, and mend what has drifted."""
    here = {channel.key: _channel_here(draft, channel) for channel in channels}
    numbers = _numbers(draft, category, channels, here)
    for n in sorted(set(numbers.values())):
        key = category.nth_key(n)
        if key not in draft.ids:
            draft.create.append(CreateCategory(key, category.nth_name(n), again=key in draft.known))
    for channel in channels:
        _channel(draft, channel, here[channel.key], category, numbers[channel.key])


def _channel_here(draft: Draft, channel: DesiredChannel) -> ActualChannel | None:
    texts = [c for c in draft.actual.channels if c.is_text]
    found, twins = draft.find(Kind.CHANNEL, channel.key, texts, lambda c: channel.is_marked(c.topic))
    draft.twins += [Twin(channel.key, twin.name, twin.id) for twin in twins]
    return found


def _numbers(
    draft: Draft,
    category: DesiredCategory,
    channels: Sequence[DesiredChannel],
    here: Mapping[str, ActualChannel | None],
) -> dict[str, int]:
    """Say in which of the municipality's categories each channel stands: where it is, or the first with room.

    Channels of other people take room too; room that a move would free is not counted on.
    """
    inside = Counter(c.category_id for c in draft.actual.channels)
    filled: list[int] = []
    n_of: dict[int | None, int] = {}
    while True:
        n = len(filled) + 1
        key, name = category.nth_key(n), category.nth_name(n)
        found, _ = draft.find(Kind.CATEGORY, key, draft.actual.categories, _category_called(name))
        if found is None and key not in draft.known:
            break
        filled.append(inside[found.id] if found else 0)
        if found:
            n_of[found.id] = n
            draft.name(Kind.CATEGORY, key, found.name, name)
    numbers: dict[str, int] = {}
    for channel in channels:
        stands = here[channel.key]
        if stands and stands.category_id in n_of:
            numbers[channel.key] = n_of[stands.category_id]
            continue
        n = next((n for n, used in enumerate(filled, 1) if used < MAX_IN_CATEGORY), len(filled) + 1)
        if n > len(filled):
            filled.append(0)
        filled[n - 1] += 1
        numbers[channel.key] = n
    return numbers


def _category_called(name: str) -> Callable[[ActualCategory], bool]:
    return lambda category: category.name == name


def _channel(
    draft: Draft, channel: DesiredChannel, here: ActualChannel | None, category: DesiredCategory, n: int
) -> None:
    key, name = category.nth_key(n), category.nth_name(n)
    if here is None:
        draft.channels.append(
            CreateChannel(
                channel.key,
                channel.name,
                channel.topic,
                key,
                name,
                channel.overwrites,
                again=channel.key in draft.known,
            )
        )
        return
    if draft.resolved(channel.overwrites) != {i: o for i, o in here.overwrites.items() if not o.is_empty}:
        draft.close.append(SetOverwrites(channel.key, channel.name, channel.overwrites))
    if here.category_id is None or draft.ids.get(key) != here.category_id:
        draft.move.append(Move(channel.key, channel.name, key, name))
    draft.name(Kind.CHANNEL, channel.key, here.name, channel.name)
    if here.topic != channel.topic:
        draft.topic.append(SetTopic(channel.key, channel.name, channel.topic))


def _check_limits(draft: Draft) -> None:
    actual = draft.actual
    roles = sum(isinstance(step, CreateRole) for step in draft.create)
    channels = len(draft.create) - roles + len(draft.channels)
    for what, has, more, most in (
        ("channels and categories", len(actual.categories) + len(actual.channels), channels, MAX_CHANNELS),
        ("roles", len(actual.roles), roles, MAX_ROLES),
    ):
        if more and has + more > most:
            raise PlanError(
                f'The server "{actual.name}" has {has} {what} and needs {more} more; Discord allows {most}. '
                f"Nothing was changed. Save and delete the {what} of the oldest cohort by hand, "
                "or run the new cohort on a second server with a bot and database of its own."
            )
