"""Votes given by hand, on paper or by telephone: entered as totals, checked, and added to those given on Discord.

It knows no database and no prose. Rules: PRIVACY section 6 (totals by the minute-taker, confirmed by a second member)
and DOMAIN section 4; they serve S30 and S41.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.domain.ballots import (
    FIXED_ANSWERS,
    STARS,
    Count,
    Kind,
    Rankings,
    Rules,
    by_sums,
    instant_run_off,
    sorted_rankings,
)
from bot.domain.errors import InvalidInput
from bot.domain.polls import Shown, shown
from bot.domain.programme_rules import SecretResults

ENTERED_WITHIN = timedelta(days=7)  # after a poll has closed
MOST_VOTERS = 9999


class Way(StrEnum):
    """How votes were given."""

    DISCORD = "discord"
    HAND = "hand"
    PAPER = "paper"
    PHONE = "phone"


BY_HAND = (Way.HAND, Way.PAPER, Way.PHONE)


def ways_of(kind: Kind) -> tuple[Way, ...]:
    """Return how one can vote without Discord: nobody ranks answers by a show of hands."""
    return (Way.PAPER, Way.PHONE) if kind is Kind.RANKED else BY_HAND


@dataclass(frozen=True, slots=True)
class Part:
    """The votes given in one way: by how many, and for each answer's position the sum of marks and how many gave one.

    Of a ranked poll `votes` are of those who put an answer first, and `rankings` are the ballots.
    Without `votes` only the number of voters is known: the sums went into the poll's own when it closed in secret.
    """

    way: Way
    turnout: int
    votes: Mapping[int, int] = field(default_factory=dict)
    given: Mapping[int, int] = field(default_factory=dict)
    rankings: Rankings = ()


def checked_part(
    kind: Kind, way: Way, turnout: int, numbers: Mapping[int, Sequence[int]], rules: Rules
) -> Part:
    """Return totals as a part. `numbers` holds one for each answer, for a rating one for each number of stars.

    Raises InvalidInput when they cannot be the totals of so many ballots.
    """
    every = [number for given in numbers.values() for number in given]
    if turnout < 1 or turnout > MOST_VOTERS or any(not 0 <= number <= MOST_VOTERS * 20 for number in every):
        raise InvalidInput("error_paper.numbers")
    if kind is Kind.RATING:
        given = {position: sum(stars) for position, stars in numbers.items()}
        votes = {
            p: sum(star * n for star, n in zip(STARS, stars, strict=True)) for p, stars in numbers.items()
        }
    else:
        votes = {position: only for position, (only,) in numbers.items()}
        given = {position: min(number, turnout) for position, number in votes.items()}
    _must_add_up(kind, turnout, votes, given, rules)
    return Part(way, turnout, votes, given)


def ranked_part(way: Way, turnout: int, positions: Sequence[int], rankings: Rankings) -> Part:
    """Return ballots with rankings as a part. Raises InvalidInput when there are not as many as have voted."""
    total = sum(times for _, times in rankings)
    if not 0 < total <= MOST_VOTERS or total != turnout:
        raise InvalidInput("error_paper.rankings_differ", turnout=turnout, total=total)
    alone = instant_run_off(positions, dict(rankings))
    given = {position: one.given for position, one in alone.standings.items()}
    return Part(way, turnout, alone.votes, given, rankings)


def _must_add_up(
    kind: Kind, turnout: int, votes: Mapping[int, int], given: Mapping[int, int], rules: Rules
) -> None:
    if max(given.values() if kind in (Kind.RATING, Kind.POINTS) else votes.values()) > turnout:
        raise InvalidInput("error_paper.over_turnout", turnout=turnout)
    total = sum(votes.values())
    most = rules.points if kind is Kind.POINTS else 1 if kind in FIXED_ANSWERS else rules.most
    if kind is Kind.RATING:
        fits = any(given.values())
    elif kind is Kind.POINTS:
        fits = 0 < total <= turnout * most
    else:
        fits = turnout * max(1, rules.fewest) <= total and (not most or total <= turnout * most)
    if not fits:
        raise InvalidInput("error_paper.do_not_add_up", turnout=turnout, total=total)


def added(kind: Kind, count: Count, parts: Iterable[Part]) -> Count:
    """Return a count with the parts whose sums are known added to it; one of rankings is counted again over all."""
    known = [part for part in parts if part.votes]
    if not known:
        return count
    if count.rankings is not None:
        ballots = Counter(dict(count.rankings))
        for part in known:
            ballots.update(dict(part.rankings))
        return instant_run_off(count.standings, ballots)
    votes = {p: one.votes + sum(part.votes.get(p, 0) for part in known) for p, one in count.standings.items()}
    given = {p: one.given + sum(part.given.get(p, 0) for part in known) for p, one in count.standings.items()}
    return by_sums(kind, votes, given, count.turnout + sum(part.turnout for part in known))


def told_of(*, secret: bool, on_discord: int, parts: Collection[Part], rules: SecretResults) -> Shown:
    """Return how much of a whole may be told.

    Whoever entered the other votes could take them from the whole, so no more is told of it than might be told of
    those on Discord alone.
    """
    whole = shown(secret=secret, turnout=on_discord + sum(part.turnout for part in parts), rules=rules)
    if not parts or not on_discord:
        return whole
    return min(whole, shown(secret=secret, turnout=on_discord, rules=rules), key=list(Shown).index)


def parts_told(*, secret: bool, on_discord: int, parts: Collection[Part], rules: SecretResults) -> bool:
    """Tell whether each part may stand by itself: in a secret poll only when numbers of every entry may be told."""
    sizes = [*([on_discord] if on_discord else ()), *(part.turnout for part in parts)]
    return not secret or all(size >= rules.numbers_from_votes for size in sizes)


def together(parts: Iterable[Part]) -> list[Part]:
    """Return one part for each way, in the ways' order."""
    found: dict[Way, Part] = {}
    for part in parts:
        before = found.get(part.way, Part(part.way, 0))
        found[part.way] = Part(
            part.way,
            before.turnout + part.turnout,
            _summed(before.votes, part.votes),
            _summed(before.given, part.given),
            sorted_rankings(Counter(dict(before.rankings)) + Counter(dict(part.rankings))),
        )
    return [found[way] for way in Way if way in found]


def _summed(first: Mapping[int, int], second: Mapping[int, int]) -> dict[int, int]:
    return {position: first.get(position, 0) + second.get(position, 0) for position in {**first, **second}}


STEERING, PANEL, VILLAGERS = "steering", "panel", "villagers"
BODIES = (STEERING, PANEL, VILLAGERS)  # whoever is in several is counted in the first
_EVERYBODY = frozenset({"villager", "all", "public"})


def bodies_of(voters: Collection[str]) -> tuple[str, ...]:
    """Return the bodies whose members without an account may vote, from a poll's words for its voters."""
    everybody = bool(set(voters) & _EVERYBODY)
    return tuple(body for body in BODIES if everybody or (body in voters and body != VILLAGERS))
