"""The posts about a meeting whose day was voted for: it is set, changed or called off, and reminders before it.

Each post carries the meeting's `sequence`: one that was planned before a later change says nothing any more.
"""

from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.polled_meetings import MeetingSeen
from bot.domain.posting import PostingHours
from bot.domain.programme import Offset, Reminder
from bot.domain.reminders import moment_of
from bot.messages import polled_meetings as build
from bot.messages.calendar_files import Calendars
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.places import Place
from bot.storage.models import Cohort, Delivery, Event, PolledMeeting
from bot.storage.repositories import deliveries
from bot.storage.repositories.deliveries import Post

KIND = "polled_meeting"
SET, CHANGED, CALLED_OFF, DAY, HOUR = "set", "changed", "called_off", "day", "hour"
REMINDERS = (
    Reminder(DAY, DAY, before=Offset(days=1), time=time(17)),
    Reminder(HOUR, HOUR, before=Offset(hours=1)),
)


class PolledMeetingPosts:
    """Plan such posts, and write them when they go out."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def plan(
        self,
        session: AsyncSession,
        row: PolledMeeting,
        news: str,
        *,
        before_at: datetime | None = None,
        reason: str = "",
    ) -> None:
        """Plan what a meeting's news asks for, and cancel what waits from before it."""
        await session.execute(
            update(Delivery)
            .where(Delivery.event_id == row.event_id, Delivery.kind == KIND, Delivery.state == "pending")
            .values(state="cancelled")
        )
        payload: dict[str, object] = {"reason": reason}
        if before_at is not None and before_at != row.event.starts_at:
            payload["before_at"] = before_at.isoformat()
        posts = [self._post(row, news, self._context.now(), row.event.starts_at, payload, at_once=True)]
        if row.event.called_off_at is None:
            posts += self._reminders(row, await session.get_one(Cohort, row.event.cohort_id))
        await deliveries.plan(session, posts)

    def _reminders(self, row: PolledMeeting, cohort: Cohort) -> Iterator[Post]:
        programme, event = self._context.programme, row.event
        quiet = self._context.off(cohort.start_year).posts
        hours = PostingHours(programme.rules, ZoneInfo(programme.timezone), quiet)
        for reminder in REMINDERS:
            moment = moment_of(reminder, event.starts_at, event.ends_at, None, hours)
            if moment is not None and moment.due_at > self._context.now():
                yield self._post(row, reminder.id, moment.due_at, moment.useful_until, {}, urgent=True)

    @staticmethod
    def _post(
        row: PolledMeeting,
        says: str,
        due_at: datetime,
        until: datetime,
        payload: dict[str, object],
        *,
        urgent: bool = False,
        at_once: bool = False,
    ) -> Post:
        return Post(
            f"polled:{row.event_id}:{says}:{row.event.sequence}",
            row.event.scope_key,
            KIND,
            due_at,
            until,
            urgent=urgent,
            at_once=at_once,
            cohort_id=row.event.cohort_id,
            event_id=row.event_id,
            payload={"says": says, "sequence": row.event.sequence, **payload},
        )

    async def compose(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        """Write a post; None when the meeting has changed since it was planned."""
        row = await session.scalar(select(PolledMeeting).where(PolledMeeting.event_id == delivery.event_id))
        if row is None or delivery.payload["sequence"] != row.event.sequence:
            return None
        context, meeting, says = self._context, seen(row), str(delivery.payload["says"])
        now, timezone = context.now(), context.programme.timezone
        if says in (DAY, HOUR):
            return build.reminder(context.texts, meeting, says, now, timezone)
        before = delivery.payload.get("before_at")
        owner = place.village or place.group
        return build.news(
            context.texts,
            meeting,
            says,
            now,
            timezone,
            Calendars(context.programme.id, owner.name if owner else ""),
            before_at=datetime.fromisoformat(str(before)) if before else None,
            reason=str(delivery.payload.get("reason", "")),
        )


def seen(row: PolledMeeting) -> MeetingSeen:
    """Return a meeting as people see it."""
    event = row.event
    return MeetingSeen(
        event.id, row.title, event.venue or "", event.starts_at, event.ends_at, event.sequence,
        event.called_off_at is not None,
    )  # fmt: skip


async def meeting_of(session: AsyncSession, poll_id: int) -> MeetingSeen | None:
    """Return the meeting that a poll's date became, unless it was called off."""
    query = (
        select(PolledMeeting)
        .join(PolledMeeting.event)
        .where(PolledMeeting.poll_id == poll_id, Event.called_off_at.is_(None))
    )
    row = await session.scalar(query)
    return None if row is None else seen(row)
