"""Write letters as they go out, and their changes afterwards: corrected, or taken back (S05, S06)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.programme import Newsletter, is_extra
from bot.messages import letter_sending as sending
from bot.messages import posts as build
from bot.messages.message import Message
from bot.services import letter_desk_posts
from bot.services.context import Context
from bot.services.extra_letter_posts import KIND as EXTRA
from bot.services.letter_audience import audience_of, places_of
from bot.services.letters import Letters
from bot.services.places import Place, place_of
from bot.storage.models import Delivery, Letter
from bot.storage.repositories import deliveries, edits
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import Post

KIND, TRY = "newsletter", "letter_try"
KINDS = (KIND, EXTRA, TRY, *edits.KINDS)
_AUDIENCES = "audiences"  # in a session's info, as the next
_ROWS = "letter rows"  # in a session's info: a batch of one letter's posts asks for its row once


class LetterPosts:
    """The composer of letters and of what changes them."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def compose(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        """Write a letter, or what is to stand in its place; None when it is no longer needed."""
        if delivery.kind == TRY:
            return await self._tried(session, delivery)
        if place.cohort is None:
            return None
        code, cohort_id = str(delivery.payload["newsletter"]), place.cohort.id
        if is_extra(code):
            if delivery.kind == EXTRA and not await self._is_meant_for(session, cohort_id, code, place):
                return None
        elif code not in self._context.programme.newsletters or delivery.event_id is None:
            return None
        if delivery.kind == edits.WITHDRAWAL:
            return self._withdrawn(await self._letters.published(session, cohort_id, code), _at(delivery))
        if delivery.kind == edits.CORRECTION:
            released = await self._letters.released(session, cohort_id, code)
            if released is None:
                return None  # what stands is not changed to a text nobody has approved
            letter, delivery.version = released
            return await self._letter(session, delivery.event_id, letter, place, _at(delivery))
        return await self._first(session, delivery, code, place)

    async def _hold(self, session: AsyncSession, delivery: Delivery) -> None:
        """Hold a letter that nobody has approved, and tell of it."""
        delivery.state = deliveries.HELD
        await letter_desk_posts.tell_of_letter(session, delivery, letter_desk_posts.HELD, self._context.now())

    async def _first(
        self, session: AsyncSession, delivery: Delivery, code: str, place: Place
    ) -> Message | None:
        """Write a letter that has not been sent, as far as we know, as it was approved.

        What an earlier try left with an older text is found and then changed; the row keeps that text's number.
        """
        assert delivery.cohort_id is not None
        withdrawn_at = await self._withdrawn_at(session, delivery.cohort_id, code)
        now, tried = self._context.now(), delivery.state == "claimed"
        if withdrawn_at is not None:
            if tried and not await edits.awaits(session, delivery.id):
                await plan_edits(session, edits.WITHDRAWAL, code, [delivery], withdrawn_at, now)
            published = await self._letters.published(session, delivery.cohort_id, code)
            return self._withdrawn(published, withdrawn_at) if tried else None
        released = await self._letters.released(session, delivery.cohort_id, code)
        may_go = tried or await self._letters.may_go(session, delivery.cohort_id, code)
        if released is None or not may_go:  # one that was tried may stand in its channel, and is looked for
            await self._hold(session, delivery)
            return None
        letter, number = released
        if tried and delivery.version not in (None, number):
            if not await edits.awaits(session, delivery.id):
                await plan_edits(session, edits.CORRECTION, code, [delivery], now, now)
        else:
            delivery.version = number
        return await self._letter(session, delivery.event_id, letter, place)

    async def _tried(self, session: AsyncSession, delivery: Delivery) -> Message:
        """Write a letter for the secretariat's eyes as a village will get it, with buttons that do nothing."""
        place = await place_of(session, str(delivery.payload["place"]))
        assert place.cohort is not None
        letter = await self._letters.current(session, place.cohort.id, str(delivery.payload["newsletter"]))
        circle = self._context.programme.circle_of(letter.id)
        event = await events_table.one(session, place.cohort.id, circle.id) if circle else None
        return sending.inert(await self._letter(session, event.id if event else None, letter, place))

    async def _is_meant_for(self, session: AsyncSession, cohort_id: int, code: str, place: Place) -> bool:
        """Tell whether a place is still among those an extra letter is for: a village may have left meanwhile."""
        known: dict[str, frozenset[str]] = session.info.setdefault(_AUDIENCES, {})
        if code not in known:
            audience = await audience_of(session, cohort_id, code)
            known[code] = frozenset(await places_of(session, self._context, cohort_id, audience))
        return place.key in known[code]

    async def _letter(
        self,
        session: AsyncSession,
        event_id: int | None,
        letter: Newsletter,
        place: Place,
        corrected_at: datetime | None = None,
    ) -> Message:
        text = await self._letters.text(session, letter, place)
        if corrected_at is not None:
            text = sending.with_note(self._context.texts, text, corrected_at)
        if event_id is None:
            return build.extra_letter(self._context.texts, text, letter.id)
        return build.letter(self._context.texts, text, event_id, letter.id)

    def _withdrawn(self, letter: Newsletter, at: datetime) -> Message:
        return sending.withdrawn(self._context.texts, letter.title, at, self._context.facts.phone)

    async def _withdrawn_at(self, session: AsyncSession, cohort_id: int, code: str) -> datetime | None:
        known: dict[tuple[int, str], Letter | None] = session.info.setdefault(_ROWS, {})
        if (cohort_id, code) not in known:
            known[cohort_id, code] = await letters_table.find(session, cohort_id, code)
        row = known[cohort_id, code]
        return row.withdrawn_at if row is not None else None


async def plan_edits(
    session: AsyncSession, kind: str, code: str, originals: Sequence[Delivery], at: datetime, now: datetime
) -> int:
    """Plan a change of posts of a letter; `at` is the moment that is written under it. Returns how many.

    Older changes that nobody has begun are called off.
    """
    await edits.call_off(session, [row.id for row in originals])
    stamp = f"{at:%Y%m%dT%H%M%S}"
    wanted = [
        Post(f"{kind}:{row.key}:{stamp}", row.place_key, kind, now, at_once=True, cohort_id=row.cohort_id,
             event_id=row.event_id, edits_id=row.id, payload={"newsletter": code, "at": at.isoformat()})
        for row in originals
    ]  # fmt: skip
    return await deliveries.plan(session, wanted)


def _at(delivery: Delivery) -> datetime:
    return datetime.fromisoformat(str(delivery.payload["at"]))
