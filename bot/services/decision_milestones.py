"""What a decision settles: its milestones are reached, and an agreed village opens (S15, S16)."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Role, roles_at
from bot.domain.errors import InvalidInput, NotPermitted
from bot.domain.milestones import confirmers, milestones_of, settled_by_decision
from bot.domain.programme import (
    BY_ITSELF,
    GATE,
    WHOLE_PROGRAMME,
    DecisionTemplate,
    MilestoneTemplate,
    Programme,
)
from bot.services.context import Context
from bot.services.places import Place, village_key
from bot.services.village_import import agree
from bot.services.village_states import follow_gates
from bot.storage.models import Village
from bot.storage.repositories.milestones import MilestoneScope, reach, reached


def check(programme: Programme, place: Place, code: str | None, milestone: str | None) -> None:
    """Refuse what cannot be settled here. Raises InvalidInput."""
    if code and (code not in programme.decisions or place.village is None):
        raise InvalidInput("error_polls.unknown_code", code=code)
    if milestone:
        found = programme.milestones.get(milestone)
        unfit = (
            found is None
            or found.phase == WHOLE_PROGRAMME
            or found.kind == GATE
            or found.confirm == BY_ITSELF
        )
        if unfit or place.village is None:
            raise InvalidInput("error_polls.unknown_milestone", code=milestone)


def must_confirm(
    programme: Programme, actor: Actor, place: Place, code: str | None, milestone: str | None
) -> None:
    """Refuse a milestone chosen by hand that others confirm; what belongs to a standard decision goes with it.

    Raises NotPermitted.
    """
    chosen = programme.milestones.get(milestone or "")
    if (
        chosen is None
        or chosen.id in settled_by_decision(programme)
        or chosen.id in milestones_of(programme, code, None)
    ):
        return
    if not roles_at(actor, place.where) & confirmers(chosen):
        raise NotPermitted("error.not_allowed.tick_milestone")


def right_needed(programme: Programme, place: Place, code: str | None, milestone: str | None) -> Action:
    """Return the right that recording takes: agreements and the programme's end are the secretariat's."""
    if place.village is None:
        return Action.RECORD_GROUP_DECISION
    template = programme.decisions.get(code or "")
    if template is not None and template.recorded_by == Role.SECRETARIAT:
        return Action.RECORD_AGREEMENT
    chosen = programme.milestones.get(milestone or "")
    if chosen is not None and _is_the_secretariats(programme, chosen, template):
        return Action.RECORD_AGREEMENT
    return Action.RECORD_DECISION


def _is_the_secretariats(
    programme: Programme, milestone: MilestoneTemplate, template: DecisionTemplate | None
) -> bool:
    own = programme.decisions.get(milestone.decision or "")
    if own is not None:
        return own.recorded_by == Role.SECRETARIAT
    return milestone.confirm == Role.SECRETARIAT and (template is None or template.milestone != milestone.id)


async def settle(
    session: AsyncSession, context: Context, village: Village, codes: tuple[str, ...], on: date
) -> bool:
    """Mark milestones as reached on a day; those reached before keep theirs. True when the village opened.

    The caller holds the village's row, so that two decisions cannot settle the same milestone at once.
    """
    if not codes:
        return False
    scope = MilestoneScope(village_key(village.id), village.cohort_id, village.id)
    if await reach(session, scope, codes, on):
        await follow_gates(session, context, village.id)
    gate = context.programme.rules.village_channel_after
    if village.agreed_at is None and await reached(session, scope.key) >= set(gate):
        await agree(session, context, [village])
        return True
    return False
