"""The meetings of the prelude as tasks of the secretariat (S13, S15, S16, S17): who is left, by when, done by a button.

A meeting is such a task when one of its reminders adds `tasks`. There is one for each municipality or village of the
cohort, also those that have no channel yet. What the agreement itself settles is done when the village is agreed.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.errors import InvalidInput
from bot.domain.milestones import settled_by_decision
from bot.domain.programme import TASKS, Meeting, Programme, Scope
from bot.messages.tasks import Task
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.moments import today
from bot.services.places import running_cohorts, village_key
from bot.storage.models import Event, TaskDone, Village
from bot.storage.repositories import events as events_table
from bot.storage.repositories.milestones import MilestoneScope, reach

_MET = ("contact", "meeting")  # kinds of milestone that are reached by having met


class Tasks:
    """Read tasks and mark them as done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.programme.timezone)

    async def board(self, actor: Actor) -> list[Task]:
        """Return what is left in the cohorts that run or are to come, the first due first. Raises NotPermitted."""
        require(actor, Action.DO_TASK, Where())
        async with self._context.database.transaction() as session:
            return await self._board(session)

    async def _board(self, session: AsyncSession) -> list[Task]:
        found: list[Task] = []
        for cohort in await running_cohorts(session, self._context, upcoming=True):
            for meeting in task_meetings(self._context.programme):
                event = await events_table.one(session, cohort.id, meeting.id)
                if event is not None:
                    found += await self.open_of(session, event)
        return sorted(found, key=lambda task: (task.due_on, task.title, task.name))

    async def open_of(self, session: AsyncSession, event: Event, *, by_agreement: bool = True) -> list[Task]:
        """Return what is left of one meeting in its cohort, by name; without `by_agreement` an agreement settles nothing."""
        programme = self._context.programme
        meeting = programme.meetings[event.code]
        query = select(Village).where(Village.cohort_id == event.cohort_id).order_by(Village.id)
        villages = (await session.scalars(query)).all()
        by_agreement &= bool({*meeting.milestones} & {*programme.rules.village_channel_after})
        done = select(TaskDone.scope_key).where(
            TaskDone.cohort_id == event.cohort_id, TaskDone.code == event.code
        )
        settled = {*await session.scalars(done)}
        names: dict[str, str] = {}
        for village in villages:
            if by_agreement and village.agreed_at is not None:
                continue
            if meeting.scope is Scope.MUNICIPALITY:
                names[f"municipality:{village.municipality_id}"] = village.municipality.name
            else:
                names[village_key(village.id)] = f"{village.name} ({village.municipality.name})"
        due_on = event.starts_at.astimezone(self._zone).date()
        now_on = self._context.now().astimezone(self._zone).date()
        return [
            Task(event.cohort_id, event.code, meeting.title, key, name, due_on, late=due_on < now_on)
            for key, name in sorted(names.items(), key=lambda item: item[1])
            if key not in settled
        ]

    async def done(self, actor: Actor, cohort_id: int, code: str, scope_key: str) -> list[Task]:
        """Mark a task as done, once; a first contact reaches its milestone (S17). Returns what is left.

        Raises NotPermitted, InvalidInput for a task that does not exist.
        """
        require(actor, Action.DO_TASK, Where())
        async with self._context.database.transaction() as session:
            event = await events_table.one(session, cohort_id, code)
            meeting = self._context.programme.meetings.get(code)
            if event is None or meeting is None or meeting not in task_meetings(self._context.programme):
                raise InvalidInput()
            await session.refresh(event, with_for_update=True)  # two presses at once are one
            if scope_key in {task.scope_key for task in await self.open_of(session, event)}:
                now = self._context.now()
                session.add(TaskDone(cohort_id=cohort_id, code=code, scope_key=scope_key, done_at=now))
                await self._reach(session, meeting, cohort_id, scope_key, now)
                await audit(session, self._context, actor, "task.done", f"{code} {scope_key}")
            return await self._board(session)

    async def _reach(
        self, session: AsyncSession, meeting: Meeting, cohort_id: int, scope_key: str, now: datetime
    ) -> None:
        kind, _, number = scope_key.partition(":")
        if kind != "village":
            return
        programme = self._context.programme
        decided = settled_by_decision(programme)
        codes = [
            code
            for code in meeting.milestones
            if (template := programme.milestones[code]).kind in _MET
            and template.owner == template.confirm == "secretariat"
            and code not in decided
        ]
        scope = MilestoneScope(scope_key, cohort_id, int(number))
        await reach(session, scope, codes, today(now, programme.timezone))


def task_meetings(programme: Programme) -> Sequence[Meeting]:
    """Return the meetings that are tasks."""
    return [
        meeting
        for meeting in programme.meetings.values()
        if any(TASKS in reminder.add for reminder in programme.reminders_of(meeting))
    ]
