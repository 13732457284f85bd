"""On a meeting's day: how many came (S23), and the agenda for whoever leads it. No names are asked for.

Sharing, notes and the steps agreed are in sharing.py.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require
from bot.domain.attendance import reached_by_counts
from bot.domain.errors import Conflict, InvalidInput
from bot.domain.polled_meetings import MeetingSeen
from bot.domain.programme import AgendaItem
from bot.messages.meeting_day import DayView
from bot.services.audit import audit
from bot.services.calendar_files import CalendarFiles
from bot.services.context import Context
from bot.services.moments import today
from bot.services.places import Place
from bot.storage.models import Event, HeadCount, MeetingNotes, SharedNote, Village
from bot.storage.repositories.milestones import MilestoneScope, reach

BEFORE = timedelta(hours=1)  # people gather some time before a meeting begins
MOST = 2000
NOT_HELD: Mapping[str, object] = {"people": None, "notes": False}  # what there is to tell before a meeting


class MeetingDay:
    """The use-cases of whoever holds a meeting at a place."""

    def __init__(self, context: Context, files: CalendarFiles) -> None:
        self._context, self._files = context, files

    async def view(self, actor: Actor, place: Place, event_id: int) -> DayView:
        """Show what a place has of a meeting, to whoever is in its channel. Raises NotFound, Conflict (off)."""
        async with self._context.database.transaction() as session:
            meeting = await self._files.find(session, place, event_id)
            if meeting.called_off:
                raise Conflict("error_day.off", title=meeting.title, starts_at=meeting.starts_at)
            here = {"event_id": event_id, "place_key": place.key}
            advice = select(func.count()).select_from(SharedNote).filter_by(**here)
            notes = await session.scalar(select(MeetingNotes.id).filter_by(**here))
            return DayView(
                meeting,
                await count_of(session, place.key, event_id),
                await session.scalar(advice) or 0,
                notes is not None,
                bool(await self._points(session, event_id)),
                may(actor, right_to_hold(place), place.where),
                may(actor, right_to_note(place), place.where),
            )

    async def enter(self, actor: Actor, place: Place, event_id: int, written: str) -> tuple[MeetingSeen, int]:
        """Keep how many came; a later number takes the place of an earlier one. Returns the meeting and the number.

        Raises NotPermitted, NotFound, Conflict before it begins or when it is off, and InvalidInput.
        """
        require(actor, right_to_hold(place), place.where)
        people = _number(written)
        async with self._context.database.transaction() as session:
            meeting = await self.held(session, place, event_id)
            await session.get_one(
                Event, event_id, with_for_update=True
            )  # two presses at once are one after another
            row = await session.scalar(
                select(HeadCount).where(HeadCount.event_id == event_id, HeadCount.place_key == place.key)
            )
            if row is None:
                row = HeadCount(event_id=event_id, place_key=place.key)
                session.add(row)
            row.people, row.entered_at = people, self._context.now()
            await session.flush()
            await self._reach(session, place)
            await audit(session, self._context, actor, "meeting.counted", f"{place.key} event:{event_id}")
            return meeting, people

    async def agenda(
        self, actor: Actor, place: Place, event_id: int
    ) -> tuple[MeetingSeen, Sequence[AgendaItem | str]]:
        """Return a meeting and its points, for whoever leads. Raises NotPermitted, NotFound, Conflict, InvalidInput."""
        require(actor, right_to_hold(place), place.where)
        async with self._context.database.transaction() as session:
            meeting = await self.held(session, place, event_id)
            points = await self._points(session, event_id)
        if not points:
            raise InvalidInput("error_day.no_agenda")
        return meeting, points

    async def held(self, session: AsyncSession, place: Place, event_id: int) -> MeetingSeen:
        """Return a meeting of a place that is being held or has been. Raises NotFound, Conflict."""
        meeting = await self._files.find(session, place, event_id)
        told = {"title": meeting.title, "starts_at": meeting.starts_at}
        if meeting.called_off:
            raise Conflict("error_day.off", **told)
        if self._context.now() < meeting.starts_at - BEFORE:
            raise Conflict("error_day.not_yet", **told)
        return meeting

    async def _points(self, session: AsyncSession, event_id: int) -> Sequence[AgendaItem | str]:
        code = (await session.get_one(Event, event_id)).code
        meeting = self._context.programme.meetings.get(code)
        return meeting.agenda if meeting else ()

    async def _reach(self, session: AsyncSession, place: Place) -> None:
        if place.village is None:
            return
        query = select(Event.code).join(HeadCount, HeadCount.event_id == Event.id)
        attended = await session.scalars(query.where(HeadCount.place_key == place.key, HeadCount.people > 0))
        codes = reached_by_counts(self._context.programme, set(attended))
        if codes:
            await session.execute(select(Village.id).where(Village.id == place.village.id).with_for_update())
            scope = MilestoneScope(place.key, place.village.cohort_id, place.village.id)
            await reach(session, scope, codes, today(self._context.now(), self._context.programme.timezone))


async def count_of(session: AsyncSession, place_key: str, event_id: int) -> int | None:
    """Return how many of a place came to a meeting, as far as somebody has said."""
    return await session.scalar(
        select(HeadCount.people).where(HeadCount.event_id == event_id, HeadCount.place_key == place_key)
    )


async def values_of(session: AsyncSession, place_key: str, event_id: int) -> Mapping[str, object]:
    """Return what the thanks of the day after may tell of a meeting."""
    notes = select(MeetingNotes.id).where(
        MeetingNotes.event_id == event_id, MeetingNotes.place_key == place_key
    )
    return {
        "people": await count_of(session, place_key, event_id),
        "notes": await session.scalar(notes) is not None,
    }


def right_to_hold(place: Place) -> Action:
    """Return the right that holding a meeting takes: counting, leading, opening the sharing."""
    return Action.HOLD_MEETING if place.group is None else Action.HOLD_GROUP_MEETING


def right_to_note(place: Place) -> Action:
    """Return the right that saving notes takes."""
    return Action.SAVE_NOTES if place.group is None else Action.HOLD_GROUP_MEETING


def _number(written: str) -> int:
    text = written.strip()
    if not (text.isascii() and text.isdecimal()) or int(text) > MOST:
        raise InvalidInput("error_day.number")
    return int(text)
