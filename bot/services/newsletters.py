"""Newsletters for the secretariat: see, try, send, and fill the videos (S05)."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.filling import TemplateFault
from bot.content.templates import Ready
from bot.domain.access import Action, Actor, Where, require
from bot.domain.audience import Forecast
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.programme import Newsletter, is_extra
from bot.messages.poll_parts import LONGEST as MESSAGE_LONGEST
from bot.services import letter_posts
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.letter_audience import foresee, places_of_letter
from bot.services.letter_receipts import receipt_of
from bot.services.letters import Letters, forget
from bot.services.links import https_link
from bot.services.next_steps import NextSteps
from bot.services.places import SECRETARIAT, place_of, village_key
from bot.services.posts import Posts
from bot.storage.database import one_at_a_time
from bot.storage.models import (
    Delivery,
    Event,
    NewsletterVideo,
    Village,
)
from bot.storage.repositories import deliveries, mails, second_tries
from bot.storage.repositories import events as events_table
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import Post


class Newsletters(NextSteps):
    """The secretariat's letters."""

    def __init__(self, context: Context, letters: Letters, posts: Posts) -> None:
        super().__init__(context, letters)
        self._posts = posts

    async def title(self, cohort_id: int, code: str) -> str:
        """Return what a letter is called now. Raises NotFound."""
        async with self._context.database.transaction() as session:
            return (await self._current(session, cohort_id, code)).title

    async def preview(self, actor: Actor, cohort_id: int, code: str, village_id: int | None = None) -> Ready:
        """Return a letter as a village (or the coordinators) will read it."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._current(session, cohort_id, code)
            return Ready(await self._text(session, cohort_id, letter, village_id))

    async def try_out(self, actor: Actor, cohort_id: int, code: str, village_id: int | None = None) -> None:
        """Post a letter in the secretariat's channel only, with buttons that do nothing. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        now = self._context.now()
        async with self._context.database.transaction() as session:
            letter = await self._current(session, cohort_id, code)
            keys = await places_of_letter(
                session, self._context, cohort_id, letter, village_id=village_id, by_mail=True
            )
            circle = self._context.programme.circle_of(letter.id)
            if not keys or (circle and await events_table.one(session, cohort_id, circle.id) is None):
                raise NotFound("error.not_found.place")
            key = f"try:{letter.id}:{cohort_id}:{now.isoformat()}"
            payload: dict[str, object] = {"newsletter": letter.id, "place": keys[0]}
            trial = Post(
                key, SECRETARIAT, letter_posts.TRY, now, at_once=True, cohort_id=cohort_id, payload=payload
            )
            await deliveries.plan(session, [trial])
            await audit(session, self._context, actor, "newsletter.try", letter.id)

    async def send(
        self,
        actor: Actor,
        cohort_id: int,
        code: str,
        municipality_id: int | None = None,
        village_id: int | None = None,
    ) -> int:
        """Send a letter now to all its channels, to one municipality's, or to one village.

        Channels that have it already are left alone. Its mails go out now, too. Returns how many channels will get
        it; raises Conflict when nobody is left, NotFound for an unknown letter.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        now = self._context.now()
        async with self._context.database.transaction() as session:
            letter = await self.approved(session, cohort_id, code)
            event = await self._coming(session, cohort_id, letter)
            keys = await places_of_letter(
                session, self._context, cohort_id, letter, municipality_id, village_id
            )
            failed = [
                r
                for r in await second_tries.failed_letters(session, cohort_id, letter.id)
                if r.place_key in keys
            ]
            second_tries.try_again(session, failed, now, event.starts_at)
            again = {row.place_key for row in failed}
            wanted = [
                Post(f"{letter.id}:{key}", key, "newsletter", now, event.starts_at, at_once=True, cohort_id=cohort_id,
                     event_id=event.id, payload={"newsletter": letter.id})
                for key in keys if key not in again
            ]  # fmt: skip
            changed = len(failed) + await deliveries.plan(session, wanted)
            if changed:
                await deliveries.plan(session, [_receipt(cohort_id, letter, now)])
            ahead = await self._mails_ahead(session, cohort_id, letter, municipality_id, village_id)
            hurried = await mails.hurry(session, ahead, now)
            if not changed + hurried:
                raise Conflict("error.letter_already_sent", title=letter.title)
            await audit(session, self._context, actor, "newsletter.send", f"{letter.id} to {changed}")
            return changed

    async def send_again(self, actor: Actor, cohort_id: int, code: str) -> int:
        """Send a letter again to the channels where it failed; what has been sent is never sent again.

        Returns how many it goes out to; raises Conflict when it failed nowhere or its circle was held,
        NotFound for an unknown letter.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self.approved(session, cohort_id, code)
            until = (
                None if is_extra(letter.id) else (await self._coming(session, cohort_id, letter)).starts_at
            )
            failed = await second_tries.failed_letters(session, cohort_id, letter.id)
            if not failed:
                raise Conflict("error.letter_failed_nowhere", title=letter.title)
            second_tries.try_again(session, failed, self._context.now(), until)
            await deliveries.plan(session, [_receipt(cohort_id, letter, self._context.now())])
            await audit(
                session, self._context, actor, "newsletter.send_again", f"{letter.id} to {len(failed)}"
            )
            return len(failed)

    async def _coming(self, session: AsyncSession, cohort_id: int, letter: Newsletter) -> Event:
        """Return the circle a letter leads up to. Raises NotFound, and Conflict when it was held."""
        circle = self._context.programme.circle_of(letter.id)
        event = await events_table.one(session, cohort_id, circle.id) if circle else None
        if circle is None or event is None:
            raise NotFound("error.not_found.meeting", text=letter.id)
        if event.starts_at <= self._context.now():
            raise Conflict("error.meeting_held", title=circle.title, starts_at=event.starts_at)
        return event

    async def forecast(
        self, actor: Actor, cohort_id: int, code: str, municipality_id: int, village_id: int
    ) -> Forecast:
        """Say which channels a letter would go to now, how many people read there, and how long it takes.

        Raises Conflict when all have it, NotFound.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            letter = await self._current(session, cohort_id, code)
            chosen = (municipality_id or None, village_id or None)
            keys = await places_of_letter(session, self._context, cohort_id, letter, *chosen)
            query = select(Delivery.place_key).where(
                Delivery.key.in_([f"{letter.id}:{key}" for key in keys]), Delivery.state == "sent"
            )
            have_it = set(await session.scalars(query))
            by_mail = await mails.count(session, await self._mails_ahead(session, cohort_id, letter, *chosen))
            if len(have_it) == len(keys) and not by_mail:
                raise Conflict("error.letter_already_sent", title=letter.title)
            found = await foresee(session, self._context, cohort_id, keys, have_it, self._context.now())
            may_go = await self._letters.may_go(session, cohort_id, letter.id)
            return replace(found, may_go=may_go, by_mail=by_mail)

    async def _mails_ahead(
        self,
        session: AsyncSession,
        cohort_id: int,
        letter: Newsletter,
        municipality_id: int | None,
        village_id: int | None,
    ) -> ColumnElement[bool]:
        """Return the condition that a mail brings a letter to those chosen, later than now."""
        places = await places_of_letter(
            session, self._context, cohort_id, letter, municipality_id, village_id, by_mail=True
        )
        now = self._context.now()
        return mails.ahead_of_time(cohort_id, letter.id, now, places, common=village_id is None)

    async def unsent(self, cohort_id: int, code: str) -> int:
        """Return how many channels a letter that is going out has still to reach."""
        now = self._context.now()
        async with self._context.database.transaction() as session:
            query = (
                select(func.count())
                .where(Delivery.cohort_id == cohort_id, deliveries.of_letter(self.find(code).id))
                .where(Delivery.due_at <= now)
                .where(Delivery.state.in_(("pending", "claimed")))
            )
            return await session.scalar(query) or 0

    async def set_video(
        self, actor: Actor, cohort_id: int, code: str, slot: int, url: str, video_id: int | None = None
    ) -> Newsletter:
        """Fill a video slot with a link, which may be a library's video. Raises InvalidInput when it cannot be used."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        link = https_link(url)
        async with self._context.database.transaction() as session:
            await one_at_a_time(session, f"videos:{cohort_id}")
            letter = await self._current(session, cohort_id, code)
            if not 1 <= slot <= len(letter.videos):
                raise InvalidInput("error.video_slot", count=len(letter.videos))
            await session.execute(
                delete(NewsletterVideo).where(
                    NewsletterVideo.cohort_id == cohort_id,
                    NewsletterVideo.newsletter == letter.id,
                    NewsletterVideo.slot == slot,
                )
            )
            row = NewsletterVideo(
                cohort_id=cohort_id, newsletter=letter.id, slot=slot, url=link, video_id=video_id
            )
            session.add(row)
            await session.flush()
            letter = await self.measured(session, cohort_id, letter.id)
            await audit(session, self._context, actor, "newsletter.video", f"{letter.id} {slot}")
        return letter

    async def measured(self, session: AsyncSession, cohort_id: int, code: str) -> Newsletter:
        """Return a letter whose videos were just changed. Raises InvalidInput when it has become too long for a post."""
        forget(session)
        letter = await self._current(session, cohort_id, code)
        for key in await self._longest_places(session, cohort_id, letter):
            text = await self._text_at(session, letter, key)
            if len(text) > MESSAGE_LONGEST:
                raise InvalidInput("error.link_long", over=len(text) - MESSAGE_LONGEST)
        return letter

    async def _current(self, session: AsyncSession, cohort_id: int, code: str) -> Newsletter:
        """Return a letter as it stands now, by its id in capitals or not. Raises NotFound."""
        return await self._letters.current(session, cohort_id, self.find(code).id)

    async def approved(self, session: AsyncSession, cohort_id: int, code: str) -> Newsletter:
        """Return a letter that may go out. Raises NotFound, Conflict when nobody has approved it, or it was taken back."""
        letter = await self._current(session, cohort_id, code)
        if letter.id in await letters_table.withdrawn(session, cohort_id):
            raise Conflict("error.letter_withdrawn", title=letter.title)
        if not await self._letters.may_go(session, cohort_id, letter.id):
            raise Conflict("error.letter_not_approved", title=letter.title)
        return letter

    async def _text(
        self, session: AsyncSession, cohort_id: int, letter: Newsletter, village_id: int | None
    ) -> str:
        keys = await places_of_letter(
            session, self._context, cohort_id, letter, village_id=village_id, by_mail=True
        )
        if not keys:
            raise NotFound("error.not_found.place")
        return await self._text_at(session, letter, keys[0])

    async def _text_at(self, session: AsyncSession, letter: Newsletter, place_key: str) -> str:
        """Return a letter as a place reads it. Raises InvalidInput when it holds what cannot be filled."""
        try:
            return await self._letters.text(session, letter, await place_of(session, place_key))
        except TemplateFault as fault:
            raise InvalidInput("error.letter_broken", title=letter.title) from fault

    async def _longest_places(self, session: AsyncSession, cohort_id: int, letter: Newsletter) -> list[str]:
        """Return where a letter is longest: one village a municipality, whose coordinator it may name."""
        keys = await places_of_letter(session, self._context, cohort_id, letter)
        rows = await session.scalars(select(Village).where(Village.cohort_id == cohort_id))
        longest: dict[int, Village] = {}
        for village in sorted(rows, key=lambda found: len(found.name)):
            if village_key(village.id) in keys:
                longest[village.municipality_id] = village
        return [village_key(village.id) for village in longest.values()] or keys


def _receipt(cohort_id: int, letter: Newsletter, now: datetime) -> Post:
    return receipt_of(cohort_id, letter.id, now, stamp=f"{now:%Y%m%dT%H%M%S}")
