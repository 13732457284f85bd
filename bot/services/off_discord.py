"""How many people of a village may vote without an account: kept as numbers, counted among those entitled (S30, S33)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import Conflict, InvalidInput
from bot.domain.hand_votes import MOST_VOTERS
from bot.domain.poll_view import CLOSED, OPEN
from bot.services.entitled import entitled_counts
from bot.services.hand_counts import hand_counts, of_bodies, off_discord
from bot.storage.models import OffDiscord, Poll


async def set_people(session: AsyncSession, village_id: int, body: str, people: int) -> None:
    """Keep how many in a body have no account. Raises InvalidInput."""
    if people > MOST_VOTERS:
        raise InvalidInput("error_paper.numbers")
    query = select(OffDiscord).where(OffDiscord.village_id == village_id, OffDiscord.body == body)
    row = await session.scalar(query)
    if row is None:
        session.add(OffDiscord(village_id=village_id, body=body, people=people))
    else:
        row.people = people
    await session.flush()


async def count_anew(session: AsyncSession, village_id: int, since: datetime) -> None:
    """Let open polls, and those that have closed since a moment, know how many may vote.

    In a closed one nobody becomes fewer: its quorum was judged by them. Raises InvalidInput when more have voted than
    that leaves room for.
    """
    recent = (Poll.state == CLOSED) & (Poll.closed_at >= since)
    query = select(Poll).where(Poll.village_id == village_id, (Poll.state == OPEN) | recent)
    polls = (await session.scalars(query.with_for_update())).all()
    entitled = await entitled_counts(session, polls)
    for poll in polls:
        if poll.state == CLOSED:
            poll.entitled = max(poll.entitled or 0, entitled[poll.id])
            continue
        poll.entitled = entitled[poll.id]
        if await _left(session, poll) < 0:
            raise InvalidInput("error_paper.voted_already")


async def room(session: AsyncSession, poll: Poll) -> int:
    """Return how many more may vote without an account. Raises Conflict when nobody may at all."""
    if not await _off(session, poll):
        raise Conflict("error_paper.nobody_off")
    return await _left(session, poll)


async def _left(session: AsyncSession, poll: Poll) -> int:
    entered = (await hand_counts(session, [poll.id])).get(poll.id, ())
    return await _off(session, poll) - sum(row.turnout for row in entered)


async def _off(session: AsyncSession, poll: Poll) -> int:
    assert poll.village_id is not None, "only a village's polls are found"
    people = (await off_discord(session, [poll.village_id])).get(poll.village_id, {})
    return of_bodies(people, poll.voters)
