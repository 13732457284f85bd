"""Count polls, and show only what may be shown (S41, S43).

The rules are those of PRIVACY section 6.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.ballots import STEP_BY_STEP, YES, Count, Kind, Majority, Why, adopted, by_sums, carried
from bot.domain.hand_votes import added
from bot.domain.milestones import settled_by_decision
from bot.domain.poll_repeats import NEVER
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import CLOSED, DRAFT, AnswerView, PollView
from bot.domain.polls import Shown
from bot.domain.programme import EACH_CIRCLE, PollTemplate, Programme
from bot.services import poll_sequels
from bot.services.entitled import entitled_counts
from bot.services.hand_counts import confirmed, hand_counts, rankings_of, told_parts
from bot.services.moments import written
from bot.services.polled_meeting_posts import meeting_of
from bot.storage.models import Ballot, Poll, PollOption


def template_of(programme: Programme, code: str | None) -> PollTemplate | None:
    """Return the standard poll behind a code; "PX01:VC01" is PX01 after circle VC01."""
    return programme.polls.get(code.partition(":")[0]) if code else None


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
        shown = Shown.NUMBERS if may_run(poll) else Shown.NOTHING
    entitled = max(await _entitled(session, poll), result.turnout)
    met = rules.quorum_met(poll.quorum, result.turnout, entitled)
    majority = Majority(poll.majority)
    yes = _said_yes(programme, poll, result, entitled)
    tied = poll_sequels.ties_of(poll, result, programme) if closed else ()
    settled = poll.settled if tied else None
    if settled is not None:
        yes = None if yes is None else _means_yes(programme, poll, settled)
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
        running=poll.running,
        last_round=_last_round(result) if closed and shown is Shown.NUMBERS else {},
    )


def may_run(poll: Poll) -> bool:
    """Tell whether a poll's numbers may be told before it closes: two looks at a secret one would tell who voted what."""
    return poll.running and not poll.secret


async def _entitled(session: AsyncSession, poll: Poll) -> int:
    """Return how many may vote; a draft that asks for a number of them is told at once whether there are so many."""
    if poll.state == DRAFT and poll.quorum in rules.NUMBERS:
        return (await entitled_counts(session, [poll]))[poll.id]
    return poll.entitled or 0


def _last_round(result: Count) -> Mapping[int, int]:
    """Return the votes of a run-off's last round between several answers; empty when there was none."""
    return next((one for one in reversed(result.rounds) if len(one) > 1), {})


async def _reasons(session: AsyncSession, poll: Poll) -> tuple[str, ...]:
    """Return the reasons given in a closed poll, each voter's once, without names; those kept without ballots, too."""
    query = select(Ballot.voter, Ballot.reason).where(Ballot.poll_id == poll.id, Ballot.reason.is_not(None))
    found: dict[str, str] = {voter: reason for voter, reason in await session.execute(query) if reason}
    return tuple(sorted([*(poll.counted or {}).get("reasons", ()), *found.values()]))


def _said_yes(programme: Programme, poll: Poll, result: Count, entitled: int) -> bool | None:
    """Tell whether a poll's answer is yes; None when its answers do not mean yes and no."""
    by_kind = adopted(Kind(poll.kind), result.votes, entitled, Majority(poll.majority))
    if by_kind is not None:
        return by_kind
    by_text = {option.text: result.votes[option.position] for option in poll.options}
    said = rules.yes_and_no(by_text, programme.rules.yes_options, programme.rules.no_begins)
    return None if said is None else carried(*said, sum(said), entitled, Majority(poll.majority))


def _means_yes(programme: Programme, poll: Poll, position: int) -> bool:
    """Tell whether an answer of a question for yes or no is a yes."""
    if poll.kind == Kind.YES_NO:
        return position == YES
    return any(o.position == position and o.text in programme.rules.yes_options for o in poll.options)


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
