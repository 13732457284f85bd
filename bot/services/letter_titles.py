"""What letters there are, by name: the calendar's, and those the secretariat has written outside of it (S05)."""

from sqlalchemy import select

from bot.domain.access import Action, Actor, Where, may
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.places import running_cohorts
from bot.storage.models import Letter


class LetterTitles:
    """Name letters, to choose from."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    def of_calendar(self) -> dict[str, str]:
        """Return the titles of the calendar's letters by their ids."""
        return {letter.id: letter.title for letter in self._context.programme.newsletters.values()}

    async def all(self, actor: Actor) -> dict[str, str]:
        """Return the titles of all letters by their ids: extra ones first, the newest at the top.

        Extra ones only of years that are not over, and to those who send letters.
        """
        found: dict[str, str] = {}
        async with self._context.database.transaction() as session:
            for cohort in reversed(await running_cohorts(session, self._context, upcoming=True)):
                if may(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort.id)):
                    rows = select(Letter.code).where(
                        Letter.cohort_id == cohort.id, Letter.audience.is_not(None)
                    )
                    for code in (await session.scalars(rows.order_by(Letter.id.desc()))).all():
                        found[code] = (await self._letters.current(session, cohort.id, code)).title
        return found | self.of_calendar()

    async def codes(self) -> list[str]:
        """Return the ids of all letters there are, of every year."""
        async with self._context.database.transaction() as session:
            extra = select(Letter.code).where(Letter.audience.is_not(None)).order_by(Letter.id)
            return [*self._context.programme.newsletters, *await session.scalars(extra)]
