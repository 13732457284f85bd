"""Read a date and time as people write them in Denmark; the programme's own hour is used when none is given."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.domain.calendar import local
from bot.domain.errors import InvalidInput

_DAYS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%y", "%d/%m/%y")
_YEARS = range(1900, 2200)  # any other is a slip of the finger, and some clocks cannot tell it
_TIMES = ("%H:%M", "%H.%M", "%H")
_DAY_AND_TIME = re.compile(r"(?P<day>\S+?),?\s+(?:kl\.?\s*)?(?P<at>\d{1,2}(?:[.:]\d\d)?)", re.IGNORECASE)


def read_day(text: str) -> date:
    """Return a date written as 26-10-2027, 26/10/2027, 26.10.2027 or 2027-10-26. Raises InvalidInput."""
    for pattern in _DAYS:
        try:
            day = datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 - only the date is kept
        except ValueError:
            continue
        if day.year in _YEARS:
            return day
    raise InvalidInput("error.date_format", text=text)


def read_time(text: str) -> time:
    """Return a time of day written as 19:00, 19.00 or 19. Raises InvalidInput."""
    cleaned = text.strip().removeprefix("kl.").strip()
    for pattern in _TIMES:
        try:
            return datetime.strptime(cleaned, pattern).time()  # noqa: DTZ007 - only the time is kept
        except ValueError:
            continue
    raise InvalidInput("error.date_format", text=text)


def read_moment(day: str, at: str | None, otherwise: time, timezone: str) -> datetime:
    """Return a local moment. Raises InvalidInput."""
    return local(read_day(day), read_time(at) if at else otherwise, ZoneInfo(timezone))


def read_day_and_time(line: str, timezone: str) -> datetime:
    """Return the local moment written as "26-10-2027 kl. 19". Raises InvalidInput."""
    found = _DAY_AND_TIME.fullmatch(line.strip())
    if found is None:
        raise InvalidInput("error_polls.date_unfit", text=line.strip())
    return read_moment(found["day"], found["at"], time.min, timezone)


def written(at: datetime, timezone: str) -> str:
    """Return a moment as somebody writes it in a form."""
    return f"{at.astimezone(ZoneInfo(timezone)):%d-%m-%Y kl. %H.%M}"


def today(now: datetime, timezone: str) -> date:
    """Return the date in the programme's own time zone."""
    return now.astimezone(ZoneInfo(timezone)).date()
