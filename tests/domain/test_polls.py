"""Counting, secrecy and quorum as plain arithmetic."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import poll_dates, polls
from bot.domain.access import Role
from bot.domain.errors import InvalidInput
from bot.domain.polls import Shown
from bot.domain.posting import PostingHours
from bot.domain.programme import PollOpening
from bot.domain.programme_rules import SecretResults
from tests.support.world import loaded

RULES = SecretResults(show_from_votes=5, numbers_from_votes=10)
ZONE = ZoneInfo("Europe/Copenhagen")


@pytest.mark.parametrize(
    ("turnout", "expected"),
    [
        (0, Shown.NOTHING),
        (4, Shown.NOTHING),
        (5, Shown.RANKING),
        (9, Shown.RANKING),
        (10, Shown.NUMBERS),
        (60, Shown.NUMBERS),
    ],
)
def test_a_secret_poll_shows_what_its_turnout_allows(turnout: int, expected: Shown) -> None:
    assert polls.shown(secret=True, turnout=turnout, rules=RULES) is expected
    assert polls.shown(secret=False, turnout=turnout, rules=RULES) is Shown.NUMBERS


def test_one_answer_from_everybody_is_unanimous_and_two_are_not() -> None:
    assert polls.unanimous({1: 12, 2: 0}, 12)
    assert not polls.unanimous({1: 11, 2: 1}, 12)
    assert not polls.unanimous({1: 12, 2: 3}, 12)
    assert not polls.unanimous({1: 0, 2: 0}, 0)


@pytest.mark.parametrize(("turnout", "met"), [(0, False), (2, False), (3, True), (6, True)])
def test_half_of_six_is_three(turnout: int, met: bool) -> None:
    assert polls.quorum_met("half", turnout, 6) is met
    assert polls.quorum_met(None, turnout, 6)


def test_half_of_seven_is_four_and_an_empty_poll_decides_nothing() -> None:
    assert not polls.quorum_met("half", 3, 7)
    assert polls.quorum_met("half", 4, 7)
    assert not polls.quorum_met("half", 0, 0)


def test_yes_with_a_small_change_counts_as_yes() -> None:
    yes = ("Ja", "Ja, med en lille ændring")
    assert polls.yes_and_no({"Ja": 1, "Ja, med en lille ændring": 2, "Nej": 2}, yes) == (3, 2)
    assert polls.yes_and_no({"Ja": 2, "Nej": 2}, yes) == (2, 2)
    assert polls.yes_and_no({"Mandag": 2, "Tirsdag": 1}, yes) is None
    unsure = {"Ja": 3, "nej, ikke nu": 2, "Ved ikke": 2}
    assert polls.yes_and_no(unsure, yes, "Nej") == (3, 2), "who does not know is neither for nor against"
    assert polls.yes_and_no(unsure, yes) == (3, 4), "without a word for no, all else is no"
    assert polls.yes_and_no({"Ja": 1, "Ikke nu": 5}, yes, "Nej") is None, "the one that most choose applies"


def test_a_voters_mark_stays_the_same_in_one_poll_and_tells_nothing_in_another() -> None:
    assert polls.voter_key(b"a" * 32, 7) == polls.voter_key(b"a" * 32, 7)
    assert polls.voter_key(b"a" * 32, 7) != polls.voter_key(b"b" * 32, 7)
    assert polls.voter_key(b"a" * 32, 7) != polls.voter_key(b"a" * 32, 8)


def test_the_words_for_voters_give_roles_and_the_secretariat_never_votes() -> None:
    assert polls.roles_of(["steering"]) == {Role.STEERING, Role.STEERING_SECRETARY, Role.STEERING_LEAD}
    assert polls.roles_of(["panel"]) == {Role.PANEL}
    assert Role.LOCAL_COUNCIL_CONTACT in polls.roles_of(["all"]) and Role.VILLAGER in polls.roles_of(["all"])
    assert polls.roles_of(["coordinator"]) == {Role.COORDINATOR}
    assert polls.roles_of(["secretariat", "somebody else"]) == frozenset()


def test_answers_are_tidied_and_faulty_ones_are_refused() -> None:
    assert polls.checked_answers([" Ja  tak ", "", "Nej\n"]) == ("Ja tak", "Nej")
    long = "x" * 81
    for wrong, key in (
        (["Ja"], "few"), (["Ja", "ja"], "twice"), (["Ja", long], "long"), ([str(n) for n in range(26)], "many")
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            polls.checked_answers(wrong)
        assert key in refused.value.key


def test_a_question_fits_or_is_refused() -> None:
    assert polls.checked_question(" Hvad\nnu? ") == "Hvad nu?"
    for wrong in ("  ", "x" * 301):
        with pytest.raises(InvalidInput):
            polls.checked_question(wrong)


QUIET = {date(2027, 12, 22) + timedelta(days=n): "jul" for n in range(12)}
HOURS = PostingHours(loaded().programme.rules, ZONE, QUIET)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type,misc]


def test_a_poll_opens_at_the_letters_hour_some_days_from_its_meeting() -> None:
    starts, ends = local(2027, 11, 20, 10), local(2027, 11, 20, 15)
    before, after = PollOpening(before_days=8), PollOpening(after_days=1)
    assert poll_dates.opens_at(before, starts, ends, HOURS) == local(2027, 11, 12, 10)
    assert poll_dates.opens_at(after, starts, ends, HOURS) == local(2027, 11, 21, 10)


def test_a_poll_without_days_opens_when_its_meeting_ends_unless_that_is_at_night() -> None:
    day, night = local(2027, 11, 20, 15), local(2027, 11, 20, 21)
    assert poll_dates.opens_at(PollOpening(), day, day, HOURS) == day
    assert poll_dates.opens_at(PollOpening(), night, night, HOURS) == local(2027, 11, 21, 8)


def test_a_poll_in_a_quiet_period_opens_on_the_first_weekday_after_it() -> None:
    starts = local(2027, 12, 21, 19)
    assert poll_dates.opens_at(PollOpening(after_days=3), starts, starts, HOURS) == local(2028, 1, 3, 10)


def test_a_poll_that_waits_for_another_opens_some_days_after_it_has_closed() -> None:
    closes = local(2028, 3, 19, 16)
    assert poll_dates.opens_after(PollOpening(after_days=1), closes, HOURS) == local(2028, 3, 20, 10)
    assert poll_dates.opens_after(PollOpening(), closes, HOURS) == closes


def test_a_poll_keeps_its_hour_across_daylight_saving() -> None:
    closes = poll_dates.closes_at(local(2028, 3, 20, 10), 10, ZONE)
    assert closes == local(2028, 3, 30, 10)
    assert closes.astimezone(UTC).hour == 8


def test_the_reminder_comes_a_day_before_the_end_and_a_short_poll_has_none() -> None:
    start = local(2027, 11, 1, 10)
    assert poll_dates.reminder_at(start, start + timedelta(days=4)) == start + timedelta(days=3)
    assert poll_dates.reminder_at(start, start + timedelta(hours=48)) is None


@given(st.integers(0, 40), st.integers(2, 10))
def test_spread_days_keep_their_order_the_first_and_the_last(count: int, most: int) -> None:
    days = [date(2028, 5, 1) + timedelta(days=n) for n in range(count)]
    chosen = poll_dates.spread(days, most)
    assert len(chosen) == min(count, most) and chosen == sorted(set(chosen))
    if count:
        assert chosen[0] == days[0] and chosen[-1] == days[-1]
