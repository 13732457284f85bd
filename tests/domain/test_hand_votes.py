"""Totals of votes given by hand: what can be true, what it adds up to, and what of it may be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ballots import Count, Kind, Rules, count
from bot.domain.errors import InvalidInput
from bot.domain.hand_votes import (
    Part,
    Way,
    added,
    bodies_of,
    checked_part,
    parts_told,
    ranked_part,
    together,
    told_of,
)
from bot.domain.paper_rankings import read_rankings
from bot.domain.polls import Shown
from bot.domain.programme_rules import SecretResults

RULES = SecretResults(show_from_votes=5, numbers_from_votes=10)
BALLOTS = st.lists(st.integers(1, 3), max_size=30)


@given(BALLOTS, BALLOTS)
def test_ballots_on_paper_and_on_discord_add_up_to_what_all_of_them_counted_together_give(
    here: list[int], paper: list[int]
) -> None:
    def counted(ballots: list[int]) -> Count:
        return count(Kind.CHOICE, (1, 2, 3), [{choice: 1} for choice in ballots])

    parts = []
    if paper:
        numbers = {position: [paper.count(position)] for position in (1, 2, 3)}
        parts = [checked_part(Kind.CHOICE, Way.PAPER, len(paper), numbers, Rules(1, 1))]
    assert added(Kind.CHOICE, counted(here), parts) == counted(here + paper)


@pytest.mark.parametrize(
    ("kind", "turnout", "numbers", "rules", "fits"),
    [
        (Kind.YES_NO, 5, {1: [3], 2: [1], 3: [1]}, Rules(), True),
        (Kind.YES_NO, 5, {1: [3], 2: [1], 3: [0]}, Rules(), False),
        (Kind.YES_NO, 5, {1: [3], 2: [3], 3: [0]}, Rules(), False),
        (Kind.YES_NO, 0, {1: [0], 2: [0], 3: [0]}, Rules(), False),
        (Kind.CHOICE, 5, {1: [5], 2: [4]}, Rules(1, 2), True),
        (Kind.CHOICE, 5, {1: [6], 2: [0]}, Rules(1, 2), False),
        (Kind.CHOICE, 5, {1: [5], 2: [4]}, Rules(2, 2), False),
        (Kind.POINTS, 2, {1: [4], 2: [2]}, Rules(points=3), True),
        (Kind.POINTS, 2, {1: [5], 2: [2]}, Rules(points=3), False),
        (Kind.RATING, 3, {1: [0, 0, 1, 1, 1], 2: [1, 0, 0, 0, 0]}, Rules(), True),
        (Kind.RATING, 3, {1: [1, 1, 1, 1, 0], 2: [0] * 5}, Rules(), False),
    ],
)
def test_totals_that_no_ballots_can_give_are_refused(
    kind: Kind, turnout: int, numbers: dict[int, list[int]], rules: Rules, *, fits: bool
) -> None:
    if not fits:
        with pytest.raises(InvalidInput):
            checked_part(kind, Way.PAPER, turnout, numbers, rules)
        return
    assert checked_part(kind, Way.PAPER, turnout, numbers, rules).turnout == turnout


ORDERS = st.lists(st.permutations([1, 2, 3]), max_size=12)


@given(ORDERS, ORDERS)
def test_rankings_on_paper_are_counted_anew_with_those_on_discord(
    here: list[list[int]], paper: list[list[int]]
) -> None:
    def counted(orders: list[list[int]]) -> Count:
        marks = [{p: place for place, p in enumerate(order, start=1)} for order in orders]
        return count(Kind.RANKED, (1, 2, 3), marks)

    parts = []
    if paper:
        rankings = read_rankings(["".join("ABC"[p - 1] for p in order) for order in paper], (1, 2, 3))
        parts = [ranked_part(Way.PAPER, len(paper), (1, 2, 3), rankings)]
    assert added(Kind.RANKED, counted(here), parts) == counted(here + paper)


def test_a_line_of_letters_is_a_ballot_and_times_says_how_many_are_alike() -> None:
    lines = ["A = Sommerfest", "Tre ens sedler = 3 x BA", "", "3 x BA", " b, a ", "C"]
    assert read_rankings(lines, (1, 2, 3)) == (((2, 1), 4), ((3,), 1))
    assert read_rankings(["2 x 26 1"], range(1, 27)) == (((26, 1), 2),), "with more answers than letters"
    for wrong in ("BAB", "D", "1 BA", "0 x BA", "BA x 3", "2,1"):
        with pytest.raises(InvalidInput) as refused:
            read_rankings([wrong], (1, 2, 3))
        assert (refused.value.key, refused.value.values["line"]) == ("error_paper.ranking", wrong)
    with pytest.raises(InvalidInput, match="rankings_differ"):
        ranked_part(Way.PAPER, 3, (1, 2, 3), read_rankings(["BA", "C"], (1, 2, 3)))


def test_a_rating_on_paper_is_summed_from_how_many_gave_each_number() -> None:
    part = checked_part(Kind.RATING, Way.PAPER, 3, {1: [0, 0, 1, 1, 1], 2: [1, 0, 0, 0, 0]}, Rules())
    assert (part.votes, part.given) == ({1: 12, 2: 1}, {1: 3, 2: 1})


def test_a_secret_poll_tells_no_part_that_is_small_and_only_the_order_where_few_voted_on_discord() -> None:
    def told(here: int, *sizes: int, secret: bool = True) -> tuple[Shown, bool]:
        parts = [Part(Way.PAPER, size) for size in sizes]
        return (
            told_of(secret=secret, on_discord=here, parts=parts, rules=RULES),
            parts_told(secret=secret, on_discord=here, parts=parts, rules=RULES),
        )

    assert told(12, 4) == (Shown.NUMBERS, False)
    assert told(12, 6, 6) == (Shown.NUMBERS, False)  # two entries of one way, each of them small
    assert told(12, 10, 12) == (Shown.NUMBERS, True)
    assert told(9, 12) == (Shown.RANKING, False)
    assert told(4, 12)[0] is Shown.NOTHING, "who entered the twelve would know the four, also from the order"
    assert told(0, 12) == (Shown.NUMBERS, True)
    assert told(2, 2)[0] is Shown.NOTHING
    assert told(1, 1, secret=False) == (Shown.NUMBERS, True)


def test_entries_of_one_way_stand_together() -> None:
    first, second = Part(Way.PAPER, 2, {1: 2}, {1: 2}), Part(Way.PAPER, 3, {1: 1, 2: 2}, {1: 1, 2: 2})
    assert together([first, Part(Way.HAND, 1, {2: 1}, {2: 1}), second]) == [
        Part(Way.HAND, 1, {2: 1}, {2: 1}), Part(Way.PAPER, 5, {1: 3, 2: 2}, {1: 3, 2: 2}),
    ]  # fmt: skip


def test_the_whole_village_counts_all_bodies_and_a_body_itself() -> None:
    assert bodies_of(("all",)) == ("steering", "panel", "villagers")
    assert bodies_of(("steering", "panel")) == ("steering", "panel")
    assert bodies_of(("coordinator",)) == ()
