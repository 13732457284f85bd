"""Change letters that have gone out: corrected in every channel where they stand, or taken back everywhere (S05).

What stands is changed by rows of the outbox, so a broken connection or a kill in the middle loses nothing. Nobody's
telephone makes a sound: Discord tells of new messages only. What has gone out by e-mail cannot be changed: one short
mail follows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import Conflict
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.letter_audience import hours_of
from bot.services.letter_posts import plan_edits
from bot.services.letter_receipts import receipt_of
from bot.services.newsletters import Newsletters
from bot.storage.database import one_at_a_time
from bot.storage.models import Cohort, Delivery
from bot.storage.repositories import deliveries, edits, mails, second_tries
from bot.storage.repositories import letters as letters_table

_GONE_OUT = ("sent", "claimed")
_STILL_HERE = ("pending", "parked", "stale", "held")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a letter has come: the channels where it stands or is on its way, and those it has not reached.

    `mailed` are those who have it by e-mail, and get a mail about the change.
    """

    title: str
    out: int
    waiting: int
    mailed: int


class Corrections:
    """Correct a letter, or take it back."""

    def __init__(self, context: Context, newsletters: Newsletters) -> None:
        self._context, self._newsletters = context, newsletters

    async def reach(self, actor: Actor, cohort_id: int, code: str) -> Reach:
        """Return how far a letter has come. Raises Conflict when it has been taken back, NotFound."""
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        title = await self._newsletters.title(cohort_id, code)
        async with self._context.database.transaction() as session:
            await self._standing(session, cohort_id, code, title)
            found = await self._rows(session, cohort_id, code, (*_GONE_OUT, *_STILL_HERE))
            mailed = await mails.gone_to(session, cohort_id, self._code(code))
        out = sum(row.state in _GONE_OUT for row in found)
        return Reach(title, out, len(found) - out, mailed)

    async def correct(self, actor: Actor, cohort_id: int, code: str) -> Reach:
        """Change a letter to its present text in every channel where it stands; what waits gets that text anyway.

        Whoever has it by e-mail gets a mail that says what is new. Raises Conflict when it stands nowhere, has been
        taken back or waits to be approved, NotFound.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        title = await self._newsletters.title(cohort_id, code)
        async with self._context.database.transaction() as session:
            await self._newsletters.approved(session, cohort_id, code)
            await one_at_a_time(session, "deliveries")  # nobody claims a post with the old text meanwhile
            await self._standing(session, cohort_id, code, title)
            found = await self._rows(session, cohort_id, code, _GONE_OUT)
            mailed = await self._plan(session, edits.CORRECTION, cohort_id, code, found)
            if not found and not mailed:
                raise Conflict("error.letter_stands_nowhere", title=title)
            await audit(session, self._context, actor, "newsletter.correct", f"{code} in {len(found)}")
        return Reach(title, len(found), 0, mailed)

    async def withdraw(self, actor: Actor, cohort_id: int, code: str) -> Reach:
        """Take a letter back: one plain line stands in its place, and whoever waits for it does not get it.

        Whoever has it by e-mail gets a mail that says so. Returns in how many channels it is changed, and to how many
        it does not go. Raises Conflict, NotFound.
        """
        require(actor, Action.SEND_NEWSLETTER, Where(cohort_id=cohort_id))
        title, now = await self._newsletters.title(cohort_id, code), self._context.now()
        async with self._context.database.transaction() as session:
            letter = await letters_table.made(session, cohort_id, self._code(code))
            await one_at_a_time(session, "deliveries")  # after the letter's own lock, as its approval does
            if letter.withdrawn_at is not None:
                raise Conflict("error.letter_withdrawn", title=title)
            letter.withdrawn_at = now
            out = await self._rows(session, cohort_id, code, _GONE_OUT)
            here = await self._rows(session, cohort_id, code, _STILL_HERE)
            for row in here:
                if not second_tries.is_unsure(row):  # else it is looked for when its channel is mended
                    row.state = deliveries.WITHDRAWN
            await mails.withdraw(session, cohort_id, self._code(code))
            mailed = await self._plan(session, edits.WITHDRAWAL, cohort_id, code, out)
            await audit(session, self._context, actor, "newsletter.withdraw", f"{code} in {len(out)}")
        return Reach(title, len(out), len(here), mailed)

    async def left(self, cohort_id: int, code: str) -> int:
        """Return how many changes of a letter are still on their way."""
        async with self._context.database.transaction() as session:
            query = select(func.count()).where(
                Delivery.cohort_id == cohort_id, edits.of_letter(self._code(code))
            )
            return await session.scalar(query.where(Delivery.state.in_(("pending", "claimed")))) or 0

    def _code(self, code: str) -> str:
        return self._newsletters.find(code).id

    async def _plan(
        self, session: AsyncSession, kind: str, cohort_id: int, code: str, found: Sequence[Delivery]
    ) -> int:
        """Plan the change of posts, and mails that tell of it, which wait for the morning. Returns how many mails."""
        now, letter = self._context.now(), self._code(code)
        await plan_edits(session, kind, letter, found, now, now)
        if found:
            receipt = receipt_of(cohort_id, letter, now, kind, f"{now:%Y%m%dT%H%M%S}")
            await deliveries.plan(session, [receipt])
        hours = hours_of(self._context, await session.get_one(Cohort, cohort_id))
        return await mails.tell_of_change(session, kind, cohort_id, letter, hours.allowed_from(now), now)

    async def _rows(
        self, session: AsyncSession, cohort_id: int, code: str, states: Sequence[str]
    ) -> Sequence[Delivery]:
        query = select(Delivery).where(
            Delivery.cohort_id == cohort_id,
            deliveries.of_letter(self._code(code)),
            Delivery.state.in_(states),
        )
        return (await session.scalars(query.order_by(Delivery.id).with_for_update())).all()

    async def _standing(self, session: AsyncSession, cohort_id: int, code: str, title: str) -> None:
        letter = await letters_table.find(session, cohort_id, self._code(code))
        if letter is not None and letter.withdrawn_at is not None:
            raise Conflict("error.letter_withdrawn", title=title)
