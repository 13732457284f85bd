"""Write the bot's own posts at the moment they go out, so that a moved date or a late link is always right."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.templates import Ready
from bot.domain.access import Action
from bot.domain.errors import NotFound
from bot.domain.programme import BY_ITSELF, CALENDAR_FILE, TASKS, Meeting, Reminder
from bot.messages import people
from bot.messages import posts as build
from bot.messages.calendar import day_choices
from bot.messages.meeting_polls import meeting_poll_button
from bot.messages.message import Choice, Message
from bot.messages.milestones import milestones_button
from bot.messages.names import few
from bot.services import (
    letter_desk_posts,
    letter_posts,
    letter_receipts,
    meeting_news,
    milestone_posts,
    polled_meeting_posts,
    sharing,
)
from bot.services.calendar import Calendar
from bot.services.calendar_files import CalendarFiles
from bot.services.context import Context
from bot.services.enrolments import is_enrolled, order_of
from bot.services.guests import address_of
from bot.services.letters import Letters
from bot.services.meeting_day import NOT_HELD, values_of
from bot.services.meeting_polls import asked_at
from bot.services.places import Place, is_person, place_of
from bot.services.tasks import Tasks
from bot.services.village_dates import VillageDates, right_to_pick
from bot.storage.models import Delivery, Event

PRESENTING = 25  # of many villages so many are named in their order


class PollPosts(Protocol):
    """Whoever writes the posts about polls and decisions."""

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write the message of a delivery about a poll or decision."""
        ...

    async def pulse(self, session: AsyncSession, village_id: int, circle_code: str) -> Message | None:
        """Return the short poll that rides along with a circle's thanks."""
        ...


class Posts:
    """The composer of every delivery."""

    def __init__(
        self, context: Context, calendar: Calendar, letters: Letters, polls: PollPosts, files: CalendarFiles
    ) -> None:
        self._context, self._calendar, self._letters, self._polls = context, calendar, letters, polls
        self._files, self._tasks, self._sharing = files, Tasks(context), sharing.Sharing(context, files)
        self._letter_posts = letter_posts.LetterPosts(context, letters)
        self._letter_receipts = letter_receipts.LetterReceipts(context, letters)
        self._milestones = milestone_posts.MilestonePosts(context)
        self._dates = VillageDates(context)
        self._news = meeting_news.MeetingNews(context)
        self._polled = polled_meeting_posts.PolledMeetingPosts(context)

    async def compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        """Write a delivery's message; None when it is no longer needed. It always has a part that carries its mark."""
        message = await self._compose(session, delivery)
        if message is None or message.menus or any(button.action for button in message.buttons):
            return message
        return replace(message, buttons=(*message.buttons, build.calendar_button(self._context.texts)))

    async def _compose(self, session: AsyncSession, delivery: Delivery) -> Message | None:
        if delivery.kind == "welcome":
            return people.welcome_post(self._context.texts, self._context.facts.phone)
        if delivery.kind in ("notice", "broadcast"):
            return build.notice(self._context.texts, str(delivery.payload["said"]))
        if is_person(delivery.place_key):
            return await self._polls.compose(session, delivery)
        try:
            place = await place_of(session, delivery.place_key)
        except NotFound:
            return None
        if delivery.kind in (letter_receipts.KIND, letter_receipts.ASKED_FOR):
            return await self._letter_receipts.compose(session, delivery)
        if delivery.kind in letter_posts.KINDS:
            return await self._letter_posts.compose(session, delivery, place)
        if delivery.kind == "reminder":
            return await self._reminder(session, delivery, place)
        if delivery.kind == milestone_posts.KIND:
            return await self._milestones.compose(session, delivery, place)
        if delivery.kind == polled_meeting_posts.KIND:
            return await self._polled.compose(session, delivery, place)
        if delivery.kind in (letter_desk_posts.KIND, letter_desk_posts.NEWS):
            return await letter_desk_posts.compose(session, self._context, self._letters, delivery)
        if delivery.kind in (meeting_news.KIND, meeting_news.WAITING_LIST):
            return await self._changed(session, delivery, place)
        if delivery.kind == sharing.KIND:
            return await self._sharing.compose(session, delivery, place)
        if delivery.kind == "phase_opening":
            return await self._opening(session, delivery, place)
        return await self._polls.compose(session, delivery)

    async def _reminder(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        event = await session.get(Event, delivery.event_id)
        reminder = self._find(str(delivery.payload["meeting"]), str(delivery.payload["reminder"]))
        if event is None or reminder is None or event.called_off_at is not None or _unneeded(reminder, event):
            return None
        enrolled = reminder.unless == "enrolled" and place.village is not None
        if enrolled and await is_enrolled(session, self._context, event, place.where.village_id):
            return None
        left = await self._left(session, event, reminder)
        if TASKS in reminder.add and not left:
            return None
        days: list[Choice] = []
        if "pick_date" in reminder.add and place.cohort is not None:
            meeting = self._context.programme.meetings[event.code]
            free = await self._dates.free(session, place.cohort, meeting, place.key)
            days = day_choices(self._context.texts, self._dates.days(free))
        extra = None
        if "pulse_poll" in reminder.add and place.village is not None:
            extra = await self._polls.pulse(session, place.village.id, event.code)
        of_task = reminder.to == "secretariat"
        values = {
            **self._values(event, place, left, of_task=of_task),
            **(await values_of(session, place.key, event.id) if reminder.after else NOT_HELD),
            "sign_up": Ready(address_of(self._context, event) or ""),
            "order": Ready(few(self._context.texts, await order_of(session, event.id), PRESENTING)),
        }
        message = build.reminder(
            self._context.texts,
            reminder.text,
            reminder.add,
            await self._occasion(session, event, reminder),
            values,
            days,
            extra,
        )
        if CALENDAR_FILE in reminder.add:
            message = replace(message, files=(*message.files, *self._files.files(event, place)))
        if of_task and asked_at(self._context.programme, event.code):
            answers = meeting_poll_button(self._context.texts, event.id)
            return replace(message, buttons=(answers, *message.buttons))
        return message

    async def _changed(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        """Tell that a meeting has changed, with the file that tells the same to people's own calendars."""
        message = await self._news.compose(session, delivery)
        if message is None or delivery.kind != meeting_news.KIND:
            return message
        event = await session.get_one(Event, delivery.event_id)
        return replace(message, files=tuple(self._files.files(event, place)))

    async def _left(self, session: AsyncSession, event: Event, reminder: Reminder) -> list[str]:
        """Name whom a task of the secretariat still waits for."""
        if TASKS not in reminder.add:
            return []
        by_agreement = reminder.unless == "done"
        return [task.name for task in await self._tasks.open_of(session, event, by_agreement=by_agreement)]

    def _values(
        self, event: Event, place: Place, left: Sequence[str], *, of_task: bool
    ) -> Mapping[str, object]:
        timezone = self._context.programme.timezone
        meeting = self._context.programme.meetings.get(event.code)
        questions = [poll.question for poll in asked_at(self._context.programme, event.code)]
        return {
            "village": place.village.name if place.village else "",
            "when": build.when(self._context.texts, event.starts_at, self._context.now(), timezone),
            "phone": self._context.facts.phone,
            "places": Ready(few(self._context.texts, left)),
            "questions": " ".join(questions) if of_task else "",
            "contact": right_to_pick(self._context.programme, meeting) is Action.PICK_FIRST_DATE,
        }

    async def _opening(self, session: AsyncSession, delivery: Delivery, place: Place) -> Message | None:
        phase = self._context.programme.phase(str(delivery.payload["phase"]))
        programme, texts = self._context.programme, self._context.texts
        rows = sorted(await self._calendar.rows(session, place), key=lambda event: event.starts_at)
        upcoming = [row for row in rows if row.starts_at > self._context.now() and row.called_off_at is None]
        first = next(iter(upcoming), None)
        of_phase = [row for row in upcoming if programme.meetings[row.code].phase == phase.id]
        milestones = [
            m
            for m in programme.milestones.values()
            if place.village and m.phase == phase.id and m.confirm != BY_ITSELF
        ]
        values: dict[str, object] = {
            "title": phase.title,
            "elements": phase.elements,
            "meetings": [
                texts(
                    "post.phase_meeting",
                    title=programme.meetings[row.code].title,
                    number=programme.meetings[row.code].number,
                    starts_at=row.starts_at,
                    own_choice=row.village_id is not None and not row.picked,
                )
                for row in of_phase
            ],
            "milestone_count": len(milestones),
            "phone": self._context.facts.phone,
            "village": place.village.name if place.village else "",
            "next_meeting": programme.meetings[first.code].title if first else "",
            "when": build.when(texts, first.starts_at, self._context.now(), programme.timezone)
            if first
            else "",
        }
        buttons = [milestones_button(texts)] if milestones else []
        return build.phase_opening(texts, values, [*buttons, build.calendar_button(texts)])

    async def _occasion(self, session: AsyncSession, event: Event, reminder: Reminder) -> build.Occasion:
        """Show a meeting as a post speaks of it; after a circle the next step is the coming letter's first (S07)."""
        programme = self._context.programme
        meeting = programme.meetings[event.code]
        source = self._following(meeting) if reminder.after is not None else meeting
        code = source.newsletter if source else None
        letter = await self._letters.published(session, event.cohort_id, code) if code else None
        return build.Occasion(
            event.id, event.code, meeting.title, meeting.number, event.starts_at, event.ends_at,
            meeting.newsletter, event.link, letter.next_steps[0] if letter else None, event.venue or "",
        )  # fmt: skip

    def _following(self, circle: Meeting) -> Meeting | None:
        """Return the circle after this one in its row."""
        row = self._context.programme.circles(circle.kind)
        return next((other for other in row if (other.number or 0) == (circle.number or 0) + 1), None)

    def _find(self, meeting_id: str, reminder_id: str) -> Reminder | None:
        meeting = self._context.programme.meetings.get(meeting_id)
        if meeting is None:
            return None
        return next((r for r in self._context.programme.reminders_of(meeting) if r.id == reminder_id), None)


def _unneeded(reminder: Reminder, event: Event) -> bool:
    return (reminder.unless == "link" and event.link is not None) or (
        reminder.unless == "picked" and event.picked
    )
