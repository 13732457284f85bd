"""Letters on paper: which of them a place may print, and all that stands on the sheet (S05)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require
from bot.domain.audience import Audience
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE, Newsletter
from bot.messages.letter_sheet import PrintedLetter, PrintedMeeting
from bot.services import invitation
from bot.services.context import Context
from bot.services.letter_audience import places_of
from bot.services.letters import Letters
from bot.services.places import Place, place_of
from bot.storage.models import Delivery, Event
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import LETTERS

_SOME_DAY = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A letter of a place: when it comes or came, and the circle it leads up to, where there is one."""

    code: str
    at: datetime
    event: Event | None = None


class LetterSheets:
    """Write letters out for paper."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def printed(
        self, actor: Actor, place_key: str, code: str = ""
    ) -> tuple[PrintedLetter, Sequence[Newsletter]]:
        """Return a letter as a place reads it, the latest if none is named, and the others that may be printed.

        Whoever is of the place prints what has come there; the secretariat prints any letter. Raises NotPermitted,
        NotFound for a letter or place that there is not, InvalidInput for one that has not come yet, Conflict for one
        taken back.
        """
        async with self._context.database.transaction() as session:
            place = await place_of(session, place_key)
            if place.village is None and place.group is None:
                raise InvalidInput("error.print_where")
            require(actor, _right(place), place.where)
            ahead = may(actor, Action.SEND_NEWSLETTER, place.where)
            there, out = await self._letters_of(session, place, ahead=ahead)
            assert place.cohort is not None
            chosen = await self._chosen(session, place.cohort.id, there, out, code)
            read = self._letters.current if ahead else self._letters.published
            letter = await read(session, place.cohort.id, chosen.code)
            others = [
                await read(session, place.cohort.id, row.code) for row in reversed(out) if row is not chosen
            ]
            return await self._printed(session, place, letter, chosen.event), others

    async def _letters_of(
        self, session: AsyncSession, place: Place, *, ahead: bool
    ) -> tuple[Sequence[_Sheet], Sequence[_Sheet]]:
        """Return the letters of a place in order, and those of them that may be printed: `ahead` of time all."""
        assert place.cohort is not None
        kind = VILLAGE_CIRCLE if place.village is not None else COORDINATOR_CIRCLE
        meetings = self._context.programme.meetings
        rows = await events_table.common(session, place.cohort.id)
        there = [
            _Sheet(circle.newsletter, row.newsletter_at or row.starts_at, row)
            for row in rows
            if (circle := meetings.get(row.code)) and circle.newsletter and circle.kind == kind
        ]
        sent = await self._sent(session, place)
        there += await self._extra(session, place, sent, ahead=ahead)
        there.sort(key=lambda sheet: sheet.at)
        if ahead:
            return there, there
        back = await letters_table.withdrawn(session, place.cohort.id)
        return there, [sheet for sheet in there if sheet.code in sent and sheet.code not in back]

    async def _sent(self, session: AsyncSession, place: Place) -> set[str]:
        """Return the letters that have come to a place."""
        query = select(Delivery.key).where(
            Delivery.place_key == place.key, Delivery.kind.in_(LETTERS), Delivery.state == "sent"
        )
        return {key.partition(":")[0] for key in await session.scalars(query)}

    async def _extra(
        self, session: AsyncSession, place: Place, sent: Collection[str], *, ahead: bool
    ) -> list[_Sheet]:
        """Return letters outside the calendar: those that came to a place, `ahead` of time all that are for it."""
        assert place.cohort is not None
        found = []
        for row in (await letters_table.of_cohort(session, place.cohort.id)).values():
            if row.audience is None:
                continue
            audience = Audience.of_data(row.audience)
            if row.code in sent:
                found.append(_Sheet(row.code, row.goes_at or row.send_at or _SOME_DAY))
            elif ahead and place.key in await places_of(session, self._context, place.cohort.id, audience):
                found.append(_Sheet(row.code, row.goes_at or _SOME_DAY))
        return found

    async def _chosen(
        self, session: AsyncSession, cohort_id: int, there: Sequence[_Sheet], out: Sequence[_Sheet], code: str
    ) -> _Sheet:
        if code:
            named = next((sheet for sheet in there if sheet.code.casefold() == code.casefold()), None)
            if named is None:
                raise NotFound("error.not_found.newsletter", text=code)
            if named not in out:
                title = (await self._letters.published(session, cohort_id, named.code)).title
                if named.code in await letters_table.withdrawn(session, cohort_id):
                    raise Conflict("error.letter_withdrawn", title=title)
                raise InvalidInput("error.letter_not_out", title=title)
            return named
        if not out:
            raise InvalidInput("error.no_letter_out")
        come = [sheet for sheet in out if sheet.at <= self._context.now()]
        return come[-1] if come else out[0]

    async def _printed(
        self, session: AsyncSession, place: Place, letter: Newsletter, event: Event | None
    ) -> PrintedLetter:
        owner = place.village or place.group
        assert owner is not None
        return PrintedLetter(
            code=letter.id,
            text=await self._letters.text(session, letter, place),
            place=owner.name,
            place_key=place.key,
            language=self._context.programme.language,
            phone=self._context.facts.phone,
            meeting=self._meeting(event) if event is not None else None,
            invitation=await invitation.address(session)
            if place.village and place.village.on_discord
            else "",
        )

    def _meeting(self, event: Event) -> PrintedMeeting:
        online = self._context.programme.meetings[event.code].mode == "online"
        return PrintedMeeting(
            event.starts_at, event.ends_at, "online" if online else "physical", event.venue or ""
        )


def _right(place: Place) -> Action:
    return Action.SEE_VILLAGE if place.village is not None else Action.PRINT_GROUP_LETTER
