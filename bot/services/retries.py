"""Whether the outbox is at rest: no post is in somebody's hands, and none waits for another try."""

from sqlalchemy import func, select

from bot.storage.database import Database
from bot.storage.models import Delivery


async def at_rest(database: Database) -> bool:
    """Tell whether no post is claimed, by whomever it may be."""
    async with database.transaction() as session:
        query = select(func.count()).where(Delivery.state == "claimed")
        return not await session.scalar(query)
