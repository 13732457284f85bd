"""Turn blackout rules into dates, with Easter from a library; knows nothing of meetings or posts."""

from collections.abc import Iterable
from datetime import date, timedelta

from dateutil.easter import easter

from bot.domain.calendar import BlackoutDays, month_day
from bot.domain.programme import Blackout, Programme


def blackout_days(programme: Programme, start_year: int) -> BlackoutDays:
    """Return the days without meetings and without posts around a programme year.

    A year on either side is taken along, so that a moved date finds its way out of the last blackout.
    """
    years = range(start_year - 1, start_year + 4)
    return BlackoutDays(
        meetings=_days(programme.meeting_blackouts, years), posts=_days(programme.post_blackouts, years)
    )


def _days(blackouts: Iterable[Blackout], years: range) -> dict[date, str]:
    found: dict[date, str] = {}
    for blackout in blackouts:
        for year in years:
            for day in _days_of(blackout, year):
                found.setdefault(day, blackout.id)
    return found


def _days_of(blackout: Blackout, year: int) -> Iterable[date]:
    for week in blackout.iso_weeks:
        yield from _span(date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7))
    if blackout.easter is not None:
        sunday = easter(year)
        first, last = (sunday + timedelta(days=offset) for offset in blackout.easter)
        yield from _span(first, last)
    for entry in blackout.dates:
        start, _, end = entry.partition("..")
        first, last = month_day(start, year), month_day(end or start, year)
        yield from _span(first, last if last >= first else month_day(end, year + 1))


def _span(first: date, last: date) -> Iterable[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
