"""A rehearsal's clock: it begins at any moment, runs at its speed, and keeps the true pace while it is held."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.clock import RehearsalClock, SystemClock

DENMARK = ZoneInfo("Europe/Copenhagen")


class Stopwatch:
    """Real seconds, as many as a story wants."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_it_keeps_the_true_pace_until_it_is_let_go_and_again_when_it_is_held() -> None:
    real = Stopwatch()
    clock = RehearsalClock(datetime(2027, 10, 14, 9, 59, tzinfo=DENMARK), 60, real)
    seen = []
    for seconds, then in (
        (0, clock.hold),
        (10, clock.let_go),
        (30, clock.hold),
        (30, clock.let_go),
        (0.5, clock.hold),
    ):
        real.seconds += seconds
        seen.append(f"{clock.now().astimezone(DENMARK):%H:%M:%S}")
        then()
    assert seen == ["09:59:00", "09:59:10", "10:29:10", "10:29:40", "10:30:10"]
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "offset", "before", "after"),
    [
        ("2028-03-26T01:30", "+01:00", "01:30", "03:30"),  # an hour that the night does not have
        ("2027-10-31T02:30", "+02:00", "02:30", "02:30"),  # and one that it has twice
    ],
)
def test_an_hour_is_an_hour_in_the_nights_when_the_clocks_are_put_on_and_back(
    start: str, offset: str, before: str, after: str
) -> None:
    real = Stopwatch()
    clock = RehearsalClock(datetime.fromisoformat(start + offset), 3600, real)
    clock.let_go()
    shown = [f"{clock.now().astimezone(DENMARK):%H:%M}"]
    real.seconds += 1
    shown.append(f"{clock.now().astimezone(DENMARK):%H:%M}")
    assert shown == [before, after]


def test_it_tells_when_the_machine_will_have_reached_a_moment() -> None:
    clock = RehearsalClock(datetime(2027, 10, 14, 7, 59, tzinfo=UTC), 60, Stopwatch())
    in_half_an_hour = datetime(2027, 10, 14, 8, 29, tzinfo=UTC)

    def wait() -> timedelta:
        return clock.machine_time(in_half_an_hour) - SystemClock().now()

    assert wait() == pytest.approx(timedelta(minutes=30), abs=timedelta(seconds=5))
    clock.let_go()
    assert wait() == pytest.approx(timedelta(seconds=30), abs=timedelta(seconds=5))
