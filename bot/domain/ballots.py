"""The kinds of poll: what a voter marks, and how the marks of all become a result; knows no database or prose.

A ballot is a mark for each answer's position: 1 where an answer is only chosen, else its points, its stars, or its
place in the voter's own order (S30 voting rules, S43 priorities, S49 and S50).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from bot.domain.errors import InvalidInput

Marks = Mapping[int, int]
Rankings = tuple[
    tuple[tuple[int, ...], int], ...
]  # answers' positions, the best first, and how many ranked them so
STARS = range(1, 6)
FEWEST_POINTS, USUAL_POINTS, MOST_POINTS = 2, 3, 20


class Kind(StrEnum):
    """What voters are asked to do."""

    CHOICE = "choice"
    YES_NO = "yes_no"
    CONSENT = "consent"
    DATES = "dates"
    POINTS = "points"
    RATING = "rating"
    RANKED = "ranked"


YES, NO, BLANK = 1, 2, 3  # the positions of a yes-or-no question's answers
AGREE, CAN_LIVE_WITH, CONCERN, AGAINST = 1, 2, 3, 4  # those of a question for consent
FIXED_ANSWERS = {
    Kind.YES_NO: ("yes", "no", "blank"),
    Kind.CONSENT: ("agree", "can_live_with", "concern", "against"),
}
STEP_BY_STEP = frozenset(
    {Kind.POINTS, Kind.RATING, Kind.RANKED}
)  # voted in several presses, counted at the last
REASONED = frozenset({CONCERN, AGAINST})  # answers for consent that ask for a reason


class Why(StrEnum):
    """Whether voters are asked for their reason."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Majority(StrEnum):
    """How many must be for something before it is decided."""

    MOST = "most"  # more than for anything else
    VOTING = "voting"  # more than half of those who vote
    ENTITLED = "entitled"  # more than half of those who may vote
    TWO_THIRDS = "two_thirds"  # at least two thirds of those who vote


@dataclass(frozen=True, slots=True)
class Rules:
    """What a ballot may hold: how many answers (`most` 0 is any number), how many points to share, what goes alone.

    `alone` is the position of an answer that no other goes with, 0 for none.
    """

    fewest: int = 1
    most: int = 0
    points: int = 0
    alone: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How one answer fares: the sum of its marks, how many gave it one, and its place, 1 the best.

    For a ranked poll the sum counts those who put it first.
    """

    votes: int
    given: int
    place: int


@dataclass(frozen=True, slots=True)
class Count:
    """A poll counted; `rounds` are the run-off's, each with the votes of those still in it.

    `rankings` are the ballots of a ranked poll, None where they are not known: with them it can be counted again.
    """

    standings: Mapping[int, Standing]
    turnout: int
    rounds: tuple[Mapping[int, int], ...] = field(default=())
    rankings: Rankings | None = None

    @property
    def winners(self) -> tuple[int, ...]:
        """Return the positions in first place, all of them when they are equal, none when nobody voted."""
        first = (p for p, standing in self.standings.items() if standing.place == 1 and standing.given)
        return tuple(sorted(first)) if self.turnout else ()

    @property
    def votes(self) -> dict[int, int]:
        """Return the sums by position."""
        return {position: standing.votes for position, standing in self.standings.items()}


def why_asked(kind: Kind, why: Why, chosen: Collection[int]) -> Why:
    """Tell whether a ballot needs a reason: who is concerned or against always says why."""
    return Why.REQUIRED if kind is Kind.CONSENT and REASONED & set(chosen) else why


def checked_marks(kind: Kind, marks: Marks, offered: Collection[int], rules: Rules) -> dict[int, int]:
    """Return a ballot's marks in the answers' order. Raises InvalidInput for too few, too many or unfit ones."""
    if not marks:
        raise InvalidInput("error_polls.nothing_chosen")
    if not set(marks) <= set(offered):
        raise InvalidInput("error_polls.unknown_answer")
    given = list(marks.values())
    fits = {
        Kind.POINTS: min(given) > 0,
        Kind.RATING: set(given) <= set(STARS),
        Kind.RANKED: sorted(given) == list(range(1, len(given) + 1)),
    }.get(kind, set(given) == {1})
    if not fits:
        raise InvalidInput("error_polls.unknown_answer")
    if kind is Kind.POINTS and sum(given) > rules.points:
        raise InvalidInput("error_polls.too_many_points", points=rules.points)
    if rules.alone in marks and len(marks) > 1:
        raise InvalidInput("error_polls.none_goes_alone")
    most = 1 if kind in FIXED_ANSWERS else rules.most
    if kind not in STEP_BY_STEP and most and len(marks) > most:
        raise InvalidInput("error_polls.too_many_chosen", pick=most)
    if kind not in STEP_BY_STEP and len(marks) < rules.fewest:
        raise InvalidInput("error_polls.too_few_chosen", fewest=rules.fewest)
    return dict(sorted(marks.items()))


def count(kind: Kind, positions: Iterable[int], ballots: Collection[Marks]) -> Count:
    """Count ballots; the order in which they come makes no difference."""
    ordered = list(positions)
    if kind is Kind.RANKED:
        return instant_run_off(
            ordered, Counter(tuple(sorted(marks, key=marks.__getitem__)) for marks in ballots)
        )
    sums, given = dict.fromkeys(ordered, 0), dict.fromkeys(ordered, 0)
    for marks in ballots:
        for position, mark in marks.items():
            sums[position] += mark
            given[position] += 1
    return by_sums(kind, sums, given, len(ballots))


def by_sums(kind: Kind, sums: Mapping[int, int], given: Mapping[int, int], turnout: int) -> Count:
    """Place answers by the sums of their marks; those rated by their average, after them what most have left out."""
    rated = kind is Kind.RATING
    merits = {
        p: (given[p] * 2 >= turnout, Fraction(votes, given[p] or 1)) if rated else (True, Fraction(votes))
        for p, votes in sums.items()
    }
    places = _places(merits)
    return Count({p: Standing(votes, given[p], places[p]) for p, votes in sums.items()}, turnout)


def _places(merits: Mapping[int, tuple[bool, Fraction]]) -> dict[int, int]:
    """Return each position's place; equal ones share a place, and the next follows on."""
    steps = sorted(set(merits.values()), reverse=True)
    return {position: steps.index(merit) + 1 for position, merit in merits.items()}


def instant_run_off(positions: Collection[int], ballots: Mapping[tuple[int, ...], int]) -> Count:
    """Count in rounds: each ballot for the best it has left, and the answer with fewest goes out.

    `ballots` holds how many ranked the answers so. Of several with fewest, the one goes that had fewer in the last
    round where they differed; when they never did, they go out together and share a place. The rounds go on to the
    end, so that every answer has a place.
    """
    left, rounds, out = list(positions), list[dict[int, int]](), list[list[int]]()
    while left:
        tally = dict.fromkeys(left, 0)
        for order, times in ballots.items():
            best = next((position for position in order if position in tally), None)
            if best is not None:
                tally[best] += times
        rounds.append(tally)
        leaving = _weakest(rounds)
        out.append(leaving)
        left = [position for position in left if position not in leaving]
    places = {position: number for number, gone in enumerate(reversed(out), start=1) for position in gone}
    given = {p: sum(times for order, times in ballots.items() if p in order) for p in positions}
    first = rounds[0] if rounds else {}
    standings = {p: Standing(first.get(p, 0), given[p], places[p]) for p in positions}
    return Count(standings, sum(ballots.values()), tuple(rounds), sorted_rankings(ballots))


def sorted_rankings(ballots: Mapping[tuple[int, ...], int]) -> Rankings:
    """Return rankings in an order that tells nothing of who came first."""
    return tuple(sorted(ballots.items()))


def _weakest(rounds: list[dict[int, int]]) -> list[int]:
    """Return whom the last round puts out."""
    weakest = list(rounds[-1])
    for tally in reversed(rounds):
        fewest = min(tally[position] for position in weakest)
        weakest = [position for position in weakest if tally[position] == fewest]
    return weakest


def carried(votes: int, others: int, voting: int, entitled: int, majority: Majority) -> bool:
    """Tell whether `votes` are enough: against the most that anything else has, of those voting, or of those entitled."""
    if majority is Majority.VOTING:
        return votes * 2 > voting
    if majority is Majority.ENTITLED:
        return votes * 2 > entitled
    if majority is Majority.TWO_THIRDS:
        return votes > 0 and votes * 3 >= voting * 2
    return votes > others


def adopted(kind: Kind, votes: Mapping[int, int], entitled: int, majority: Majority) -> bool | None:
    """Tell whether a yes-or-no question or one for consent was said yes to; None for other kinds.

    Blank votes take part, but count neither for nor against. Consent is that nobody is against.
    """
    if kind is Kind.CONSENT:
        return sum(votes.values()) > 0 and not votes.get(AGAINST)
    if kind is not Kind.YES_NO:
        return None
    yes, no = votes.get(YES, 0), votes.get(NO, 0)
    return carried(yes, no, yes + no, entitled, majority)
