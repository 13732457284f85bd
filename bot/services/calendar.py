"""The calendar of a cohort in the database: made from the rules, moved by people, read by everyone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.calendar import (
    DatedMeeting,
    calendar_of,
    candidate_days,
    later,
    local,
    phase_on,
    programme_days,
)
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.programme import Meeting, Phase, Scope
from bot.domain.seats import Answer
from bot.domain.slots import hours_of
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.links import https_link
from bot.services.meeting_news import MOVED, PICKED, MeetingNews
from bot.services.places import Place, village_key
from bot.services.village_dates import VillageDates, right_to_pick
from bot.storage.models import Cohort, Event, PolledMeeting, Rsvp, Village
from bot.storage.repositories import events as events_table
from bot.storage.repositories.events import retime


@dataclass(frozen=True, slots=True)
class MeetingView:
    """A meeting as people see it."""

    event_id: int
    code: str
    title: str
    mode: str
    starts_at: datetime
    ends_at: datetime
    newsletter: str | None
    number: int | None
    is_circle: bool
    link: str | None
    called_off: bool = False


LATE_BY = timedelta(days=92)  # a meeting may be put off so long past the programme's last day


class Calendar:
    """Read and change dates."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.programme.timezone)
        self._news, self._dates = MeetingNews(context), VillageDates(context)

    def dated(self, start_year: int, moved: Mapping[str, datetime] | None = None) -> list[DatedMeeting]:
        """Return the meetings of a start year by the rules, with no database."""
        return calendar_of(self._context.programme, start_year, self._context.off(start_year), moved)

    async def materialise(
        self, session: AsyncSession, cohort: Cohort, villages: Sequence[Village]
    ) -> list[Event]:
        """Make the cohort's meetings exist, and each agreed village's own; dates set by people are kept."""
        found = {(e.code, e.scope_key): e for e in await events_table.of_cohort(session, cohort.id)}
        by_hand = {e.code: e.starts_at for e in found.values() if e.picked and e.village_id is None}
        for dated in self.dated(cohort.start_year, by_hand):
            own = dated.meeting.scope is Scope.VILLAGE and dated.meeting.window is not None
            scopes: list[Village | None] = [None, *villages] if own else [None]
            one_by_one = []
            for village in scopes:
                scope_key = village_key(village.id) if village else events_table.COHORT_SCOPE
                row = found.get((dated.meeting.id, scope_key))
                if row is None:
                    common = found.get((dated.meeting.id, events_table.COHORT_SCOPE))
                    row = Event(cohort_id=cohort.id, code=dated.meeting.id, scope_key=scope_key,
                                village_id=village.id if village else None, picked=False)  # fmt: skip
                    if common is not None:
                        row.link, row.venue, row.seats = common.link, common.venue, common.seats
                        row.called_off_at, row.called_off_because = (
                            common.called_off_at,
                            common.called_off_because,
                        )
                    session.add(row)
                    found[dated.meeting.id, scope_key] = row
                row.newsletter_at = dated.newsletter_at
                if row.picked:
                    continue
                row.moved_by = dated.moved_by
                if village is not None and dated.meeting.one_village_at_a_time:
                    one_by_one.append(row)
                else:
                    retime(row, dated.starts_at, dated.ends_at)
            if one_by_one:
                await self._dates.hand_out(session, cohort, dated, one_by_one)
        await session.flush()
        return list(found.values())

    async def move(
        self, session: AsyncSession, actor: Actor, cohort_id: int, code: str, starts_at: datetime
    ) -> MeetingView:
        """Move a common meeting; Planning.move lets letter, reminders and polls follow.

        Raises NotFound, Conflict when it has been held, InvalidInput for a moment that has passed or lies
        outside the programme's time.
        """
        require(actor, Action.EDIT_CALENDAR, Where(cohort_id=cohort_id))
        event = await events_table.one(session, cohort_id, code)
        meeting = self._context.programme.meetings.get(code)
        if event is None or meeting is None:
            raise NotFound("error.not_found.meeting", text=code)
        if event.ends_at <= self._context.now():
            raise Conflict("error.meeting_held", title=meeting.title, starts_at=event.starts_at)
        _stands(event, meeting)
        if meeting.one_village_at_a_time:
            raise Conflict("error_meetings.each_its_own", title=meeting.title)
        if starts_at <= self._context.now():
            raise InvalidInput("error.date_passed", starts_at=starts_at)
        await self._check_within_programme(session, cohort_id, starts_at)
        shown = {event.id: event.starts_at}
        shift(event, meeting, starts_at)
        rows = await session.scalars(
            select(Event).where(Event.cohort_id == cohort_id, Event.code == code, Event.picked.is_(False))
        )
        moved = [event]
        for row in rows:
            shown[row.id] = row.starts_at
            retime(row, event.starts_at, event.ends_at)
            row.moved_by = None
            moved.append(row)
        for row in moved:
            await self._told_of_move(session, row, shown[row.id], MOVED)
        await audit(session, self._context, actor, "calendar.move", f"{code} {starts_at.isoformat()}")
        return self.view(event)

    async def _check_within_programme(
        self, session: AsyncSession, cohort_id: int, starts_at: datetime
    ) -> None:
        cohort = await session.get_one(Cohort, cohort_id)
        first, last = programme_days(self._context.programme, cohort.start_year)
        if not first <= starts_at.astimezone(self._zone).date() <= last + LATE_BY:
            raise InvalidInput("error.date_outside", from_on=first, to_on=last + LATE_BY)

    def usual_time(self, code: str) -> time:
        """Return the hour a meeting has by the rules. Raises NotFound."""
        meeting = self._context.programme.meetings.get(code)
        if meeting is None or meeting.position.time is None:
            raise NotFound("error.not_found.meeting", text=code)
        return meeting.position.time

    async def _told_of_move(
        self, session: AsyncSession, event: Event, before_at: datetime, says: str
    ) -> None:
        """Tell of a new time, and ask those who come, or may come, anew."""
        if event.starts_at == before_at:
            return
        await self._news.tell(session, event, says, before_at)
        asked = update(Rsvp).where(Rsvp.event_id == event.id, Rsvp.answer != Answer.NO)
        await session.execute(asked.values(asked_again_at=self._context.now()))

    async def pick(
        self, session: AsyncSession, actor: Actor, place: Place, code: str, day: date, at: time | None = None
    ) -> MeetingView:
        """Let a village choose day and hour of its own meeting.

        Raises InvalidInput for a time outside its window, Conflict when another village has just taken it.
        """
        meeting = self._context.programme.meetings.get(code)
        require(actor, right_to_pick(self._context.programme, meeting), place.where)
        if place.village is None or place.cohort is None:
            raise NotFound("error.not_found.place")
        if meeting is None or day not in self.choices(place.cohort, code):
            raise InvalidInput("error.day_outside_window")
        event = await events_table.one(session, place.cohort.id, code, village_key(place.village.id))
        if event is None:
            raise NotFound("error.not_found.meeting", text=code)
        at = at or self.usual_time(code)
        if at not in hours_of(meeting):
            raise InvalidInput("error.day_outside_window")
        starts_at = local(day, at, self._zone)
        if starts_at <= self._context.now():
            raise InvalidInput("error.date_passed", starts_at=starts_at)
        if event.starts_at <= self._context.now():
            raise Conflict("error.meeting_held", title=meeting.title, starts_at=event.starts_at)
        _stands(event, meeting)
        await self._dates.wait_for_others(session, event.cohort_id, meeting)
        if starts_at not in await self._dates.free(session, place.cohort, meeting, place.key):
            raise Conflict("error_meetings.time_taken")
        event.slot_at = starts_at if meeting.one_village_at_a_time else None
        before_at = event.starts_at
        shift(event, meeting, starts_at)
        await self._told_of_move(session, event, before_at, PICKED)
        await audit(session, self._context, actor, "calendar.pick", f"{code} {event.scope_key} {day}")
        return self.view(event)

    async def set_link(self, actor: Actor, cohort_id: int, code: str, url: str) -> MeetingView:
        """Store the link to an online meeting, for the cohort's own and the villages'. Raises InvalidInput, NotFound."""
        require(actor, Action.EDIT_CALENDAR, Where(cohort_id=cohort_id))
        link = https_link(url)
        async with self._context.database.transaction() as session:
            rows = (
                await session.scalars(select(Event).where(Event.cohort_id == cohort_id, Event.code == code))
            ).all()
            if not rows:
                raise NotFound("error.not_found.meeting", text=code)
            for row in rows:
                row.sequence += row.link != link
                row.link = link
            await audit(session, self._context, actor, "calendar.link", code)
            return self.view(rows[0])

    async def upcoming(self, place: Place, limit: int = 10) -> list[MeetingView]:
        """Return what lies ahead for a village or a coordinator group, in order of time."""
        async with self._context.database.transaction() as session:
            found = [self.view(row) for row in await self.rows(session, place)]
            found += [_polled(row) for row in await events_table.polled(session, place.key)]
        now = self._context.now()
        return sorted((m for m in found if m.ends_at > now), key=lambda m: m.starts_at)[:limit]

    async def rows(self, session: AsyncSession, place: Place) -> list[Event]:
        """Return the stored meetings that concern a place, in order of time."""
        programme = self._context.programme
        if place.village is not None:
            rows = await events_table.of_village(session, place.village)
            own = {row.code for row in rows if row.village_id is not None}
            return [r for r in rows if self._concerns_village(programme.meetings.get(r.code), r, own)]
        if place.cohort is not None:
            rows = await events_table.common(session, place.cohort.id)
            return [r for r in rows if self._concerns_coordinators(programme.meetings.get(r.code))]
        return []

    @staticmethod
    def _concerns_village(meeting: Meeting | None, row: Event, own: set[str]) -> bool:
        if meeting is None or meeting.scope in (Scope.COORDINATOR_GROUP, Scope.MUNICIPALITY):
            return False
        return row.village_id is not None or meeting.id not in own

    @staticmethod
    def _concerns_coordinators(meeting: Meeting | None) -> bool:
        return meeting is not None and (meeting.newsletter is not None or meeting.scope is not Scope.VILLAGE)

    def choices(self, cohort: Cohort, code: str) -> list[date]:
        """Return the days a village may still choose for its own meeting (at most 25)."""
        meeting = self._context.programme.meetings.get(code)
        if meeting is None:
            return []
        today = self._context.now().astimezone(self._zone).date()
        days = candidate_days(
            self._context.programme, meeting, cohort.start_year, self._context.off(cohort.start_year)
        )
        return [day for day in days if day > today][:25]

    def phase_now(self, cohort: Cohort) -> Phase | None:
        """Return the phase the calendar stands in today."""
        today = self._context.now().astimezone(self._zone).date()
        return phase_on(self._context.programme, cohort.start_year, today)

    def view(self, event: Event) -> MeetingView:
        """Show a stored meeting as people see it."""
        meeting = self._context.programme.meetings[event.code]
        return MeetingView(
            event.id, event.code, meeting.title, meeting.mode, event.starts_at, event.ends_at,
            meeting.newsletter, meeting.number, meeting.newsletter is not None, event.link,
            event.called_off_at is not None,
        )  # fmt: skip


def _polled(row: PolledMeeting) -> MeetingView:
    """Show a meeting whose day was voted for."""
    event = row.event
    return MeetingView(event.id, event.code, row.title, "", event.starts_at, event.ends_at, None, None,
                       is_circle=False, link=None)  # fmt: skip


def _stands(event: Event, meeting: Meeting) -> None:
    """Raise Conflict when a meeting is called off: it must be held after all before it can be moved."""
    if event.called_off_at is not None:
        raise Conflict("error_meetings.called_off", title=meeting.title, starts_at=event.starts_at)


def shift(event: Event, meeting: Meeting, starts_at: datetime) -> None:
    """Give a meeting a day of somebody's choice."""
    retime(event, starts_at, later(starts_at, meeting.minutes))
    event.picked, event.moved_by = True, None
