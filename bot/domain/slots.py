"""The times at which a village may hold a meeting of its own: days of the window and the hours the content offers.

Where one village meets at a time, each time is given once; who chooses none has the free one nearest to the default.
Pure arithmetic, no database.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.domain.calendar import local
from bot.domain.programme import Meeting


def hours_of(meeting: Meeting) -> tuple[time, ...]:
    """Return the hours a meeting may begin at: those the content offers, or its one."""
    at = meeting.position.time
    assert at is not None, "filled when the content was loaded"
    return meeting.hours or (at,)


def times_of(meeting: Meeting, days: Iterable[date], zone: ZoneInfo) -> list[datetime]:
    """Return every time a village may choose on these days, in order."""
    return [local(day, at, zone) for day in days for at in sorted(hours_of(meeting))]


def nearest_free(
    times: Sequence[datetime], default: datetime, taken: Collection[datetime]
) -> datetime | None:
    """Return the free time nearest to the default: on the nearest day, then at the nearest hour; None when all are taken."""

    def distance(at: datetime) -> tuple[int, int, datetime]:
        here = default.astimezone(at.tzinfo)
        minutes = abs((at.hour - here.hour) * 60 + at.minute - here.minute)
        return abs((at.date() - here.date()).days), minutes, at

    return min((at for at in times if at not in taken), key=distance, default=None)
