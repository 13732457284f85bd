"""Times of a village's own meetings."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.content.blackouts import blackout_days
from bot.domain.calendar import candidate_days, local
from bot.domain.slots import hours_of, nearest_free, times_of
from tests.support.world import loaded

ZONE = ZoneInfo("Europe/Copenhagen")


@given(st.integers(0, 130))
def test_whoever_chooses_no_time_gets_one_of_their_own_as_near_to_the_default_as_can_be(
    villages: int,
) -> None:
    meeting = loaded().programme.meetings["EV-M4-COACH"]
    monday = date(2028, 9, 4)
    days = [monday + timedelta(days=n) for n in (0, 1, 2, 3, 7, 8, 9, 10)]
    times, default = times_of(meeting, days, ZONE), local(monday + timedelta(days=7), time(19), ZONE)
    given_out: list[datetime] = []
    for _ in range(villages):
        at = nearest_free(times, default, given_out)
        if at is None:
            assert len(given_out) == len(times), "only when every time is taken"
        else:
            given_out.append(at)
    assert len(set(given_out)) == len(given_out) == min(villages, len(times))
    assert not given_out or given_out[0] == default
    assert set(given_out[: len(hours_of(meeting))]) <= {at for at in times if at.date() == default.date()}


def test_every_meeting_that_a_village_dates_itself_has_days_and_hours_to_choose_from() -> None:
    content = loaded()
    for code in ("EV-M1-OPSTART", "EV-M1-INFO", "EV-M3-FREMTID", "EV-M4-COACH"):
        meeting = content.programme.meetings[code]
        assert len(hours_of(meeting)) > 1 and meeting.position.time in hours_of(meeting)
        off = blackout_days(content.programme, 2027)
        days = candidate_days(content.programme, meeting, 2027, off)
        assert days and not set(days) & set(off.meetings), "free days only, holidays left out"
