"""The next steps of a letter: what a village is asked to do before its circle, and what it has done (S06)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, require
from bot.domain.errors import InvalidInput, NotFound
from bot.domain.programme import Newsletter
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.places import Place
from bot.storage.database import one_at_a_time
from bot.storage.models import Delivery, Event, NextStepDone
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table


@dataclass(frozen=True, slots=True)
class Steps:
    """A letter's next steps and which of them the village has done."""

    letter: Newsletter
    title: str
    starts_at: datetime
    done: frozenset[int]


class NextSteps:
    """Read and tick next steps."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    def find(self, code: str) -> Newsletter:
        """Return the content's own letter by its id, in capitals or not. Raises NotFound."""
        try:
            return self._context.programme.letter(code)
        except KeyError:
            raise NotFound("error.not_found.newsletter", text=code) from None

    async def next_steps(self, place: Place, letter_id: str | None = None) -> Steps | None:
        """Return the next steps of a letter, or of the latest one; None when it has not come to the place."""
        if place.cohort is None:
            return None
        async with self._context.database.transaction() as session:
            event = await self._circle(session, place, letter_id)
            if event is None:
                return None
            circle = self._context.programme.meetings[event.code]
            letter = await self._letters.published(session, place.cohort.id, circle.newsletter or "")
            ticked = select(NextStepDone.step).where(
                NextStepDone.place_key == place.key, NextStepDone.newsletter == letter.id
            )
            done = await session.scalars(ticked)
            return Steps(letter, circle.title, event.starts_at, frozenset(done))

    async def tick(
        self, actor: Actor, place: Place, letter_id: str, step: int, *, done: bool = True
    ) -> Steps | None:
        """Mark a next step as done by the village or group, or as not done after all; pressed twice it stays so."""
        require(actor, tick_right(place), place.where)
        code = self.find(letter_id).id
        if place.cohort is None:
            return None
        async with self._context.database.transaction() as session:
            await one_at_a_time(session, f"steps:{place.key}")  # several sit at the table and press
            if await self._circle(session, place, code) is None:
                return None
            letter = await self._letters.published(session, place.cohort.id, code)
            if not 0 <= step < len(letter.next_steps):
                raise InvalidInput()
            here = (NextStepDone.place_key == place.key, NextStepDone.newsletter == letter.id)
            row = await session.scalar(select(NextStepDone).where(*here, NextStepDone.step == step))
            if row is not None and not done:
                await session.delete(row)
            elif row is None and done:
                session.add(
                    NextStepDone(
                        place_key=place.key,
                        newsletter=letter.id,
                        step=step,
                        done_at=self._context.now(),
                    )
                )
        return await self.next_steps(place, letter.id)

    async def _circle(self, session: AsyncSession, place: Place, letter_id: str | None) -> Event | None:
        """Return the circle of a letter that has reached the place, the latest if none is named.

        A letter whose receipt is still missing may stand there too: its buttons work. One taken back is none.
        """
        assert place.cohort is not None
        states = ("sent",) if letter_id is None else ("sent", "claimed")
        sent = set(
            await session.scalars(
                select(Delivery.event_id).where(
                    Delivery.place_key == place.key, Delivery.kind == "newsletter", Delivery.state.in_(states)
                )
            )
        )
        back = await letters_table.withdrawn(session, place.cohort.id)
        found: Event | None = None
        for event in await events_table.common(session, place.cohort.id):
            meeting = self._context.programme.meetings.get(event.code)
            if meeting is None or meeting.newsletter is None or meeting.newsletter in back:
                continue
            if event.id in sent and letter_id in (None, meeting.newsletter):
                found = event
        return found


def tick_right(place: Place) -> Action:
    """Return the right that ticking a next step takes at a place."""
    return Action.TICK_NEXT_STEP if place.village is not None else Action.TICK_GROUP_STEP
