"""Check blackout rules and turn them into dates, with Easter from a library; knows nothing of meetings or posts."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from dateutil.easter import easter

from bot.content.places import Places
from bot.content.references import is_month_day
from bot.content.source import Fault
from bot.domain.calendar import BlackoutDays, month_day
from bot.domain.programme import Programme
from bot.domain.programme_rules import Blackout

_SAMPLE_YEAR = 2027
_LONGEST = 183  # days: a longer quiet period has its two ends the wrong way round


def check_blackouts(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every quiet period that has no days, no sensible ones, or another one's id."""
    for part, row in (("meetings", programme.meeting_blackouts), ("posts", programme.post_blackouts)):
        ids = [blackout.id for blackout in row]
        for index, blackout in enumerate(row):
            for steps, problem in _problems(blackout):
                yield places.rule("blackouts", part, index, *steps, problem=problem)
            if blackout.id in ids[:index]:
                problem = f"the id {blackout.id} is used twice"
                yield places.rule("blackouts", part, index, problem=problem)


def _problems(blackout: Blackout) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not blackout.iso_weeks and blackout.easter is None and not blackout.dates:
        yield (), "has no days: give iso_weeks, easter or dates"
    for index, week in enumerate(blackout.iso_weeks):
        if not 1 <= week <= 52:
            yield ("iso_weeks", index), "must be 1 to 52: there are no other weeks in every year"
    if blackout.easter is not None:
        first, last = blackout.easter
        if last < first:
            yield ("easter",), "ends before it begins"
        elif last - first >= _LONGEST:
            yield ("easter",), f"lasts {last - first + 1} days; at most {_LONGEST} are possible"
    for index, entry in enumerate(blackout.dates):
        start, dots, end = entry.partition("..")
        if not is_month_day(start) or (dots and not is_month_day(end)):
            problem = f'{entry} is neither a month and day such as "06-05" nor a span such as "12-21..01-02"'
            yield ("dates", index), problem
            continue
        days = sum(1 for _ in _entry_days(entry, _SAMPLE_YEAR))
        if days > _LONGEST:
            yield ("dates", index), f"lasts {days} days: its end stands before its start"


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
        yield from _entry_days(entry, year)


def _entry_days(entry: str, year: int) -> Iterable[date]:
    start, _, end = entry.partition("..")
    first, last = month_day(start, year), month_day(end or start, year)
    return _span(first, last if last >= first else month_day(end, year + 1))


def _span(first: date, last: date) -> Iterable[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
