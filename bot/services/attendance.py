"""Who comes to a meeting: one answer a person, changeable until it is over; others see the head count.

When seats are few, those who come later wait in the order they came; who gets a seat is told in their channel,
without a name. The meeting's row is locked first, so that no two people are promised the same seat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Role, RoleHeld, Where, may, require
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.programme import Scope
from bot.domain.seats import MOST_PEOPLE, Answer
from bot.services.context import Context
from bot.services.membership import own_person
from bot.services.places import place_of, village_key
from bot.services.seating import Seating, Share, share_of, taken_seats, waiting_number
from bot.storage.models import Event, PolledMeeting, Rsvp, Village
from bot.storage.repositories import events as events_table
from bot.storage.repositories import people as people_table

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_people.meeting_gone": frozenset(),
    "error_people.meeting_over": frozenset({"title", "starts_at"}),
    "error_people.meeting_off": frozenset({"title", "starts_at"}),
    "error_people.not_coming": frozenset({"title"}),
    "error_people.too_many": frozenset({"most"}),
    "error_people.no_more_seats": frozenset({"title", "people", "left"}),
}


@dataclass(frozen=True, slots=True)
class MeetingAnswer:
    """What a person has answered to a meeting; `changed` is False when the same had been answered before.

    `waits_as` is the number in the waiting list of who comes as soon as there is a seat; `share` is then what each village
    may take of the seats as yet.
    """

    event_id: int
    title: str
    starts_at: datetime
    answer: Answer
    changed: bool
    people: int = 1
    waits_as: int | None = None
    share: Share | None = None


class Attendance:
    """Take answers to meetings and count them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def _seating(self) -> Seating:
        return Seating(self._context)

    async def answer_meeting(
        self, actor: Actor, event_id: int, answer: Answer, place_key: str | None = None
    ) -> MeetingAnswer:
        """Note whether somebody comes, answered in a place's channel (S09, S23).

        Raises NotPermitted, NotFound, Conflict when it is over or called off.
        """
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            event, title = await self._open(session, actor, event_id)
            row = await own_answer(session, person.id, event.id)
            changed = row is None or row.answer != answer
            if row is None:
                row = Rsvp(person_id=person.id, event_id=event.id, people=1)
            if changed:
                await self.change(session, event, row, answer, place_key)
            row.asked_again_at = None
            return await self._seen(session, event, title, row, changed=changed)

    async def bring(self, actor: Actor, event_id: int, people: int) -> MeetingAnswer:
        """Note how many somebody who comes brings along, themselves included.

        Raises as `answer_meeting`, Conflict for who has not said yes or finds no more seats, InvalidInput.
        """
        if not 1 <= people <= MOST_PEOPLE:
            raise InvalidInput("error_people.too_many", most=MOST_PEOPLE)
        async with self._context.database.transaction() as session:
            person = await own_person(session, actor)
            event, title = await self._open(session, actor, event_id)
            row = await own_answer(session, person.id, event.id)
            if row is None or row.answer != Answer.YES:
                raise Conflict("error_people.not_coming", title=title)
            before = row.people
            more, has_seat = people - before, row.waiting_since is None
            if has_seat and more > 0 and not await self._seating.fits(session, event, more, row.place_key):
                left = await self._seating.left(session, event, row.place_key)
                raise Conflict("error_people.no_more_seats", title=title, people=before, left=left)
            row.people, row.asked_again_at = people, None
            await session.flush()
            await self._seating.move_up(session, event, own=row.id)
            return await self._seen(session, event, title, row, changed=people != before)

    async def head_count(self, event_id: int) -> int:
        """Return how many have said that they come, those without a seat left out."""
        async with self._context.database.transaction() as session:
            return await taken_seats(session, event_id)

    async def change(
        self, session: AsyncSession, event: Event, row: Rsvp, answer: Answer, place_key: str | None
    ) -> None:
        """Keep an answer, with seats or a place in the row. The meeting's row is locked by the caller."""
        now, waiting_since = self._context.now(), None
        if answer is Answer.YES and not await self._seating.fits(session, event, row.people, place_key):
            waiting_since = await self._seating.last_in_row(session, event.id)
        row.answer, row.answered_at, row.place_key, row.waiting_since = answer, now, place_key, waiting_since
        row.people = row.people if answer is Answer.YES else 1
        session.add(row)
        await session.flush()
        if answer is not Answer.YES:
            await self._seating.move_up(session, event)

    async def _seen(
        self, session: AsyncSession, event: Event, title: str, row: Rsvp, *, changed: bool
    ) -> MeetingAnswer:
        waits_as = await waiting_number(session, event.id, row) if row.waiting_since is not None else None
        share = share_of(self._context, event) if waits_as is not None else None
        return MeetingAnswer(
            event.id, title, event.starts_at, Answer(row.answer), changed, row.people, waits_as, share
        )

    async def _open(self, session: AsyncSession, actor: Actor, event_id: int) -> tuple[Event, str]:
        """Return a meeting that can be answered, locked, and its title."""
        event = await session.get(Event, event_id, with_for_update={"key_share": True})
        if event is None:
            raise NotFound("error_people.meeting_gone")
        title = await self.admitted(session, actor, event)
        if event.called_off_at is not None:
            raise Conflict("error_people.meeting_off", title=title, starts_at=event.starts_at)
        if event.ends_at <= self._context.now():
            raise Conflict("error_people.meeting_over", title=title, starts_at=event.starts_at)
        return event, title

    async def admitted(self, session: AsyncSession, actor: Actor, event: Event) -> str:
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


async def own_answer(session: AsyncSession, person_id: int, event_id: int) -> Rsvp | None:
    """Return what a person has answered to a meeting."""
    query = select(Rsvp).where(Rsvp.person_id == person_id, Rsvp.event_id == event_id)
    return await session.scalar(query)


async def forget_answers(session: AsyncSession, context: Context, person_id: int) -> None:
    """Delete what a person has answered; those who wait for a seat get theirs."""
    events = (await session.scalars(_answered_ahead(context, person_id))).all()
    await session.execute(delete(Rsvp).where(Rsvp.person_id == person_id))
    for event in events:
        await Seating(context).move_up(session, event)


async def forget_answers_there(
    session: AsyncSession, context: Context, person_id: int, village: Village
) -> None:
    """Delete what somebody answered to a village's meetings ahead, common ones too, that they may answer no more.

    Called when a role there has ended; those who wait for a seat get theirs.
    """
    roles = await people_table.roles_now(session, person_id)
    held = (RoleHeld(Role(r.role), r.village_id, r.municipality_id, r.cohort_id) for r in roles)
    actor, desk = Actor(person_id, "", frozenset(held)), Attendance(context)
    keys = (events_table.COHORT_SCOPE, village_key(village.id))
    query = _answered_ahead(context, person_id).where(
        Event.cohort_id == village.cohort_id, Event.scope_key.in_(keys)
    )
    for event in (await session.scalars(query)).all():
        try:
            await desk.admitted(session, actor, event)
        except (NotPermitted, NotFound):
            await session.execute(delete(Rsvp).where(Rsvp.person_id == person_id, Rsvp.event_id == event.id))
            await Seating(context).move_up(session, event)


def _answered_ahead(context: Context, person_id: int) -> Select[Event]:
    """Select the meetings ahead that somebody has answered to, locked."""
    mine = select(Rsvp.event_id).where(Rsvp.person_id == person_id)
    query = select(Event).where(Event.id.in_(mine), Event.ends_at > context.now()).order_by(Event.id)
    return query.with_for_update(key_share=True)


def _of_village(village: Village) -> Where:
    """Return a village's own meeting as the table of rights sees it: coordinators only where the channel is open."""
    return Where(village.id, None, village.cohort_id if village.open_to_coordinator else None)
