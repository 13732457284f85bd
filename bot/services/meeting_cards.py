"""A meeting's card: what, when, where, for whom, its agenda, how many come, and what the reader may do about it.

Counts of people only; who they are is shown to nobody (PRIVACY). Coordinators see the counts of the villages they
look after (S09).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, looked_after, may, require
from bot.domain.enrolments import milestone_of
from bot.domain.errors import NotFound
from bot.domain.programme import COORDINATOR_CIRCLE, PUBLIC, VILLAGE_CIRCLE, AgendaItem, Meeting
from bot.domain.seats import Answer
from bot.messages.meetings import MeetingCard, Mine
from bot.services.attendance import Attendance, own_answer
from bot.services.context import Context
from bot.services.meeting_changes import may_change, of_village
from bot.services.places import village_key
from bot.services.seating import share_of, waiting_number
from bot.services.village_dates import right_to_pick
from bot.storage.models import Event, Rsvp, Village

_FOR_WHOM = {VILLAGE_CIRCLE: ("villager", "coordinator"), COORDINATOR_CIRCLE: ("coordinator",)}


@dataclass(frozen=True, slots=True)
class WhoComes:
    """How many come to a meeting from each of some villages, by name."""

    title: str
    number: int | None
    starts_at: datetime
    villages: Sequence[tuple[str, int]]


class MeetingCards:
    """Show meetings to people."""

    def __init__(self, context: Context) -> None:
        self._context, self._attendance = context, Attendance(context)

    async def card(self, actor: Actor, event_id: int) -> MeetingCard:
        """Show a meeting to whoever may answer it. Raises NotFound, NotPermitted."""
        async with self._context.database.transaction() as session:
            event = await session.get(Event, event_id)
            if event is None:
                raise NotFound("error_people.meeting_gone")
            title = await self._attendance.admitted(session, actor, event)
            meeting = self._context.programme.meetings.get(event.code)
            village = await session.get(Village, event.village_id) if event.village_id is not None else None
            change = meeting is not None and may_change(actor, event, village)
            ahead = event.starts_at > self._context.now()
            pick = right_to_pick(self._context.programme, meeting)
            may_pick = village is not None and ahead and may(actor, pick, of_village(village))
            people, waiting, unsure = await self._counts(session, event.id)
            people = event.said_yes if event.said_yes is not None else people
            return MeetingCard(
                event.id, title, meeting.number if meeting else None, event.starts_at, event.ends_at,
                event.venue or "", event.link, _audience(meeting), _agenda(meeting), people, waiting, unsure,
                event.seats, event.called_off_at is not None, event.called_off_because or "",
                await self._mine(session, actor, event.id), event.ends_at > self._context.now(),
                may_pick=event.code if may_pick else "",
                may_move=change and ahead and village is None, may_call_off=change and ahead,
                share=share_of(self._context, event),
                keeps_guests=PUBLIC in _audience(meeting) and may(actor, Action.KEEP_GUESTS, Where()),
                enrols=milestone_of(self._context.programme, meeting) is not None,
            )  # fmt: skip

    async def who_comes(self, actor: Actor, event_id: int) -> WhoComes:
        """Return how many come from each village a coordinator looks after, or from all for the secretariat (S09).

        Raises NotFound, NotPermitted.
        """
        async with self._context.database.transaction() as session:
            event = await session.get(Event, event_id)
            meeting = self._context.programme.meetings.get(event.code) if event is not None else None
            if event is None or meeting is None:
                raise NotFound("error_people.meeting_gone")
            require(actor, Action.SEE_WHO_COMES, Where(cohort_id=event.cohort_id))
            query = select(Village).where(
                Village.cohort_id == event.cohort_id, Village.agreed_at.is_not(None)
            )
            if not may(actor, Action.SEE_ALL_VILLAGES, Where()):
                query = query.where(Village.municipality_id.in_(looked_after(actor, event.cohort_id)))
            villages = (await session.scalars(query.order_by(Village.name, Village.id))).all()
            coming = select(Rsvp.place_key, func.sum(Rsvp.people)).where(
                Rsvp.event_id == event.id, Rsvp.answer == Answer.YES, Rsvp.waiting_since.is_(None)
            )
            by_place = dict((await session.execute(coming.group_by(Rsvp.place_key))).all())
            counts = [(village.name, by_place.get(village_key(village.id), 0)) for village in villages]
            return WhoComes(meeting.title, meeting.number, event.starts_at, counts)

    async def _counts(self, session: AsyncSession, event_id: int) -> tuple[int, int, int]:
        """Return how many people come, how many wait for a seat, and how many have not answered since a move."""
        query = select(Rsvp.people, Rsvp.waiting_since, Rsvp.asked_again_at)
        query = query.where(Rsvp.event_id == event_id, Rsvp.answer == Answer.YES)
        found: Counter[str] = Counter()
        for people, waiting_since, asked_again_at in await session.execute(query):
            found["waiting" if waiting_since is not None else "coming"] += people
            if asked_again_at is not None:
                found["unsure"] += people
        return found["coming"], found["waiting"], found["unsure"]

    async def _mine(self, session: AsyncSession, actor: Actor, event_id: int) -> Mine | None:
        row = await own_answer(session, actor.person_id, event_id) if actor.person_id is not None else None
        if row is None:
            return None
        waits = await waiting_number(session, event_id, row) if row.waiting_since is not None else None
        return Mine(Answer(row.answer), row.people, waits)


def _audience(meeting: Meeting | None) -> tuple[str, ...]:
    if meeting is None:
        return ()
    return meeting.audience or _FOR_WHOM.get(meeting.kind, ())


def _agenda(meeting: Meeting | None) -> list[tuple[str, int | None, str]]:
    """Return part, minutes and text of each point; a circle's stand in its four parts (S04)."""
    items = meeting.agenda if meeting else ()
    return [
        (item.part or "", item.minutes, item.text) if isinstance(item, AgendaItem) else ("", None, item)
        for item in items
    ]
