"""Write the reminders of milestones at the moment they go out: only what still waits is named (CALENDAR 8)."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import STEERING_GROUP, Role
from bot.domain.milestones import MilestoneNote, Stage, confirmers, settled_by_decision
from bot.domain.programme import WHOLE_PROGRAMME, DecisionTemplate, MilestoneTemplate
from bot.messages import milestones as build
from bot.messages.message import Message
from bot.messages.names import NAMED
from bot.messages.posts import calendar_button
from bot.services.context import Context
from bot.services.places import Place, village_key
from bot.storage.models import Cohort, Delivery, Village
from bot.storage.repositories.milestones import cohort_scope, reached, reached_by

KIND = "milestones"
Waiting = Sequence[
    tuple[MilestoneTemplate, Sequence[str]]
]  # each with the villages it waits for, if it is theirs


def payload_of(note: MilestoneNote) -> dict[str, object]:
    """Return what a delivery must keep of a reminder."""
    return {"stage": note.stage, "body": note.body, "on": note.on.isoformat(), "codes": list(note.codes)}


class MilestonePosts:
    """The composer of reminders of milestones."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def compose(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        """Write a reminder; None when everything it would name is reached."""
        assert delivery.cohort_id is not None
        stage, body = Stage(str(delivery.payload["stage"])), Role(str(delivery.payload["body"]))
        known = self._context.programme.milestones
        milestones = [known[code] for code in _texts(delivery.payload["codes"]) if code in known]
        if place.village is not None:
            done = await reached(session, place.key)
            waiting: Waiting = [(milestone, ()) for milestone in milestones if milestone.id not in done]
        else:
            waiting = await self._of_villages(session, delivery.cohort_id, place, milestones)
        if not waiting:
            return None
        texts, cohort = self._context.texts, await session.get_one(Cohort, delivery.cohort_id)
        settled = self._settled(waiting, place)
        shows = settled.tick or settled.decide
        return build.reminder(
            texts, stage, texts(f"milestones.dear.{body}", cohort=cohort.title), self._lines(waiting),
            date.fromisoformat(str(delivery.payload["on"])), self._context.facts.phone, settled,
            build.milestones_button(texts, 0 if place.village else cohort.id) if shows else calendar_button(texts),
        )  # fmt: skip

    async def _of_villages(
        self, session: AsyncSession, cohort_id: int, place: Place, milestones: Sequence[MilestoneTemplate]
    ) -> Waiting:
        """Return each milestone with the villages it waits for; the programme's own stand alone."""
        query = select(Village).where(Village.cohort_id == cohort_id).order_by(Village.name)
        if place.group is not None:
            query = query.where(Village.coordinator_group_id == place.group.id)
        villages = (await session.scalars(query)).all()
        done = await reached_by(session, cohort_id, [milestone.id for milestone in milestones])
        waiting: list[tuple[MilestoneTemplate, Sequence[str]]] = []
        for milestone in milestones:
            if milestone.phase == WHOLE_PROGRAMME:
                if (cohort_scope(cohort_id).key, milestone.id) not in done:
                    waiting.append((milestone, ()))
                continue
            prelude = self._context.programme.phase(milestone.phase).number == 0
            names = [
                village.name
                for village in villages
                if (prelude or village.agreed_at is not None)
                and (village_key(village.id), milestone.id) not in done
            ]
            if names:
                waiting.append((milestone, names))
        return waiting

    def _lines(self, waiting: Waiting) -> list[str]:
        """Name what waits; of many villages as many by name as there is room for."""
        most = NAMED
        while True:
            lines = [
                build.of_villages(self._context.texts, milestone.title, names, most)
                if names
                else milestone.title
                for milestone, names in waiting
            ]
            if most == 0 or sum(len(line) + 3 for line in lines) <= build.ROOM:
                return lines
            most //= 2

    def _settled(self, waiting: Waiting, place: Place) -> build.Settled:
        """Tell how these readers settle what is named."""
        if place.group is not None:
            return build.Settled(tell=True)
        if place.village is None:
            return build.Settled(
                tick=any(not names for _, names in waiting), elsewhere=any(names for _, names in waiting)
            )
        decided = settled_by_decision(self._context.programme)
        by_decision = [m for m, _ in waiting if m.id in decided]
        by_hand = [m for m, _ in waiting if m.id not in decided]
        own = [m for m in by_hand if confirmers(m) & set(STEERING_GROUP)]
        written = [m for m in by_decision if self._recorded_by(m) != Role.SECRETARIAT]
        return build.Settled(bool(own), bool(written), len(own) + len(written) < len(waiting))

    def _recorded_by(self, milestone: MilestoneTemplate) -> str:
        """Return who writes the decision down that settles a milestone."""
        decisions = self._context.programme.decisions
        found: DecisionTemplate | None = decisions.get(milestone.decision or "") or next(
            (decision for decision in decisions.values() if decision.milestone == milestone.id), None
        )
        return found.recorded_by if found else ""


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(part) for part in value]
