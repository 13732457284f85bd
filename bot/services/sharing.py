"""Sharing at a meeting (S04): a thread with a question, advice without names, notes, and the next steps agreed on.

The bot does not read what people write in the thread: advice comes by a button and a form. What is agreed stands
under the next steps, and is ticked on there.
"""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require
from bot.domain.attendance import lines
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.polled_meetings import MeetingSeen
from bot.domain.programme import AgendaItem
from bot.messages import meeting_day as build
from bot.messages.meeting_day import MOST_STEPS, STEP_LONGEST, Agreed, Notes
from bot.messages.message import Message
from bot.services.audit import audit
from bot.services.calendar_files import CalendarFiles
from bot.services.context import Context
from bot.services.meeting_day import MeetingDay, right_to_hold, right_to_note
from bot.services.next_steps import tick_right
from bot.services.places import Place
from bot.storage.models import AgreedStep, Delivery, Event, MeetingNotes, SharedNote
from bot.storage.repositories.deliveries import Post, plan

KIND = "meeting_day"
SHARING, NOTES = "sharing", "notes"


class Sharing:
    """Open the sharing, take advice, keep notes and agreed steps; write the posts about them."""

    def __init__(self, context: Context, files: CalendarFiles) -> None:
        self._context, self._files = context, files
        self._day = MeetingDay(context, files)

    async def open(self, actor: Actor, place: Place, event_id: int) -> None:
        """Plan the post that the thread is opened from, once for each meeting and place.

        Raises NotPermitted, NotFound, Conflict.
        """
        require(actor, right_to_hold(place), place.where)
        async with self._context.database.transaction() as session:
            await self._day.held(session, place, event_id)
            await session.get_one(Event, event_id, with_for_update=True)  # two who press at once open it once
            await self._plan(session, place, event_id, SHARING)
            await audit(session, self._context, actor, "meeting.sharing", f"{place.key} event:{event_id}")

    async def share(self, actor: Actor, place: Place, event_id: int, words: str) -> str:
        """Keep a piece of advice; who gave it is not kept. Returns it as it is shown.

        Raises NotPermitted, NotFound, Conflict, InvalidInput.
        """
        require(actor, _right_to_share(place), place.where)
        found = " ".join(words.split())
        if not found:
            raise InvalidInput()
        async with self._context.database.transaction() as session:
            await self._day.held(session, place, event_id)
            session.add(
                SharedNote(event_id=event_id, place_key=place.key, words=found, at=self._context.now())
            )
        return found

    async def draft(self, actor: Actor, place: Place, event_id: int) -> Notes:
        """Return the notes as they were saved, or the advice as a draft of them. Raises NotPermitted, NotFound, Conflict."""
        require(actor, right_to_note(place), place.where)
        async with self._context.database.transaction() as session:
            meeting = await self._day.held(session, place, event_id)
            found = await self._notes(session, place, meeting)
            if found is not None:
                return found
            query = select(SharedNote.words).where(
                SharedNote.event_id == event_id, SharedNote.place_key == place.key
            )
            advice = await session.scalars(query.order_by(SharedNote.id))
            return Notes(meeting, "\n".join(f"- {words}" for words in advice), 0)

    async def save(
        self, actor: Actor, place: Place, event_id: int, version: int, text: str, steps: str
    ) -> Notes:
        """Save notes and agreed steps; the first time the channel is told. Steps that stay keep their tick.

        Raises NotPermitted, NotFound, Conflict (also when somebody else has saved meanwhile), InvalidInput.
        """
        require(actor, right_to_note(place), place.where)
        if not text.strip():
            raise InvalidInput()
        async with self._context.database.transaction() as session:
            await session.get_one(Event, event_id, with_for_update=True)
            meeting = await self._day.held(session, place, event_id)
            here = {"event_id": event_id, "place_key": place.key}
            row = await session.scalar(select(MeetingNotes).filter_by(**here))
            if version != (row.version if row else 0):
                raise Conflict("error_day.changed_meanwhile")
            if row is None:
                row = MeetingNotes(**here)
                session.add(row)
            row.text, row.version, row.saved_at = text.strip(), version + 1, self._context.now()
            if row.version == 1:
                await self._plan(session, place, event_id, NOTES)
            await self._agree(session, place, event_id, lines(steps, MOST_STEPS, STEP_LONGEST))
            await audit(session, self._context, actor, "meeting.notes", f"{place.key} event:{event_id}")
            await session.flush()
            found = await self._notes(session, place, meeting)
            assert found is not None, "it has just been saved"
            return found

    async def _agree(self, session: AsyncSession, place: Place, event_id: int, wanted: list[str]) -> None:
        here = (AgreedStep.event_id == event_id, AgreedStep.place_key == place.key)
        ticked = {row.words: row.done_at for row in await session.scalars(select(AgreedStep).where(*here))}
        await session.execute(delete(AgreedStep).where(*here))
        session.add_all(
            AgreedStep(event_id=event_id, place_key=place.key, position=position, words=words,
                       done_at=ticked.get(words))
            for position, words in enumerate(wanted)
        )  # fmt: skip

    async def notes(self, place: Place, event_id: int) -> Notes:
        """Return a place's notes of a meeting, to whoever is in its channel. Raises NotFound."""
        async with self._context.database.transaction() as session:
            meeting = await self._files.find(session, place, event_id)
            found = await self._notes(session, place, meeting)
        if found is None:
            raise NotFound("error_day.nothing")
        return found

    async def agreed(self, place: Place) -> Notes | None:
        """Return the newest notes of a place that have agreed steps, for its list of next steps."""
        async with self._context.database.transaction() as session:
            query = select(AgreedStep.event_id).join(Event, Event.id == AgreedStep.event_id)
            query = query.where(AgreedStep.place_key == place.key).order_by(Event.starts_at.desc()).limit(1)
            event_id = await session.scalar(query)
            if event_id is None:
                return None
            return await self._notes(session, place, await self._files.find(session, place, event_id))

    async def tick(self, actor: Actor, place: Place, step_id: int, *, done: bool = True) -> Notes | None:
        """Mark an agreed step as done, or as not done; pressed twice it stays so. Raises NotPermitted, NotFound."""
        require(actor, tick_right(place), place.where)
        async with self._context.database.transaction() as session:
            row = await session.get(AgreedStep, step_id, with_for_update=True)
            if row is None or row.place_key != place.key:
                raise NotFound("error_day.nothing")
            row.done_at = (row.done_at or self._context.now()) if done else None
            meeting = await self._files.find(session, place, row.event_id)
            await session.flush()
            return await self._notes(session, place, meeting)

    async def _notes(self, session: AsyncSession, place: Place, meeting: MeetingSeen) -> Notes | None:
        here = {"event_id": meeting.event_id, "place_key": place.key}
        row = await session.scalar(select(MeetingNotes).filter_by(**here))
        if row is None:
            return None
        steps = await session.scalars(select(AgreedStep).filter_by(**here).order_by(AgreedStep.position))
        agreed = tuple(Agreed(step.id, step.words, step.done_at is not None) for step in steps)
        return Notes(meeting, row.text, row.version, agreed)

    def may_tick(self, actor: Actor, place: Place) -> bool:
        """Tell whether somebody ticks agreed steps at a place."""
        return may(actor, tick_right(place), place.where)

    async def _plan(self, session: AsyncSession, place: Place, event_id: int, says: str) -> None:
        cohort = place.cohort
        post = Post(f"{says}:{event_id}:{place.key}", place.key, KIND, self._context.now(), at_once=True,
                    cohort_id=cohort.id if cohort else None, event_id=event_id, payload={"says": says})  # fmt: skip
        await plan(session, [post])

    async def compose(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        """Write a post about the sharing or the notes."""
        event = await session.get_one(Event, delivery.event_id)
        meeting = await self._files.find(session, place, event.id)
        if delivery.payload["says"] == NOTES:
            return build.notes_saved(self._context.texts, meeting)
        return build.sharing(self._context.texts, meeting, self._question(event.code))

    def _question(self, code: str) -> str:
        programme = self._context.programme
        meeting = programme.meetings.get(code)
        points = meeting.agenda if meeting else ()
        named = (
            p.text for p in points if isinstance(p, AgendaItem) and p.part == programme.rules.sharing_part
        )
        return next(named, "")


def _right_to_share(place: Place) -> Action:
    return Action.SEE_VILLAGE if place.group is None else Action.HOLD_GROUP_MEETING
