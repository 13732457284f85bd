"""The days on which a poll comes again."""

from datetime import date, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.poll_repeats import Repeat, days_after


def test_the_last_of_a_month_stays_the_last_and_leap_years_are_kept() -> None:
    days = list(islice(days_after(date(2027, 12, 31), date(2027, 12, 31), Repeat.MONTHLY), 3))
    assert days == [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
    years = list(islice(days_after(date(2028, 2, 29), date(2028, 2, 29), Repeat.YEARLY), 4))
    assert years[0] == date(2029, 2, 28) and years[3] == date(2032, 2, 29)
    assert next(days_after(date(2027, 8, 2), date(2027, 8, 20), Repeat.WEEKLY)) == date(2027, 8, 23)


@given(st.dates(date(2027, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.sampled_from(Repeat))
def test_one_after_another_gives_the_same_days_as_all_at_once(first: date, passed: int, how: Repeat) -> None:
    all_at_once = list(islice(days_after(first, first, how), 6))
    one_by_one = [first]
    for _ in range(6):
        one_by_one.append(next(days_after(first, one_by_one[-1], how)))
    assert one_by_one[1:] == all_at_once == sorted(set(all_at_once))
    assert next(days_after(first, first + timedelta(days=passed), how)) > first + timedelta(days=passed)
