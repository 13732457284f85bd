"""From a meeting on its date to the moments of the posts around it; pure, and knows no villages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.calendar import local
from bot.domain.posting import PostingHours
from bot.domain.programme import Reminder

URGENT_ADDITIONS = frozenset({"link"})


@dataclass(frozen=True, slots=True)
class Moment:
    """When a post goes out, until when it is of use, and whether it must not wait for the next day."""

    due_at: datetime
    useful_until: datetime
    urgent: bool


def moment_of(
    reminder: Reminder,
    starts_at: datetime,
    ends_at: datetime,
    window_opens_at: datetime | None,
    hours: PostingHours,
) -> Moment | None:
    """Return when a reminder goes out, or None when quiet days leave no time for it before its meeting.

    A post before a meeting is useful until the meeting begins, one about choosing a date until the window
    opens; one after it for `useful_days`.
    """
    due = hours.allowed_from(_wanted(reminder, starts_at, ends_at, window_opens_at, hours))
    if reminder.after is not None:
        return Moment(due, due + timedelta(days=reminder.useful_days), urgent=False)
    limit = window_opens_at if reminder.before_window is not None and window_opens_at else starts_at
    if due >= limit:
        return None
    last_chance = hours.next_morning(due) >= limit
    urgent = last_chance or bool(URGENT_ADDITIONS & set(reminder.add))
    return Moment(due, limit, urgent)


def _wanted(
    reminder: Reminder,
    starts_at: datetime,
    ends_at: datetime,
    window_opens_at: datetime | None,
    hours: PostingHours,
) -> datetime:
    offset = reminder.before or reminder.after or reminder.before_window
    assert offset is not None, "checked when the content was loaded"
    if reminder.after is not None:
        anchor, sign = starts_at if offset.days else ends_at, 1
    elif reminder.before_window is not None:
        anchor, sign = window_opens_at or starts_at, -1
    else:
        anchor, sign = starts_at, -1
    if reminder.time is None:
        return anchor + sign * timedelta(days=offset.days, hours=offset.hours)
    day = anchor.astimezone(hours.zone).date() + sign * timedelta(days=offset.days)
    return local(day, reminder.time, hours.zone)
