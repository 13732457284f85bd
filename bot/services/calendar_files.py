"""A place's meetings as people's own calendars see them, and one of them as a file."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import NotFound
from bot.domain.polled_meetings import MeetingSeen
from bot.messages.calendar_files import Calendars, agenda, named_file
from bot.messages.message import File
from bot.services.calendar import Calendar
from bot.services.context import Context
from bot.services.places import Place
from bot.services.polled_meeting_posts import seen as polled_seen
from bot.storage.models import Event, PolledMeeting


class CalendarFiles:
    """Read meetings for calendars."""

    def __init__(self, context: Context, calendar: Calendar) -> None:
        self._context, self._calendar = context, calendar

    def seen(self, event: Event) -> MeetingSeen:
        """Return a meeting of the programme as a calendar sees it; its link is its place when it has no other."""
        meeting = self._context.programme.meetings[event.code]
        return MeetingSeen(
            event.id, meeting.title, event.venue or "", event.starts_at, event.ends_at, event.sequence,
            event.called_off_at is not None, event.link or "", agenda(self._context.texts, meeting),
        )  # fmt: skip

    async def of_place(self, session: AsyncSession, place: Place) -> list[MeetingSeen]:
        """Return every meeting that concerns a place, held or not, called off or not, in order of time."""
        found = [self.seen(event) for event in await self._calendar.rows(session, place)]
        query = select(PolledMeeting).join(PolledMeeting.event).where(Event.scope_key == place.key)
        found += [polled_seen(row) for row in await session.scalars(query)]
        return sorted(found, key=lambda meeting: (meeting.starts_at, meeting.event_id))

    def calendars(self, place: Place) -> Calendars:
        """Return what the files of a place share."""
        programme = self._context.programme
        return Calendars(programme.id, self.name(place))

    def name(self, place: Place) -> str:
        """Return the name of who meets: a village, a group, or the cohort."""
        owner = place.village or place.group
        return owner.name if owner else place.cohort.title if place.cohort else self._context.programme.name

    def files(self, event: Event, place: Place) -> Sequence[File]:
        """Return the file that goes with a post about a meeting of the programme."""
        return (
            named_file(self._context.texts, self.seen(event), self.calendars(place), self._context.now()),
        )

    async def one(self, place: Place, event_id: int) -> tuple[MeetingSeen, File]:
        """Return one of a place's meetings, and its file. Raises NotFound."""
        async with self._context.database.transaction() as session:
            meeting = await self.find(session, place, event_id)
        file = named_file(self._context.texts, meeting, self.calendars(place), self._context.now())
        return meeting, file

    async def find(self, session: AsyncSession, place: Place, event_id: int) -> MeetingSeen:
        """Return one of a place's meetings. Raises NotFound."""
        for meeting in await self.of_place(session, place):
            if meeting.event_id == event_id:
                return meeting
        raise NotFound("error_people.meeting_gone")
