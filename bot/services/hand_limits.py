"""Until when votes given outside Discord can be entered, confirmed and taken back (S30, S41)."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, require
from bot.domain.errors import Conflict
from bot.domain.hand_votes import ENTERED_WITHIN
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import CANCELLED, CLOSED, OPEN
from bot.services.context import Context
from bot.services.decision_register import decided_by
from bot.services.places import Place
from bot.services.poll_results import whole_of
from bot.services.poll_sequels import ties_of
from bot.storage.models import Poll


async def must_take(
    session: AsyncSession, context: Context, actor: Actor, action: Action, poll: Poll, place: Place
) -> None:
    """Refuse who may not, and a poll whose result stands. Raises NotPermitted, Conflict."""
    require(actor, action, place.where)
    if actor.person_id is None:
        raise Conflict("error_people.privacy_needed")
    if poll.state == OPEN:
        return
    if poll.state == CANCELLED:
        raise Conflict("error_polls.cancelled")
    if poll.state != CLOSED or poll.closed_at is None:
        raise Conflict("error_polls.not_open_yet")
    if poll.secret:
        raise Conflict("error_paper.secret_closed")
    if await decided_by(session, poll.id) is not None:
        raise Conflict("error_paper.decided")
    whole = await whole_of(session, poll)
    voted_again = poll.tie == Tie.AGAIN and ties_of(poll, whole, context.programme)
    if poll.settled is not None or voted_again:
        raise Conflict("error_paper.tie_settled")
    if context.now() > poll.closed_at + ENTERED_WITHIN:
        raise Conflict("error_paper.too_late", days=ENTERED_WITHIN.days)
