"""People by their account, the roles they hold now, and what they have said yes to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from bot.storage.models import Consent, Person, RoleAssignment

EVERYWHERE = "programme"


async def by_account(session: AsyncSession, discord_user_id: int) -> Person | None:
    """Return the person behind a Discord account, locked until the transaction ends, or None."""
    query = select(Person).where(Person.discord_user_id == discord_user_id).with_for_update()
    return await session.scalar(query)


async def with_roles(
    session: AsyncSession, discord_user_id: int
) -> tuple[Person | None, Sequence[RoleAssignment]]:
    """Return the person behind an account and the roles held at present, in one question."""
    held = (RoleAssignment.person_id == Person.id) & RoleAssignment.until.is_(None)
    query = (
        select(Person, RoleAssignment)
        .outerjoin(RoleAssignment, held)
        .where(Person.discord_user_id == discord_user_id)
        .options(lazyload(RoleAssignment.person))
        .order_by(RoleAssignment.id)
    )
    rows = (await session.execute(query)).all()
    return (rows[0][0] if rows else None), [role for _, role in rows if role is not None]


async def by_id(session: AsyncSession, person_id: int) -> Person | None:
    """Return a person who has not been erased, locked until the transaction ends, or None."""
    query = select(Person).where(Person.id == person_id, Person.erased_at.is_(None)).with_for_update()
    return await session.scalar(query)


async def created(session: AsyncSession, discord_user_id: int, name: str, at: datetime) -> Person:
    """Return the person behind an account, made if need be; two presses at the same moment make one."""
    person = await by_account(session, discord_user_id)
    if person is None:
        try:
            async with session.begin_nested():
                session.add(Person(discord_user_id=discord_user_id, display_name=name, created_at=at))
        except IntegrityError:
            pass  # the other press was first: it is found below
        person = await by_account(session, discord_user_id)
    assert person is not None
    return person


async def roles_now(session: AsyncSession, person_id: int) -> Sequence[RoleAssignment]:
    """Return the roles a person holds at present."""
    query = select(RoleAssignment).where(
        RoleAssignment.person_id == person_id, RoleAssignment.until.is_(None)
    )
    return (await session.scalars(query.order_by(RoleAssignment.id))).all()


async def role_now(session: AsyncSession, person_id: int, role: str, scope_key: str) -> RoleAssignment | None:
    """Return one role a person holds at present, or None."""
    roles = await roles_now(session, person_id)
    return next((row for row in roles if row.role == role and row.scope_key == scope_key), None)


async def holders(session: AsyncSession, roles: Sequence[str], scope_key: str) -> Sequence[RoleAssignment]:
    """Return who holds one of these roles at a place at present, longest serving first."""
    query = select(RoleAssignment).where(
        RoleAssignment.scope_key == scope_key, RoleAssignment.role.in_(roles), RoleAssignment.until.is_(None)
    )
    return (await session.scalars(query.order_by(RoleAssignment.since, RoleAssignment.id))).all()


async def consents(session: AsyncSession, person_id: int, purpose: str | None = None) -> Sequence[Consent]:
    """Return what a person has said yes to and not withdrawn (for one purpose), oldest first."""
    query = select(Consent).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
    if purpose is not None:
        query = query.where(Consent.purpose == purpose)
    return (await session.scalars(query.order_by(Consent.id))).all()
