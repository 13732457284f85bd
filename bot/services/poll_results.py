"""Count polls, close them, and show only what may be shown; a secret poll forgets who voted (S41, S43).

The rules are those of PRIVACY section 6.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.poll_view import CLOSED, OPEN, AnswerView, PollView
from bot.domain.polls import Shown, Tally
from bot.domain.programme import EACH_CIRCLE, PollTemplate, Programme
from bot.services.entitled import entitled_counts
from bot.storage.database import FORGOTTEN
from bot.storage.models import Ballot, Poll, PollOption

_CHUNK = 500


def template_of(programme: Programme, code: str | None) -> PollTemplate | None:
    """Return the standard poll behind a code; "PX01:VC01" is PX01 after circle VC01."""
    return programme.polls.get(code.partition(":")[0]) if code else None


async def close_due(session: AsyncSession, now: datetime) -> list[int]:
    """Close every poll whose time is up, once. Returns their ids."""
    query = select(Poll).where(Poll.state == OPEN, Poll.closes_at <= now).order_by(Poll.id)
    due = (await session.scalars(query.with_for_update())).all()
    for start in range(0, len(due), _CHUNK):
        await _close(session, due[start : start + _CHUNK], now)
    return [poll.id for poll in due]


async def close_if_over(session: AsyncSession, poll: Poll, now: datetime) -> None:
    """Close one poll if its time is up and nothing has closed it yet."""
    if poll.state == OPEN and poll.closes_at <= now:
        locked = await session.get_one(Poll, poll.id, with_for_update=True, populate_existing=True)
        if locked.state == OPEN:
            await _close(session, [locked], now)


async def _close(session: AsyncSession, due: Sequence[Poll], now: datetime) -> None:
    """Count; in the same transaction destroy a secret poll's ballots and the key to their voters."""
    ids = [poll.id for poll in due]
    cast = await _ballots(session, ids)
    entitled = await entitled_counts(session, due)
    for poll in due:
        result = rules.tally((option.position for option in poll.options), cast.get(poll.id, {}))
        for option in poll.options:
            option.votes = result.votes[option.position]
        poll.turnout = result.turnout
        # Who joined after the opening counts too, and so does a vote of somebody who has left since.
        poll.entitled = max(entitled[poll.id], result.turnout)
        poll.secret_key = None
        poll.state, poll.closed_at = CLOSED, now
    secret = [poll.id for poll in due if poll.secret]
    if secret:
        await session.execute(delete(Ballot).where(Ballot.poll_id.in_(secret)))
        session.info[FORGOTTEN] = True
    await session.flush()


async def _ballots(session: AsyncSession, poll_ids: Sequence[int]) -> dict[int, dict[str, set[int]]]:
    query = (
        select(Ballot.poll_id, Ballot.voter, PollOption.position)
        .join(PollOption, PollOption.id == Ballot.option_id)
        .where(Ballot.poll_id.in_(poll_ids))
    )
    found: dict[int, dict[str, set[int]]] = {}
    for poll_id, voter, position in await session.execute(query):
        found.setdefault(poll_id, {}).setdefault(voter, set()).add(position)
    return found


async def so_far(session: AsyncSession, poll: Poll) -> Tally:
    """Return what an open poll stands at now."""
    counted = (
        select(PollOption.position, func.count())
        .join(Ballot, Ballot.option_id == PollOption.id)
        .where(Ballot.poll_id == poll.id)
        .group_by(PollOption.position)
    )
    votes = dict.fromkeys((option.position for option in poll.options), 0)
    votes.update((await session.execute(counted)).all())
    voters = select(func.count(distinct(Ballot.voter))).where(Ballot.poll_id == poll.id)
    return Tally(votes, await session.scalar(voters) or 0)


async def view_of(session: AsyncSession, programme: Programme, poll: Poll) -> PollView:
    """Show a poll: running totals of an open, unsecret one; a closed one's result as far as allowed."""
    closed = poll.state == CLOSED
    if closed:
        result = Tally({o.position: o.votes or 0 for o in poll.options}, poll.turnout or 0)
        shown = rules.shown(secret=poll.secret, turnout=result.turnout, rules=programme.rules.secret_results)
    else:
        result = await so_far(session, poll)
        shown = Shown.NOTHING if poll.secret else Shown.NUMBERS
    ranks = rules.ranks(result.votes) if shown is not Shown.NOTHING else {}
    entitled = max(poll.entitled or 0, result.turnout)
    met = rules.quorum_met(poll.quorum, result.turnout, entitled)
    texts = {o.text: result.votes[o.position] for o in poll.options}
    yes = rules.adopted(texts, programme.rules.yes_options)
    template = template_of(programme, poll.code)
    return PollView(
        id=poll.id,
        place_key=poll.scope_key,
        question=poll.question,
        answers=tuple(
            AnswerView(
                o.position,
                o.text,
                result.votes[o.position] if shown is Shown.NUMBERS else None,
                ranks.get(o.position),
            )
            for o in poll.options
        ),
        secret=poll.secret,
        binding=poll.binding,
        pick=poll.pick,
        quorum=poll.quorum,
        voters=tuple(poll.voters.split(",")),
        state=poll.state,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        turnout=result.turnout,
        entitled=entitled,
        shown=shown,
        code=poll.code,
        series=poll.series,
        winners=rules.winners(result.votes) if closed and shown is not Shown.NOTHING else (),
        unanimous=closed and shown is Shown.NUMBERS and rules.unanimous(result.votes, result.turnout),
        quorum_met=met,
        yes_no=yes is not None,
        adopted=met and yes if closed and poll.binding and not poll.secret and yes is not None else None,
        most_answers=template.max_options if template else rules.MOST_ANSWERS,
        days=template.days if template else 0,
        pulse=template is not None and template.opens.meeting == EACH_CIRCLE,
    )
