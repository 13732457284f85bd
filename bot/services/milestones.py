"""How far a village is: milestones as words and never as a ranking, ticked by those who confirm them (S12)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require, roles_at
from bot.domain.calendar import phase_days
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.milestones import confirmers, milestone_days, settled_by_decision
from bot.domain.programme import BY_ITSELF, GATE, WHOLE_PROGRAMME, MilestoneTemplate
from bot.messages.calendar import PhaseStatus
from bot.messages.milestones import Board, Line
from bot.services.audit import audit
from bot.services.calendar import Calendar
from bot.services.context import Context
from bot.services.moments import today
from bot.services.places import Place, running_cohorts
from bot.services.village_states import follow_gates, how_far
from bot.storage.models import Cohort, Village
from bot.storage.repositories.deliveries import Post, plan
from bot.storage.repositories.milestones import MilestoneScope, cohort_scope, reach, reached, reopen


class Milestones:
    """Read, tick and reopen milestones."""

    def __init__(self, context: Context, calendar: Calendar) -> None:
        self._context, self._calendar = context, calendar

    async def phase_status(self, actor: Actor, place: Place) -> PhaseStatus | None:
        """Return the phase the calendar stands in, with the village's own milestones; None between cohorts.

        Coordinators and the secretariat see in their channels how far the villages they look after are.
        """
        phase = self._calendar.phase_now(place.cohort) if place.cohort else None
        if phase is None or place.cohort is None:
            return None
        rows = self._context.programme.milestones.values()
        ids = {m.id for m in rows if m.phase == phase.id and m.confirm != BY_ITSELF}
        async with self._context.database.transaction() as session:
            done = ids & await reached(session, place.key) if place.village is not None else set()
            villages = await how_far(session, self._context, actor, place)
        first, last = phase_days(phase, place.cohort.start_year)
        return PhaseStatus(
            phase.title, first, last, phase.elements, len(done), len(ids) if place.village else 0, villages
        )

    async def board(self, actor: Actor, place: Place, cohort_id: int | None = None) -> Board:
        """Return the milestones of the phase that runs, and those from before that still wait.

        In the secretariat's channel these are the programme's own, of a cohort or of the newest that runs.
        Raises NotFound elsewhere.
        """
        async with self._context.database.transaction() as session:
            cohort, scope = await self._scope(session, place, cohort_id)
            done = await reached(session, scope.key)
        phase = self._calendar.phase_now(cohort)
        now, before = [], []
        for milestone in self._of(place):
            if milestone.phase in (WHOLE_PROGRAMME, phase.id if phase else None):
                now.append(milestone)
            elif milestone.id not in done and self._has_begun(cohort, milestone):
                before.append(milestone)
        before.reverse()
        ticks = [m for m in (*now, *before) if m.id not in done and self._may_tick(actor, place, m, done)]
        over = [m for m in self._of(place) if m.id in done] if self._may_reopen(actor, place) else []
        return Board(
            title=phase.title if phase and place.village else cohort.title,
            now=[self._line(m, cohort, done) for m in now],
            before=[Line(m.title, reached=False) for m in before],
            ticks=[(m.id, m.title) for m in ticks],
            reopens=[(m.id, m.title) for m in reversed(over)],
            cohort_id=0 if place.village else cohort.id,
        )

    async def tick(self, actor: Actor, place: Place, code: str, cohort_id: int | None = None) -> Board:
        """Mark a milestone as reached today. Raises NotPermitted unless it is the person's to confirm now."""
        require(actor, Action.TICK_MILESTONE, place.where)
        milestone, day = self._find(place, code), today(self._context.now(), self._context.programme.timezone)
        async with self._context.database.transaction() as session:
            cohort, scope = await self._scope(session, place, cohort_id)
            await _hold(session, scope)
            done = await reached(session, scope.key)
            if not self._has_begun(cohort, milestone) or not self._may_tick(actor, place, milestone, done):
                raise NotPermitted("error.not_allowed.tick_milestone")
            if await reach(session, scope, [milestone.id], day):
                await self._follow(session, scope)
                await audit(session, self._context, actor, "milestone.reached", f"{scope.key} {milestone.id}")
        return await self.board(actor, place, cohort_id)

    async def reopen(
        self, actor: Actor, place: Place, code: str, reason: str, cohort_id: int | None = None
    ) -> Board:
        """Open a milestone again and tell the channel why.

        Raises NotPermitted, InvalidInput without a reason, Conflict when it is open.
        """
        require(actor, Action.REOPEN_MILESTONE, place.where)
        milestone, now = self._find(place, code), self._context.now()
        if not reason.strip():
            raise InvalidInput("error_polls.reason_missing")
        async with self._context.database.transaction() as session:
            _, scope = await self._scope(session, place, cohort_id)
            await _hold(session, scope)
            if not await reopen(session, scope, milestone.id):
                raise Conflict("error.milestone_open", title=milestone.title)
            await self._follow(session, scope)
            decided = milestone.id in settled_by_decision(self._context.programme)
            said = self._context.texts(
                "notice.milestone_reopened", title=milestone.title, reason=reason, decided=decided
            )
            key = f"milestone:{scope.key}:{milestone.id}:{now.isoformat()}"
            await plan(session, [Post(key, place.key, "notice", now, payload={"said": said})])
            await audit(session, self._context, actor, "milestone.reopened", f"{scope.key} {milestone.id}")
        return await self.board(actor, place, cohort_id)

    async def _follow(self, session: AsyncSession, scope: MilestoneScope) -> None:
        if scope.village_id is not None:
            await follow_gates(session, self._context, scope.village_id)

    async def _scope(
        self, session: AsyncSession, place: Place, cohort_id: int | None
    ) -> tuple[Cohort, MilestoneScope]:
        """Return whose milestones a place shows. Raises NotFound where there are none."""
        if place.village is not None:
            return place.village.cohort, MilestoneScope(place.key, place.village.cohort_id, place.village.id)
        running = [] if place.group else await running_cohorts(session, self._context, upcoming=True)
        chosen = [cohort for cohort in running if cohort_id in (None, 0, cohort.id)]
        if not chosen:
            raise NotFound("error.not_found.place")
        return chosen[-1], cohort_scope(chosen[-1].id)

    def _of(self, place: Place) -> list[MilestoneTemplate]:
        """Return the milestones that a place has and people settle: a village's, or the whole programme's."""
        rows = self._context.programme.milestones.values()
        here = [m for m in rows if (m.phase == WHOLE_PROGRAMME) is (place.village is None)]
        return [m for m in here if m.confirm != BY_ITSELF]

    def _find(self, place: Place, code: str) -> MilestoneTemplate:
        found = next((m for m in self._of(place) if m.id == code), None)
        if found is None:
            raise InvalidInput("error_polls.unknown_milestone", code=code)
        return found

    def _may_tick(self, actor: Actor, place: Place, milestone: MilestoneTemplate, done: set[str]) -> bool:
        """Tell whether somebody ticks it by hand: a standard decision settles its own milestones by itself.

        The gate of a phase comes after everything that it waits for.
        """
        if milestone.id in settled_by_decision(self._context.programme):
            return False
        if milestone.kind == GATE and not done >= self._waited_for(milestone.phase):
            return False
        return bool(roles_at(actor, place.where) & confirmers(milestone))

    def _waited_for(self, phase: str) -> set[str]:
        rows = self._context.programme.milestones.values()
        return {m.id for m in rows if m.phase == phase and m.gate and m.confirm != BY_ITSELF}

    def _may_reopen(self, actor: Actor, place: Place) -> bool:
        return may(actor, Action.REOPEN_MILESTONE, place.where)

    def _has_begun(self, cohort: Cohort, milestone: MilestoneTemplate) -> bool:
        if milestone.phase == WHOLE_PROGRAMME:
            return True
        first, _ = phase_days(self._context.programme.phase(milestone.phase), cohort.start_year)
        return first <= today(self._context.now(), self._context.programme.timezone)

    def _line(self, milestone: MilestoneTemplate, cohort: Cohort, done: set[str]) -> Line:
        days = milestone_days(self._context.programme, milestone, cohort.start_year)
        decided = milestone.id in settled_by_decision(self._context.programme)
        return Line(milestone.title, milestone.id in done, days[0] if days else None, decided)


async def _hold(session: AsyncSession, scope: MilestoneScope) -> None:
    """Lock the scope's row, so that two people cannot tick the same milestone at once."""
    kind, row_id = (Village, scope.village_id) if scope.village_id else (Cohort, scope.cohort_id)
    await session.execute(select(kind.id).where(kind.id == row_id).with_for_update())
