"""The next steps of a letter: what a village is asked to do before its circle, and what it has done (S06)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, require
from bot.domain.errors import InvalidInput, NotFound
from bot.domain.programme import VILLAGE_CIRCLE, Newsletter
from bot.services.context import Context
from bot.services.places import Place
from bot.storage.models import Event, NextStepDone
from bot.storage.repositories import events as events_table


@dataclass(frozen=True, slots=True)
class Steps:
    """A letter's next steps and which of them the village has done."""

    letter: Newsletter
    title: str
    starts_at: datetime
    done: frozenset[int]


class NextSteps:
    """Read and tick next steps."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find(self, code: str) -> Newsletter:
        """Return a letter by its id. Raises NotFound."""
        letter = self._context.programme.newsletters.get(code.strip().upper())
        if letter is None:
            raise NotFound("error.not_found.newsletter", text=code)
        return letter

    async def next_steps(self, place: Place, letter_id: str | None = None) -> Steps | None:
        """Return the next steps of a letter, or of the latest one that has been sent; None before the first."""
        if place.cohort is None:
            return None
        async with self._context.database.transaction() as session:
            event = await self._circle(session, place, letter_id)
            if event is None:
                return None
            circle = self._context.programme.meetings[event.code]
            letter = self._context.programme.newsletters[circle.newsletter or ""]
            done: Sequence[int] = ()
            if place.village is not None:
                done = (
                    await session.scalars(
                        select(NextStepDone.step).where(
                            NextStepDone.village_id == place.village.id, NextStepDone.newsletter == letter.id
                        )
                    )
                ).all()
            return Steps(letter, circle.title, event.starts_at, frozenset(done))

    async def tick(self, actor: Actor, place: Place, letter_id: str, step: int) -> Steps | None:
        """Mark a next step as done by the village, or as not done after all."""
        require(actor, Action.TICK_NEXT_STEP, place.where)
        letter = self.find(letter_id)
        if place.village is None or not 0 <= step < len(letter.next_steps):
            raise InvalidInput()
        async with self._context.database.transaction() as session:
            here = (NextStepDone.village_id == place.village.id, NextStepDone.newsletter == letter.id)
            row = await session.scalar(select(NextStepDone).where(*here, NextStepDone.step == step))
            if row is not None:
                await session.delete(row)
            else:
                session.add(
                    NextStepDone(
                        village_id=place.village.id,
                        newsletter=letter.id,
                        step=step,
                        done_at=self._context.now(),
                    )
                )
        return await self.next_steps(place, letter.id)

    async def _circle(self, session: AsyncSession, place: Place, letter_id: str | None) -> Event | None:
        assert place.cohort is not None
        wanted = VILLAGE_CIRCLE if place.village else None
        found: Event | None = None
        for event in await events_table.common(session, place.cohort.id):
            meeting = self._context.programme.meetings.get(event.code)
            if meeting is None or meeting.newsletter is None:
                continue
            if letter_id is not None and meeting.newsletter == letter_id:
                return event
            mine = (meeting.kind == VILLAGE_CIRCLE) == (wanted is not None)
            if (
                letter_id is None
                and mine
                and event.newsletter_at
                and event.newsletter_at <= self._context.now()
            ):
                found = event
        return found
