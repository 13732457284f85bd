"""The posts a poll has, each with a key that makes sure it is planned once, and when they are due."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain import poll_dates
from bot.storage.models import Poll
from bot.storage.repositories.deliveries import Post

REMINDER_POST, RESULT_POST, OPTIONS_POST = "poll_reminder", "poll_result", "poll_options"
CANCELLED_POST, EXTENDED_POST = "poll_cancelled", "poll_extended"


def poll_post(
    poll: Poll, name: str, kind: str, due_at: datetime, until: datetime | None, *, at_once: bool = False
) -> Post:
    """Return a post about a poll."""
    return Post(
        f"poll:{poll.id}:{name}",
        poll.scope_key,
        kind,
        due_at,
        until,
        at_once=at_once,
        cohort_id=poll.cohort_id,
        poll_id=poll.id,
    )


def reminder(poll: Poll) -> Iterator[Post]:
    """Yield the reminder of a poll that is open long enough for one."""
    due_at = poll_dates.reminder_at(poll.opens_at, poll.closes_at)
    if due_at is not None:
        yield poll_post(poll, "reminder", REMINDER_POST, due_at, poll.closes_at)


def result(poll: Poll) -> Post:
    """Return the post that tells a poll's result."""
    return poll_post(poll, "result", RESULT_POST, poll.closes_at, None)
