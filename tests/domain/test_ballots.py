"""The kinds of poll as plain arithmetic: what a ballot may hold, how ballots are counted, when something is decided."""

from collections import Counter
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import ballot_steps as steps
from bot.domain import ballots
from bot.domain.ballots import Kind, Majority, Marks, Rules
from bot.domain.errors import InvalidInput

POSITIONS = (1, 2, 3, 4)
CHOSEN = st.sets(st.sampled_from(POSITIONS), min_size=1).map(lambda chosen: dict.fromkeys(chosen, 1))
SHARED = st.dictionaries(st.sampled_from(POSITIONS), st.integers(1, 5), min_size=1)
ORDERS = st.lists(st.sampled_from(POSITIONS), min_size=1, unique=True)
VOTERS = st.sampled_from("abcdefg")


def ranked(order: list[int]) -> dict[int, int]:
    return {position: place for place, position in enumerate(order, start=1)}


@given(st.lists(st.tuples(VOTERS, CHOSEN)))
def test_any_sequence_of_votes_and_changes_counts_as_a_plain_recount(votes: list[tuple[str, Marks]]) -> None:
    last = dict(votes)
    counted = ballots.count(Kind.CHOICE, POSITIONS, last.values())
    assert counted.turnout == len(last) <= 7
    for position in POSITIONS:
        standing = counted.standings[position]
        assert standing.votes == standing.given == sum(position in marks for marks in last.values())


@given(st.lists(SHARED), st.sampled_from((Kind.CHOICE, Kind.POINTS, Kind.RATING)))
def test_who_comes_first_is_whom_nobody_is_ahead_of(cast: list[Marks], kind: Kind) -> None:
    def merit(position: int) -> tuple[bool, Fraction]:
        given_to = [marks[position] for marks in cast if position in marks]
        if kind is not Kind.RATING:
            return True, Fraction(sum(given_to))
        return len(given_to) >= len(cast) / 2, Fraction(sum(given_to), len(given_to) or 1)

    counted = ballots.count(kind, POSITIONS, cast)
    for position in POSITIONS:
        ahead = {merit(other) for other in POSITIONS if merit(other) > merit(position)}
        assert counted.standings[position].place == len(ahead) + 1
    if cast:
        best = max(map(merit, POSITIONS))
        marked = {position for marks in cast for position in marks}
        assert set(counted.winners) == {p for p in POSITIONS if merit(p) == best} & marked
    else:
        assert counted.winners == ()


def test_one_voters_best_mark_does_not_beat_what_everybody_likes() -> None:
    cast = [{1: 5, 2: 4}, {2: 5}, {2: 5}]
    assert ballots.count(Kind.RATING, POSITIONS, cast).winners == (2,)


def out_of(
    left: set[int], orders: list[list[int]], before: list[Counter[int]]
) -> tuple[set[int], Counter[int]]:
    """Say in the plainest way who leaves a run-off, and with which votes."""
    tops = Counter(dict.fromkeys(left, 0))
    for order in orders:
        for position in order:
            if position in left:
                tops[position] += 1
                break
    weakest = {p for p in left if tops[p] == min(tops.values())}
    for earlier in reversed(before):
        fewest = min(earlier[p] for p in weakest)
        weakest = {p for p in weakest if earlier[p] == fewest}
    return weakest, tops


@given(st.lists(ORDERS, min_size=1, max_size=30))
def test_a_run_off_agrees_with_a_count_by_hand(orders: list[list[int]]) -> None:
    left, before, places, gone = set(POSITIONS), list[Counter[int]](), dict[int, int](), list[set[int]]()
    while left:
        leaving, tops = out_of(left, orders, before)
        before.append(tops)
        gone.append(leaving)
        left -= leaving
    for number, leaving in enumerate(reversed(gone), start=1):
        places |= dict.fromkeys(leaving, number)
    counted = ballots.count(Kind.RANKED, POSITIONS, [ranked(order) for order in orders])
    assert {p: counted.standings[p].place for p in POSITIONS} == places
    assert [dict(tally) for tally in counted.rounds] == [dict(tops) for tops in before]


@given(st.lists(ORDERS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_run_off_does_not_ask_in_which_order_the_votes_came(
    orders: list[list[int]], random: object
) -> None:
    cast = [ranked(order) for order in orders]
    again = list(cast)
    random.shuffle(again)  # type: ignore[attr-defined]
    assert ballots.count(Kind.RANKED, POSITIONS, cast) == ballots.count(Kind.RANKED, POSITIONS, again)


@given(st.lists(ORDERS, min_size=1, max_size=30))
def test_whoever_most_have_first_wins_a_run_off(orders: list[list[int]]) -> None:
    firsts = Counter(order[0] for order in orders)
    position, votes = firsts.most_common(1)[0]
    if votes * 2 > len(orders):
        assert ballots.count(Kind.RANKED, POSITIONS, [ranked(order) for order in orders]).winners == (
            position,
        )


def test_the_second_choices_of_the_weakest_decide() -> None:
    orders = [[1], [1], [1], [1], [2, 3], [2, 3], [2, 3], [3, 2], [3, 2]]
    counted = ballots.count(Kind.RANKED, (1, 2, 3), [ranked(order) for order in orders])
    assert counted.winners == (2,)
    assert [dict(one) for one in counted.rounds] == [{1: 4, 2: 3, 3: 2}, {1: 4, 2: 5}, {2: 5}]
    assert counted.votes == {1: 4, 2: 3, 3: 2}


@pytest.mark.parametrize(
    ("kind", "marks", "rules", "problem"),
    [
        (Kind.CHOICE, {}, Rules(), "nothing_chosen"),
        (Kind.CHOICE, {5: 1}, Rules(), "unknown_answer"),
        (Kind.CHOICE, {1: 1, 2: 1}, Rules(most=1), "too_many_chosen"),
        (Kind.CHOICE, {1: 1}, Rules(fewest=2, most=3), "too_few_chosen"),
        (Kind.CHOICE, {1: 2}, Rules(), "unknown_answer"),
        (Kind.YES_NO, {1: 1, 2: 1}, Rules(), "too_many_chosen"),
        (Kind.POINTS, {1: 2, 2: 2}, Rules(points=3), "too_many_points"),
        (Kind.POINTS, {1: 4, 2: -1}, Rules(points=3), "unknown_answer"),
        (Kind.RATING, {1: 6}, Rules(), "unknown_answer"),
        (Kind.RANKED, {1: 1, 2: 1}, Rules(), "unknown_answer"),
        (Kind.RANKED, {1: 1, 2: 3}, Rules(), "unknown_answer"),
    ],
)
def test_a_ballot_that_does_not_fit_is_refused(kind: Kind, marks: Marks, rules: Rules, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ballots.checked_marks(kind, marks, POSITIONS, rules)
    assert refused.value.key == f"error_polls.{problem}"


def test_a_ballot_that_fits_is_taken_as_it_is() -> None:
    for kind, marks, rules in (
        (Kind.CHOICE, {3: 1, 1: 1}, Rules(most=2)), (Kind.DATES, {1: 1, 2: 1, 3: 1}, Rules()),
        (Kind.POINTS, {4: 3}, Rules(points=3)), (Kind.RATING, {2: 5, 1: 1}, Rules()), (Kind.RANKED, {2: 1, 4: 2}, Rules()),
    ):  # fmt: skip
        assert ballots.checked_marks(kind, marks, POSITIONS, rules) == marks


@pytest.mark.parametrize(
    ("majority", "yes", "no", "entitled", "expected"),
    [
        (Majority.MOST, 3, 2, 20, True),
        (Majority.MOST, 2, 2, 20, False),
        (Majority.VOTING, 3, 2, 20, True),
        (Majority.TWO_THIRDS, 4, 2, 20, True),
        (Majority.TWO_THIRDS, 5, 3, 20, False),
        (Majority.TWO_THIRDS, 0, 0, 20, False),
        (Majority.ENTITLED, 5, 0, 10, False),
        (Majority.ENTITLED, 6, 4, 10, True),
    ],
)
def test_yes_needs_what_the_rule_says_and_blank_votes_weigh_nothing(
    majority: Majority, yes: int, no: int, entitled: int, expected: bool
) -> None:
    votes = {ballots.YES: yes, ballots.NO: no, ballots.BLANK: 9}
    assert ballots.adopted(Kind.YES_NO, votes, entitled, majority) is expected


def test_consent_is_that_nobody_is_against() -> None:
    votes = {ballots.AGREE: 1, ballots.CAN_LIVE_WITH: 3, ballots.CONCERN: 2, ballots.AGAINST: 0}
    assert ballots.adopted(Kind.CONSENT, votes, 9, Majority.MOST) is True
    assert ballots.adopted(Kind.CONSENT, votes | {ballots.AGAINST: 1}, 9, Majority.MOST) is False
    assert ballots.adopted(Kind.CONSENT, dict.fromkeys(votes, 0), 9, Majority.MOST) is False
    assert ballots.adopted(Kind.RATING, votes, 9, Majority.MOST) is None


def test_every_order_can_be_pressed_and_is_what_was_pressed() -> None:
    for order in permutations(POSITIONS):
        said = ""
        while not steps.complete(Kind.RANKED, said, len(POSITIONS), 0):
            best = next(position for position in order if position in steps.left(said, len(POSITIONS)))
            said += steps.letter(best)
        assert len(said) == len(POSITIONS) - 1, "the last one need not be pressed"
        assert steps.marks_of(Kind.RANKED, said, len(POSITIONS)) == ranked(list(order))


def test_points_and_stars_are_what_was_pressed() -> None:
    assert steps.marks_of(Kind.POINTS, "aca", 4) == {1: 2, 3: 1}
    assert steps.marks_of(Kind.RATING, "exab", 4) == {1: 5, 3: 1, 4: 2}
    assert steps.complete(Kind.POINTS, "aca", 4, 3) and not steps.complete(Kind.RATING, "ex", 4, 0)
    for kind, nonsense in ((Kind.RATING, "z"), (Kind.RANKED, "aa")):
        with pytest.raises(InvalidInput):
            steps.marks_of(kind, nonsense, 4)
