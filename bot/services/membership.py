"""What a role is in the database: given, ended, and for the panel list tied to a yes. Checks no rights."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.errors import Conflict
from bot.services.context import Context
from bot.services.outbox import tell_secretariat
from bot.services.places import village_key
from bot.storage.models import Consent, Person, RoleAssignment, Village
from bot.storage.repositories import people as people_table

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_people.privacy_needed": frozenset(),
    "people.lead_missing": frozenset({"village"}),
}
PANEL = "panel"


async def own_person(session: AsyncSession, actor: Actor) -> Person:
    """Return the actor's own row, locked. Raises Conflict before the privacy text is accepted (hard gate)."""
    person = await people_table.by_id(session, actor.person_id) if actor.person_id is not None else None
    if person is None:
        raise Conflict("error_people.privacy_needed")
    return person


async def add_role(session: AsyncSession, context: Context, person_id: int, held: RoleHeld, key: str) -> bool:
    """Give a role from now on; False when it is held already. The person's row is locked by the caller."""
    if await people_table.role_now(session, person_id, held.role, key) is not None:
        return False
    session.add(
        RoleAssignment(person_id=person_id, role=str(held.role), scope_key=key, village_id=held.village_id,
                       municipality_id=held.municipality_id, cohort_id=held.cohort_id, since=context.now())
    )  # fmt: skip
    await session.flush()
    return True


async def end_role(session: AsyncSession, context: Context, person_id: int, role: Role, key: str) -> bool:
    """End a role now, and the yes behind it for the panel; False when it is not held."""
    row = await people_table.role_now(session, person_id, role, key)
    if row is None:
        return False
    row.until = context.now()
    if role is Role.PANEL:
        for consent in await people_table.consents(session, person_id, PANEL):
            if consent.text_version.startswith(f"{key} "):
                consent.withdrawn_at = context.now()
    await session.flush()
    return True


def panel_yes(session: AsyncSession, context: Context, person_id: int, key: str, version: str) -> None:
    """Store the yes to a village's panel list; each panel has its own, so the version names the village."""
    session.add(
        Consent(person_id=person_id, purpose=PANEL, text_version=f"{key} {version}", given_at=context.now())
    )


async def tell_of_missing_lead(session: AsyncSession, context: Context, village: Village) -> None:
    """Tell the secretariat when a village has no steering lead any more."""
    key = village_key(village.id)
    if not await people_table.holders(session, [Role.STEERING_LEAD], key):
        now = context.now()
        said = context.texts("people.lead_missing", village=village.name)
        await tell_secretariat(session, now, f"notice:lead_missing:{key}:{now.isoformat()}", said)
