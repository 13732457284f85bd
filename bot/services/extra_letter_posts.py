"""To whom a letter outside the calendar goes that was let go: posts and mails for everybody it is meant for (S05).

Whoever comes to belong to its audience before it goes out gets it too; afterwards nobody is added.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.audience import Audience
from bot.services.context import Context
from bot.services.letter_audience import places_of
from bot.services.letters import Letters
from bot.services.mail_planning import MailPlanning
from bot.storage.models import Letter
from bot.storage.repositories import deliveries
from bot.storage.repositories.deliveries import Post

KIND = "extra_letter"
_USEFUL = timedelta(days=7)  # as long a letter that came late is still sent


class ExtraLetterPosts:
    """Plan what brings such letters."""

    def __init__(self, context: Context, letters: Letters, mails: MailPlanning) -> None:
        self._context, self._letters, self._mails = context, letters, mails

    async def plan(self, session: AsyncSession, row: Letter, due: datetime) -> tuple[int, int]:
        """Let a letter go out at a moment. Returns to how many places it goes, and how many posts and mails changed."""
        assert row.audience is not None
        audience = Audience.of_data(row.audience)
        posts = [
            Post(f"{row.code}:{key}", key, KIND, due, due + _USEFUL, urgent=True, cohort_id=row.cohort_id,
                 payload={"newsletter": row.code})
            for key in await places_of(session, self._context, row.cohort_id, audience)
        ]  # fmt: skip
        changed = await deliveries.plan(session, posts)
        return len(posts), changed + await self._mails.plan_letter(session, row.cohort_id, posts)

    async def readers(self, session: AsyncSession, cohort_id: int, place_keys: Sequence[str]) -> int:
        """Return how many read by e-mail what goes to these places."""
        return len(await self._mails.readers_of(session, cohort_id, place_keys))

    async def follow(self, session: AsyncSession, cohort_id: int) -> int:
        """Let letters that have not gone out yet follow their audiences. Returns how many posts and mails changed."""
        query = select(Letter).where(
            Letter.cohort_id == cohort_id, Letter.goes_at.is_not(None), Letter.withdrawn_at.is_(None)
        )
        now, changes = self._context.now(), 0
        for row in (await session.scalars(query.order_by(Letter.id))).all():
            if row.goes_at is None:
                continue
            waits = row.goes_at > now or not await self._letters.may_go(session, cohort_id, row.code)
            if waits:
                changes += (await self.plan(session, row, row.goes_at))[1]
        return changes
