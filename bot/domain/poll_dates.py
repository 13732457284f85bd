"""When a standard poll opens and closes: arithmetic on local wall time, knowing no poll and no database.

CALENDAR sections 1, 6 and 8: at the newsletters' hour, outside quiet periods, in daytime.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import first_weekday, local
from bot.domain.posting import PostingHours
from bot.domain.programme import PollOpening

_LONGEST_WITHOUT_REMINDER = timedelta(hours=48)
_REMINDED_BEFORE = timedelta(hours=24)


def opens_at(opening: PollOpening, starts_at: datetime, ends_at: datetime, hours: PostingHours) -> datetime:
    """Return when a poll opens around its meeting; without any days it opens when the meeting ends."""
    if not opening.before_days and not opening.after_days:
        return hours.allowed_from(ends_at)
    days = timedelta(days=opening.after_days - opening.before_days)
    return _at_letter_time(starts_at.astimezone(hours.zone).date() + days, hours)


def opens_after(opening: PollOpening, other_closes_at: datetime, hours: PostingHours) -> datetime:
    """Return when a poll opens that waits for another one to close."""
    day = other_closes_at.astimezone(hours.zone).date() + timedelta(days=opening.after_days)
    return max(_at_letter_time(day, hours), hours.allowed_from(other_closes_at))


def closes_at(opened_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the same hour so many days later, across daylight saving."""
    here = opened_at.astimezone(zone)
    return local(here.date() + timedelta(days=days), here.time(), zone)


def reminder_at(opened_at: datetime, ends_at: datetime) -> datetime | None:
    """Return when those who have not voted are reminded, a day before the end; None for a poll of two days or less."""
    return ends_at - _REMINDED_BEFORE if ends_at - opened_at > _LONGEST_WITHOUT_REMINDER else None


def spread(days: list[date], most: int) -> list[date]:
    """Return at most so many of the days, evenly over the whole window, first and last among them."""
    if len(days) <= most or most < 2:
        return days[:most]
    return [days[round(index * (len(days) - 1) / (most - 1))] for index in range(most)]


def _at_letter_time(day: date, hours: PostingHours) -> datetime:
    return local(first_weekday(day, hours.quiet), hours.rules.newsletter_time, hours.zone)
