"""Polls that come again every week, month or year: on which days, counted from the first; knows no database."""

import calendar
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from itertools import count

NEVER = "never"
LONGEST_AHEAD = timedelta(days=3 * 366)  # that a poll may go on coming again


class Repeat(StrEnum):
    """How often a poll comes again."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


LONGEST_DAYS: Mapping[Repeat, int] = {  # so that one has closed before the next one opens
    Repeat.WEEKLY: 7,
    Repeat.MONTHLY: 28,
    Repeat.YEARLY: 32,
}
_MONTHS = {Repeat.MONTHLY: 1, Repeat.YEARLY: 12}


def days_after(first_on: date, last_on: date, how: Repeat) -> Iterator[date]:
    """Yield the days after `last_on` on which a poll that first opened on `first_on` opens again.

    One that opened on the 31st comes on the last day of a shorter month, and on the 31st again after it.
    """
    for number in count(1):
        day = first_on + timedelta(weeks=number)
        if how is not Repeat.WEEKLY:
            day = _months_later(first_on, number * _MONTHS[how])
        if day > last_on:
            yield day


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
