"""What is chosen on pages of answers stands in a short mark, and turning the page keeps it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answer_pages import MOST_PAGED, chosen, on_page, pages, said, turned
from bot.domain.errors import InvalidInput

POSITIONS = st.sets(st.integers(1, MOST_PAGED))


@given(POSITIONS)
def test_a_mark_says_what_was_chosen_and_fits_in_a_button(positions: set[int]) -> None:
    assert chosen(said(positions)) == positions and len(said(positions)) <= 26


@given(POSITIONS, POSITIONS, st.integers(1, 4))
def test_choosing_on_a_page_changes_that_page_alone(before: set[int], picked: set[int], page: int) -> None:
    here = set(on_page(page, MOST_PAGED))
    after = chosen(turned(said(before), page, MOST_PAGED, picked))
    assert after & here == picked & here and after - here == before - here


@given(st.integers(1, MOST_PAGED))
def test_the_pages_hold_every_answer_once(answers: int) -> None:
    held = [position for page in range(1, pages(answers) + 1) for position in on_page(page, answers)]
    assert held == list(range(1, answers + 1))


@pytest.mark.parametrize("mark", ["", "s-1", "sx", "s" + "f" * 30])
def test_a_mark_that_is_not_ours_is_refused(mark: str) -> None:
    with pytest.raises(InvalidInput):
        chosen(mark)
