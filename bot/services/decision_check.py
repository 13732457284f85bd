"""Check the chain of one register, or of all of them."""

from collections.abc import Collection

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import NotFound
from bot.services.context import Context
from bot.services.decision_chain import Verdict, verify
from bot.services.decision_register import place_name
from bot.services.places import place_of
from bot.storage.models import Decision, Register, RegisterEntry


class RegisterCheck:
    """What `blup decisions verify` asks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def verify(self, only: Collection[str] | None = None) -> list[Verdict]:
        """Return what is found in each place's register, or in those under these keys; a fault does not end it."""
        async with self._context.database.transaction() as session:
            keys = union(*(select(table.scope_key) for table in (Register, RegisterEntry, Decision)))
            found = sorted(key for key in await session.scalars(keys) if only is None or key in only)
            return [await verify(session, key, await _name(session, key)) for key in found]


async def _name(session: AsyncSession, key: str) -> str:
    """Return a place's name; rows under a key that no place has are looked at too, and are a fault."""
    try:
        return place_name(await place_of(session, key))
    except (NotFound, ValueError):
        return key
