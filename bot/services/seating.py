"""Seats in the database: who has one, who waits, and each village's share of a meeting's seats (S40)."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.seats import Answer, Party, Room, has_room, moving_up
from bot.services.context import Context
from bot.services.meeting_news import MeetingNews
from bot.services.moments import today
from bot.storage.models import Event, Guest, Rsvp

_VILLAGE = "village:"


class Share(NamedTuple):
    """How many seats a village may take while the others can still be heard: before a day."""

    seats: int
    until_on: date


def share_of(context: Context, event: Event) -> Share | None:
    """Return the share that each village has of a meeting's seats now; None where there is none, or it has ended."""
    meeting = context.programme.meetings.get(event.code)
    rule, timezone = meeting.seats_per_village if meeting else None, context.programme.timezone
    if rule is None or event.seats is None:
        return None
    until_on = event.starts_at.astimezone(ZoneInfo(timezone)).date() - timedelta(days=rule.until_days)
    return Share(rule.seats, until_on) if today(context.now(), timezone) < until_on else None


class Seating:
    """Give seats; the meeting's row is locked by the caller, so that no two people are promised the same one."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def fits(self, session: AsyncSession, event: Event, people: int, place_key: str | None) -> bool:
        """Tell whether so many more from a place get seats at once."""
        if event.seats is None:
            return True
        room, waiting = await self._room(session, event), await _waiting(session, event.id)
        return has_room(room, [_party(row) for row in waiting], Party(people, _home(place_key)))

    async def left(self, session: AsyncSession, event: Event, place_key: str | None) -> int:
        """Return how many more from a place would get seats at once, where seats are limited."""
        if event.seats is None or not await self.fits(session, event, 1, place_key):
            return 0
        room, home = await self._room(session, event), _home(place_key)
        left = event.seats - room.taken
        return left if room.share is None or home is None else min(left, room.share - room.held.get(home, 0))

    async def last_in_row(self, session: AsyncSession, event_id: int) -> datetime:
        """Return the moment somebody joins the waiting list: later than all who wait, whatever the clocks say."""
        now = self._context.now()
        last = await session.scalar(select(func.max(Rsvp.waiting_since)).where(Rsvp.event_id == event_id))
        return max(now, last + timedelta(microseconds=1)) if last is not None else now

    async def move_up(self, session: AsyncSession, event: Event, own: int | None = None) -> None:
        """Give seats that have become free to those who wait, from the first, and tell their channels.

        `own` is the answer of who acts: they see it at once. While a meeting is off nobody moves: they do when it is
        held after all.
        """
        waiting = await _waiting(session, event.id) if event.called_off_at is None else []
        if not waiting:
            return
        room, told = await self._room(session, event), defaultdict[str, int](int)
        guests = await guests_of(session, event.id)
        for number in moving_up(room, [_party(row) for row in waiting]):
            row = waiting[number]
            row.waiting_since = None
            if row.id != own and row.place_key is not None and row.person_id not in guests:
                told[row.place_key] += row.people
        await session.flush()
        for place_key, people in told.items():
            await MeetingNews(self._context).moved_up(session, event, place_key, people)

    async def turn(self, now: datetime) -> None:
        """Give out what the villages' shares kept back, where they have ended; once a day is enough."""
        shared = [m.id for m in self._context.programme.meetings.values() if m.seats_per_village is not None]
        waits = select(Rsvp.event_id).where(Rsvp.waiting_since.is_not(None))
        query = select(Event).where(Event.code.in_(shared), Event.starts_at > now, Event.id.in_(waits))
        async with self._context.database.transaction() as session:
            events = await session.scalars(query.order_by(Event.id).with_for_update(key_share=True))
            for event in events.all():
                await self.move_up(session, event)

    async def _room(self, session: AsyncSession, event: Event) -> Room:
        """Return how a meeting's seats stand."""
        query = select(Rsvp.place_key, func.sum(Rsvp.people)).where(*_seated(event.id))
        held: Counter[str | None] = Counter()
        for place_key, people in await session.execute(query.group_by(Rsvp.place_key)):
            held[_home(place_key)] += people
        share = share_of(self._context, event)
        villages = {home: people for home, people in held.items() if home is not None}
        return Room(event.seats, held.total(), share.seats if share else None, villages)


async def guests_of(session: AsyncSession, event_id: int) -> set[int]:
    """Return the people without an account who come: they see on a page of their own whether they have a seat."""
    return set(await session.scalars(select(Guest.person_id).where(Guest.event_id == event_id)))


async def taken_seats(session: AsyncSession, event_id: int) -> int:
    """Return how many people come and have a seat."""
    return await session.scalar(select(func.sum(Rsvp.people)).where(*_seated(event_id))) or 0


async def waiting_number(session: AsyncSession, event_id: int, row: Rsvp | None = None) -> int:
    """Return how many answers wait for a seat, or which number in that row an answer is."""
    query = select(func.count()).where(Rsvp.event_id == event_id, Rsvp.waiting_since.is_not(None))
    if row is not None:
        query = query.where(Rsvp.waiting_since <= row.waiting_since)
    return await session.scalar(query) or 0


def _seated(event_id: int) -> tuple[ColumnElement[bool], ...]:
    return Rsvp.event_id == event_id, Rsvp.answer == Answer.YES, Rsvp.waiting_since.is_(None)


async def _waiting(session: AsyncSession, event_id: int) -> Sequence[Rsvp]:
    query = select(Rsvp).where(Rsvp.event_id == event_id, Rsvp.waiting_since.is_not(None))
    return (await session.scalars(query.order_by(Rsvp.waiting_since))).all()


def _party(row: Rsvp) -> Party:
    return Party(row.people, _home(row.place_key))


def _home(place_key: str | None) -> str | None:
    return place_key if place_key is not None and place_key.startswith(_VILLAGE) else None
