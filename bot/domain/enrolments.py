"""Which gathering a village signs up for as a whole, and until when (S59); pure."""

from datetime import date

from bot.domain.milestones import milestone_days
from bot.domain.programme import BY_ITSELF, SIGN_UP, Meeting, MilestoneTemplate, Programme

SIZES = (*range(1, 16), 20, 25, 30, 35, 40, 45, 50, 60, 80, 100)  # as many as a menu holds


def milestone_of(programme: Programme, gathering: Meeting | None) -> MilestoneTemplate | None:
    """Return the milestone that a village's signing up for a gathering settles; None where there is none to sign up for."""
    if gathering is None or programme.phase(gathering.phase).gathering != gathering.id:
        return None
    rows = programme.milestones.values()
    return next(
        (m for m in rows if m.phase == gathering.phase and m.kind == SIGN_UP and m.confirm == BY_ITSELF), None
    )


def gathering_of(programme: Programme, code: str) -> Meeting | None:
    """Return what is signed up for at a meeting: itself, or its phase's gathering."""
    meeting = programme.meetings.get(code)
    found = programme.meetings.get(programme.phase(meeting.phase).gathering or "") if meeting else None
    return found if milestone_of(programme, found) is not None else None


def last_day(programme: Programme, milestone: MilestoneTemplate, start_year: int, held_on: date) -> date:
    """Return the last day of signing up, never after the gathering itself."""
    days = milestone_days(programme, milestone, start_year)
    return min(days[1], held_on) if days else held_on
