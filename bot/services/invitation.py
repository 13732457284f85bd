"""The way into the server for people who hold a piece of paper: a lasting invitation to the welcome channel."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.context import Context
from bot.storage.models import Invitation

_ADDRESS = "https://discord.gg/"


class InvitationKeeper:
    """Keep the code of the invitation that stands."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(self, code: str | None) -> None:
        """Remember the invitation that was just seen to stand; None means that there is none."""
        async with self._context.database.transaction() as session:
            await session.execute(delete(Invitation))
            if code is not None:
                session.add(Invitation(code=code, seen_at=self._context.now()))


async def address(session: AsyncSession) -> str:
    """Return the address of the invitation, or nothing."""
    code = await session.scalar(select(Invitation.code).order_by(Invitation.id))
    return f"{_ADDRESS}{code}" if code else ""
