"""Roles: who holds which where, who may give and take them, who sits in a steering group (S15, S22, S33)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import (
    STEERING_GROUP,
    VILLAGE_ROLES,
    Action,
    Actor,
    Role,
    RoleHeld,
    Where,
    require,
    strongest,
)
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.services.attendance import forget_answers_there
from bot.services.audit import audit
from bot.services.cohorts import village_in
from bot.services.context import Context
from bot.services.membership import add_role, end_role, panel_yes, tell_of_missing_lead
from bot.services.places import village_key
from bot.storage.models import Cohort, Decision, Municipality, Village
from bot.storage.repositories import people as people_table

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_people.privacy_first": frozenset({"name"}),
    "error_people.role_needs_village": frozenset({"role"}),
    "error_people.role_needs_municipality": frozenset({"role"}),
    "error_people.role_not_held": frozenset({"name", "role"}),
}
ON_PAPER = "paper"


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A role given or taken. `changed` is False when it was so already; `place` is empty for the secretariat."""

    role: Role
    name: str
    discord_user_id: int
    place: str
    village: Village | None
    changed: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Someone in a steering group, with the roles held there, the strongest first."""

    person_id: int
    discord_user_id: int | None
    name: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a role is held, as it is stored."""

    held: RoleHeld
    key: str
    place: str
    village: Village | None = None


class Roles:
    """Give and take roles."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def give_role(
        self, actor: Actor, discord_user_id: int, name: str, role: Role, where: Where
    ) -> RoleChange:
        """Give a role to someone who has seen the privacy text.

        A village role needs `where.village_id`, a coordinator's needs municipality and cohort. Raises
        NotPermitted, InvalidInput, NotFound, and Conflict for someone who has not seen the text (hard gate).
        """
        async with self._context.database.transaction() as session:
            seat = await self._seat(session, actor, role, where)
            person = await people_table.by_account(session, discord_user_id)
            if person is None:
                raise Conflict("error_people.privacy_first", name=name)
            changed = await add_role(session, self._context, person.id, seat.held, seat.key)
            if changed and role is Role.PANEL:  # a yes given on paper (S33)
                panel_yes(session, self._context, person.id, seat.key, ON_PAPER)
            if changed:
                subject = f"{role} {seat.key} person:{person.id}"
                await audit(session, self._context, actor, "role.given", subject)
            return RoleChange(role, name, discord_user_id, seat.place, seat.village, changed)

    async def take_role(
        self, actor: Actor, discord_user_id: int, name: str, role: Role, where: Where
    ) -> RoleChange:
        """End a role today; the same rights as for giving it. Raises NotFound when it is not held."""
        async with self._context.database.transaction() as session:
            seat = await self._seat(session, actor, role, where)
            person = await people_table.by_account(session, discord_user_id)
            if person is None or not await end_role(session, self._context, person.id, role, seat.key):
                raise NotFound("error_people.role_not_held", name=name, role=self._word(role))
            subject = f"{role} {seat.key} person:{person.id}"
            await audit(session, self._context, actor, "role.taken", subject)
            if seat.village is not None:
                await forget_answers_there(session, self._context, person.id, seat.village)
            if role is Role.STEERING_LEAD and seat.village is not None:
                await tell_of_missing_lead(session, self._context, seat.village)
            return RoleChange(role, name, discord_user_id, seat.place, seat.village, True)

    async def steering_group(self, village_id: int) -> list[Member]:
        """Return a village's steering group, its lead first, then by time served (S22)."""
        async with self._context.database.transaction() as session:
            rows = await people_table.holders(session, STEERING_GROUP, village_key(village_id))
        roles: dict[int, list[Role]] = {}
        for row in rows:
            roles.setdefault(row.person_id, []).append(Role(row.role))
        people = {row.person_id: row.person for row in rows}
        order = list(Role).index
        members = [
            Member(key, people[key].discord_user_id, people[key].display_name or "",
                   tuple(sorted(held, key=order, reverse=True)))
            for key, held in roles.items()
        ]  # fmt: skip
        return sorted(members, key=lambda member: -order(strongest(member.roles)))

    async def _seat(self, session: AsyncSession, actor: Actor, role: Role, where: Where) -> _Seat:
        """Find the place a role is held, and check the actor's right to give it there."""
        action = Action.GIVE_STEERING_ROLES if role in STEERING_GROUP else Action.GIVE_ALL_ROLES
        if role not in VILLAGE_ROLES:
            require(actor, action, where)
            return await self._wider_seat(session, role, where)
        if where.village_id is None:
            require(actor, action, where)
            raise InvalidInput("error_people.role_needs_village", role=self._word(role))
        village = await village_in(session, where.village_id)
        by = require(actor, action, Where(village.id, village.municipality_id, village.cohort_id))
        if by is Role.LOCAL_COUNCIL_CONTACT and await self._is_established(session, village):
            raise NotPermitted(f"error.not_allowed.{action}")
        return _Seat(RoleHeld(role, village.id), village_key(village.id), village.name, village)

    async def _is_established(self, session: AsyncSession, village: Village) -> bool:
        """Tell whether a village's steering group has been established: from then on it chooses its own people."""
        code = self._context.programme.rules.steering_established_by
        query = select(Decision.id).where(Decision.village_id == village.id, Decision.code == code).limit(1)
        return code is not None and await session.scalar(query) is not None

    async def _wider_seat(self, session: AsyncSession, role: Role, where: Where) -> _Seat:
        if role is Role.SECRETARIAT:
            return _Seat(RoleHeld(role), people_table.EVERYWHERE, "")
        municipality = await session.get(Municipality, where.municipality_id or 0)
        cohort = await session.get(Cohort, where.cohort_id or 0)
        if municipality is None or cohort is None:
            raise InvalidInput("error_people.role_needs_municipality", role=self._word(role))
        held = RoleHeld(role, None, municipality.id, cohort.id)
        return _Seat(held, f"cohort:{cohort.id}:municipality:{municipality.id}", municipality.name)

    def _word(self, role: Role) -> str:
        return self._context.texts(f"people.roles.{role}")
