"""Write the posts about decisions at the moment they go out: recorded, objected to, waiting for an answer, due."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.decisions import DecisionView, Status
from bot.messages import decisions as build
from bot.messages import register
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.decision_objections import OBJECTION_POST, WAITING_POST
from bot.services.decision_proposal import local_date
from bot.services.decision_register import decision_view, newest_of
from bot.services.decision_reminders import DEADLINE, DUE_POST
from bot.services.outbox import DECISION_POST
from bot.storage.models import Decision, Delivery, RegisterEntry


class DecisionPosts:
    """The composer of decisions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write a delivery's message; None when it is no longer useful."""
        row = await session.get(Decision, delivery.decision_id)
        if row is None:
            return None
        view, texts = await decision_view(session, row), self._context.texts
        if delivery.kind == DECISION_POST:
            return build.decision_saved(texts, view)
        if delivery.kind == DUE_POST:
            return await self._due(session, row, delivery)
        if view.status is not Status.PROPOSED or not view.unanswered:
            return None
        if delivery.kind == OBJECTION_POST:
            return register.objection(texts, view, await _words(session, delivery))
        return register.waiting(texts, view) if delivery.kind == WAITING_POST else None

    async def _due(self, session: AsyncSession, row: Decision, delivery: Delivery) -> Message | None:
        """Remind of a day that is still agreed on, for the record that holds now."""
        view = await decision_view(session, await newest_of(session, row))
        on, what = date.fromisoformat(str(delivery.payload["on"])), str(delivery.payload["what"])
        if not view.holds or view.done_at is not None or _day(view, what) != on:
            return None
        today = local_date(self._context, self._context.now())
        return register.due(self._context.texts, view, what, on, over=on < today)


def _day(view: DecisionView, what: str) -> date | None:
    return view.details.deadline if what == DEADLINE else view.details.review


async def _words(session: AsyncSession, delivery: Delivery) -> str | None:
    query = select(RegisterEntry.words).where(
        RegisterEntry.decision_id == delivery.decision_id, RegisterEntry.position == delivery.payload["entry"]
    )
    found: str | None = await session.scalar(query)
    return found
