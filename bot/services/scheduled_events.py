"""Which meetings stand in the server's own list of events: those common to a cohort, since everybody sees it.

A village's own meetings, and links, stay out of it.
"""

from datetime import datetime

from sqlalchemy import delete, select

from bot.domain.programme import VILLAGE_CIRCLE, Meeting, Scope
from bot.domain.scheduled_events import DESCRIPTION_LONGEST, LOCATION_LONGEST, NAME_LONGEST, Listed
from bot.messages.scheduled_events import location, name, said
from bot.services.context import Context
from bot.storage.models import Cohort, DiscordEvent
from bot.storage.repositories import events as events_table


class ScheduledEvents:
    """What should stand, and what we know of what does."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def wanted(self, after: datetime) -> dict[int, Listed]:
        """Return the meetings that begin after a moment and should stand in the list, by their id.

        Those of every cohort: one may be put off past its programme's last day.
        """
        found = {}
        async with self._context.database.transaction() as session:
            for cohort in (await session.scalars(select(Cohort).order_by(Cohort.start_year))).all():
                for event in await events_table.common(session, cohort.id, after):
                    meeting = self._context.programme.meetings.get(event.code)
                    if meeting is None or event.called_off_at is not None or event.starts_at <= after:
                        continue
                    if _for_all(meeting):
                        found[event.id] = Listed(
                            name(meeting)[:NAME_LONGEST],
                            event.starts_at,
                            event.ends_at,
                            location(self._context.texts, meeting, event.venue)[:LOCATION_LONGEST],
                            said(self._context.texts, meeting, cohort.title)[:DESCRIPTION_LONGEST],
                        )
        return found

    async def known(self) -> dict[int, int]:
        """Return the ids on Discord that we have noted, by meeting."""
        async with self._context.database.transaction() as session:
            rows = await session.scalars(select(DiscordEvent).order_by(DiscordEvent.id))
            return {row.event_id: row.discord_id for row in rows}

    async def note(self, event_id: int, discord_id: int) -> None:
        """Keep the id of what stands for a meeting now."""
        async with self._context.database.transaction() as session:
            row = await session.scalar(select(DiscordEvent).where(DiscordEvent.event_id == event_id))
            if row is None:
                row = DiscordEvent(event_id=event_id)
                session.add(row)
            row.discord_id = discord_id

    async def forget(self, discord_id: int) -> None:
        """Let go of what stands there no more."""
        async with self._context.database.transaction() as session:
            await session.execute(delete(DiscordEvent).where(DiscordEvent.discord_id == discord_id))


def _for_all(meeting: Meeting) -> bool:
    return meeting.kind == VILLAGE_CIRCLE or meeting.scope is Scope.COHORT
