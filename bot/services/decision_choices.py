"""What a new decision can settle: the programme's standard decisions and the milestones ticked by hand (S15, S22).

Somebody is offered what is theirs to settle, has begun, and is not settled yet, so that a menu says it all.
"""

from bot.domain.access import Action, Actor, may, require, roles_at
from bot.domain.calendar import phase_days
from bot.domain.decisions import CHOICES, Settles, Thing
from bot.domain.errors import NotFound
from bot.domain.milestones import by_hand, confirmers
from bot.domain.programme import WHOLE_PROGRAMME
from bot.services import decision_milestones as milestones
from bot.services.context import Context
from bot.services.decision_register import views_of
from bot.services.moments import today
from bot.services.places import Place
from bot.storage.repositories.milestones import reached


class DecisionChoices:
    """The use-cases before a decision is recorded."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def may_record(self, actor: Actor, place: Place) -> bool:
        """Tell whether somebody can write something down here."""
        return any(may(actor, right, place.where) for right in _rights(place))

    async def settles(self, actor: Actor, place: Place, code: str | None = None) -> Settles:
        """Return what a decision of this person can settle here; one begun from a standard decision keeps it chosen.

        Raises NotFound where nobody decides, NotPermitted for who records nothing here.
        """
        if place.village is None and place.group is None:
            raise NotFound("error_polls.decision_place")
        plain = _rights(place)[0]
        standards = [thing for thing in await self._standards(actor, place, code) if place.village]
        if not standards:
            require(actor, plain, place.where)
        ticked = await self._milestones(actor, place)
        found = (*standards, *ticked)
        return Settles(found[:CHOICES], code, plain=may(actor, plain, place.where))

    async def _standards(self, actor: Actor, place: Place, code: str | None) -> list[Thing]:
        """Return the standard decisions that are not recorded yet, those of the newest phase first."""
        programme = self._context.programme
        async with self._context.database.transaction() as session:
            written = {view.code for view in await views_of(session, place) if view.holds}
        found = [
            Thing(template.id, template.title)
            for template in programme.decisions.values()
            if template.id == code or (template.id not in written and self._has_begun(place, template.phase))
            if may(actor, milestones.right_needed(programme, place, template.id, None), place.where)
        ]
        found.reverse()
        return sorted(found, key=lambda thing: thing.id != code)

    async def _milestones(self, actor: Actor, place: Place) -> list[Thing]:
        """Return the milestones that wait for this person's tick, those of the newest phase first."""
        if place.village is None:
            return []
        async with self._context.database.transaction() as session:
            done = await reached(session, place.key)
        mine = roles_at(actor, place.where)
        found = [
            Thing(milestone.id, milestone.title, is_milestone=True)
            for milestone in by_hand(self._context.programme)
            if milestone.id not in done and mine & confirmers(milestone)
            if self._has_begun(place, milestone.phase)
        ]
        return found[::-1]

    def _has_begun(self, place: Place, phase: str) -> bool:
        programme = self._context.programme
        if place.cohort is None or phase == WHOLE_PROGRAMME:
            return False
        first, _ = phase_days(programme.phase(phase), place.cohort.start_year)
        return first <= today(self._context.now(), programme.timezone)


def _rights(place: Place) -> tuple[Action, ...]:
    """Return the rights that let somebody record here; the first one lets record what settles nothing."""
    if place.group is not None:
        return (Action.RECORD_GROUP_DECISION,)
    return (Action.RECORD_DECISION, Action.RECORD_AGREEMENT) if place.village is not None else ()
