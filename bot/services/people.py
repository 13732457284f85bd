"""People: who is behind a button, the privacy text before all else, and joining a village or its panel."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.errors import Conflict
from bot.services.attendance import Attendance, forget_answers_there
from bot.services.audit import audit
from bot.services.cohorts import village_in
from bot.services.coordinator_groups import coordinator_groups, groups_held
from bot.services.membership import add_role, end_role, own_person, panel_yes, tell_of_missing_lead
from bot.services.places import village_key
from bot.services.privacy import Privacy
from bot.services.roles import Roles
from bot.storage.models import Consent, Person, RoleAssignment, Village
from bot.storage.repositories import people as people_table

SUPPLIES: Mapping[str, frozenset[str]] = {"error_people.village_not_ready": frozenset({"village"})}
PRIVACY = "privacy"
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Membership:
    """A village or panel somebody belongs to now; `new` is False when it was so already."""

    village: Village
    new: bool


class People(Roles, Attendance, Privacy):
    """Everything a person can do with the programme, apart from voting and deciding."""

    async def actor(self, discord_user_id: int, name: str, is_owner: bool = False) -> Actor:
        """Return who is behind an action, with the roles held now; the stored name follows Discord's.

        The server's owner counts as secretariat, so that somebody can give the first roles.
        """
        async with self._context.database.transaction() as session:
            person, held = await people_table.with_roles(session, discord_user_id)
            if person is not None and person.display_name != tidy_name(name):
                person.display_name = tidy_name(name)
            return await actor_of(session, person, held, discord_user_id, name, is_owner)

    def privacy_text(self) -> dict[str, str]:
        """Return the values the privacy text is filled with."""
        return {"phone": self._context.facts.phone, "controller": self._context.facts.controller}

    async def accept_privacy(self, discord_user_id: int, name: str, is_owner: bool = False) -> Actor:
        """Note that somebody has seen the privacy text and goes on; only now is anything stored (hard gate).

        The wording is kept as a checksum; pressing again changes nothing unless the wording has changed.
        """
        version = checksum(self._context.texts("people.privacy", **self.privacy_text()))
        now = self._context.now()
        async with self._context.database.transaction() as session:
            person = await people_table.created(session, discord_user_id, tidy_name(name), now)
            said = await people_table.consents(session, person.id, PRIVACY)
            held = await people_table.roles_now(session, person.id)
            actor = await actor_of(session, person, held, discord_user_id, name, is_owner)
            if version not in {row.text_version for row in said}:
                session.add(Consent(person_id=person.id, purpose=PRIVACY, text_version=version, given_at=now))
                await audit(session, self._context, actor, "privacy.accepted", f"person:{person.id}")
            return actor

    async def join(self, actor: Actor, village_id: int) -> Membership:
        """Let somebody belong to a village; one may belong to several.

        Raises Conflict before the privacy text, or when the village has no agreement yet; NotFound.
        """
        return await self._enter(actor, village_id, Role.VILLAGER)

    async def join_panel(self, actor: Actor, village_id: int) -> Membership:
        """Put somebody on a village's panel list with their own yes (S33). Raises as join does."""
        return await self._enter(actor, village_id, Role.PANEL)

    async def _enter(self, actor: Actor, village_id: int, role: Role) -> Membership:
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            village = await village_in(session, village_id)
            if not village.on_discord:
                raise Conflict("error_people.village_not_ready", village=village.name)
            key = village_key(village.id)
            new = await add_role(session, self._context, person.id, RoleHeld(role, village.id), key)
            if new and role is Role.PANEL:
                asked = self._context.texts("people.panel_ask", village=village.name)
                panel_yes(session, self._context, person.id, key, checksum(asked))
            if new:
                await audit(session, self._context, actor, f"{role}.joined", key)
            return Membership(village, new)

    async def leave(self, actor: Actor, village_id: int) -> Village:
        """Let somebody belong to a village no more: every role there ends. Raises Conflict, NotFound."""
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            village = await village_in(session, village_id)
            key = village_key(village.id)
            ended = [r for r in await people_table.roles_now(session, person.id) if r.scope_key == key]
            for row in ended:
                await end_role(session, self._context, person.id, Role(row.role), key)
            if ended:
                await forget_answers_there(session, self._context, person.id, village)
                await audit(session, self._context, actor, "village.left", key)
            if any(row.role == Role.STEERING_LEAD for row in ended):
                await tell_of_missing_lead(session, self._context, village)
            return village

    async def villages_of(self, actor: Actor) -> list[Village]:
        """Return the villages somebody belongs to, in order of their names."""
        ids = {held.village_id for held in actor.roles if held.village_id is not None}
        async with self._context.database.transaction() as session:
            return list(
                await session.scalars(select(Village).where(Village.id.in_(ids)).order_by(Village.name))
            )

    async def leave_panel(self, actor: Actor, village_id: int) -> Membership:
        """Take somebody off a panel list at once, and the yes with it; `new` is False when not on it."""
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            village = await village_in(session, village_id)
            key = village_key(village.id)
            left = await end_role(session, self._context, person.id, Role.PANEL, key)
            if left:
                await forget_answers_there(session, self._context, person.id, village)
                await audit(session, self._context, actor, "panel.left", key)
            return Membership(village, left)


async def actor_of(
    session: AsyncSession,
    person: Person | None,
    rows: Sequence[RoleAssignment],
    discord_user_id: int | None,
    name: str,
    is_owner: bool = False,
) -> Actor:
    """Return a person with the roles these rows give."""
    held = {RoleHeld(Role.SECRETARIAT)} if is_owner else set()
    cohorts = {row.cohort_id for row in rows if row.role == Role.COORDINATOR and row.cohort_id is not None}
    groups = await coordinator_groups(session, cohorts) if cohorts else {}
    for row in rows:
        sits = groups_held(groups, row.cohort_id, row.municipality_id)
        held.add(RoleHeld(Role(row.role), row.village_id, row.municipality_id, row.cohort_id, sits))
    return Actor(person.id if person else None, tidy_name(name), frozenset(held), discord_user_id)


def checksum(text: str) -> str:
    """Return a short fingerprint of a wording."""
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()[:16]


def tidy_name(name: str) -> str:
    """Return a display name as it is stored: one line, composed letters."""
    return unicodedata.normalize("NFC", " ".join(name.split()))[:LONGEST_NAME]
