"""Letters on paper: which of them a place may print, and all that stands on the sheet (S05)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require
from bot.domain.errors import InvalidInput, NotFound
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE, Newsletter
from bot.messages.letter_sheet import PrintedLetter
from bot.services import invitation
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.places import Place, place_of
from bot.storage.models import Delivery, Event
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table


class LetterSheets:
    """Write letters out for paper."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def printed(
        self, actor: Actor, place_key: str, code: str = ""
    ) -> tuple[PrintedLetter, Sequence[Newsletter]]:
        """Return a letter as a place reads it, the latest if none is named, and the others that may be printed.

        Whoever is of the place prints what has come there; the secretariat prints any letter. Raises NotPermitted,
        NotFound for a letter or place that there is not, InvalidInput for one that has not come yet.
        """
        async with self._context.database.transaction() as session:
            place = await place_of(session, place_key)
            if place.village is None and place.group is None:
                raise InvalidInput("error.print_where")
            require(actor, _right(place), place.where)
            there = await self._of_place(session, place)
            out = await self._out(session, actor, place, there)
            event = self._chosen(there, out, code)
            ahead = may(actor, Action.SEND_NEWSLETTER, place.where)
            letter = await self._text_of(session, event, ahead)
            others = [await self._text_of(session, row, ahead) for row in reversed(out) if row is not event]
            return await self._printed(session, place, letter, event), others

    async def _of_place(self, session: AsyncSession, place: Place) -> list[Event]:
        """Return the circles whose letters a place gets, in order."""
        assert place.cohort is not None
        kind = VILLAGE_CIRCLE if place.village is not None else COORDINATOR_CIRCLE
        meetings = self._context.programme.meetings
        rows = await events_table.common(session, place.cohort.id)
        found = [row for row in rows if (m := meetings.get(row.code)) and m.newsletter and m.kind == kind]
        return sorted(found, key=lambda row: row.starts_at)

    async def _out(
        self, session: AsyncSession, actor: Actor, place: Place, there: Sequence[Event]
    ) -> Sequence[Event]:
        if may(actor, Action.SEND_NEWSLETTER, place.where):
            return there
        query = select(Delivery.event_id).where(
            Delivery.place_key == place.key, Delivery.kind == "newsletter", Delivery.state == "sent"
        )
        sent = set(await session.scalars(query))
        assert place.cohort is not None
        back = await letters_table.withdrawn(session, place.cohort.id)
        return [row for row in there if row.id in sent and self._letter(row).id not in back]

    def _chosen(self, there: Sequence[Event], out: Sequence[Event], code: str) -> Event:
        if code:
            named = next((row for row in there if self._letter(row).id.casefold() == code.casefold()), None)
            if named is None:
                raise NotFound("error.not_found.newsletter", text=code)
            if named not in out:
                raise InvalidInput("error.letter_not_out", title=self._letter(named).title)
            return named
        if not out:
            raise InvalidInput("error.no_letter_out")
        now = self._context.now()
        come = [row for row in out if row.newsletter_at is not None and row.newsletter_at <= now]
        return come[-1] if come else out[0]

    def _letter(self, event: Event) -> Newsletter:
        programme = self._context.programme
        return programme.newsletters[programme.meetings[event.code].newsletter or ""]

    async def _text_of(self, session: AsyncSession, event: Event, ahead: bool) -> Newsletter:
        """Return a letter as it was approved, or for the secretariat as it stands."""
        read = self._letters.current if ahead else self._letters.published
        return await read(session, event.cohort_id, self._letter(event).id)

    async def _printed(
        self, session: AsyncSession, place: Place, letter: Newsletter, event: Event
    ) -> PrintedLetter:
        owner = place.village or place.group
        assert owner is not None
        online = self._context.programme.meetings[event.code].mode == "online"
        return PrintedLetter(
            code=letter.id,
            text=await self._letters.text(session, letter, place),
            place=owner.name,
            place_key=place.key,
            language=self._context.programme.language,
            phone=self._context.facts.phone,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            where="online" if online else "physical",
            venue=event.venue or "",
            invitation=await invitation.address(session)
            if place.village and place.village.on_discord
            else "",
        )


def _right(place: Place) -> Action:
    return Action.SEE_VILLAGE if place.village is not None else Action.PRINT_GROUP_LETTER
