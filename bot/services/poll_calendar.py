"""Make the standard polls exist at their times, for every village and coordinator group (CALENDAR section 6).

Planning again is always safe: a poll that has not opened follows its meeting, one that has is left alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from bot.domain import poll_dates
from bot.domain.poll_view import MISSED, PLANNED
from bot.domain.posting import PostingHours
from bot.domain.programme import EACH_CIRCLE, VILLAGE_CIRCLE, PollTemplate, Scope
from bot.services.context import Context
from bot.services.places import group_key, village_key
from bot.storage.models import Cohort, CoordinatorGroup, Event, Poll, Village
from bot.storage.repositories.events import COHORT_SCOPE

Moments = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Owner:
    """A village or coordinator group that is asked."""

    key: str
    village_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One poll that should exist: a template, after one circle or about one line of a series."""

    template: PollTemplate
    code: str
    meeting: str | None
    series: int
    question: str


class PollCalendar:
    """Turn poll templates and dates into planned polls."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.programme.timezone)

    async def plan_standard(
        self,
        session: AsyncSession,
        cohort: Cohort,
        villages: Sequence[Village],
        groups: Sequence[CoordinatorGroup],
        events: Sequence[Event],
    ) -> None:
        """Make the cohort's standard polls exist; those not yet open follow their meetings."""
        # Only what is planned now: one village planned alone need not read the whole cohort.
        keys = [
            *(village_key(village.id) for village in villages),
            *(group_key(group.id) for group in groups),
        ]
        query = select(Poll).where(Poll.scope_key.in_(keys), Poll.code.is_not(None))
        rows = await session.scalars(query.options(lazyload(Poll.options)))
        year = _Year(
            {(event.scope_key, event.code): event for event in events},
            {(row.scope_key, str(row.code), row.series): row for row in rows},
            PostingHours(
                self._context.programme.rules, self._zone, self._context.off(cohort.start_year).posts
            ),
        )
        for template in self._context.programme.polls.values():
            for owner in self._owners(template, villages, groups):
                for wanted in self._wanted(template):
                    self._plan(session, cohort, year, owner, wanted)
        await session.flush()

    def _owners(
        self, template: PollTemplate, villages: Sequence[Village], groups: Sequence[CoordinatorGroup]
    ) -> Iterator[Owner]:
        if template.where == "meeting":
            return
        if template.scope is Scope.VILLAGE:
            for village in villages:
                if village.on_discord:
                    yield Owner(village_key(village.id), village_id=village.id)
        elif template.scope is Scope.COORDINATOR_GROUP:
            for group in groups:
                yield Owner(group_key(group.id), group_id=group.id)

    def _wanted(self, template: PollTemplate) -> Iterator[Wanted]:
        meeting, question = template.opens.meeting, template.question
        if meeting == EACH_CIRCLE:
            for circle in self._context.programme.circles(VILLAGE_CIRCLE):
                yield Wanted(template, f"{template.id}:{circle.id}", circle.id, 0, question)
        elif template.series:
            for number, line in enumerate(template.series, start=1):
                yield Wanted(template, template.id, meeting, number, f"{question} · {line}")
        else:
            yield Wanted(template, template.id, meeting, 0, question)

    def _plan(
        self, session: AsyncSession, cohort: Cohort, year: "_Year", owner: Owner, wanted: Wanted
    ) -> None:
        row = year.rows.get((owner.key, wanted.code, wanted.series))
        if row is not None and row.state not in (PLANNED, MISSED):
            return
        moments = self._moments(year, owner, wanted.template, wanted.meeting)
        if moments is None:
            if (
                row is not None
            ):  # its meeting was called off; should it be held after all, the poll comes back
                row.state = MISSED
            return
        over = moments[1] <= self._context.now()
        if row is None:
            if over:  # the village joined after it: nothing to ask any more
                return
            row = Poll(
                cohort_id=cohort.id,
                village_id=owner.village_id,
                coordinator_group_id=owner.group_id,
                scope_key=owner.key,
                code=wanted.code,
                series=wanted.series,
                options=[],
            )
            session.add(row)
        elif row.state == MISSED and over:
            return
        template = wanted.template
        values = {
            "state": PLANNED, "question": wanted.question, "opens_at": moments[0], "closes_at": moments[1],
            "voters": ",".join(template.voters), "pick": template.pick, "quorum": template.quorum,
            "secret": template.ballot == "secret", "binding": template.effect == "binding",
        }  # fmt: skip
        for name, value in values.items():
            if getattr(row, name) != value:  # a row that is only touched costs the flush as much as a new one
                setattr(row, name, value)

    def _moments(
        self, year: "_Year", owner: Owner, template: PollTemplate, meeting: str | None
    ) -> Moments | None:
        """Return when a poll opens and closes for an owner, or None while its meeting has no date."""
        opening = template.opens
        if opening.after_poll is not None:
            before = self._closes_at(year, owner, opening.after_poll)
            if before is None:
                return None
            opens_at = poll_dates.opens_after(opening, before, year.hours)
        else:
            event = year.event(owner.key, str(meeting))
            if event is None or event.called_off_at is not None:
                return None
            opens_at = poll_dates.opens_at(opening, event.starts_at, event.ends_at, year.hours)
        return opens_at, poll_dates.closes_at(opens_at, template.days, self._zone)

    def _closes_at(self, year: "_Year", owner: Owner, code: str) -> datetime | None:
        row = year.rows.get((owner.key, code, 0)) or year.rows.get((owner.key, code, 1))
        if row is not None and row.state not in (PLANNED, MISSED):
            return row.closes_at
        template = self._context.programme.polls[code]
        moments = self._moments(year, owner, template, template.opens.meeting)
        return moments[1] if moments else None


@dataclass(frozen=True, slots=True)
class _Year:
    """A cohort's dates and the polls it already has."""

    events: dict[tuple[str, str], Event]
    rows: dict[tuple[str, str, int], Poll]
    hours: PostingHours

    def event(self, owner_key: str, code: str) -> Event | None:
        """Return the owner's own meeting, or else the cohort's."""
        return self.events.get((owner_key, code)) or self.events.get((COHORT_SCOPE, code))
