"""Change a meeting of the calendar: its time, place and seats; call it off, and hold it after all.

The secretariat may do it for every meeting; a village's own belong also to those who pick its dates (S20, S48). All
that hangs on a meeting follows in the same transaction, or nothing does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, may, require
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.polls import one_line
from bot.messages.meetings import REASON_LONGEST, VENUE_LONGEST
from bot.services.audit import audit
from bot.services.calendar import Calendar, MeetingView
from bot.services.context import Context
from bot.services.meeting_news import BACK, CALLED_OFF, MeetingNews
from bot.services.planning import Planning
from bot.services.seating import Seating, taken_seats
from bot.storage.models import Event, Village

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_meetings.called_off": frozenset({"title", "starts_at"}),
    "error_meetings.not_off": frozenset({"title", "starts_at"}),
    "error_meetings.reason_missing": frozenset(),
    "error_meetings.seats_unfit": frozenset({"most"}),
    "error_meetings.seats_promised": frozenset({"title", "starts_at", "taken"}),
}
MOST_SEATS = 10_000


@dataclass(frozen=True, slots=True)
class Meant:
    """Which meetings are meant: one of the calendar in a cohort, a village's own alone or all of them."""

    cohort_id: int
    code: str
    village_id: int | None = None


class MeetingChanges:
    """The use-cases of the secretariat, and of villages for their own meetings."""

    def __init__(self, context: Context, calendar: Calendar, planning: Planning) -> None:
        self._context, self._calendar, self._planning = context, calendar, planning
        self._news, self._seating = MeetingNews(context), Seating(context)

    async def view(self, actor: Actor, event_id: int) -> MeetingView:
        """Show a meeting to whoever may change it. Raises NotFound, NotPermitted, Conflict when it has begun."""
        async with self._context.database.transaction() as session:
            return self._calendar.view(await self._mine(session, actor, event_id))

    async def move(self, actor: Actor, event_id: int, starts_at: datetime) -> MeetingView:
        """Move a common meeting; a village picks the days of its own. Raises as `view` and `Calendar.move`."""
        async with self._context.database.transaction() as session:
            event = await self._mine(session, actor, event_id)
            if event.village_id is not None:
                raise NotFound("error_people.meeting_gone")
        return await self._planning.move(actor, event.cohort_id, event.code, starts_at)

    async def call_off(self, actor: Actor, event_id: int, reason: str) -> MeetingView:
        """Call one meeting off: its channels are told why, and nothing reminds of it. Raises as `view`, InvalidInput."""
        async with self._context.database.transaction() as session:
            event = await self._mine(session, actor, event_id)
            return await self._call_off(session, actor, [event], reason)

    async def bring_back(self, actor: Actor, event_id: int) -> MeetingView:
        """Hold a meeting after all that was called off. Raises as `view`, and Conflict when it was not."""
        async with self._context.database.transaction() as session:
            event = await self._mine(session, actor, event_id)
            return await self._bring_back(session, actor, [event])

    async def call_off_all(self, actor: Actor, meant: Meant, reason: str) -> MeetingView:
        """Call off what is meant. Raises NotFound, NotPermitted, Conflict, InvalidInput."""
        async with self._context.database.transaction() as session:
            return await self._call_off(session, actor, await self._meant(session, actor, meant), reason)

    async def bring_back_all(self, actor: Actor, meant: Meant) -> MeetingView:
        """Hold after all what is meant. Raises NotFound, NotPermitted, Conflict.

        What a village called off itself stays off when a meeting of all is held after all.
        """
        async with self._context.database.transaction() as session:
            events = await self._meant(session, actor, meant)
            common = events[0]
            if common.village_id is None:
                events = [event for event in events if event.called_off_at == common.called_off_at]
            return await self._bring_back(session, actor, events)

    async def set_venue(self, actor: Actor, meant: Meant, venue: str) -> MeetingView:
        """Store where what is meant is held; an empty text takes it away. Raises NotFound, NotPermitted, InvalidInput."""
        found = _short(venue, VENUE_LONGEST) or None
        async with self._context.database.transaction() as session:
            events = await self._meant(session, actor, meant)
            for event in events:
                event.sequence += event.venue != found
                event.venue = found
            await self._audit(session, actor, "calendar.venue", events)
            return self._calendar.view(events[-1])

    async def set_seats(self, actor: Actor, meant: Meant, seats: int) -> MeetingView:
        """Store how many seats there are (0: enough for all); who waits moves up.

        Raises NotFound, NotPermitted, InvalidInput, and Conflict when more seats are promised already: whoever has
        one keeps it.
        """
        if not 0 <= seats <= MOST_SEATS:
            raise InvalidInput("error_meetings.seats_unfit", most=MOST_SEATS)
        async with self._context.database.transaction() as session:
            events = await self._meant(session, actor, meant)
            for event in events:
                taken = await taken_seats(session, event.id)
                if seats and taken > seats:
                    title = self._calendar.view(event).title
                    raise Conflict(
                        "error_meetings.seats_promised", title=title, starts_at=event.starts_at, taken=taken
                    )
                event.seats = seats or None
                await self._seating.move_up(session, event)
            await self._audit(session, actor, "calendar.seats", events)
            return self._calendar.view(events[-1])

    async def _call_off(
        self, session: AsyncSession, actor: Actor, events: Sequence[Event], reason: str
    ) -> MeetingView:
        why = _short(reason, REASON_LONGEST)
        if not why:
            raise InvalidInput("error_meetings.reason_missing")
        standing = [event for event in events if event.called_off_at is None]
        if not standing:
            raise Conflict("error_meetings.called_off", **self._named(events[-1]))
        common = events[0] if events[0].village_id is None else None
        off_at = (common.called_off_at if common else None) or self._context.now()  # one for all
        for event in standing:
            event.called_off_at, event.called_off_because = off_at, why
            event.sequence += 1
            await self._news.tell(session, event, CALLED_OFF)
        return await self._settle(session, actor, "calendar.call_off", standing)

    async def _bring_back(self, session: AsyncSession, actor: Actor, events: Sequence[Event]) -> MeetingView:
        off = [event for event in events if event.called_off_at is not None]
        if not off:
            raise Conflict("error_meetings.not_off", **self._named(events[-1]))
        for event in off:
            event.called_off_at = event.called_off_because = None
            event.sequence += 1
            await self._news.tell(session, event, BACK)
            await self._seating.move_up(session, event)
        return await self._settle(session, actor, "calendar.bring_back", off)

    async def _settle(
        self, session: AsyncSession, actor: Actor, action: str, events: Sequence[Event]
    ) -> MeetingView:
        only = events[0].village_id if len(events) == 1 else None
        await self._planning.plan(session, events[0].cohort_id, only)
        await self._audit(session, actor, action, events)
        return self._calendar.view(events[-1])

    async def _audit(self, session: AsyncSession, actor: Actor, action: str, events: Sequence[Event]) -> None:
        places = events[0].scope_key if len(events) == 1 else "all"
        await audit(session, self._context, actor, action, f"{events[0].code} {places}")

    def _named(self, event: Event) -> dict[str, object]:
        return {"title": self._calendar.view(event).title, "starts_at": event.starts_at}

    async def _mine(self, session: AsyncSession, actor: Actor, event_id: int) -> Event:
        """Return a meeting of the calendar that somebody may change, locked."""
        event = await session.get(Event, event_id, with_for_update={"key_share": True})
        if event is None or event.code not in self._context.programme.meetings:
            raise NotFound("error_people.meeting_gone")
        require_change(actor, event, await _village(session, event))
        self._not_begun(event)
        return event

    def _not_begun(self, event: Event) -> None:
        if event.starts_at <= self._context.now():
            raise Conflict("error.meeting_held", **self._named(event))

    async def _meant(self, session: AsyncSession, actor: Actor, meant: Meant) -> Sequence[Event]:
        """Return what is meant and still to come, locked, the cohort's own row first. Raises NotFound, Conflict."""
        require(actor, Action.EDIT_CALENDAR, Where(cohort_id=meant.cohort_id))
        query = select(Event).where(Event.cohort_id == meant.cohort_id, Event.code == meant.code)
        if meant.village_id is not None:
            query = query.where(Event.village_id == meant.village_id)
        query = query.order_by(Event.id).with_for_update(key_share=True)
        rows = (await session.scalars(query)).all()
        if not rows or meant.code not in self._context.programme.meetings:
            raise NotFound("error.not_found.meeting", text=meant.code)
        ahead = [row for row in rows if row.starts_at > self._context.now()]
        if not ahead:
            self._not_begun(rows[-1])
        return ahead


def may_change(actor: Actor, event: Event, village: Village | None) -> bool:
    """Tell whether somebody may change a meeting: the secretariat every one, a village's lead and minute-taker its own."""
    action, where = _right(event, village)
    return may(actor, action, where)


def require_change(actor: Actor, event: Event, village: Village | None) -> None:
    """Raise NotPermitted unless somebody may change a meeting."""
    require(actor, *_right(event, village))


def _right(event: Event, village: Village | None) -> tuple[Action, Where]:
    if village is None:
        return Action.EDIT_CALENDAR, Where(cohort_id=event.cohort_id)
    return Action.PICK_DATE, of_village(village)


def of_village(village: Village) -> Where:
    """Return a village as the table of rights sees it."""
    return Where(village.id, village.municipality_id, village.cohort_id)


async def _village(session: AsyncSession, event: Event) -> Village | None:
    return await session.get(Village, event.village_id) if event.village_id is not None else None


def _short(text: str, longest: int) -> str:
    found = one_line(text)
    if len(found) > longest:
        raise InvalidInput("error_meetings.long", longest=longest)
    return found
