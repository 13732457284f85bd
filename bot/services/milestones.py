"""How far a village is: milestones of a phase, as words and never as a ranking (S12)."""

from sqlalchemy import func, select

from bot.domain.calendar import phase_days
from bot.messages.calendar import PhaseStatus
from bot.services.calendar import Calendar
from bot.services.context import Context
from bot.services.places import Place
from bot.storage.models import MilestoneState


class Milestones:
    """Read milestones."""

    def __init__(self, context: Context, calendar: Calendar) -> None:
        self._context, self._calendar = context, calendar

    async def phase_status(self, place: Place) -> PhaseStatus | None:
        """Return the phase the calendar stands in, with the village's own milestones; None between cohorts."""
        phase = self._calendar.phase_now(place.cohort) if place.cohort else None
        if phase is None or place.cohort is None:
            return None
        ids = [m.id for m in self._context.programme.milestones.values() if m.phase == phase.id]
        reached = 0
        if place.village is not None:
            async with self._context.database.transaction() as session:
                query = select(func.count()).where(
                    MilestoneState.village_id == place.village.id,
                    MilestoneState.code.in_(ids),
                    MilestoneState.state == "reached",
                )
                reached = await session.scalar(query) or 0
        first, last = phase_days(phase, place.cohort.start_year)
        return PhaseStatus(
            phase.title, first, last, phase.elements, reached, len(ids) if place.village else 0
        )
