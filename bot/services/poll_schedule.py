"""The posts a poll has, each with a key that makes sure it is planned once, and when they are due."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.domain import poll_dates
from bot.storage.models import Poll
from bot.storage.repositories.deliveries import Post

REMINDER_POST, RESULT_POST, OPTIONS_POST = "poll_reminder", "poll_result", "poll_options"
CANCELLED_POST, EXTENDED_POST = "poll_cancelled", "poll_extended"
HELD_POST = "poll_held"  # a secret poll that too few could vote in
CALL_POST, PRIVATE_POST = "poll_call", "poll_private"  # whom to remind privately; the reminder of one of them


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
    """Yield the reminder of a poll that is open long enough for one, and the call to those who have one of their own.

    The call is no post: it does not wait for the channel's next free day.
    """
    due_at = poll_dates.reminder_at(poll.opens_at, poll.closes_at)
    if due_at is not None:
        yield poll_post(poll, "reminder", REMINDER_POST, due_at, poll.closes_at)
        call = poll_post(poll, "call", CALL_POST, due_at, poll.closes_at)
        yield replace(call, urgent=True)


def result(poll: Poll) -> Post:
    """Return the post that tells a poll's result."""
    return poll_post(poll, "result", RESULT_POST, poll.closes_at, None)
