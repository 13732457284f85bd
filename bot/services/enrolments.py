"""A village signs up for a gathering as a whole: how many come, and whether it presents (S59).

Each person who comes says so for themselves, too: what a village says helps whoever lays the tables, and sets the order
of the presentations, which is that of the villages' saying yes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, looked_after, may, require
from bot.domain.enrolments import SIZES, gathering_of, last_day, milestone_of
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.messages.enrolments import EnrolmentView, Overview
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.moments import today
from bot.services.places import Place, village_key
from bot.storage.models import Cohort, Enrolment, Event, Village
from bot.storage.repositories import events as events_table
from bot.storage.repositories.milestones import MilestoneScope, reach, reopen

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_meetings.enrolment_over": frozenset({"title", "until_on", "phone"}),
}


@dataclass(frozen=True, slots=True)
class _Gathering:
    """What is signed up for, the milestone that it settles, and the last day."""

    event: Event
    title: str
    milestone: str
    until_on: date


class Enrolments:
    """See and change what villages have signed up for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.programme.timezone)

    async def view(self, actor: Actor, place: Place, event_id: int) -> EnrolmentView:
        """Show a village's own sign-up. Raises NotFound, NotPermitted."""
        require(actor, Action.SEE_VILLAGE, place.where)
        async with self._context.database.transaction() as session:
            gathering = await self._gathering(session, event_id)
            return await self._seen(session, actor, place, gathering)

    async def change(
        self,
        actor: Actor,
        place: Place,
        event_id: int,
        *,
        people: int | None = None,
        presents: bool | None = None,
    ) -> EnrolmentView:
        """Keep how many come, or whether the village presents; both together settle the milestone.

        Raises NotFound, NotPermitted, InvalidInput, and Conflict when it is too late.
        """
        if people is not None and people not in SIZES:
            raise InvalidInput()
        async with self._context.database.transaction() as session:
            gathering, village, row = await self._held(session, actor, place, event_id)
            if row is None:
                row = Enrolment(event_id=gathering.event.id, village_id=village.id)
                session.add(row)
            row.people = people if people is not None else row.people
            if presents is not None and presents is not row.presents:
                row.presents, row.presents_since = presents, self._context.now() if presents else None
            await session.flush()
            if row.people is not None and row.presents is not None:
                await reach(session, _scope(village), [gathering.milestone], self._today())
            await audit(session, self._context, actor, "village.enrolled", village_key(village.id))
            return await self._seen(session, actor, place, gathering)

    async def withdraw(self, actor: Actor, place: Place, event_id: int) -> EnrolmentView:
        """Take a village's sign-up back, and its milestone with it. Raises as `change`."""
        async with self._context.database.transaction() as session:
            gathering, village, row = await self._held(session, actor, place, event_id)
            if row is not None:
                await session.delete(row)
                await reopen(session, _scope(village), gathering.milestone)
                await audit(session, self._context, actor, "village.withdrew", village_key(village.id))
            await session.flush()
            return await self._seen(session, actor, place, gathering)

    async def overview(self, actor: Actor, event_id: int) -> Overview:
        """Return what the villages somebody looks after have said, and the whole order. Raises NotFound, NotPermitted."""
        async with self._context.database.transaction() as session:
            gathering = await self._gathering(session, event_id)
            cohort_id = gathering.event.cohort_id
            require(actor, Action.SEE_WHO_COMES, Where(cohort_id=cohort_id))
            query = select(Village, Enrolment).outerjoin(
                Enrolment, (Enrolment.village_id == Village.id) & (Enrolment.event_id == gathering.event.id)
            )
            query = query.where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
            if not may(actor, Action.SEE_ALL_VILLAGES, Where()):
                query = query.where(Village.municipality_id.in_(looked_after(actor, cohort_id)))
            rows = (await session.execute(query.order_by(Village.name, Village.id))).all()
            lines = [(v.name, row.people if row else None, row.presents if row else None) for v, row in rows]
            order = await order_of(session, gathering.event.id)
            return Overview(gathering.title, gathering.event.starts_at, gathering.until_on, lines, order)

    async def _held(
        self, session: AsyncSession, actor: Actor, place: Place, event_id: int
    ) -> tuple[_Gathering, Village, Enrolment | None]:
        """Return what somebody may change now, with the village locked."""
        require(actor, Action.ENROL_VILLAGE, place.where)
        if place.village is None:
            raise NotFound("error.not_found.place")
        gathering = await self._gathering(session, event_id)
        if not self._open(actor, gathering):
            told = {"title": gathering.title, "until_on": gathering.until_on}
            raise Conflict("error_meetings.enrolment_over", phone=self._context.facts.phone, **told)
        village = await session.get_one(Village, place.village.id, with_for_update={"key_share": True})
        return gathering, village, await enrolment_of(session, village.id, gathering.event.id)

    def _open(self, actor: Actor, gathering: _Gathering) -> bool:
        """Tell whether it is early enough; the secretariat, whom people ring, may until the gathering begins."""
        event = gathering.event
        if event.called_off_at is not None or event.starts_at <= self._context.now():
            return False
        return self._today() <= gathering.until_on or may(actor, Action.SEE_ALL_VILLAGES, Where())

    async def _gathering(self, session: AsyncSession, event_id: int) -> _Gathering:
        """Return what is signed up for at a meeting. Raises NotFound."""
        event, programme = await session.get(Event, event_id), self._context.programme
        meeting = gathering_of(programme, event.code) if event is not None else None
        milestone = milestone_of(programme, meeting)
        found = await events_table.one(session, event.cohort_id, meeting.id) if event and meeting else None
        if meeting is None or milestone is None or found is None:
            raise NotFound("error_people.meeting_gone")
        cohort = await session.get_one(Cohort, found.cohort_id)
        held_on = found.starts_at.astimezone(self._zone).date()
        until_on = last_day(programme, milestone, cohort.start_year, held_on)
        return _Gathering(found, meeting.title, milestone.id, until_on)

    async def _seen(
        self, session: AsyncSession, actor: Actor, place: Place, gathering: _Gathering
    ) -> EnrolmentView:
        if place.village is None or place.village.cohort_id != gathering.event.cohort_id:
            raise NotFound("error.not_found.place")
        row = await enrolment_of(session, place.village.id, gathering.event.id)
        change = may(actor, Action.ENROL_VILLAGE, place.where) and self._open(actor, gathering)
        return EnrolmentView(
            gathering.event.id, gathering.title, gathering.event.starts_at, gathering.until_on,
            row.people if row else None, row.presents if row else None,
            place.village.name, await order_of(session, gathering.event.id), change,
        )  # fmt: skip

    def _today(self) -> date:
        return today(self._context.now(), self._context.programme.timezone)


async def enrolment_of(session: AsyncSession, village_id: int | None, event_id: int) -> Enrolment | None:
    """Return what a village has signed up for a gathering with."""
    query = select(Enrolment).where(Enrolment.village_id == village_id, Enrolment.event_id == event_id)
    return await session.scalar(query)


async def is_enrolled(session: AsyncSession, context: Context, event: Event, village_id: int | None) -> bool:
    """Tell whether a village has said all for the gathering that is signed up for at a meeting."""
    meeting = gathering_of(context.programme, event.code)
    found = await events_table.one(session, event.cohort_id, meeting.id) if meeting else None
    row = await enrolment_of(session, village_id, found.id) if found else None
    return row is not None and row.people is not None and row.presents is not None


async def order_of(session: AsyncSession, event_id: int) -> Sequence[str]:
    """Return the villages that present at a gathering, in their order."""
    query = select(Village.name).join(Enrolment, Enrolment.village_id == Village.id)
    query = query.where(Enrolment.event_id == event_id, Enrolment.presents.is_(True))
    return (await session.scalars(query.order_by(Enrolment.presents_since, Enrolment.id))).all()


def _scope(village: Village) -> MilestoneScope:
    return MilestoneScope(village_key(village.id), village.cohort_id, village.id)
