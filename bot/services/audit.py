"""Write down who changed what, by role; never a vote, a message or contact details."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor, strongest
from bot.services.context import Context
from bot.storage.models import AuditEntry


async def audit(session: AsyncSession, context: Context, actor: Actor, action: str, subject: str) -> None:
    """Add an entry in the same transaction as the change itself."""
    role = strongest(held.role for held in actor.roles) if actor.roles else "none"
    session.add(
        AuditEntry(
            at=context.now(), person_id=actor.person_id, role=str(role), action=action, subject=subject
        )
    )
