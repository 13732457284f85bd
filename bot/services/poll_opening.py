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
from bot.domain.calendar import candidate_days, programme_days
from bot.domain.poll_view import CANCELLED, CLOSED, MISSED, OPEN, PLANNED, WAITING
from bot.domain.polls import FEWEST_ANSWERS
from bot.domain.posting import PostingHours
from bot.domain.programme import EACH_CIRCLE, PollTemplate
from bot.services import poll_schedule, poll_sequels
from bot.services.context import Context
from bot.services.entitled import account_counts, entitled_counts
from bot.services.outbox import OPEN_POST
from bot.services.poll_results import template_of
from bot.services.poll_schedule import poll_post
from bot.storage.models import Cohort, Poll, PollOption
from bot.storage.repositories.deliveries import Post, plan

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
                self._plan_next(session, [poll], now)
                continue
            if await self._waits(session, poll, now):
                if poll.state == MISSED:
                    done.missed.append(poll.id)
                continue
            await self._fill(session, poll)
            if await self._held(session, poll, now):
                self._plan_next(session, [poll], now)
                continue
            if poll.options:
                ready.append(poll)
            else:
                poll.state = WAITING
                done.waiting.append(poll.id)
        await self.open(session, ready)
        await plan(session, [self._options_post(poll) for poll in due if poll.state == WAITING])
        done.opened = [poll.id for poll in ready]
        return done

    async def _waits(self, session: AsyncSession, poll: Poll, now: datetime) -> bool:
        """Put a poll off while the one whose result it builds on has not closed (S43, S49).

        When that one is missed, or never comes while the programme lasts, this one is missed too. One that was
        cancelled is no longer waited for: the village has found its answer some other way.
        """
        template = template_of(self._context.programme, poll.code)
        if template is None or template.opens.after_poll is None:
            return False
        query = select(Poll).where(
            Poll.scope_key == poll.scope_key,
            Poll.code == template.opens.after_poll,
            Poll.state.not_in((CLOSED, CANCELLED)),
        )
        before = (await session.scalars(query)).first()
        if before is None:
            return False
        if before.state == MISSED:
            poll.state = MISSED
            return True
        in_a_week = poll_dates.closes_at(max(poll.opens_at, now), 7, self.zone)
        poll.opens_at = max(before.closes_at, in_a_week)  # sooner, when that one opens late: see follow
        poll.closes_at = poll_dates.closes_at(poll.opens_at, template.days, self.zone)
        cohort = await session.get_one(Cohort, poll.cohort_id)
        _, last = programme_days(self._context.programme, cohort.start_year)
        if poll.opens_at.astimezone(self.zone).date() > last:
            poll.state = MISSED
        return True

    async def _held(self, session: AsyncSession, poll: Poll, now: datetime) -> bool:
        """Cancel a secret poll of so few voters that its result could never be told, and tell the channel why.

        Nobody waits for its result; the village finds its answer some other way (PRIVACY section 6). A short poll
        that rides along with its circle is left out without a word, and of a series the first one tells for all.
        """
        if not poll.secret or await may_be_secret(session, self._context, poll):
            return False
        poll.state, poll.closed_at = CANCELLED, now
        if not self._rides_along(poll) and poll.series <= 1:
            await plan(session, [poll_post(poll, "held", poll_schedule.HELD_POST, now, poll.closes_at)])
        return True

    async def open(self, session: AsyncSession, polls: Sequence[Poll], *, at_once: bool = False) -> None:
        """Open polls that have their answers, and plan their posts in the same transaction.

        `at_once`: somebody has just asked for it, so the post does not wait for the morning.
        """
        if not polls:
            return
        await session.flush()
        entitled = await entitled_counts(session, polls)
        for poll in polls:
            poll.state, poll.entitled = OPEN, entitled[poll.id]
            if poll.secret:
                make_secret(poll)
        self._plan_next(session, polls, self._context.now())
        await session.flush()
        await plan(session, [post for poll in polls for post in self._posts(poll, at_once=at_once)])

    def _plan_next(self, session: AsyncSession, polls: Sequence[Poll], now: datetime) -> None:
        """Plan the next one of each poll that comes again, in the transaction that opens this one: once."""
        found = (poll_sequels.next_of(poll, now, self.zone) for poll in polls)
        session.add_all([again for again in found if again is not None])

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

    def _posts(self, poll: Poll, *, at_once: bool) -> Iterable[Post]:
        if not self._rides_along(poll):
            yield poll_post(poll, "open", OPEN_POST, poll.opens_at, poll.closes_at, at_once=at_once)
            yield from poll_schedule.reminder(poll)
        yield poll_schedule.result(poll)

    def _rides_along(self, poll: Poll) -> bool:
        """Tell whether a poll is shown in its circle's thanks instead of posts of its own."""
        template = template_of(self._context.programme, poll.code)
        return template is not None and template.opens.meeting == EACH_CIRCLE

    def _options_post(self, poll: Poll) -> Post:
        until = poll.opens_at + _ANSWERS_WANTED_FOR
        return poll_post(poll, "options", poll_schedule.OPTIONS_POST, poll.opens_at, until)


def answers(texts: Iterable[str]) -> list[PollOption]:
    """Return a poll's answers in order; positions count from 1."""
    return [PollOption(position=number, text=text) for number, text in enumerate(texts, start=1)]


async def may_be_secret(session: AsyncSession, context: Context, poll: Poll) -> bool:
    """Tell whether so many may vote on Discord that a secret poll's result could be told (PRIVACY section 6)."""
    fewest = context.programme.rules.secret_results.show_from_votes
    return (await account_counts(session, [poll]))[poll.id] >= fewest


def make_secret(poll: Poll) -> None:
    """Give a secret poll the random key that hides its voters until it closes."""
    poll.secret_key = secrets.token_bytes(_KEY_BYTES)
