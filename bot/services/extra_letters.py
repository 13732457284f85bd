"""Letters outside the calendar: written by the secretariat, for whom it wants, now or at a time (S05).

They are letters like the others: with versions, a check, an approval, receipts, and corrections afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.audience import Audience, Forecast
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.programme import EXTRA
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.extra_letter_posts import ExtraLetterPosts
from bot.services.letter_audience import audience_of, foresee, hours_of, places_of
from bot.services.letter_desk_posts import unsent
from bot.services.letter_receipts import receipt_of
from bot.services.letters import READY, Letters
from bot.services.moments import read_day_and_time
from bot.storage.models import Cohort, Delivery, Letter, LetterVersion
from bot.storage.repositories import deliveries, mails
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import HELD

_NOT_BEGUN = ("pending", HELD)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What cancelling stopped, and how many channels had the letter by then."""

    title: str
    stopped: int
    gone: int


class ExtraLetters:
    """Write letters outside the calendar, let them go, and call them off."""

    def __init__(self, context: Context, letters: Letters, posts: ExtraLetterPosts) -> None:
        self._context, self._letters, self._posts = context, letters, posts

    def may_write(self, actor: Actor, cohort_id: int) -> None:
        """Say no before a form is opened in vain. Raises NotPermitted."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))

    async def write(
        self, actor: Actor, cohort_id: int, audience: Audience, title: str, body: str, at: str = ""
    ) -> str:
        """Keep a new letter, to go out at a moment (or as soon as it may). Returns its code.

        Whatever it says is kept: it is checked before it may go. Raises InvalidInput for a moment that cannot be
        read or has passed, Conflict when nobody is among those it is for.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        now = self._context.now()
        send_at = read_day_and_time(at, self._context.programme.timezone) if at.strip() else now
        if send_at < now:
            raise InvalidInput("error.date_passed", starts_at=send_at)
        async with self._context.database.transaction() as session:
            if not await places_of(session, self._context, cohort_id, audience):
                raise Conflict("error.letter_for_nobody")
            row = Letter(cohort_id=cohort_id, code=f"{EXTRA}new", state=READY, audience=audience.as_data(),
                         send_at=send_at)  # fmt: skip
            session.add(row)
            await session.flush()
            row.code = f"{EXTRA}{row.id}"
            session.add(
                LetterVersion(letter_id=row.id, number=1, title=title.strip(), next_steps=[], written_at=now,
                              body=body.replace("\r\n", "\n").strip("\n"), written_by_id=actor.person_id)
            )  # fmt: skip
            if at.strip():
                await deliveries.plan(session, [unsent(cohort_id, row.code, send_at)])
            await audit(session, self._context, actor, "newsletter.extra", row.code)
            return row.code

    async def forecast(self, actor: Actor, cohort_id: int, code: str) -> Forecast:
        """Say which channels a letter would go to, how many read there, when and how long. Raises NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            row, places = await self._wanted(session, cohort_id, code)
            have_it = await session.scalars(
                select(Delivery.place_key).where(deliveries.of_letter(row.code), Delivery.state == "sent")
            )
            due = await self._due(session, row)
            found = await foresee(session, self._context, cohort_id, places, set(have_it), due)
            readers = await self._posts.readers(session, cohort_id, places)
            may_go = await self._letters.may_go(session, cohort_id, row.code)
            return replace(found, may_go=may_go, by_mail=readers)

    async def send(self, actor: Actor, cohort_id: int, code: str) -> datetime:
        """Let a letter go out at its time, by e-mail too. Returns when.

        Raises Conflict when it is on its way, nobody has approved it, or it was taken back, NotFound.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            row, _ = await self._wanted(session, cohort_id, code)
            title = (await self._letters.current(session, cohort_id, row.code)).title
            if not await self._letters.may_go(session, cohort_id, row.code):
                raise Conflict("error.letter_not_approved", title=title)
            if row.withdrawn_at is not None:
                raise Conflict("error.letter_withdrawn", title=title)
            due = await self._due(session, row)
            places, changed = await self._posts.plan(session, row, due)
            if not changed:
                raise Conflict("error.letter_already_sent", title=title)
            row.goes_at = due
            await deliveries.plan(session, [receipt_of(cohort_id, row.code, due)])
            await audit(session, self._context, actor, "newsletter.send", f"{row.code} to {places}")
            return due

    async def cancel(self, actor: Actor, cohort_id: int, code: str) -> Cancelled:
        """Call a letter off before its time; what is in the air goes on to its end. Raises Conflict, NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        async with self._context.database.transaction() as session:
            row, _ = await self._wanted(session, cohort_id, code)
            title = (await self._letters.current(session, cohort_id, row.code)).title
            mine = deliveries.of_letter(row.code)
            stopped = await session.scalars(
                update(Delivery).where(mine, Delivery.state.in_(_NOT_BEGUN)).values(state="cancelled")
                .returning(Delivery.id).execution_options(synchronize_session=False)
            )  # fmt: skip
            count = len(stopped.all())
            row.goes_at = None
            await self._say_nothing(session, row)
            if not count + await mails.call_off(session, cohort_id, row.code):
                raise Conflict("error.letter_not_waiting", title=title)
            query = select(Delivery.id).where(mine, Delivery.state.in_(("sent", "claimed")))
            gone = len((await session.scalars(query)).all())
            await audit(session, self._context, actor, "newsletter.cancel", f"{row.code} to {count}")
            return Cancelled(title, count, gone)

    async def _say_nothing(self, session: AsyncSession, row: Letter) -> None:
        """Whoever called a letter off need not be told that it did not go."""
        key = unsent(row.cohort_id, row.code, self._context.now()).key
        waiting = (Delivery.key == key) & (Delivery.state == "pending")
        await session.execute(update(Delivery).where(waiting).values(state="cancelled"))

    async def _wanted(self, session: AsyncSession, cohort_id: int, code: str) -> tuple[Letter, Sequence[str]]:
        row = await letters_table.find(session, cohort_id, code)
        if row is None or row.audience is None:
            raise NotFound("error.not_found.newsletter", text=code)
        audience = await audience_of(session, cohort_id, row.code)
        return row, await places_of(session, self._context, cohort_id, audience)

    async def _due(self, session: AsyncSession, row: Letter) -> datetime:
        """Return when a letter goes out: at its time or now, and never at night or in a quiet period."""
        cohort = await session.get_one(Cohort, row.cohort_id)
        now = self._context.now()
        return hours_of(self._context, cohort).allowed_from(max(row.send_at or now, now))
