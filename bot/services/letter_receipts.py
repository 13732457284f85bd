"""Tell the secretariat in its channel when a letter, or the change of one, has reached all it goes to (S05).

The receipt is a row of the outbox that waits until nothing of the letter is under way any more, so it comes after a
restart too, and however long a letter takes.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.receipts import FAILED, SENT
from bot.messages import letter_sending as build
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.places import SECRETARIAT
from bot.storage.models import Delivery
from bot.storage.repositories import deliveries, edits, mails
from bot.storage.repositories.deliveries import Post

KIND, ASKED_FOR = (
    "letter_receipt",
    "letter_receipt_now",
)  # of the calendar, which may move; of what somebody pressed
LETTER = "letter"
_AFTER = timedelta(seconds=20)  # most letters are out by then
_LOOK_AGAIN = timedelta(minutes=1)
_USEFUL = timedelta(days=14)
_UNDER_WAY = ("pending", "claimed")


def receipt_of(
    cohort_id: int, code: str, due: datetime, of: str = LETTER, stamp: str = "", kind: str = ASKED_FOR
) -> Post:
    """Return the receipt of a letter that goes out at a moment, or of a change of it ("correction", "withdrawal")."""
    key = f"receipt:{of}:{code}:{cohort_id}{':' if stamp else ''}{stamp}"
    return Post(key, SECRETARIAT, kind, due + _AFTER, due + _USEFUL, urgent=True, at_once=bool(stamp),
                cohort_id=cohort_id, payload={"newsletter": code, "of": of})  # fmt: skip


class LetterReceipts:
    """The composer of receipts."""

    def __init__(self, context: Context, letters: Letters) -> None:
        self._context, self._letters = context, letters

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write the receipt; while something is under way it waits, and when nothing was sent it is not needed."""
        assert delivery.cohort_id is not None
        code, of, now = str(delivery.payload["newsletter"]), str(delivery.payload["of"]), self._context.now()
        states = await self._states(session, delivery.cohort_id, code, of, now)
        if any(states.get(state) for state in _UNDER_WAY):
            delivery.due_at = now + _LOOK_AGAIN
            return None
        done = states.get(SENT, 0)
        failed = sum(states.get(state, 0) for state in FAILED)
        mailed = await mails.received(session, delivery.cohort_id, code) if of == LETTER else 0
        if not done and not failed and not mailed:
            return None
        title = (await self._letters.current(session, delivery.cohort_id, code)).title
        return build.receipt(self._context.texts, of, title, done, failed, mailed, (delivery.cohort_id, code))

    async def _states(
        self, session: AsyncSession, cohort_id: int, code: str, of: str, now: datetime
    ) -> dict[str, int]:
        which: ColumnElement[bool] = (
            deliveries.of_letter(code) if of == LETTER else edits.of_letter(code) & (Delivery.kind == of)
        )
        query = select(Delivery.state, func.count()).where(which, Delivery.cohort_id == cohort_id)
        if of == LETTER:
            query = query.where(Delivery.due_at <= now)
        return dict((await session.execute(query.group_by(Delivery.state))).all())
