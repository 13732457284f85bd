"""Write the posts about polls and decisions at the moment they go out, from what is true then."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.poll_view import CANCELLED, CLOSED, OPEN, WAITING, PollView
from bot.domain.programme import EACH_CIRCLE
from bot.messages import hand_votes, poll_life, poll_results, private_reminders
from bot.messages import polls as build
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.decision_posts import DecisionPosts
from bot.services.entitled import entitled_counts
from bot.services.hand_votes import HAND_POST, unconfirmed
from bot.services.outbox import OPEN_POST
from bot.services.places import village_key
from bot.services.poll_cards import CARD_POST
from bot.services.poll_closing import close_if_over
from bot.services.poll_results import view_of
from bot.services.poll_schedule import (
    CALL_POST,
    CANCELLED_POST,
    EXTENDED_POST,
    HELD_POST,
    OPTIONS_POST,
    PRIVATE_POST,
    REMINDER_POST,
    RESULT_POST,
)
from bot.services.private_reminders import PrivateReminders
from bot.storage.models import Delivery, Poll


class PollPosts:
    """The composer of polls and decisions."""

    def __init__(self, context: Context) -> None:
        self._context, self._decisions = context, DecisionPosts(context)
        self._private = PrivateReminders(context)

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write a delivery's message; None when it is no longer useful."""
        if delivery.decision_id is not None:
            return await self._decisions.compose(session, delivery)
        poll = await session.get(Poll, delivery.poll_id) if delivery.poll_id is not None else None
        if poll is None:
            return None
        await close_if_over(session, poll, self._context.now(), self._context.programme)
        view = await view_of(session, self._context.programme, poll)
        if delivery.kind == HAND_POST:
            return await self._by_hand(session, int(str(delivery.payload["hand_count"])), view)
        if delivery.kind == PRIVATE_POST:
            return await self._private.write(session, poll, view, delivery)
        if delivery.kind == CALL_POST:
            if await _has_been_asked(session, poll, delivery.due_at):
                await self._private.call(session, poll, delivery)
            return None
        if delivery.kind == REMINDER_POST:
            if not await _has_been_asked(session, poll, delivery.due_at):
                return None
            # Who has come since the opening is reminded too; who has left is no longer waited for.
            entitled = (await entitled_counts(session, [poll]))[poll.id]
            view = replace(view, entitled=max(entitled, view.turnout))
        return self._of(delivery.kind, view)

    async def _by_hand(self, session: AsyncSession, count_id: int, view: PollView) -> Message | None:
        part = await unconfirmed(session, count_id)
        return hand_votes.waiting_post(self._context.texts, view, count_id, part) if part else None

    def _of(self, kind: str, view: PollView) -> Message | None:
        texts = self._context.texts
        if kind in (OPEN_POST, CARD_POST) and view.state == OPEN:
            return build.poll_open(texts, view)
        if kind == REMINDER_POST and view.state == OPEN and view.turnout < view.entitled:
            return private_reminders.with_choice(texts, build.poll_reminder(texts, view))
        if kind == EXTENDED_POST and view.state == OPEN:
            return build.poll_extended(texts, view)
        if kind == OPTIONS_POST and view.state == WAITING:
            return build.options_wanted(texts, view)
        if kind == RESULT_POST and view.state == CLOSED:
            return poll_results.poll_result(texts, view, self._context.programme.rules.secret_results)
        if kind == HELD_POST and view.state == CANCELLED:
            fewest = self._context.programme.rules.secret_results.show_from_votes
            return poll_life.held_post(texts, view, fewest)
        if kind == CANCELLED_POST and view.state == CANCELLED:
            return poll_life.cancelled_post(texts, view)
        return None

    async def pulse(self, session: AsyncSession, village_id: int, circle_code: str) -> Message | None:
        """Return the open pulse poll after a circle, to stand in the circle's thanks, or None."""
        codes = [
            f"{template.id}:{circle_code}"
            for template in self._context.programme.polls.values()
            if template.opens.meeting == EACH_CIRCLE
        ]
        query = select(Poll).where(
            Poll.scope_key == village_key(village_id), Poll.code.in_(codes), Poll.state == OPEN
        )
        poll = (await session.scalars(query.order_by(Poll.id))).first()
        if poll is None or poll.closes_at <= self._context.now():
            return None
        return build.pulse(self._context.texts, await view_of(session, self._context.programme, poll))


async def _has_been_asked(session: AsyncSession, poll: Poll, before: datetime) -> bool:
    """Tell whether a poll stood in its channel before a moment: else its first post is reminder enough."""
    query = select(Delivery.id).where(
        Delivery.poll_id == poll.id, Delivery.kind == OPEN_POST, Delivery.sent_at < before
    )
    return await session.scalar(query.limit(1)) is not None
