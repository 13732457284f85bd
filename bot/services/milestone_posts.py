"""Write the reminders of milestones at the moment they go out: only what still waits is named (CALENDAR 8)."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.milestones import MilestoneNote, Stage
from bot.domain.programme import WHOLE_PROGRAMME
from bot.messages import milestones as build
from bot.messages.message import Message
from bot.messages.posts import few
from bot.services.context import Context
from bot.services.milestones import cohort_scope
from bot.services.places import Place, village_key
from bot.storage.models import Delivery, Village
from bot.storage.repositories.milestones import reached, reached_by

KIND = "milestones"


def payload_of(note: MilestoneNote) -> dict[str, object]:
    """Return what a delivery must keep of a reminder."""
    return {"stage": note.stage, "body": note.body, "on": note.on.isoformat(), "codes": list(note.codes)}


class MilestonePosts:
    """The composer of reminders of milestones."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def compose(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        """Write a reminder; None when everything it would name is reached."""
        codes = [str(code) for code in _list(delivery.payload["codes"])]
        if place.village is not None:
            done = await reached(session, place.key)
            lines = [self._title(code) for code in codes if code not in done]
        else:
            lines = await self._of_villages(session, delivery, place, codes)
        if not lines:
            return None
        payload = delivery.payload
        return build.reminder(
            self._context.texts,
            str(payload["stage"]),
            str(payload["body"]),
            lines,
            date.fromisoformat(str(payload["on"])),
            self._context.facts.phone,
            has_board=place.group is None and payload["stage"] != Stage.OVERDUE,
        )

    async def _of_villages(
        self, session: AsyncSession, delivery: Delivery, place: Place, codes: list[str]
    ) -> list[str]:
        """Name each milestone with the villages it waits for; the programme's own stand alone."""
        assert delivery.cohort_id is not None
        query = select(Village).where(Village.cohort_id == delivery.cohort_id).order_by(Village.name)
        if place.group is not None:
            query = query.where(Village.coordinator_group_id == place.group.id)
        villages = (await session.scalars(query)).all()
        done = await reached_by(session, delivery.cohort_id, codes)
        lines = []
        for code in codes:
            milestone = self._context.programme.milestones.get(code)
            if milestone is None:
                continue
            if milestone.phase == WHOLE_PROGRAMME:
                if (cohort_scope(delivery.cohort_id).key, code) not in done:
                    lines.append(milestone.title)
                continue
            prelude = self._context.programme.phase(milestone.phase).number == 0
            names = [
                village.name
                for village in villages
                if (prelude or village.agreed_at is not None) and (village_key(village.id), code) not in done
            ]
            if names:
                texts = self._context.texts
                lines.append(build.of_villages(texts, milestone.title, few(texts, names)))
        return lines

    def _title(self, code: str) -> str:
        milestone = self._context.programme.milestones.get(code)
        return milestone.title if milestone else code


def _list(value: object) -> Iterator[object]:
    assert isinstance(value, list)
    yield from value
