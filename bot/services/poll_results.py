"""Count polls, close them, and show only what may be shown; a secret poll forgets who voted (S41, S43).

The rules are those of PRIVACY section 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, delete, distinct, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.ballots import STEP_BY_STEP, YES, Count, Kind, Majority, Why, adopted, by_sums, carried, count
from bot.domain.hand_votes import added
from bot.domain.milestones import settled_by_decision
from bot.domain.poll_repeats import NEVER
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import CLOSED, OPEN, AnswerView, PollView
from bot.domain.polls import Shown
from bot.domain.programme import EACH_CIRCLE, PollTemplate, Programme
from bot.services import poll_sequels
from bot.services.entitled import entitled_counts
from bot.services.hand_counts import confirmed, hand_counts, kept_at_closing, rankings_of, stored, told_parts
from bot.services.moments import written
from bot.services.polled_meeting_posts import meeting_of
from bot.services.private_reminders import forget, reminds_privately
from bot.storage.database import FORGOTTEN, one_at_a_time
from bot.storage.models import Ballot, Poll, PollOption

_CHUNK = 500


def template_of(programme: Programme, code: str | None) -> PollTemplate | None:
    """Return the standard poll behind a code; "PX01:VC01" is PX01 after circle VC01."""
    return programme.polls.get(code.partition(":")[0]) if code else None


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
        again = poll_sequels.run_off(poll, whole, now, zone)
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


async def so_far(session: AsyncSession, poll: Poll) -> Count:
    """Return what an open poll stands at now; of a ranked one who is first on how many ballots."""
    ranked = poll.kind == Kind.RANKED
    summed = func.sum(case((Ballot.mark == 1, 1), else_=0) if ranked else Ballot.mark)
    query = (
        select(PollOption.position, summed, func.count())
        .join(Ballot, Ballot.option_id == PollOption.id)
        .where(Ballot.poll_id == poll.id)
        .group_by(PollOption.position)
    )
    sums = dict.fromkeys((option.position for option in poll.options), 0)
    given = dict(sums)
    for position, votes, voters in await session.execute(query):
        sums[position], given[position] = int(votes), voters
    turnout = select(func.count(distinct(Ballot.voter))).where(Ballot.poll_id == poll.id)
    return by_sums(Kind(poll.kind), sums, given, await session.scalar(turnout) or 0)


def _given(option: PollOption) -> int:
    """Return how many gave an answer a mark, as far as that is known."""
    if option.given is not None:
        return option.given
    return option.votes if option.votes is not None else int(option.place is not None)


def result_of(poll: Poll) -> Count:
    """Return a closed poll's count; one closed before places were kept is placed by its votes.

    Of a secret poll of few only the places are known: its sums are 0, and each answer counts as given by somebody.
    """
    votes = {option.position: option.votes or 0 for option in poll.options}
    given = {option.position: _given(option) for option in poll.options}
    found = by_sums(Kind(poll.kind), votes, given, poll.turnout or 0)
    places = {option.position: option.place for option in poll.options if option.place is not None}
    standings = {p: replace(one, place=places.get(p, one.place)) for p, one in found.standings.items()}
    counted = poll.counted or {}
    rounds = tuple({int(p): votes for p, votes in one.items()} for one in counted.get("rounds", ()))
    known = poll.kind == Kind.RANKED and ("rankings" in counted or not poll.turnout) and not poll.secret
    rankings = rankings_of(counted.get("rankings")) if known else None
    return replace(found, standings=standings, rounds=rounds, rankings=rankings)


async def whole_of(session: AsyncSession, poll: Poll) -> Count:
    """Return a closed poll's count with the votes given by hand."""
    by_hand = (await hand_counts(session, [poll.id])).get(poll.id, [])
    return added(Kind(poll.kind), result_of(poll), confirmed(by_hand))


async def view_of(session: AsyncSession, programme: Programme, poll: Poll) -> PollView:
    """Show a poll: running totals of an open, unsecret one; a closed one's result as far as allowed."""
    closed, kind = poll.state == CLOSED, Kind(poll.kind)
    result = result_of(poll) if closed else await so_far(session, poll)
    by_hand = (await hand_counts(session, [poll.id])).get(poll.id, [])
    shown, parts = told_parts(poll, result, by_hand, programme.rules.secret_results)
    result = added(kind, result, confirmed(by_hand))
    if not closed:
        shown = Shown.NOTHING if poll.secret else Shown.NUMBERS
    entitled = max(poll.entitled or 0, result.turnout)
    met = rules.quorum_met(poll.quorum, result.turnout, entitled)
    majority = Majority(poll.majority)
    yes = _said_yes(programme, poll, result, entitled)
    tied = poll_sequels.ties_of(poll, result) if closed else ()
    settled = poll.settled if tied else None
    if settled is not None:
        yes = None if yes is None else settled == YES
    template = template_of(programme, poll.code)
    told = shown is not Shown.NOTHING
    return PollView(
        id=poll.id,
        place_key=poll.scope_key,
        question=poll.question,
        answers=tuple(
            AnswerView(
                o.position,
                o.text,
                result.standings[o.position].votes if shown is Shown.NUMBERS else None,
                result.standings[o.position].place if told else None,
                result.standings[o.position].given if shown is Shown.NUMBERS else None,
                _written(programme, o),
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
        kind=kind,
        fewest=poll.fewest,
        points=poll.points,
        why=Why(poll.why),
        majority=majority,
        carried=settled is not None or _carried(result, entitled, majority),
        reasons=await _reasons(session, poll) if closed else (),
        code=poll.code,
        series=poll.series,
        winners=(settled,) if settled is not None else result.winners if closed and told else (),
        unanimous=closed
        and shown is Shown.NUMBERS
        and kind not in STEP_BY_STEP
        and rules.unanimous(result.votes, result.turnout),
        quorum_met=met,
        yes_no=yes is not None,
        adopted=met and yes if closed and poll.binding and not poll.secret and yes is not None else None,
        most_answers=template.max_options if template else rules.MOST_ANSWERS,
        days=template.days if template else 0,
        pulse=template is not None and template.opens.meeting == EACH_CIRCLE,
        parts=parts if shown is Shown.NUMBERS else (),
        by_hand=sum(part.turnout for part in confirmed(by_hand)),
        unconfirmed=sum(row.turnout for row in by_hand if row.confirmed_at is None),
        ticks=template is not None
        and poll.village_id is not None
        and not settled_by_decision(programme) >= set(template.milestones),
        extend_days=poll.extend_days if poll_sequels.can_extend(poll) else 0,
        tie=Tie(poll.tie),
        tied=tied,
        settled=settled,
        scheduled=poll.scheduled,
        cancelled_because=poll.cancelled_because or "",
        repeat=poll.repeat or NEVER,
        repeat_until=poll.repeat_until,
        meeting=await meeting_of(session, poll.id) if closed and kind is Kind.DATES else None,
        last_round=_last_round(result) if closed and shown is Shown.NUMBERS else {},
    )


def _last_round(result: Count) -> Mapping[int, int]:
    """Return the votes of a run-off's last round between several answers; empty when there was none."""
    return next((one for one in reversed(result.rounds) if len(one) > 1), {})


async def _reasons(session: AsyncSession, poll: Poll) -> tuple[str, ...]:
    """Return the reasons given in a closed poll, each voter's once, without names."""
    if poll.secret:
        return tuple((poll.counted or {}).get("reasons", ()))
    query = select(Ballot.voter, Ballot.reason).where(Ballot.poll_id == poll.id, Ballot.reason.is_not(None))
    found: dict[str, str] = {voter: reason for voter, reason in await session.execute(query) if reason}
    return tuple(sorted(found.values()))


def _said_yes(programme: Programme, poll: Poll, result: Count, entitled: int) -> bool | None:
    """Tell whether a poll's answer is yes; None when its answers do not mean yes and no."""
    by_kind = adopted(Kind(poll.kind), result.votes, entitled, Majority(poll.majority))
    if by_kind is not None:
        return by_kind
    by_text = {option.text: result.votes[option.position] for option in poll.options}
    said = rules.yes_and_no(by_text, programme.rules.yes_options, programme.rules.no_begins)
    return None if said is None else carried(*said, sum(said), entitled, Majority(poll.majority))


def _carried(result: Count, entitled: int, majority: Majority) -> bool:
    """Tell whether what came first has votes enough to be decided; several can where several may be chosen."""
    if majority is Majority.MOST:
        return len(result.winners) == 1
    most = max((result.votes[position] for position in result.winners), default=0)
    return carried(most, 0, result.turnout, entitled, majority)


def _written(programme: Programme, option: PollOption) -> str:
    """Return a date as it is written in a draft's form."""
    if option.starts_at is None:
        return ""
    return written(option.starts_at, programme.timezone)
