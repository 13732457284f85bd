"""What was voted by hand, on paper and by telephone, as the counting of a poll needs it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import hand_votes as rules
from bot.domain.ballots import Count, Kind, Rankings
from bot.domain.hand_votes import Part, Way
from bot.domain.polls import Shown
from bot.domain.programme_rules import SecretResults
from bot.storage.models import HandCount, OffDiscord, Poll


async def hand_counts(session: AsyncSession, poll_ids: Collection[int]) -> dict[int, list[HandCount]]:
    """Return the totals that have not been withdrawn, confirmed or not, by poll."""
    query = select(HandCount).where(HandCount.poll_id.in_(poll_ids), HandCount.withdrawn_at.is_(None))
    found: dict[int, list[HandCount]] = defaultdict(list)
    for row in await session.scalars(query.order_by(HandCount.id)):
        found[row.poll_id].append(row)
    return found


def part_of(row: HandCount) -> Part:
    """Return totals as the rules know them."""
    return Part(
        Way(row.way), row.turnout, _numbers(row.votes), _numbers(row.given), rankings_of(row.rankings)
    )


def columns(part: Part) -> dict[str, Any]:
    """Return totals as their row keeps them."""
    return {
        "turnout": part.turnout,
        "votes": {str(position): number for position, number in part.votes.items()},
        "given": {str(position): number for position, number in part.given.items()},
        "rankings": stored(part.rankings) or None,
    }


def stored(rankings: Rankings) -> list[Any]:
    """Return rankings as they are stored."""
    return [[list(order), times] for order, times in rankings]


def rankings_of(kept: Iterable[Any] | None) -> Rankings:
    """Return stored rankings as the rules know them."""
    return tuple((tuple(order), times) for order, times in kept or ())


def forget(row: HandCount) -> None:
    """Keep of votes only how many gave them."""
    row.votes, row.given, row.rankings = {}, {}, None


def confirmed(rows: Iterable[HandCount]) -> list[Part]:
    """Return the totals that count."""
    return [part_of(row) for row in rows if row.confirmed_at is not None]


def _numbers(stored: Mapping[str, int]) -> dict[int, int]:
    return {int(position): number for position, number in stored.items()}


def kept_at_closing(
    poll: Poll, count: Count, rows: Sequence[HandCount], told: SecretResults
) -> tuple[Count, Shown]:
    """Return what a closing poll keeps as its own count, and how much may be told.

    A secret poll in which some way had few votes takes the sums into its own, and forgets whence they came; so does
    one of rankings, which is counted over all or not at all. What nobody confirmed in time is forgotten too.
    """
    parts = confirmed(rows)
    shown = rules.told_of(secret=poll.secret, on_discord=count.turnout, parts=parts, rules=told)
    if poll.secret:
        apart = rules.parts_told(secret=True, on_discord=count.turnout, parts=parts, rules=told)
        mixed = not apart or poll.kind == Kind.RANKED
        for row in rows:
            if mixed or row.confirmed_at is None:
                forget(row)
        if mixed:
            count = rules.added(Kind(poll.kind), count, parts)
    return count, shown


def told_parts(
    poll: Poll, count: Count, rows: Sequence[HandCount], told: SecretResults
) -> tuple[Shown, tuple[Part, ...]]:
    """Return how much of a poll may be told once it is closed, and its parts if each may stand by itself."""
    parts = confirmed(rows)
    on_discord = count.turnout - sum(part.turnout for part in parts if not part.votes)
    shown = rules.told_of(secret=poll.secret, on_discord=on_discord, parts=parts, rules=told)
    apart = rules.parts_told(secret=poll.secret, on_discord=on_discord, parts=parts, rules=told)
    known = all(part.votes for part in parts)
    if not parts or not apart or not known or shown is not Shown.NUMBERS:
        return shown, ()
    given = {position: one.given for position, one in count.standings.items()}
    here = Part(Way.DISCORD, on_discord, count.votes, given)
    return shown, (here, *rules.together(parts))


async def off_discord(session: AsyncSession, village_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return how many people without an account each village's bodies have."""
    query = select(OffDiscord).where(OffDiscord.village_id.in_(village_ids))
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await session.scalars(query):
        found[row.village_id][row.body] = row.people
    return found


def of_bodies(people: Mapping[str, int], voters: str) -> int:
    """Return how many people without an account may vote where these may."""
    return sum(people.get(body, 0) for body in rules.bodies_of(voters.split(",")))
