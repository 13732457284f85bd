"""The times a village may choose for a meeting of its own, and those that hold when it chooses none (S20, S61).

Free days only, holidays left out. Where one village meets at a time, each time is given once: whoever gives one out
waits for the others, and the database refuses the second.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, require
from bot.domain.calendar import DatedMeeting, candidate_days, later
from bot.domain.errors import NotFound
from bot.domain.programme import Meeting, Programme
from bot.domain.slots import nearest_free, times_of
from bot.services.context import Context
from bot.services.outbox import tell_secretariat
from bot.services.places import Place
from bot.storage.database import one_at_a_time
from bot.storage.models import Cohort, Event
from bot.storage.repositories.events import retime

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error_meetings.time_taken": frozenset(),
    "error_meetings.each_its_own": frozenset({"title"}),
    "notice.times_are_out": frozenset({"title", "count"}),
}
MOST_DAYS = 25  # that a menu holds


class VillageDates:
    """Free times, and who has which."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.programme.timezone)

    async def times(self, actor: Actor, place: Place, code: str) -> list[datetime]:
        """Return the times somebody may choose for their village, in order. Raises NotFound, NotPermitted."""
        meeting = self._context.programme.meetings.get(code)
        require(actor, right_to_pick(self._context.programme, meeting), place.where)
        if meeting is None or place.village is None or place.cohort is None:
            raise NotFound("error.not_found.meeting", text=code)
        async with self._context.database.transaction() as session:
            return await self.free(session, place.cohort, meeting, place.key)

    async def free(
        self, session: AsyncSession, cohort: Cohort, meeting: Meeting, scope_key: str
    ) -> list[datetime]:
        """Return the times on days after today that no other village has."""
        taken = await self._taken(session, cohort.id, meeting, but=scope_key)
        today = self._context.now().astimezone(self._zone).date()
        ahead = [at for at in self._all(cohort, meeting) if at.astimezone(self._zone).date() > today]
        return [at for at in ahead if at not in taken]

    async def wait_for_others(self, session: AsyncSession, cohort_id: int, meeting: Meeting) -> None:
        """Let nobody else give out a time of this meeting until the transaction ends."""
        if meeting.one_village_at_a_time:
            await one_at_a_time(session, f"times:{cohort_id}:{meeting.id}")

    async def hand_out(
        self, session: AsyncSession, cohort: Cohort, dated: DatedMeeting, rows: Sequence[Event]
    ) -> None:
        """Give villages that have chosen nothing a time each; whoever has one keeps it.

        Nobody is given one at short notice while there are later ones. When there are none left, the secretariat is
        told, and the rules' own time stands.
        """
        meeting, times = dated.meeting, self._all(cohort, dated.meeting)
        known = set(times)
        lacking = [row for row in rows if row.slot_at not in known]
        for row in rows:
            if row.slot_at in known:
                retime(row, row.slot_at, later(row.slot_at, meeting.minutes))
        if not lacking:
            return
        with session.no_autoflush:
            await self.wait_for_others(session, cohort.id, meeting)
            taken = await self._taken(session, cohort.id, meeting)
        ahead = self._in_time(times)
        for row in sorted(lacking, key=lambda row: row.village_id or 0):
            row.slot_at = nearest_free(ahead, dated.starts_at, taken)
            if row.slot_at is not None:
                taken.add(row.slot_at)
            starts_at = row.slot_at or dated.starts_at
            retime(row, starts_at, later(starts_at, meeting.minutes))
        without = sum(row.slot_at is None for row in lacking)
        if without and ahead:
            said = self._context.texts("notice.times_are_out", title=meeting.title, count=without)
            key = f"notice:times:{cohort.id}:{meeting.id}:{without}"
            with session.no_autoflush:
                await tell_secretariat(session, self._context.now(), key, said)

    def _in_time(self, times: Sequence[datetime]) -> list[datetime]:
        """Return the times that can be given out: with the notice of the rules, or at least not today."""
        today = self._context.now().astimezone(self._zone).date()
        days = timedelta(days=self._context.programme.rules.given_time_notice_days)
        ahead = [at for at in times if at.astimezone(self._zone).date() > today]
        return [at for at in ahead if at.astimezone(self._zone).date() >= today + days] or ahead

    def days(self, times: Sequence[datetime]) -> list[date]:
        """Return the days that hold some of these times, as many as a menu holds."""
        return sorted({at.astimezone(self._zone).date() for at in times})[:MOST_DAYS]

    def on(self, day: date, times: Sequence[datetime]) -> list[datetime]:
        """Return those of these times that are on a day."""
        return [at for at in times if at.astimezone(self._zone).date() == day]

    def _all(self, cohort: Cohort, meeting: Meeting) -> list[datetime]:
        off = self._context.off(cohort.start_year)
        return times_of(
            meeting, candidate_days(self._context.programme, meeting, cohort.start_year, off), self._zone
        )

    async def _taken(
        self, session: AsyncSession, cohort_id: int, meeting: Meeting, but: str | None = None
    ) -> set[datetime]:
        if not meeting.one_village_at_a_time:
            return set()
        chosen = Event.picked & Event.village_id.is_not(
            None
        )  # one of old has no time written down as its own
        query = select(Event.slot_at, Event.starts_at).where(
            Event.cohort_id == cohort_id, Event.code == meeting.id, Event.slot_at.is_not(None) | chosen
        )
        if but is not None:
            query = query.where(Event.scope_key != but)
        return {slot_at or starts_at for slot_at, starts_at in await session.execute(query)}


def right_to_pick(programme: Programme, meeting: Meeting | None) -> Action:
    """Return the right that choosing a meeting's time takes.

    Where the steering group is yet to be established, the local council's contact has it too (S20).
    """
    established_by = programme.rules.steering_established_by
    first = meeting is not None and established_by in meeting.decisions
    return Action.PICK_FIRST_DATE if first else Action.PICK_DATE
