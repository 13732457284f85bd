"""What is deleted by date (PRIVACY): who answered to a meeting, 30 days after it (how many came to say yes stays), and
who read a cohort's letters by e-mail, half a year after its last phase.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update

from bot.domain.seats import Answer
from bot.services.context import Context
from bot.services.desired_guild import is_looked_after
from bot.services.mail_lists import forget
from bot.storage.database import FORGOTTEN
from bot.storage.models import Cohort, Event, MailRecipient, Rsvp

ANSWERS_KEPT = timedelta(days=30)


class Forgetting:
    """Delete what has been kept long enough."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def turn(self, now: datetime) -> int:
        """Delete the answers to meetings long over, and old mail addresses. Returns how many."""
        return await self._answers(now) + await self._addresses(now)

    async def _addresses(self, now: datetime) -> int:
        programme = self._context.programme
        today = now.astimezone(ZoneInfo(programme.timezone)).date()
        async with self._context.database.transaction() as session:
            cohorts = (await session.scalars(select(Cohort))).all()
            over = [
                cohort.id for cohort in cohorts if not is_looked_after(programme, cohort.start_year, today)
            ]
            query = select(MailRecipient).where(MailRecipient.cohort_id.in_(over))
            old = (await session.scalars(query)).all() if over else ()
            for row in old:
                await forget(session, row)
            return len(old)

    async def _answers(self, now: datetime) -> int:
        over = Event.ends_at <= now - ANSWERS_KEPT
        async with self._context.database.transaction() as session:
            answered = select(Rsvp.event_id).join(Event, Rsvp.event_id == Event.id).where(over).distinct()
            event_ids = (await session.scalars(answered)).all()
            if not event_ids:
                return 0
            came = select(func.coalesce(func.sum(Rsvp.people), 0)).where(
                Rsvp.event_id == Event.id, Rsvp.answer == Answer.YES, Rsvp.waiting_since.is_(None)
            )
            change = update(Event).where(Event.id.in_(event_ids)).values(said_yes=came.scalar_subquery())
            await session.execute(change.execution_options(synchronize_session=False))
            gone = await session.execute(
                delete(Rsvp).where(Rsvp.event_id.in_(event_ids)).execution_options(synchronize_session=False)
            )
            session.info[FORGOTTEN] = True
            return int(gone.rowcount)  # type: ignore[attr-defined]
