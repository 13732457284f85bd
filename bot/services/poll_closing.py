"""Close polls, once, across restarts: count them, and let a secret one forget who voted (S41, S43).

The rules are those of PRIVACY section 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.ballots import Count, Kind, count
from bot.domain.hand_votes import added
from bot.domain.poll_view import CLOSED, OPEN
from bot.domain.polls import Shown
from bot.domain.programme import Programme
from bot.services import poll_sequels
from bot.services.entitled import entitled_counts
from bot.services.hand_counts import confirmed, hand_counts, kept_at_closing, stored
from bot.services.private_reminders import forget, reminds_privately
from bot.storage.database import FORGOTTEN, one_at_a_time
from bot.storage.models import Ballot, Poll, PollOption

_CHUNK = 500


async def close_due(session: AsyncSession, now: datetime, programme: Programme) -> list[int]:
    """Close every poll whose time is up, once, or let it go on when too few have voted. Returns their ids."""
    over = (Poll.state == OPEN) & (Poll.closes_at <= now)
    if await session.scalar(select(exists().where(over, (Poll.extend_days > 0) | reminds_privately()))):
        await one_at_a_time(
            session, "deliveries"
        )  # who sends holds posts, then polls; this goes the other way
    query = select(Poll).where(over).order_by(Poll.id)
    due = (await session.scalars(query.with_for_update())).all()
    for start in range(0, len(due), _CHUNK):
        await _close(session, due[start : start + _CHUNK], now, programme)
    return [poll.id for poll in due if poll.state == CLOSED]


async def close_if_over(session: AsyncSession, poll: Poll, now: datetime, programme: Programme) -> None:
    """Close one poll if its time is up and nothing has closed it yet."""
    if poll.state == OPEN and poll.closes_at <= now:
        if poll_sequels.can_extend(poll) or await session.scalar(
            select(exists().where(Poll.id == poll.id, reminds_privately()))
        ):
            await one_at_a_time(session, "deliveries")
        locked = await session.get_one(Poll, poll.id, with_for_update=True, populate_existing=True)
        if locked.state == OPEN and locked.closes_at <= now:
            await _close(session, [locked], now, programme)


async def _close(session: AsyncSession, due: Sequence[Poll], now: datetime, programme: Programme) -> None:
    """Count; in the same transaction destroy a secret poll's ballots and the key to their voters."""
    ids = [poll.id for poll in due]
    cast = await _ballots(session, ids)
    entitled, by_hand = await entitled_counts(session, due), await hand_counts(session, ids)
    zone, told = ZoneInfo(programme.timezone), programme.rules.secret_results
    for poll in due:
        ballots = cast.get(poll.id, _Cast())
        result = count(Kind(poll.kind), (o.position for o in poll.options), ballots.marks.values())
        rows = by_hand.get(poll.id, ())
        whole = added(Kind(poll.kind), result, confirmed(rows))
        if poll_sequels.must_extend(poll, whole.turnout, entitled[poll.id]):
            await poll_sequels.extend(session, poll, now, zone)
            continue
        result, shown = kept_at_closing(poll, result, rows, told)
        for option in poll.options if shown is not Shown.NOTHING else ():
            standing = result.standings[option.position]
            option.place = standing.place
            if shown is Shown.NUMBERS:  # what may not be told is not stored
                option.votes, option.given = standing.votes, standing.given
        poll.counted = _counted(result, ballots, secret=poll.secret) if shown is Shown.NUMBERS else None
        poll.turnout = result.turnout
        # Who joined after the opening counts too, and so does a vote of somebody who has left since.
        poll.entitled = max(entitled[poll.id], result.turnout)
        poll.secret_key = None
        poll.state, poll.closed_at = CLOSED, now
        again = poll_sequels.run_off(poll, whole, now, programme)
        if again is not None:
            session.add(again)
    await forget(session, [poll.id for poll in due if poll.state == CLOSED])
    secret = [poll.id for poll in due if poll.secret and poll.state == CLOSED]
    if secret:
        await session.execute(delete(Ballot).where(Ballot.poll_id.in_(secret)))
        session.info[FORGOTTEN] = True
    await session.flush()


@dataclass
class _Cast:
    """A poll's ballots by voter, and the reasons given, each once."""

    marks: dict[str, dict[int, int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def _counted(result: Count, cast: _Cast, *, secret: bool) -> dict[str, Any] | None:
    """Return what is kept of a count beside the sums.

    A secret poll's reasons lose their ballots; in alphabetical order none tells when it was given. An open poll's
    stay with the ballots, and go with the person who wrote them. An open poll's rankings are kept without names:
    votes on paper that come later are counted with them, also when somebody has been erased meanwhile.
    """
    rounds = [{str(position): votes for position, votes in one.items()} for one in result.rounds]
    kept = {
        "rounds": rounds,
        "rankings": [] if secret else stored(result.rankings or ()),
        "reasons": sorted(cast.reasons.values()) if secret else [],
    }
    return {name: value for name, value in kept.items() if value} or None


async def _ballots(session: AsyncSession, poll_ids: Sequence[int]) -> dict[int, _Cast]:
    query = (
        select(Ballot.poll_id, Ballot.voter, PollOption.position, Ballot.mark, Ballot.reason)
        .join(PollOption, PollOption.id == Ballot.option_id)
        .where(Ballot.poll_id.in_(poll_ids))
    )
    found: dict[int, _Cast] = {}
    for poll_id, voter, position, mark, reason in await session.execute(query):
        cast = found.setdefault(poll_id, _Cast())
        cast.marks.setdefault(voter, {})[position] = mark
        if reason:
            cast.reasons[voter] = reason
    return found
