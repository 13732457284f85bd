"""Bring the server in line with the database, step by step, and give people their roles.

Nothing here is remembered: a kill in the middle is mended by the next run, for each id is stored right after
its thing was made, and what was made without an answer is found by its mark.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.dispatcher import PermanentFailure, TransientFailure
from bot.domain.guild import ActualCategory, ActualChannel, ActualGuild, ActualRole
from bot.domain.guild_plan import plan
from bot.domain.guild_steps import Adopt, Plan, Step
from bot.services.provisioning import Provisioning

log = logging.getLogger(__name__)


class GuildGateway(Protocol):
    """The server side of Discord. Every method raises TransientFailure when Discord is out of reach."""

    async def read(self) -> ActualGuild:
        """Return what stands on the server, asked of Discord itself."""
        ...

    async def do(self, step: Step, ids: Mapping[str, int]) -> int | None:
        """Take one step; return the id of what was made. Raises PermanentFailure when Discord refuses."""
        ...

    async def invitation(self, channel_id: int) -> str | None:
        """Return the code of a lasting invitation to a channel; None without the right. Raises PermanentFailure."""
        ...

    async def roles_held(self, user_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Return the role ids of those users who are on the server."""
        ...

    async def change_roles(self, user_id: int, give: frozenset[int], take: frozenset[int]) -> None:
        """Give and take roles of one member. Raises PermanentFailure when Discord refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """A step Discord refused; the others were taken all the same."""

    step: Step
    reason: str

    def __str__(self) -> str:
        return f"could not {self.step}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was planned and done. `interrupted`: Discord went out of reach, so run it again later."""

    plan: Plan
    done: tuple[Step, ...] = ()
    failed: tuple[Failure, ...] = ()
    interrupted: bool = False

    def __str__(self) -> str:
        ending = ", interrupted" if self.interrupted else ""
        return f"{len(self.done)} of {len(self.plan.steps)} steps done, {len(self.failed)} refused{ending}"

    def lines(self) -> list[str]:
        """Return the plan and what was refused, for an operator."""
        return [*self.plan.lines(), *(str(failure) for failure in self.failed)]


async def provision(
    gateway: GuildGateway,
    provisioning: Provisioning,
    *,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Report:
    """Make the server as the database wants it; with `dry_run` only say what would be done.

    It takes no further step once `stopping` says so.

    Raises PlanError (for operators, before anything is changed), TransientFailure when it cannot be read.
    """
    async with provisioning.one_at_a_time:
        known = await provisioning.known()
        actual = await gateway.read()
        found = plan(await provisioning.desired(), actual, known)
        if dry_run:
            return Report(found)
        here = {*_ids(actual.roles), *_ids(actual.categories), *_ids(actual.channels)}
        ids = {key: discord_id for key, discord_id in known.items() if discord_id in here}
        return await _take(gateway, provisioning, found, ids, stopping)


def _ids(things: Iterable[ActualRole | ActualCategory | ActualChannel]) -> Iterator[int]:
    yield from (thing.id for thing in things)


async def _take(
    gateway: GuildGateway,
    provisioning: Provisioning,
    found: Plan,
    ids: dict[str, int],
    stopping: Callable[[], bool],
) -> Report:
    done: list[Step] = []
    failed: list[Failure] = []
    for step in found.steps:
        if stopping():
            return Report(found, tuple(done), tuple(failed), interrupted=True)
        try:
            made = step.discord_id if isinstance(step, Adopt) else await gateway.do(step, ids)
        except PermanentFailure as error:
            log.warning("could not %s: %s", step, error, extra={"action": "provision"})
            failed.append(Failure(step, str(error)))
            continue
        except TransientFailure as error:
            log.warning("stopped at %s: %s", step, error, extra={"action": "provision"})
            return Report(found, tuple(done), tuple(failed), interrupted=True)
        if made is not None:
            await provisioning.record(step.key, made)
            ids[step.key] = made
        done.append(step)
        log.info("%s", step, extra={"action": "provision"})
    return Report(found, tuple(done), tuple(failed))


_AT_ONCE = 100  # Discord answers for so many users in one question


async def sync_members(gateway: GuildGateway, provisioning: Provisioning) -> int:
    """Give and take our roles of everyone the database knows; returns how many people were changed.

    Raises TransientFailure when Discord is out of reach; running it again takes up where it stopped.
    """
    wanted = await provisioning.member_roles()
    user_ids = sorted(wanted)
    changed = 0
    ours = await provisioning.role_ids()
    for start in range(0, len(user_ids), _AT_ONCE):
        held = await gateway.roles_held(user_ids[start : start + _AT_ONCE])
        for user_id, role_ids in held.items():
            changed += await _settle(gateway, user_id, wanted.get(user_id, frozenset()), role_ids, ours)
    return changed


async def sync_member(gateway: GuildGateway, provisioning: Provisioning, user_id: int) -> bool:
    """Give and take our roles of one person at once, as when somebody joins a village or is erased.

    Tells whether anything changed; someone who has left the server is passed over. Raises TransientFailure.
    """
    held = await gateway.roles_held([user_id])
    if user_id not in held:
        return False
    wanted = await provisioning.roles_of(user_id)
    return await _settle(gateway, user_id, wanted, held[user_id], await provisioning.role_ids())


async def strip_member(gateway: GuildGateway, provisioning: Provisioning, user_id: int) -> None:
    """Take every role of ours from one person. Raises TransientFailure and PermanentFailure."""
    held = (await gateway.roles_held([user_id])).get(user_id, frozenset())
    ours = {discord_id for key, discord_id in (await provisioning.known()).items() if key.startswith("role:")}
    if held & ours:
        await gateway.change_roles(user_id, frozenset(), held & ours)


async def _settle(
    gateway: GuildGateway, user_id: int, wanted: frozenset[str], held: frozenset[int], ours: Mapping[str, int]
) -> bool:
    should = frozenset(ours[key] for key in wanted if key in ours)
    give, take = should - held, (held & frozenset(ours.values())) - should
    if not (give or take):
        return False
    try:
        await gateway.change_roles(user_id, give, take)
    except PermanentFailure as error:
        log.warning("roles not changed: %s", error, extra={"action": "member_roles"})
        return False
    return True
