"""Channels, roles and who has them, as the database wants it; and an account of what was mended.

The gateway compares this with Discord. Nothing here is asked by a person, so no right is checked here.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.templates import Ready
from bot.domain.access import VILLAGE_ROLES, Role
from bot.domain.guild import DesiredGuild
from bot.domain.guild_steps import Plan, Step
from bot.messages.provisioning import account
from bot.services.context import Context
from bot.services.coordinator_groups import GroupsOf, coordinator_groups, groups_held
from bot.services.desired_guild import (
    SECRETARIAT_ROLE,
    Taking,
    desired_guild,
    group_role,
    is_looked_after,
    village_role,
)
from bot.storage.models import (
    Cohort,
    CoordinatorGroup,
    DiscordPlace,
    Municipality,
    Person,
    RoleAssignment,
    Village,
)


class Provisioning:
    """What the server should be, and where our places stand."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.one_at_a_time = asyncio.Lock()  # two runs at once would both make what is missing

    def account(self, done: Iterable[Step], failed: Iterable[Step], plan: Plan) -> Ready | None:
        """Return what the secretariat should be told of a run, or None when nothing was mended."""
        return account(self._context.texts, self._context.facts.phone, done, failed, plan)

    async def desired(self) -> DesiredGuild:
        """Return all that should stand on the server today."""
        async with self._context.database.transaction() as session:
            cohorts = await self._cohorts(session)
            villages = await self._villages(session, cohorts)
            taking = Taking(
                [village for village in villages if village.on_discord],
                await self._groups(session, cohorts),
                _coordinators(await self._active(session)),
            )
        return desired_guild(self._context.programme, self._context.texts, taking)

    async def known(self) -> dict[str, int]:
        """Return the Discord id stored for each place key."""
        async with self._context.database.transaction() as session:
            return {row.key: row.discord_id for row in await session.scalars(select(DiscordPlace))}

    async def record(self, key: str, discord_id: int) -> None:
        """Store where a place stands; called right after it was made, so that a kill never makes two."""
        async with self._context.database.transaction() as session:
            row = await session.scalar(select(DiscordPlace).where(DiscordPlace.key == key))
            if row is None:
                session.add(DiscordPlace(key=key, discord_id=discord_id))
            else:
                row.discord_id = discord_id

    async def member_roles(self) -> dict[int, frozenset[str]]:
        """Return our roles (by place key) each Discord user should have; none for those who left."""
        async with self._context.database.transaction() as session:
            return await self._member_roles(session)

    async def roles_of(self, discord_user_id: int) -> frozenset[str]:
        """Return which of our roles (by place key) one Discord user should have."""
        async with self._context.database.transaction() as session:
            return (await self._member_roles(session, discord_user_id)).get(discord_user_id, frozenset())

    async def role_ids(self) -> dict[str, int]:
        """Return the ids of the roles we give and take, by place key; those of old cohorts are left alone."""
        async with self._context.database.transaction() as session:
            cohorts = await self._cohorts(session)
            groups = select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id.in_(cohorts))
            wanted = {SECRETARIAT_ROLE, *(group_role(group_id) for group_id in await session.scalars(groups))}
            wanted |= {village_role(village_id) for village_id in await self._agreed(session, cohorts)}
            known = await session.scalars(select(DiscordPlace).where(DiscordPlace.key.startswith("role:")))
            return {row.key: row.discord_id for row in known if row.key in wanted}

    async def _member_roles(
        self, session: AsyncSession, only: int | None = None
    ) -> dict[int, frozenset[str]]:
        cohorts = await self._cohorts(session)
        agreed = await self._agreed(session, cohorts)
        active = await self._active(session, only)
        coordinated = [
            c for c in cohorts if any(h.role == Role.COORDINATOR and h.cohort_id == c for h in active)
        ]
        groups = await coordinator_groups(session, coordinated) if coordinated else {}
        people = await self._people(session) if only is None else [only]
        found: dict[int, set[str]] = {user_id: set() for user_id in people}
        for held in active:
            assert held.person.discord_user_id is not None, "only people with an account are asked for"
            found[held.person.discord_user_id] |= _role_keys(held, agreed, groups)
        return {user_id: frozenset(keys) for user_id, keys in found.items()}

    async def _cohorts(self, session: AsyncSession) -> list[int]:
        today = self._context.now().astimezone(ZoneInfo(self._context.programme.timezone)).date()
        rows = await session.scalars(select(Cohort))
        return [row.id for row in rows if is_looked_after(self._context.programme, row.start_year, today)]

    async def _agreed(self, session: AsyncSession, cohorts: Sequence[int]) -> set[int]:
        """Return the villages that have, or should have, a channel."""
        agreed = select(Village.id).where(Village.cohort_id.in_(cohorts), Village.agreed_at.is_not(None))
        agreed = agreed.join(Municipality).where(Municipality.discord)
        return set(await session.scalars(agreed))

    async def _villages(self, session: AsyncSession, cohorts: Sequence[int]) -> Sequence[Village]:
        rows = await session.scalars(select(Village).where(Village.cohort_id.in_(cohorts)))
        return sorted(rows, key=lambda v: (v.cohort.start_year, v.municipality.key, v.key))

    async def _groups(self, session: AsyncSession, cohorts: Sequence[int]) -> Sequence[CoordinatorGroup]:
        rows = await session.scalars(select(CoordinatorGroup).where(CoordinatorGroup.cohort_id.in_(cohorts)))
        return sorted(rows, key=lambda g: (g.cohort.start_year, g.key))

    async def _active(self, session: AsyncSession, only: int | None = None) -> Sequence[RoleAssignment]:
        query = (
            select(RoleAssignment)
            .join(Person)
            .where(Person.discord_user_id.is_not(None))
            .where(RoleAssignment.until.is_(None) | (RoleAssignment.until > self._context.now()))
            .order_by(RoleAssignment.id)
        )
        if only is not None:
            query = query.where(Person.discord_user_id == only)
        return (await session.scalars(query)).all()

    async def _people(self, session: AsyncSession) -> Iterable[int]:
        """Return the Discord users who have, or have had, a role with us."""
        query = select(Person.discord_user_id).where(Person.id.in_(select(RoleAssignment.person_id)))
        return [user_id for user_id in await session.scalars(query) if user_id is not None]


def _coordinators(active: Iterable[RoleAssignment]) -> dict[tuple[int, int | None], list[int]]:
    found: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    for held in active:
        if held.role == Role.COORDINATOR and held.cohort_id is not None and held.person.discord_user_id:
            found[held.cohort_id, held.municipality_id].append(held.person.discord_user_id)
    return found


def _role_keys(held: RoleAssignment, agreed: set[int], groups: GroupsOf) -> set[str]:
    if held.role == Role.SECRETARIAT:
        return {SECRETARIAT_ROLE}
    if held.role == Role.COORDINATOR and held.cohort_id is not None:
        return {group_role(i) for i in groups_held(groups, held.cohort_id, held.municipality_id)}
    if held.role in VILLAGE_ROLES and held.village_id in agreed:
        return {village_role(held.village_id)}
    return set()
