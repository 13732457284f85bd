"""What whoever asks can do with a poll after it was written: see it among the others, cancel it, ask it again (S30, S43).

A cancelled poll leaves nothing behind but its question and the reason: no ballot, no key, no result.
"""

from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.access import Action, Actor, may, require
from bot.domain.errors import Conflict, NotFound
from bot.domain.poll_dates import closes_at as same_hour_later
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import CANCELLED, CLOSED, DRAFT, OPEN, PLANNED, PollView
from bot.domain.programme import Programme
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.decision_register import decided_by, full_number_of
from bot.services.places import Place, place_of
from bot.services.poll_draft_rules import advise
from bot.services.poll_opening import may_be_secret
from bot.services.poll_results import view_of, whole_of
from bot.services.poll_rules import rules_of
from bot.services.poll_schedule import CANCELLED_POST, poll_post
from bot.services.poll_sequels import copy_of, days_of, ties_of
from bot.services.polls import right_to_start
from bot.services.private_reminders import forget as forget_private
from bot.storage.database import FORGOTTEN, one_at_a_time
from bot.storage.models import Ballot, Delivery, HandCount, Poll
from bot.storage.repositories.deliveries import plan

MOST_LISTED = 25  # what a menu holds
_LISTED = (DRAFT, PLANNED, OPEN, CLOSED)


class PollLife:
    """The use-cases of whoever asks, for polls that exist."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def listed(self, actor: Actor, place: Place) -> list[PollView]:
        """Return a place's own drafts and planned polls, and all that have opened, the newest first.

        Raises NotPermitted.
        """
        require(actor, right_to_start(place), place.where)
        async with self._context.database.transaction() as session:
            own_or_seen = Poll.code.is_(None) | Poll.state.in_((OPEN, CLOSED))
            query = select(Poll).where(Poll.scope_key == place.key, Poll.state.in_(_LISTED), own_or_seen)
            rows = await session.scalars(
                query.order_by(Poll.opens_at.desc(), Poll.id.desc()).limit(MOST_LISTED)
            )
            return [await view_of(session, self._context.programme, row) for row in rows.all()]

    async def show(self, actor: Actor, poll_id: int) -> PollView:
        """Show one poll to whoever may start polls there. Raises NotFound, NotPermitted."""
        async with self._context.database.transaction() as session:
            poll, _ = await self._mine(session, actor, poll_id)
            return await view_of(session, self._context.programme, poll)

    async def cancel(self, actor: Actor, poll_id: int, reason: str = "") -> PollView:
        """Cancel an open poll with a reason that the channel is told, or one of the place's own before it opens.

        Its ballots and a secret poll's key are destroyed, and its posts are not wanted any more. A binding poll
        is cancelled by who may start one. Raises NotFound, NotPermitted, InvalidInput (no reason), Conflict.
        """
        async with self._context.database.transaction() as session:
            await one_at_a_time(
                session, "deliveries"
            )  # who sends holds posts, then polls; this goes the other way
            poll, place = await self._mine(session, actor, poll_id)
            if poll.binding:
                require(actor, Action.START_BINDING_POLL, place.where)
            now = self._context.now()
            if poll.state == OPEN:
                if poll.closes_at <= now:
                    raise Conflict("error_polls.closed_already", closes_at=poll.closes_at)
                poll.cancelled_because = rules.checked_cancellation(reason)
            elif poll.state == CANCELLED:
                raise Conflict("error_polls.cancelled")
            elif poll.state == CLOSED:
                raise Conflict("error_polls.closed_already", closes_at=poll.closes_at)
            elif poll.state != PLANNED or poll.code is not None:
                raise Conflict("error_polls.not_to_cancel")
            await _forget(session, poll)
            if poll.state == OPEN:
                told = poll_post(poll, "cancelled", CANCELLED_POST, now, None, at_once=True)
                await plan(session, [told])
            poll.state, poll.closed_at, poll.secret_key = CANCELLED, now, None
            await audit(session, self._context, actor, "poll.cancel", f"poll:{poll.id}")
            return await view_of(session, self._context.programme, poll)

    async def copy(self, actor: Actor, poll_id: int) -> PollView:
        """Begin a draft that asks the same by the same rules; only the lead's can begin as a binding one.

        One that too few can vote in for secrecy begins as an open one.
        Raises NotFound, NotPermitted, Conflict (it is a draft itself).
        """
        async with self._context.database.transaction() as session:
            poll, place = await self._mine(session, actor, poll_id)
            if poll.state == DRAFT:
                raise Conflict("error_polls.draft_itself")
            now, zone = self._context.now(), ZoneInfo(self._context.programme.timezone)
            draft = copy_of(poll, now, same_hour_later(now, days_of(poll), zone))
            draft.state, draft.asked_by_id = DRAFT, actor.person_id
            if draft.binding and not may(actor, Action.START_BINDING_POLL, place.where):
                advise(draft, await rules_of(session, place))
            session.add(draft)
            await session.flush()
            draft.secret = draft.secret and await may_be_secret(session, self._context, draft)
            return await view_of(session, self._context.programme, draft)

    async def settle_tie(self, actor: Actor, poll_id: int, position: int) -> PollView:
        """Choose, as the lead, one of the answers that share the first place, until the decision is written down.

        Raises NotFound, NotPermitted, Conflict.
        """
        async with self._context.database.transaction() as session:
            poll, place = await self._mine(session, actor, poll_id)
            require(actor, Action.SETTLE_TIE, place.where)
            view = await view_of(session, self._context.programme, poll)
            if view.tie is not Tie.LEAD or position not in view.tied:
                raise Conflict("error_polls.no_tie")
            written = await decided_by(session, poll.id)
            if written is not None:
                number = await full_number_of(session, written)
                raise Conflict("error_polls.decision_from_poll_before", number=number)
            poll.settled = position
            await audit(session, self._context, actor, "poll.tie", f"poll:{poll.id}")
            return await view_of(session, self._context.programme, poll)

    async def _mine(self, session: AsyncSession, actor: Actor, poll_id: int) -> tuple[Poll, Place]:
        """Return a poll that nobody else changes meanwhile, and its place."""
        poll = await session.get(Poll, poll_id, with_for_update=True, populate_existing=True)
        if poll is None:
            raise NotFound("error_polls.not_found")
        place = await place_of(session, poll.scope_key)
        require(actor, right_to_start(place), place.where)
        return poll, place


async def must_be_decidable(session: AsyncSession, poll: Poll, programme: Programme) -> None:
    """Refuse to make a decision of a poll that was cancelled, or whose tie is not settled. Raises Conflict."""
    if poll.state == CANCELLED:
        raise Conflict("error_polls.cancelled_undecided")
    if poll.state != CLOSED or poll.settled is not None:
        return
    if ties_of(poll, await whole_of(session, poll), programme):
        raise Conflict(f"error_polls.tie_{poll.tie}")


async def _forget(session: AsyncSession, poll: Poll) -> None:
    """Destroy a poll's ballots, and take back what was to be posted about it."""
    await session.execute(delete(Ballot).where(Ballot.poll_id == poll.id))
    await session.execute(delete(HandCount).where(HandCount.poll_id == poll.id))
    await forget_private(session, [poll.id])
    waiting = (Delivery.poll_id == poll.id) & (Delivery.state == "pending")
    await session.execute(update(Delivery).where(waiting).values(state="cancelled"))
    session.info[FORGOTTEN] = True
