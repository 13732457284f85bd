"""Who comes to a meeting: one answer a person, changeable until it is over; others see the head count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, may, require
from bot.domain.errors import Conflict, NotFound
from bot.domain.programme import Scope
from bot.domain.seats import Answer
from bot.services.context import Context
from bot.services.membership import own_person
from bot.services.places import place_of
from bot.storage.models import Event, PolledMeeting, Rsvp, Village

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_people.meeting_gone": frozenset(),
    "error_people.meeting_over": frozenset({"title", "starts_at"}),
    "error_people.meeting_off": frozenset({"title", "starts_at"}),
}


@dataclass(frozen=True, slots=True)
class MeetingAnswer:
    """What a person has answered to a meeting; `changed` is False when the same had been answered before."""

    event_id: int
    title: str
    starts_at: datetime
    answer: Answer
    changed: bool


class Attendance:
    """Take answers to meetings and count them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def answer_meeting(
        self, actor: Actor, event_id: int, answer: Answer, place_key: str | None = None
    ) -> MeetingAnswer:
        """Note whether somebody comes, answered in a place's channel (S09, S23).

        Raises NotPermitted, NotFound, Conflict when it is over or called off.
        """
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            event = await session.get(Event, event_id)
            if event is None:
                raise NotFound("error_people.meeting_gone")
            title = await self._admitted(session, actor, event)
            if event.called_off_at is not None:
                raise Conflict("error_people.meeting_off", title=title, starts_at=event.starts_at)
            if event.ends_at <= self._context.now():
                raise Conflict("error_people.meeting_over", title=title, starts_at=event.starts_at)
            row = await session.scalar(
                select(Rsvp).where(Rsvp.person_id == person.id, Rsvp.event_id == event.id)
            )
            changed = row is None or row.answer != answer
            if row is None:
                row = Rsvp(person_id=person.id, event_id=event.id)
                session.add(row)
            if changed:
                row.answer, row.answered_at = answer, self._context.now()
                row.place_key = place_key
            return MeetingAnswer(event.id, title, event.starts_at, answer, changed)

    async def head_count(self, event_id: int) -> int:
        """Return how many have said that they come."""
        query = select(func.sum(Rsvp.people)).where(Rsvp.event_id == event_id, Rsvp.answer == Answer.YES)
        async with self._context.database.transaction() as session:
            return await session.scalar(query) or 0

    async def _admitted(self, session: AsyncSession, actor: Actor, event: Event) -> str:
        """Check the right at any of the places the meeting is held for. Returns its title."""
        meeting = self._context.programme.meetings.get(event.code)
        if meeting is not None:
            title, places = meeting.title, await self._places(session, actor, event, meeting.scope)
        else:
            title, places = await self._voted_for(session, event)
        if not any(may(actor, Action.ANSWER_MEETING, place) for place in places):
            require(actor, Action.ANSWER_MEETING, Where())
        return title

    async def _voted_for(self, session: AsyncSession, event: Event) -> tuple[str, list[Where]]:
        """Return the title and place of a meeting whose day was voted for. Raises NotFound."""
        row = await session.scalar(select(PolledMeeting).where(PolledMeeting.event_id == event.id))
        if row is None:
            raise NotFound("error_people.meeting_gone")
        place = await place_of(session, event.scope_key)
        if place.village is not None:
            return row.title, [_of_village(place.village)]
        return row.title, [place.where]

    async def _places(self, session: AsyncSession, actor: Actor, event: Event, scope: Scope) -> list[Where]:
        """Return where the meeting belongs, as the actor may see it.

        The circles and courses are open to coordinators (S09); a village's own meeting is not, unless the
        village has opened its channel to them. A coordinators' circle is not for villagers.
        """
        if event.village_id is not None:
            return [_of_village(await session.get_one(Village, event.village_id))]
        common = Where(cohort_id=event.cohort_id)
        if scope is Scope.COORDINATOR_GROUP:
            return [common]
        own = {held.village_id for held in actor.roles if held.village_id is not None}
        query = select(Village.id).where(Village.cohort_id == event.cohort_id, Village.id.in_(own))
        return [common, *[Where(village_id=one) for one in await session.scalars(query)]]


def _of_village(village: Village) -> Where:
    """Return a village's own meeting as the table of rights sees it: coordinators only where the channel is open."""
    return Where(village.id, None, village.cohort_id if village.open_to_coordinator else None)
