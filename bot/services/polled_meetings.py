"""Meetings whose day was voted for: a poll's date becomes a meeting, once; it can be changed and called off.

Whoever may pick dates at the place may do it (S23, S48; DOMAIN section 4). The posts are in polled_meeting_posts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require
from bot.domain.calendar import later
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.poll_view import CLOSED
from bot.domain.polled_meetings import (
    LONGEST,
    REASON_LONGEST,
    SHORTEST,
    TITLE_LONGEST,
    USUAL,
    VENUE_LONGEST,
    MeetingSeen,
    Offer,
)
from bot.domain.polls import one_line
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.moments import read_day_and_time
from bot.services.places import Place, place_of
from bot.services.poll_results import view_of
from bot.services.polled_meeting_posts import CALLED_OFF, CHANGED, SET, PolledMeetingPosts, seen
from bot.storage.models import Event, Poll, PolledMeeting
from bot.storage.repositories import events as events_table


@dataclass(frozen=True, slots=True)
class WrittenMeeting:
    """What somebody filled in; `when` stays "" while the day is the one that was voted for."""

    title: str
    venue: str = ""
    minutes: str = ""
    when: str = ""


class PolledMeetings:
    """The use-cases of whoever may pick dates."""

    def __init__(self, context: Context) -> None:
        self._context, self._posts = context, PolledMeetingPosts(context)

    async def offer(self, actor: Actor, poll_id: int) -> Offer | MeetingSeen:
        """Return what a poll's date would become, or the meeting when it stands already.

        Raises NotFound, NotPermitted, Conflict (the poll found no date), InvalidInput (the day has gone by).
        """
        async with self._context.database.transaction() as session:
            poll, _, row = await self._of_poll(session, actor, poll_id)
            if row is not None and row.event.called_off_at is None:
                return seen(row)
            return Offer(poll.id, poll.question[:TITLE_LONGEST], await self._found(session, poll))

    async def make(self, actor: Actor, poll_id: int, written: WrittenMeeting) -> MeetingSeen:
        """Make a poll's date a meeting with posts and reminders; one that was called off is set again.

        Raises as `offer`, Conflict when it stands already, and InvalidInput.
        """
        async with self._context.database.transaction() as session:
            poll, place, row = await self._of_poll(session, actor, poll_id)
            if row is not None and row.event.called_off_at is None:
                raise Conflict("error_meetings.stands", title=row.title, starts_at=row.event.starts_at)
            starts_at = await self._found(session, poll)
            if row is None:
                event = Event(cohort_id=poll.cohort_id, village_id=poll.village_id, code=f"poll:{poll.id}",
                              scope_key=place.key, picked=True)  # fmt: skip
                row = PolledMeeting(poll_id=poll.id, event=event)
                session.add(row)
            else:
                row.event.sequence, row.event.called_off_at = row.event.sequence + 1, None
            self._fill(row, written, starts_at)
            await session.flush()
            await self._posts.plan(session, row, SET)
            await audit(session, self._context, actor, "meeting.set", f"{place.key} event:{row.event_id}")
            return seen(row)

    async def view(self, actor: Actor, event_id: int) -> MeetingSeen:
        """Show a meeting to whoever may change it. Raises NotFound, NotPermitted, Conflict (off, or held)."""
        async with self._context.database.transaction() as session:
            return seen((await self._mine(session, actor, event_id))[0])

    async def change(self, actor: Actor, event_id: int, written: WrittenMeeting) -> MeetingSeen:
        """Move or correct a meeting: it is told of, and reminders of the old time fall away.

        Raises as `view`, and InvalidInput.
        """
        async with self._context.database.transaction() as session:
            row, place = await self._mine(session, actor, event_id)
            before_at = row.event.starts_at
            starts_at = before_at
            if written.when:
                starts_at = read_day_and_time(written.when, self._context.programme.timezone)
            before = seen(row)
            self._fill(row, written, starts_at)
            if seen(row) == before:
                return before
            if starts_at <= self._context.now():
                raise InvalidInput("error.date_passed", starts_at=starts_at)
            row.event.sequence += 1
            await self._posts.plan(session, row, CHANGED, before_at=before_at)
            await audit(session, self._context, actor, "meeting.change", f"{place.key} event:{row.event_id}")
            return seen(row)

    async def call_off(self, actor: Actor, event_id: int, reason: str = "") -> MeetingSeen:
        """Call a meeting off: it is told of, and nothing reminds of it. Raises as `view`, and InvalidInput."""
        async with self._context.database.transaction() as session:
            row, place = await self._mine(session, actor, event_id)
            why = _short(reason, REASON_LONGEST)
            row.event.called_off_at, row.event.sequence = self._context.now(), row.event.sequence + 1
            await self._posts.plan(session, row, CALLED_OFF, reason=why)
            await audit(
                session, self._context, actor, "meeting.call_off", f"{place.key} event:{row.event_id}"
            )
            return seen(row)

    async def changeable(self, actor: Actor, place: Place) -> Sequence[MeetingSeen]:
        """Return the meetings to come at a place that somebody may change, in order of time."""
        if not may(actor, right_to_pick(place), place.where):
            return []
        async with self._context.database.transaction() as session:
            rows = await events_table.polled(session, place.key)
            return [seen(row) for row in rows if row.event.starts_at > self._context.now()]

    async def _of_poll(
        self, session: AsyncSession, actor: Actor, poll_id: int
    ) -> tuple[Poll, Place, PolledMeeting | None]:
        """Return a poll that nobody else makes a meeting of meanwhile, its place, and its meeting."""
        poll = await session.get(Poll, poll_id, with_for_update=True)
        if poll is None:
            raise NotFound("error_polls.not_found")
        place = await place_of(session, poll.scope_key)
        require(actor, right_to_pick(place), place.where)
        row = await session.scalar(select(PolledMeeting).where(PolledMeeting.poll_id == poll.id))
        return poll, place, row

    async def _found(self, session: AsyncSession, poll: Poll) -> datetime:
        """Return the one date that a closed poll found, as far as its result may be told."""
        view = await view_of(session, self._context.programme, poll)
        by_position = {option.position: option.starts_at for option in poll.options}
        won = [at for position in view.winners if (at := by_position[position]) is not None]
        if poll.state != CLOSED or len(view.winners) != 1 or not won:
            raise Conflict("error_meetings.no_date")
        if won[0] <= self._context.now():
            raise InvalidInput("error.date_passed", starts_at=won[0])
        return won[0]

    async def _mine(self, session: AsyncSession, actor: Actor, event_id: int) -> tuple[PolledMeeting, Place]:
        query = select(PolledMeeting).where(PolledMeeting.event_id == event_id)
        row = await session.scalar(query.with_for_update())
        if row is None:
            raise NotFound("error_people.meeting_gone")
        place = await place_of(session, row.event.scope_key)
        require(actor, right_to_pick(place), place.where)
        if row.event.called_off_at is not None:
            raise Conflict("error_meetings.off", title=row.title, starts_at=row.event.starts_at)
        if row.event.starts_at <= self._context.now():
            raise Conflict("error.meeting_held", title=row.title, starts_at=row.event.starts_at)
        return row, place

    def _fill(self, row: PolledMeeting, written: WrittenMeeting, starts_at: datetime) -> None:
        title = _short(written.title, TITLE_LONGEST)
        if not title:
            raise InvalidInput("error_meetings.title_missing")
        minutes = _minutes(written.minutes)
        row.title, row.event.venue = title, _short(written.venue, VENUE_LONGEST) or None
        row.event.starts_at, row.event.ends_at = starts_at, later(starts_at, minutes)


def right_to_pick(place: Place) -> Action:
    """Return the right that picking a date takes at a place."""
    return Action.PICK_DATE if place.group is None else Action.PICK_GROUP_DATE


def _short(text: str, longest: int) -> str:
    """Return a text on one line. Raises InvalidInput when it is too long."""
    found = one_line(text)
    if len(found) > longest:
        raise InvalidInput("error_meetings.long", longest=longest)
    return found


def _minutes(text: str) -> int:
    written = text.strip() or str(USUAL)
    if not written.isdecimal() or not SHORTEST <= int(written) <= LONGEST:
        raise InvalidInput("error_meetings.minutes_unfit", least=SHORTEST, most=LONGEST)
    return int(written)
