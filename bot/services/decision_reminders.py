"""Reminders of the days that a decision has: its deadline, and when to look at it again (S43, S63)."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import local
from bot.domain.decisions import Details
from bot.domain.posting import PostingHours
from bot.domain.register import REMIND_DAYS
from bot.services.context import Context
from bot.storage.models import Decision
from bot.storage.repositories.deliveries import Post

DUE_POST = "decision_due"
DEADLINE, REVIEW = "deadline", "review"
MORNING = time(9)
REMINDED_FOR = timedelta(days=14)  # after the day itself: a holiday may lie between


def reminders(context: Context, row: Decision, details: Details, start_year: int) -> list[Post]:
    """Return the posts about a decision's days; one before a day comes before quiet days, if they are to come.

    Begun already, they put it off to the first day after them, as long as it is of use.
    """
    zone, now = ZoneInfo(context.programme.timezone), context.now()
    hours = PostingHours(context.programme.rules, zone, context.off(start_year).posts)
    posts = []
    for what, day in ((DEADLINE, details.deadline), (REVIEW, details.review)):
        for before in REMIND_DAYS:
            if day is None:
                continue
            on = day - timedelta(days=before)
            due_at, earlier = local(on, MORNING, zone), hours.last_open(on, MORNING)
            if before and earlier >= now:
                due_at = earlier
            until = local(day if before else day + REMINDED_FOR, time(), zone)
            posts.append(
                Post(f"{DUE_POST}:{row.id}:{what}:{day}:{before}:{row.scope_key}", row.scope_key, DUE_POST,
                     due_at, until, cohort_id=row.cohort_id, decision_id=row.id,
                     payload={"what": what, "on": day.isoformat(), "before": before})
            )  # fmt: skip
    return posts
