"""Who a letter would reach: exactly which channels, how many people, and how long it will take (S05)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import VILLAGE_ROLES, Role
from bot.domain.audience import Audience, Forecast, states_of
from bot.domain.errors import Conflict, NotFound
from bot.domain.posting import PostingHours
from bot.domain.programme import VILLAGE_CIRCLE, Newsletter
from bot.services.context import Context
from bot.services.coordinator_groups import coordinator_groups, groups_held
from bot.services.places import group_key, place_names, village_key
from bot.storage.models import (
    Cohort,
    CoordinatorGroup,
    DiscordPlace,
    Municipality,
    Person,
    RoleAssignment,
    Village,
)
from bot.storage.repositories import letters as letters_table

A_SECOND = 48.9  # posts, see docs/reliability.md


async def places_of(session: AsyncSession, context: Context, cohort_id: int, audience: Audience) -> list[str]:
    """Return the places an audience has now: villages by name, then coordinator groups."""
    keys: list[str] = []
    if audience.villages:
        query = select(Village).where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
        if audience.municipality_id is not None:
            query = query.where(Village.municipality_id == audience.municipality_id)
        if audience.phase is not None:
            query = query.where(Village.state.in_(states_of(context.programme.phases, audience.phase)))
        villages = (await session.scalars(query.order_by(Village.name, Village.id))).all()
        keys += [village_key(village.id) for village in villages]
    if audience.groups:
        groups = select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id == cohort_id)
        keys += [group_key(found) for found in await session.scalars(groups.order_by(CoordinatorGroup.id))]
    return keys


async def places_of_letter(
    session: AsyncSession,
    context: Context,
    cohort_id: int,
    letter: Newsletter,
    municipality_id: int | None = None,
    village_id: int | None = None,
    *,
    by_mail: bool = False,
) -> list[str]:
    """Return the places a letter goes to, of one municipality or village alone if one is named.

    Those without Discord are among them only for what goes `by_mail`. Raises Conflict for a village that does not
    take part yet.
    """
    circle = context.programme.circle_of(letter.id)
    if circle is None:
        return await places_of(session, context, cohort_id, await audience_of(session, cohort_id, letter.id))
    if circle.kind != VILLAGE_CIRCLE:
        groups = select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id == cohort_id)
        return [group_key(found) for found in await session.scalars(groups)]
    query = select(Village.id).where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
    if not by_mail:
        query = query.join(Municipality).where(Municipality.discord)
    if municipality_id is not None:
        query = query.where(Village.municipality_id == municipality_id)
    if village_id is not None:
        village = await session.get(Village, village_id)
        if village is not None and village.agreed_at is None:
            raise Conflict("error_people.village_not_ready", village=village.name)
        query = query.where(Village.id == village_id)
    return [village_key(found) for found in await session.scalars(query.order_by(Village.name))]


async def audience_of(session: AsyncSession, cohort_id: int, code: str) -> Audience:
    """Return whom an extra letter is meant for. Raises NotFound."""
    row = await letters_table.find(session, cohort_id, code)
    if row is None or row.audience is None:
        raise NotFound("error.not_found.newsletter", text=code)
    return Audience.of_data(row.audience)


async def people_at(session: AsyncSession, cohort_id: int, place_keys: Collection[str]) -> int:
    """Return how many people can read these places' channels by the roles they hold now."""
    query = (
        select(RoleAssignment)
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(RoleAssignment.until.is_(None), Person.erased_at.is_(None))
    )
    of_cohort = await session.scalars(select(Village.id).where(Village.cohort_id == cohort_id))
    villages = {number for number in of_cohort if village_key(number) in place_keys}
    query = query.where(RoleAssignment.village_id.in_(villages) | (RoleAssignment.cohort_id == cohort_id))
    groups = await coordinator_groups(session, [cohort_id])
    found = set()
    for held in await session.scalars(query):
        in_village = held.role in VILLAGE_ROLES and held.village_id in villages
        mine = (
            groups_held(groups, held.cohort_id, held.municipality_id) if held.role == Role.COORDINATOR else ()
        )
        if in_village or any(group_key(number) in place_keys for number in mine):
            found.add(held.person_id)
    return len(found)


async def foresee(
    session: AsyncSession,
    context: Context,
    cohort_id: int,
    place_keys: Sequence[str],
    have_it: Collection[str],
    begins_at: datetime,
) -> Forecast:
    """Say what sending to these places would do."""
    names = await place_names(session)
    there = set(await session.scalars(select(DiscordPlace.key).where(DiscordPlace.key.in_(place_keys))))
    going = [key for key in place_keys if key not in have_it and key in there]
    return Forecast(
        [names[key] for key in going],
        [names[key] for key in place_keys if key in have_it],
        [names[key] for key in place_keys if key not in there and key not in have_it],
        await people_at(session, cohort_id, going),
        begins_at,
        timedelta(seconds=len(going) / A_SECOND),
    )


def hours_of(context: Context, cohort: Cohort) -> PostingHours:
    """Return when posts may go out in a cohort's year."""
    quiet = context.off(cohort.start_year).posts
    return PostingHours(context.programme.rules, ZoneInfo(context.programme.timezone), quiet)
