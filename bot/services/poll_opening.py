"""Open polls when their time comes: fill in the answers, count who may vote, make the key, plan the posts.

A poll whose answers the village writes itself waits until they are written (S43, S50, S56).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import poll_dates
from bot.domain.access import VILLAGE_ROLES
from bot.domain.calendar import candidate_days
from bot.domain.poll_view import MISSED, OPEN, PLANNED, WAITING
from bot.domain.polls import FEWEST_ANSWERS, roles_of
from bot.domain.posting import PostingHours
from bot.domain.programme import EACH_CIRCLE, PollTemplate
from bot.services.context import Context
from bot.services.poll_results import template_of
from bot.storage.models import Cohort, Person, Poll, PollOption, RoleAssignment
from bot.storage.repositories.deliveries import Post, plan

OPEN_POST, HALF_POST, RESULT_POST, OPTIONS_POST = "poll_open", "poll_half", "poll_result", "poll_options"
CANDIDATE_DATES = "events.candidate_dates"
_KEY_BYTES = 32
_ANSWERS_WANTED_FOR = timedelta(days=14)


@dataclass
class Opened:
    """What one look at the planned polls gave, by id."""

    opened: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)


class PollOpening:
    """Turn planned polls into open ones."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.zone = ZoneInfo(context.programme.timezone)

    async def open_due(self, session: AsyncSession, now: datetime) -> Opened:
        """Open every planned poll whose time has come, once; those whose end has come too are missed."""
        query = select(Poll).where(Poll.state == PLANNED, Poll.opens_at <= now).order_by(Poll.id)
        due = (await session.scalars(query.with_for_update())).all()
        done = Opened()
        ready: list[Poll] = []
        for poll in due:
            if poll.closes_at <= now:
                poll.state = MISSED
                done.missed.append(poll.id)
                continue
            await self._fill(session, poll)
            if poll.options:
                ready.append(poll)
            else:
                poll.state = WAITING
                done.waiting.append(poll.id)
        await self.open(session, ready)
        await plan(session, [self._options_post(poll) for poll in due if poll.state == WAITING])
        done.opened = [poll.id for poll in ready]
        return done

    async def open(self, session: AsyncSession, polls: Sequence[Poll], *, urgent: bool = False) -> None:
        """Open polls that have their answers, and plan their posts in the same transaction."""
        if not polls:
            return
        await session.flush()
        entitled = await entitled_counts(session, polls)
        for poll in polls:
            poll.state, poll.entitled = OPEN, entitled[poll.id]
            if poll.secret:
                make_secret(poll)
        await session.flush()
        await plan(session, [post for poll in polls for post in self._posts(poll, urgent=urgent)])

    async def follow(self, session: AsyncSession, poll: Poll) -> None:
        """Let the planned polls that wait for this one's end move with it."""
        programme = self._context.programme
        for template in programme.polls.values():
            if template.opens.after_poll != poll.code:
                continue
            query = select(Poll).where(
                Poll.scope_key == poll.scope_key, Poll.code == template.id, Poll.state == PLANNED
            )
            for row in await session.scalars(query):
                hours = PostingHours(programme.rules, self.zone, await self._quiet(session, poll))
                row.opens_at = poll_dates.opens_after(template.opens, poll.closes_at, hours)
                row.closes_at = poll_dates.closes_at(row.opens_at, template.days, self.zone)

    async def _quiet(self, session: AsyncSession, poll: Poll) -> dict[date, str]:
        cohort = await session.get_one(Cohort, poll.cohort_id)
        return dict(self._context.off(cohort.start_year).posts)

    async def _fill(self, session: AsyncSession, poll: Poll) -> None:
        """Give a standard poll its answers, unless the village writes them or has already done so."""
        template = template_of(self._context.programme, poll.code)
        if template is None or poll.options:
            return
        texts: Sequence[str] = template.options
        if template.options_from == CANDIDATE_DATES:
            texts = await self._candidate_dates(session, poll, template)
        if len(texts) >= FEWEST_ANSWERS:
            poll.options = answers(texts)

    async def _candidate_dates(self, session: AsyncSession, poll: Poll, template: PollTemplate) -> list[str]:
        """Return days that the phase's gathering can be held on, after the poll has closed (S48)."""
        programme = self._context.programme
        gathering = programme.meetings.get(programme.phase(template.phase).gathering or "")
        if gathering is None:
            return []
        cohort = await session.get_one(Cohort, poll.cohort_id)
        off = self._context.off(cohort.start_year)
        last = poll.closes_at.astimezone(self.zone).date()
        days = [day for day in candidate_days(programme, gathering, cohort.start_year, off) if day > last]
        chosen = poll_dates.spread(days, template.max_options)
        return [str(self._context.texts("poll.candidate_day", day_on=day)) for day in chosen]

    def _posts(self, poll: Poll, *, urgent: bool) -> Iterable[Post]:
        if not self._rides_along(poll):
            yield self.post(poll, "open", OPEN_POST, poll.opens_at, poll.closes_at, urgent=urgent)
            half = poll_dates.half_time(poll.opens_at, poll.closes_at)
            if half is not None:
                yield self.post(poll, "half", HALF_POST, half, poll.closes_at)
        yield self.post(poll, "result", RESULT_POST, poll.closes_at, None)

    def _rides_along(self, poll: Poll) -> bool:
        """Tell whether a poll is shown in its circle's thanks instead of posts of its own."""
        template = template_of(self._context.programme, poll.code)
        return template is not None and template.opens.meeting == EACH_CIRCLE

    def _options_post(self, poll: Poll) -> Post:
        until = poll.opens_at + _ANSWERS_WANTED_FOR
        return self.post(poll, "options", OPTIONS_POST, poll.opens_at, until)

    @staticmethod
    def post(
        poll: Poll, name: str, kind: str, due_at: datetime, until: datetime | None, *, urgent: bool = False
    ) -> Post:
        """Return a post about a poll; its key makes sure that it is planned once."""
        return Post(
            f"poll:{poll.id}:{name}",
            poll.scope_key,
            kind,
            due_at,
            until,
            urgent=urgent,
            cohort_id=poll.cohort_id,
            poll_id=poll.id,
        )


def answers(texts: Iterable[str]) -> list[PollOption]:
    """Return a poll's answers in order; positions count from 1."""
    return [PollOption(position=number, text=text) for number, text in enumerate(texts, start=1)]


def make_secret(poll: Poll) -> None:
    """Give a secret poll the random key that hides its voters until it closes."""
    poll.secret_key = secrets.token_bytes(_KEY_BYTES)


async def entitled_counts(session: AsyncSession, polls: Sequence[Poll]) -> dict[int, int]:
    """Return how many people may vote in each poll, from the roles they hold now."""
    villages = {poll.village_id for poll in polls if poll.village_id is not None}
    cohorts = {poll.cohort_id for poll in polls}
    query = (
        select(
            RoleAssignment.village_id, RoleAssignment.cohort_id, RoleAssignment.role, RoleAssignment.person_id
        )
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(RoleAssignment.until.is_(None), Person.erased_at.is_(None))
        .where(RoleAssignment.village_id.in_(villages) | RoleAssignment.cohort_id.in_(cohorts))
    )
    held = (await session.execute(query)).all()
    village_roles = {str(role) for role in VILLAGE_ROLES}
    by_village: dict[int, list[tuple[str, int]]] = {}
    by_cohort: dict[int, list[tuple[str, int]]] = {}
    for village_id, cohort_id, role, person_id in held:
        if role in village_roles:
            if village_id is not None:
                by_village.setdefault(village_id, []).append((role, person_id))
        elif cohort_id is not None:
            by_cohort.setdefault(cohort_id, []).append((role, person_id))
    counts: dict[int, int] = {}
    for poll in polls:
        roles = {str(role) for role in roles_of(poll.voters.split(","))}
        people = [*by_village.get(poll.village_id or 0, ()), *by_cohort.get(poll.cohort_id, ())]
        counts[poll.id] = len({person for role, person in people if role in roles})
    return counts
