"""Polls: start one, ask for secrecy, write answers, let time open and close them (S30, S41-S43, S49, S58).

Who may do what comes from the table of rights and the database, never from Discord's roles.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.access import Action, Actor, may, require
from bot.domain.ballots import Kind, Majority
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.poll_dates import closes_at as same_hour_later
from bot.domain.poll_rules import VillageRules
from bot.domain.poll_view import CLOSED, PLANNED, WAITING, PollView
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.entitled import account_counts
from bot.services.hand_counts import hand_counts
from bot.services.outbox import OPEN_POST
from bot.services.places import Place, place_of
from bot.services.poll_calendar import PollCalendar
from bot.services.poll_closing import close_due
from bot.services.poll_opening import Opened, PollOpening, answers, make_secret
from bot.services.poll_results import template_of, view_of
from bot.services.poll_rules import must_not_ask_too_often, rules_of
from bot.services.poll_schedule import poll_post
from bot.services.poll_voting import Voting
from bot.storage.models import Ballot, Cohort, CoordinatorGroup, Delivery, Event, Poll, Village
from bot.storage.repositories.deliveries import plan

Voters = Literal["panel", "steering", "all"]
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=32)
COORDINATOR = "coordinator"


class Polls(Voting):
    """The use-cases of polls; those of voters are in Voting."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._calendar, self._opening = PollCalendar(context), PollOpening(context)

    async def start(
        self,
        actor: Actor,
        place: Place,
        *,
        question: str,
        options: Sequence[str],
        secret: bool | None = None,
        voters: Voters | None = None,
        closes_at: datetime | None = None,
        hours: float | None = None,
        binding: bool | None = None,
        pick: int = 1,
    ) -> PollView:
        """Ask a village or coordinator group a question, at once; give either closes_at or hours from now.

        What is not said is as the village's rules have it: who votes, secrecy, and whether and how it binds.
        A coordinator group's own members vote, whatever `voters` says. A binding poll is the steering
        group's and open. Raises NotPermitted, InvalidInput.
        """
        if place.village is None and place.group is None:
            raise NotFound("error_polls.wrong_place")
        require(actor, right_to_start(place), place.where)
        if binding:
            require(actor, Action.START_BINDING_POLL, place.where)
        now = self._context.now()
        poll = Poll(
            cohort_id=place.where.cohort_id,
            village_id=place.village.id if place.village else None,
            coordinator_group_id=place.group.id if place.group else None,
            scope_key=place.key,
            question=rules.checked_question(question),
            kind=Kind.CHOICE,
            voters=COORDINATOR,
            secret=bool(secret),
            binding=False,
            pick=max(0, min(pick, len(options))),
            state=PLANNED,
            opens_at=now,
            closes_at=_deadline(now, closes_at, hours),
            asked_by_id=actor.person_id,
            options=answers(rules.checked_answers(options)),
        )
        async with self._context.database.transaction() as session:
            if place.village is not None:
                usual = await rules_of(session, place)
                _quickly(poll, usual, secret=secret, voters=voters, binding=_binds(actor, place, usual, secret,
                                                                                   voters, binding))  # fmt: skip
            session.add(poll)
            await self._opening.open(session, [poll], at_once=True)
            await must_be_enough_for_secrecy(session, self._context, poll)
            await must_not_ask_too_often(session, self._context, poll, place)
            await audit(session, self._context, actor, "poll.start", f"poll:{poll.id}")
            return await view_of(session, self._context.programme, poll)

    async def ask_secrecy(self, actor: Actor, poll_id: int) -> PollView:
        """Turn an open poll secret before anyone has voted; any voter may ask, and nobody is told who did.

        A secret vote is advisory (PRIVACY section 6). Raises NotFound, NotPermitted, Conflict.
        """
        async with self._context.database.transaction() as session:
            poll = await self.locked(session, poll_id)
            place = await place_of(session, poll.scope_key)
            require(actor, Action.ASK_SECRECY, place.where)
            self.must_be_voter(actor, poll)
            self.must_be_open(poll)
            if poll.secret:
                raise Conflict("error_polls.already_secret")
            by_hand = (await hand_counts(session, [poll.id])).get(poll.id)
            if by_hand or await session.scalar(select(exists().where(Ballot.poll_id == poll.id))):
                raise Conflict("error_polls.votes_cast")
            poll.secret, poll.binding = True, False
            await must_be_enough_for_secrecy(session, self._context, poll)
            make_secret(poll)
            await self._announce_again(session, poll)
            nobody = Actor(None, "")  # a role that only one person has would be a name
            await audit(session, self._context, nobody, "poll.secret", f"poll:{poll.id}")
            return await view_of(session, self._context.programme, poll)

    async def _announce_again(self, session: AsyncSession, poll: Poll) -> None:
        """Post a poll anew when its first post already stands in the channel."""
        query = select(Delivery.state).where(Delivery.poll_id == poll.id, Delivery.kind == OPEN_POST)
        if await session.scalar(query) in ("sent", "claimed"):
            now = self._context.now()
            post = poll_post(poll, "open:secret", OPEN_POST, now, poll.closes_at, at_once=True)
            await plan(session, [post])

    async def write_options(self, actor: Actor, poll_id: int, lines: Iterable[str]) -> PollView:
        """Give a standard poll the answers the village has written; a waiting one then opens at once.

        Written before its time, they wait for it. Raises NotFound, NotPermitted, InvalidInput, Conflict.
        """
        async with self._context.database.transaction() as session:
            poll = await self.locked(session, poll_id)
            place = await place_of(session, poll.scope_key)
            require(actor, right_to_start(place), place.where)
            template = template_of(self._context.programme, poll.code)
            if template is None or not template.options_from or poll.state not in (PLANNED, WAITING):
                raise Conflict("error_polls.answers_written")
            if poll.options:
                raise Conflict("error_polls.answers_written")
            poll.options = answers(rules.checked_answers(lines, template.max_options))
            if poll.state == WAITING:
                await self._open_late(session, poll, template.days)
                await must_be_enough_for_secrecy(session, self._context, poll)
            await audit(session, self._context, actor, "poll.write_options", f"poll:{poll.id}")
            await session.flush()
            return await view_of(session, self._context.programme, poll)

    async def _open_late(self, session: AsyncSession, poll: Poll, days: int) -> None:
        poll.opens_at = self._context.now()
        poll.closes_at = same_hour_later(poll.opens_at, days, self._opening.zone)
        await self._opening.open(session, [poll], at_once=True)
        await self._opening.follow(session, poll)

    async def plan_standard(
        self,
        session: AsyncSession,
        cohort: Cohort,
        villages: Sequence[Village],
        groups: Sequence[CoordinatorGroup],
        events: Sequence[Event],
    ) -> None:
        """Make the cohort's standard polls exist at their times; safe to repeat."""
        await self._calendar.plan_standard(session, cohort, villages, groups, events)

    async def turn(self, now: datetime) -> Opened:
        """Close, then open, what time has come for. Returns what was opened."""
        async with self._context.database.transaction() as session:
            await self.close_due(session, now)
            return await self.open_due(session, now)

    async def open_due(self, session: AsyncSession, now: datetime) -> Opened:
        """Open the planned polls whose time has come, once."""
        return await self._opening.open_due(session, now)

    async def close_due(self, session: AsyncSession, now: datetime) -> list[int]:
        """Close the polls whose time is up, once. Returns their ids."""
        return await close_due(session, now, self._context.programme)

    async def closed_ids(self) -> list[int]:
        """Return the polls that have been counted."""
        async with self._context.database.transaction() as session:
            return list(await session.scalars(select(Poll.id).where(Poll.state == CLOSED)))


def right_to_start(place: Place) -> Action:
    """Return the right that asking a village, or a coordinator group, takes."""
    return Action.START_POLL if place.village else Action.START_GROUP_POLL


def _binds(
    actor: Actor,
    place: Place,
    usual: VillageRules,
    secret: bool | None,
    voters: str | None,
    said: bool | None,
) -> bool:
    """Tell whether a quick poll binds; where that is not said, as drafts do. Raises InvalidInput."""
    fits = not secret and voters in (None, "steering")
    if said is None:
        wanted = usual.rule != rules.ADVISORY and may(actor, Action.START_BINDING_POLL, place.where)
        return wanted and fits
    if said and voters not in (None, "steering"):
        raise InvalidInput("error_polls.binding_is_for_steering")
    if said and secret:
        raise InvalidInput("error_polls.secret_is_advisory")
    return said


def _quickly(
    poll: Poll, usual: VillageRules, *, secret: bool | None, voters: str | None, binding: bool
) -> None:
    """Give a quick poll its rules: what was said, else the village's own."""
    poll.why, poll.running = usual.why, usual.running
    if not binding:
        poll.voters = voters or usual.voters
        poll.secret = usual.secret if secret is None else secret
        return
    poll.voters, poll.binding = "steering", True
    poll.majority = Majority.MOST if usual.rule == rules.ADVISORY else Majority(usual.rule)
    poll.quorum, poll.extend_days, poll.tie = usual.quorum, usual.extend_days, usual.tie


async def must_be_enough_for_secrecy(session: AsyncSession, context: Context, poll: Poll) -> None:
    """Refuse a secret poll of so few voters on Discord that its result could never be told (PRIVACY section 6).

    Those who vote on paper hide nobody: whoever counts their ballots can take them from the sum. Raises InvalidInput.
    """
    fewest = context.programme.rules.secret_results.show_from_votes
    if poll.secret and (await account_counts(session, [poll]))[poll.id] < fewest:
        raise InvalidInput("error_polls.few_for_secrecy", fewest=fewest)


def _deadline(now: datetime, closes_at: datetime | None, hours: float | None) -> datetime:
    if closes_at is None:
        if hours is None:
            raise InvalidInput("error_polls.deadline_missing")
        closes_at = now + timedelta(hours=min(hours, LONGEST / timedelta(hours=1) + 1))
    if closes_at < now + SHORTEST:
        raise InvalidInput("error_polls.deadline_near", minutes=SHORTEST // timedelta(minutes=1))
    if closes_at > now + LONGEST:
        raise InvalidInput("error_polls.deadline_far", days=LONGEST.days)
    return closes_at
