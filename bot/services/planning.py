"""Plan every post of the calendar ahead: what is wanted, as rows that only the tick sends.

Planning again is always safe: missing posts are added, pending ones follow their meeting, unwanted ones
are cancelled, and what has been sent is never touched (S05, S07, S09).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor
from bot.domain.calendar import local, phase_opening, programme_days, window_days
from bot.domain.milestones import milestone_notes
from bot.domain.posting import PostingHours
from bot.domain.programme import Meeting, Phase, Reminder
from bot.domain.reminders import moment_of
from bot.services import letter_desk_posts, letter_receipts, milestone_posts
from bot.services.calendar import Calendar, MeetingView
from bot.services.context import Context
from bot.services.extra_letter_posts import ExtraLetterPosts
from bot.services.letter_audience import hours_of
from bot.services.mail_planning import MailPlanning
from bot.services.meeting_news import told_of_changes
from bot.services.places import SECRETARIAT, Place, group_key, village_key
from bot.services.post_audience import PostAudience, Target
from bot.storage.models import Cohort, CoordinatorGroup, Event, Village
from bot.storage.repositories.deliveries import Post, cancel_missing, plan

OPENING_IS_NEWS_FOR = timedelta(days=7)
OVER_AFTER = timedelta(days=60)  # longer than any post or poll may follow a meeting
KINDS = (
    "newsletter", "reminder", "phase_opening", milestone_posts.KIND, letter_desk_posts.KIND, letter_receipts.KIND,
)  # fmt: skip


class PollPlanner(Protocol):
    """Whoever makes the standard polls follow the calendar."""

    async def plan_standard(
        self,
        session: AsyncSession,
        cohort: Cohort,
        villages: Sequence[Village],
        groups: Sequence[CoordinatorGroup],
        events: Sequence[Event],
    ) -> None:
        """Make the cohort's standard polls exist at their times."""
        ...


class Planning:
    """Turn dates into posts."""

    def __init__(
        self,
        context: Context,
        calendar: Calendar,
        polls: PollPlanner,
        mails: MailPlanning,
        extra: ExtraLetterPosts,
    ) -> None:
        self._context, self._calendar, self._polls, self._mails = context, calendar, polls, mails
        self._extra = extra
        self._zone = ZoneInfo(context.programme.timezone)

    async def refresh(self, cohort_id: int | None = None) -> int:
        """Plan one cohort anew, or every one that is not over, each in one transaction. Returns how many posts changed."""
        ids = [cohort_id] if cohort_id is not None else await self._going_on()
        changes = 0
        for one in ids:
            async with self._context.database.transaction() as session:
                changes += await self.plan(session, one)
        return changes

    async def _going_on(self) -> list[int]:
        """Return the cohorts whose programme and last meeting are not long past: the others have nothing to plan."""
        now, programme = self._context.now(), self._context.programme
        async with self._context.database.transaction() as session:
            query = select(Cohort.id, Cohort.start_year, func.max(Event.ends_at))
            query = query.outerjoin(Event, Event.cohort_id == Cohort.id).group_by(
                Cohort.id, Cohort.start_year
            )
            found = []
            for id, start_year, last_meeting in await session.execute(query.order_by(Cohort.id)):
                _, last_day = programme_days(programme, start_year)
                ends = local(last_day, time.max, self._zone)
                if now - max(ends, last_meeting or ends) <= OVER_AFTER:
                    found.append(id)
            return found

    async def move(self, actor: Actor, cohort_id: int, code: str, starts_at: datetime) -> MeetingView:
        """Move a common meeting, and all that hangs on it, or nothing. Raises as Calendar.move does."""
        async with self._context.database.transaction() as session:
            moved = await self._calendar.move(session, actor, cohort_id, code, starts_at)
            await self.plan(session, cohort_id)
            return moved

    async def pick(
        self, actor: Actor, place: Place, code: str, day: date, at: time | None = None
    ) -> MeetingView:
        """Choose day and hour of a village's own meeting, and let its posts follow. Raises as Calendar.pick does."""
        async with self._context.database.transaction() as session:
            picked = await self._calendar.pick(session, actor, place, code, day, at)
            assert place.village is not None, "only a village picks days"
            await self.plan(session, place.village.cohort_id, place.village.id)
            return picked

    async def plan(self, session: AsyncSession, cohort_id: int, village_id: int | None = None) -> int:
        """Plan a cohort anew, or one village alone when only its own dates have changed."""
        cohort = await session.get_one(Cohort, cohort_id)
        agreed = select(Village).where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
        if village_id is not None:
            agreed = agreed.where(Village.id == village_id)
        villages = (await session.scalars(agreed.order_by(Village.id))).all()
        query = select(CoordinatorGroup).where(CoordinatorGroup.cohort_id == cohort_id)
        groups = (await session.scalars(query)).all() if village_id is None else []
        events: Sequence[Event] = await self._calendar.materialise(session, cohort, villages)
        if village_id is not None:
            events = [event for event in events if event.village_id in (None, village_id)]
        place = village_key(village_id) if village_id is not None else None
        told = await told_of_changes(session, [event for event in events if event.news_at is not None])
        keys: set[str] = set()
        readers = await self._mails.readers(session, cohort_id)
        by_mail: list[Post] = []
        silent = {village_key(village.id) for village in villages if not village.on_discord}

        def wanted() -> Iterator[Post]:
            for post in self.posts_of(cohort, villages, groups, events, told):
                if place in (None, post.place_key):
                    if post.place_key in readers and self._also_by_mail(post):
                        by_mail.append(post)
                    if post.place_key not in silent:
                        keys.add(post.key)
                        yield post

        changes = await plan(session, wanted(), self._context.now())
        changes += await cancel_missing(session, cohort_id, KINDS, keys, place)
        own = {event.id for event in events if event.village_id is not None}
        changes += await self._mails.plan(session, cohort_id, readers, by_mail, own, place)
        if village_id is None:
            changes += await self._extra.follow(session, cohort_id)
        await self._polls.plan_standard(session, cohort, villages, groups, events)
        return changes

    def _also_by_mail(self, post: Post) -> bool:
        """Tell whether a post goes to those who read its place's letters by e-mail, too."""
        if post.kind != "reminder":
            return post.kind == "newsletter"
        meeting = self._context.programme.meetings[str(post.payload["meeting"])]
        reminders = self._context.programme.reminders_of(meeting)
        return any(found.mail for found in reminders if found.id == post.payload["reminder"])

    def posts_of(
        self,
        cohort: Cohort,
        villages: Sequence[Village],
        groups: Sequence[CoordinatorGroup],
        events: Sequence[Event],
        told: Collection[tuple[int, str]] = (),
    ) -> Iterator[Post]:
        """Yield every post the calendar wants, for every place; `told` are meeting and place of news of a change."""
        audience = PostAudience(
            [Target(village_key(v.id), v.agreed_at, v.id) for v in villages if v.agreed_at is not None],
            [Target(group_key(g.id), g.created_at) for g in groups],
            Target(SECRETARIAT, cohort.created_at),
        )
        for phase in self._context.programme.phases:
            yield from self._opening(cohort, phase, audience)
        yield from self._milestones(cohort, audience)
        windows: dict[str, datetime | None] = {}
        for event in events:
            meeting = self._context.programme.meetings.get(event.code)
            if meeting is None or event.called_off_at is not None:
                continue
            if event.newsletter_at is not None:
                yield from self._letter(cohort, meeting, event, audience)
            if meeting.id not in windows:
                windows[meeting.id] = self._window_opens(cohort, meeting)
            for reminder in self._context.programme.reminders_of(meeting):
                yield from self._reminder(
                    cohort, meeting, event, reminder, windows[meeting.id], audience, told
                )

    def hours(self, cohort: Cohort) -> PostingHours:
        """Return when posts may go out in a cohort's year."""
        return hours_of(self._context, cohort)

    def _opening(self, cohort: Cohort, phase: Phase, audience: PostAudience) -> Iterator[Post]:
        programme = self._context.programme
        due = phase_opening(programme, phase, cohort.start_year, self._context.off(cohort.start_year))
        places = [*audience.groups, *(audience.villages if phase.number else ())]
        until = due + OPENING_IS_NEWS_FOR
        for target in places:
            if due >= target.since:
                yield Post(f"{phase.id}:opening:{target.place_key}", target.place_key, "phase_opening", due, until,
                           cohort_id=cohort.id, payload={"phase": phase.id})  # fmt: skip

    def _milestones(self, cohort: Cohort, audience: PostAudience) -> Iterator[Post]:
        for note in milestone_notes(self._context.programme, cohort.start_year, self.hours(cohort)):
            for target in audience.of_body(note.body):
                if note.moment.due_at >= target.since:
                    key = f"milestones:{note.stage}:{note.on}:{note.body}:{_in_cohort(target, cohort)}"
                    yield Post(key, target.place_key, milestone_posts.KIND, note.moment.due_at,
                               note.moment.useful_until, cohort_id=cohort.id,
                               payload=milestone_posts.payload_of(note))  # fmt: skip

    def _letter(
        self, cohort: Cohort, circle: Meeting, event: Event, audience: PostAudience
    ) -> Iterator[Post]:
        assert event.newsletter_at is not None and circle.newsletter is not None
        hours = self.hours(cohort)
        due = hours.allowed_from(event.newsletter_at)
        yield letter_receipts.receipt_of(cohort.id, circle.newsletter, due, kind=letter_receipts.KIND)
        yield from letter_desk_posts.warnings(self._context, cohort, circle.newsletter, event, due, hours)
        for target in audience.of_scope(circle, event):
            if (
                event.starts_at > target.since
            ):  # who joins after the letter went out still gets it before the circle
                yield Post(f"{circle.newsletter}:{target.place_key}", target.place_key, "newsletter",
                           max(due, target.since), event.starts_at, urgent=True, cohort_id=cohort.id, event_id=event.id,
                           payload={"newsletter": circle.newsletter})  # fmt: skip

    def _reminder(
        self,
        cohort: Cohort,
        meeting: Meeting,
        event: Event,
        reminder: Reminder,
        window_opens: datetime | None,
        audience: PostAudience,
        told: Collection[tuple[int, str]],
    ) -> Iterator[Post]:
        """Yield a reminder of a meeting; one that was moved has reminders of its own, whatever was sent before.

        Who was told of a change is not reminded of it at once by what should have come earlier.
        """
        moment = moment_of(reminder, event.starts_at, event.ends_at, window_opens, self.hours(cohort))
        if moment is None:
            return
        moved = f".{event.moves}" if event.moves and reminder.before_window is None else ""
        for target in audience.of_reminder(meeting, event, reminder):
            late = event.news_at is not None and moment.due_at <= event.news_at
            if moment.due_at < target.since or (late and (event.id, target.place_key) in told):
                continue
            yield Post(f"{meeting.id}:{reminder.id}{moved}:{_in_cohort(target, cohort)}", target.place_key, "reminder",
                       moment.due_at, moment.useful_until, urgent=moment.urgent, cohort_id=cohort.id,
                       event_id=event.id, payload={"meeting": meeting.id, "reminder": reminder.id})  # fmt: skip

    def _window_opens(self, cohort: Cohort, meeting: Meeting) -> datetime | None:
        window = window_days(self._context.programme, meeting, cohort.start_year)
        opens = self._context.programme.rules.posts_only_between[0]
        return local(window[0], opens, self._zone) if window else None


def _in_cohort(target: Target, cohort: Cohort) -> str:
    """Return the end of a post's key: the place, and in the secretariat's common channel also the cohort."""
    return f"{target.place_key}:{cohort.id}" if target.place_key == SECRETARIAT else target.place_key
