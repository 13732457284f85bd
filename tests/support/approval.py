"""Approved letters for stories that are about something else."""

from sqlalchemy import delete

from bot.services.context import Context
from bot.storage.models import Letter


async def approve_all(context: Context, cohort_id: int) -> None:
    """Let every letter of a cohort be approved as the content has it."""
    async with context.database.transaction() as session:
        await session.execute(delete(Letter).where(Letter.cohort_id == cohort_id))
        session.add_all(
            Letter(
                cohort_id=cohort_id,
                code=code,
                state="approved",
                approved_version=0,
                approved_at=context.now(),
            )
            for code in context.programme.newsletters
        )
