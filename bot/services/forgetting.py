"""What is deleted by date (PRIVACY section 5), once a day.

Who answered to a meeting goes 30 days after it, a guest without an account altogether, who voted what 30 days after
the decision, who changed what after a year. Half a year after a cohort's last phase its people go, and what was written
down for them alone. How many there were stays, and so do decisions and milestones.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, cast, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Actor
from bot.domain.poll_view import CLOSED
from bot.domain.seats import Answer
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.desired_guild import KEPT, is_looked_after
from bot.services.erasure import erase_person
from bot.services.feeds import cohort_key
from bot.services.mail_lists import forget_those
from bot.services.places import group_key, village_key
from bot.storage.database import FORGOTTEN
from bot.storage.models import (
    AgreedStep,
    AuditEntry,
    Ballot,
    Cohort,
    CoordinatorGroup,
    Decision,
    Delivery,
    Event,
    Feed,
    Guest,
    HandCount,
    Letter,
    LetterVersion,
    MailRecipient,
    MeetingNotes,
    Person,
    Poll,
    RoleAssignment,
    Rsvp,
    SharedNote,
    Village,
)

ANSWERS_KEPT = VOTES_KEPT = timedelta(days=30)
LOG_KEPT = timedelta(days=365)
NOTICES_KEPT = timedelta(days=90)  # what was told the secretariat, as long as a technical log
AT_ONCE = 10  # people are erased together: whoever presses a button meanwhile waits a fraction of a second
_PAUSE = 0.15  # seconds that others get in between; SQLite lets them look ten times a second
_NOBODY = Actor(None, "")


class Forgetting:
    """Delete what has been kept long enough."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def turn(self, now: datetime) -> None:
        """Delete everything whose time is up."""
        transaction = self._context.database.transaction
        async with transaction() as session:
            await _forget_answers(session, Event.ends_at <= now - ANSWERS_KEPT)
        async with transaction() as session:
            await _forget_votes(session, now)
            await session.execute(delete(AuditEntry).where(AuditEntry.at <= now - LOG_KEPT))
            await _forget_notices(session, now)
        async with transaction() as session:
            over = await self._over(session, now)
            if over:
                await _forget_cohorts(session, over, now)
        erased = AT_ONCE
        while erased == AT_ONCE:
            erased = await self._forget_people(over, now)
            await asyncio.sleep(_PAUSE if erased == AT_ONCE else 0)

    async def _forget_people(self, over: Sequence[int], now: datetime) -> int:
        """Erase a few of the people whose time is up. Returns how many."""
        async with self._context.database.transaction() as session:
            people = await _belonging_nowhere(session, over, now - KEPT)
            for person in people:
                await erase_person(session, self._context, person)
                await audit(session, self._context, _NOBODY, "person.forgotten", f"person:{person.id}")
            return len(people)

    async def _over(self, session: AsyncSession, now: datetime) -> list[int]:
        programme = self._context.programme
        today = now.astimezone(ZoneInfo(programme.timezone)).date()
        cohorts = (await session.scalars(select(Cohort))).all()
        return [row.id for row in cohorts if not is_looked_after(programme, row.start_year, today)]


async def _forget_answers(session: AsyncSession, over: ColumnElement[bool]) -> None:
    answered = select(Rsvp.event_id).join(Event, Rsvp.event_id == Event.id).where(over).distinct()
    event_ids = (await session.scalars(answered)).all()
    if not event_ids:
        return
    came = select(func.coalesce(func.sum(Rsvp.people), 0)).where(
        Rsvp.event_id == Event.id, Rsvp.answer == Answer.YES, Rsvp.waiting_since.is_(None)
    )
    change = update(Event).where(Event.id.in_(event_ids)).values(said_yes=came.scalar_subquery())
    await session.execute(change.execution_options(synchronize_session=False))
    await session.execute(delete(Rsvp).where(Rsvp.event_id.in_(event_ids)))
    guests = select(Guest.person_id).where(Guest.event_id.in_(event_ids))
    await session.execute(delete(Person).where(Person.id.in_(guests)))
    session.info[FORGOTTEN] = True


async def _forget_votes(session: AsyncSession, now: datetime) -> None:
    """Take the names off open polls that led to a decision long ago; sums, rankings and reasons stay without them.

    One that led to none keeps its names until its people go.
    """
    decided = select(Decision.poll_id).where(Decision.recorded_at <= now - VOTES_KEPT)
    old = (Poll.state == CLOSED) & Poll.id.in_(decided)
    given = select(Ballot.poll_id, Ballot.voter, Ballot.reason).join(Poll, Ballot.poll_id == Poll.id)
    rows = (await session.execute(given.where(old).order_by(Ballot.poll_id))).all()
    for poll_id, ballots in groupby(rows, key=lambda row: row.poll_id):
        reasons = sorted({row.voter: row.reason for row in ballots if row.reason}.values())
        if reasons:
            poll = await session.get_one(Poll, poll_id)
            poll.counted = {**(poll.counted or {}), "reasons": reasons}
    await session.execute(delete(Ballot).where(Ballot.poll_id.in_({row.poll_id for row in rows})))
    entered = HandCount.entered_by_id.is_not(None) | HandCount.confirmed_by_id.is_not(None)
    await session.execute(
        update(HandCount)
        .where(HandCount.poll_id.in_(decided), HandCount.confirmed_at.is_not(None), entered)
        .values(entered_by_id=None, confirmed_by_id=None)
        .execution_options(synchronize_session=False)
    )
    if rows:
        session.info[FORGOTTEN] = True


async def _forget_notices(session: AsyncSession, now: datetime) -> None:
    """Delete the words of old notices to the secretariat, which may name somebody; that they were sent stays."""
    told = (Delivery.kind == "notice") & (Delivery.state == "sent") & (Delivery.sent_at <= now - NOTICES_KEPT)
    words = update(Delivery).where(told, _has_payload()).values(payload={})
    await session.execute(words.execution_options(synchronize_session=False))


def _has_payload() -> ColumnElement[bool]:
    return cast(Delivery.payload, String) != "{}"


async def _forget_cohorts(session: AsyncSession, over: Sequence[int], now: datetime) -> None:
    """Delete what was written for the people of cohorts that are over, and take names off what stays.

    Posts that are still to come, such as a reminder to look at a decision again, keep what they need.
    """
    await forget_those(session, MailRecipient.cohort_id.in_(over))
    meetings = select(Event.id).where(Event.cohort_id.in_(over))
    for table in (SharedNote, MeetingNotes, AgreedStep):
        await session.execute(delete(table).where(table.event_id.in_(meetings)))
    villages = await session.scalars(select(Village.id).where(Village.cohort_id.in_(over)))
    groups = await session.scalars(select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id.in_(over)))
    keys = [*map(village_key, villages), *map(group_key, groups), *map(cohort_key, over)]
    await session.execute(delete(Feed).where(Feed.place_key.in_(keys)))
    letters = select(Letter.id).where(Letter.cohort_id.in_(over))
    changes = (
        update(Village).where(Village.cohort_id.in_(over), Village.contact_person.is_not(None))
        .values(contact_person=None),
        update(Letter).where(Letter.cohort_id.in_(over), Letter.approved_by_id.is_not(None))
        .values(approved_by_id=None),
        update(LetterVersion).where(LetterVersion.letter_id.in_(letters), LetterVersion.written_by_id.is_not(None))
        .values(written_by_id=None),
        update(Delivery).where(Delivery.cohort_id.in_(over), Delivery.due_at <= now - ANSWERS_KEPT, _has_payload())
        .values(payload={}),
    )  # fmt: skip
    for change in changes:
        await session.execute(change.execution_options(synchronize_session=False))
    session.info[FORGOTTEN] = True


async def _belonging_nowhere(session: AsyncSession, over: Sequence[int], since: datetime) -> Sequence[Person]:
    """Return a few who have held no role of a running cohort, nor the secretariat's, since a moment; locked."""
    villages = select(Village.id).where(Village.cohort_id.in_(over))
    ended = or_(
        RoleAssignment.until <= since,
        RoleAssignment.village_id.in_(villages),
        RoleAssignment.cohort_id.in_(over),
    )
    belonging = select(RoleAssignment.person_id).where(func.coalesce(ended, False).is_(False))
    query = select(Person).where(Person.erased_at.is_(None), Person.created_at <= since)
    query = query.where(Person.id.not_in(select(Guest.person_id)))  # they go with their meeting
    query = query.where(Person.id.not_in(belonging)).order_by(Person.id).limit(AT_ONCE).with_for_update()
    return (await session.scalars(query)).all()
