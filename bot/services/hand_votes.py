"""Votes of those who are not on Discord: entered as totals, confirmed by a second person, or taken back.

Rules: DOMAIN section 4 ("Enter paper panel members, paper votes") and PRIVACY section 6; they serve S30 and S33.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import hand_votes as rules
from bot.domain.access import Action, Actor, may, require
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.hand_votes import BODIES, Part, Way
from bot.domain.poll_view import CLOSED, OPEN, PollView, shortened
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.hand_counts import columns, forget, hand_counts, off_discord, part_of
from bot.services.hand_limits import must_take
from bot.services.hand_written import number_of, part_written
from bot.services.off_discord import count_anew, room, set_people
from bot.services.places import Place, place_of
from bot.services.poll_cards import refresh
from bot.services.poll_closing import close_if_over
from bot.services.poll_results import view_of, whole_of
from bot.services.poll_schedule import RESULT_POST, poll_post
from bot.services.poll_sequels import run_off
from bot.storage.models import HandCount, Poll
from bot.storage.repositories.deliveries import Post, plan

HAND_POST = "hand_votes"


@dataclass(frozen=True, slots=True)
class Entered:
    """Totals as somebody sees them: what was entered, whether it counts, and what this person may do with it.

    Of a secret poll's `part` only the turnout is known.
    """

    id: int
    poll: PollView
    part: Part
    confirmed: bool
    may_confirm: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Where a poll stands with those who are not on Discord; `off` is how many of them may vote, by body."""

    poll: PollView
    entries: tuple[Entered, ...]
    off: Mapping[str, int]
    may_look: bool
    may_enter: bool


class HandVotes:
    """The use-cases of the minute-taker and of whoever looks after."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def board(self, actor: Actor, poll_id: int) -> Board:
        """Show how those who are not on Discord vote; the totals only to the steering group. Raises NotFound."""
        async with self._context.database.transaction() as session:
            poll, place = await self._found(session, poll_id)
            off = (await off_discord(session, [poll.village_id or 0])).get(poll.village_id or 0, {})
            looks = may(actor, Action.CONFIRM_HAND_VOTES, place.where)
            rows = (await hand_counts(session, [poll.id])).get(poll.id, []) if looks else []
            return Board(
                await view_of(session, self._context.programme, poll),
                tuple([await self._entered(session, actor, place, poll, row) for row in rows]),
                {body: off.get(body, 0) for body in rules.bodies_of(poll.voters.split(","))},
                looks,
                may(actor, Action.ENTER_HAND_VOTES, place.where),
            )

    async def entering(self, actor: Actor, poll_id: int) -> PollView:
        """Show a poll to whoever begins to enter votes. Raises as `enter`."""
        async with self._context.database.transaction() as session:
            poll, place = await self._found(session, poll_id)
            await must_take(session, self._context, actor, Action.ENTER_HAND_VOTES, poll, place)
            await room(session, poll)
            return await view_of(session, self._context.programme, poll)

    async def sheet(self, actor: Actor, poll_id: int) -> tuple[PollView, str]:
        """Return an open poll and its village's name, to whoever hands out ballots. Raises as `enter`."""
        async with self._context.database.transaction() as session:
            poll, place = await self._found(session, poll_id)
            if poll.state == CLOSED and may(actor, Action.ENTER_HAND_VOTES, place.where):
                raise Conflict("error_paper.no_more_sheets", closes_at=poll.closes_at, secret=poll.secret)
            await must_take(session, self._context, actor, Action.ENTER_HAND_VOTES, poll, place)
            assert place.village is not None, "only a village's polls are found"
            return await view_of(session, self._context.programme, poll), place.village.name

    async def enter(
        self, actor: Actor, poll_id: int, way: Way, turnout: str, lines: Sequence[str]
    ) -> Entered:
        """Keep totals, or rankings, from the lines of a form; they do not count before somebody else confirms them.

        Raises NotFound, NotPermitted, InvalidInput (not readable, more than may vote, do not add up), Conflict
        (closed too long ago, decided, closed in secret).
        """
        async with self._context.database.transaction() as session:
            poll, place = await self._found(session, poll_id, hold=True)
            await must_take(session, self._context, actor, Action.ENTER_HAND_VOTES, poll, place)
            part = part_written(poll, way, turnout, lines)
            left = await room(session, poll)
            if part.turnout > left:
                raise InvalidInput("error_paper.too_many", room=left)
            row = HandCount(
                poll_id=poll.id, way=str(way), **columns(part), entered_by_id=actor.person_id,
                entered_at=self._context.now(),
            )  # fmt: skip
            session.add(row)
            await session.flush()
            await plan(session, [self._post(poll, row)])
            await audit(session, self._context, actor, "hand_votes.enter", _subject(row))
            return await self._entered(session, actor, place, poll, row)

    async def look(self, actor: Actor, count_id: int) -> Entered:
        """Show totals to whoever may confirm them. Raises NotFound, NotPermitted."""
        async with self._context.database.transaction() as session:
            row, poll, place = await self._row(session, count_id)
            require(actor, Action.CONFIRM_HAND_VOTES, place.where)
            return await self._entered(session, actor, place, poll, row)

    async def confirm(self, actor: Actor, count_id: int) -> Entered:
        """Let totals count; a closed poll then tells its result again.

        Raises NotFound, NotPermitted (one's own), Conflict (as `enter`, confirmed already, or to be counted again).
        """
        async with self._context.database.transaction() as session:
            row, poll, place = await self._to_confirm(session, actor, count_id)
            if poll.secret:
                raise Conflict("error_paper.count_again")
            await self._let_count(session, actor, poll, row)
            return await self._entered(session, actor, place, poll, row)

    async def recounting(self, actor: Actor, count_id: int) -> Entered:
        """Show what to count again, without its numbers. Raises as `confirm`."""
        async with self._context.database.transaction() as session:
            row, poll, place = await self._to_confirm(session, actor, count_id)
            return await self._entered(session, actor, place, poll, row)

    async def recount(self, actor: Actor, count_id: int, turnout: str, lines: Sequence[str]) -> Entered:
        """Let totals count when a second person has counted the same; others are taken back and told of.

        So nobody who has not held the ballots sees what they say, and nobody can guess it a second time. Raises as
        `confirm`, and InvalidInput as `enter`.
        """
        async with self._context.database.transaction() as session:
            row, poll, place = await self._to_confirm(session, actor, count_id)
            if part_written(poll, Way(row.way), turnout, lines) == part_of(row):
                await self._let_count(session, actor, poll, row)
            else:
                self._take_back(poll, row)
                await audit(session, self._context, actor, "hand_votes.differ", _subject(row))
                await plan(session, [self._differ_post(poll, row)])
            return await self._entered(session, actor, place, poll, row)

    async def _to_confirm(
        self, session: AsyncSession, actor: Actor, count_id: int
    ) -> tuple[HandCount, Poll, Place]:
        row, poll, place = await self._row(session, count_id)
        await must_take(session, self._context, actor, Action.CONFIRM_HAND_VOTES, poll, place)
        if row.confirmed_at is not None:
            raise Conflict("error_paper.confirmed_before")
        if row.entered_by_id == actor.person_id:
            raise NotPermitted("error_paper.own")
        return row, poll, place

    async def _let_count(self, session: AsyncSession, actor: Actor, poll: Poll, row: HandCount) -> None:
        row.confirmed_by_id, row.confirmed_at = actor.person_id, self._context.now()
        await audit(session, self._context, actor, "hand_votes.confirm", _subject(row))
        await self._tell_again(session, poll, row, "confirmed")

    def _take_back(self, poll: Poll, row: HandCount) -> None:
        """Let totals count no more; a secret poll's are forgotten at once."""
        row.withdrawn_at = self._context.now()
        if poll.secret:
            forget(row)

    async def withdraw(self, actor: Actor, count_id: int) -> PollView:
        """Take totals back: those that count only by whoever may enter them. Raises as `confirm`."""
        async with self._context.database.transaction() as session:
            row, poll, place = await self._row(session, count_id)
            counts = row.confirmed_at is not None
            action = Action.ENTER_HAND_VOTES if counts else Action.CONFIRM_HAND_VOTES
            require(actor, action, place.where)
            if counts:
                await must_take(session, self._context, actor, action, poll, place)
            self._take_back(poll, row)
            await audit(session, self._context, actor, "hand_votes.withdraw", _subject(row))
            await session.flush()
            if counts:
                await self._tell_again(session, poll, row, "withdrawn")
            return await view_of(session, self._context.programme, poll)

    async def set_off_discord(self, actor: Actor, poll_id: int, people: Mapping[str, str]) -> Board:
        """Say how many in each body have no account; polls that are open count them at once.

        Raises NotFound, NotPermitted, InvalidInput (not a number, or fewer than have voted).
        """
        async with self._context.database.transaction() as session:
            poll, place = await self._found(session, poll_id)
            require(actor, Action.ENTER_HAND_VOTES, place.where)
            assert poll.village_id is not None, "only a village's polls are found"
            for body in (body for body in BODIES if body in people):
                await set_people(session, poll.village_id, body, number_of(people[body]))
            await session.flush()
            await count_anew(session, poll.village_id, self._context.now() - rules.ENTERED_WITHIN)
            await audit(session, self._context, actor, "off_discord.set", f"village:{poll.village_id}")
        return await self.board(actor, poll_id)

    async def _found(self, session: AsyncSession, poll_id: int, *, hold: bool = False) -> tuple[Poll, Place]:
        """Return a village's poll, closed if its time is up. Raises NotFound."""
        poll = await session.get(Poll, poll_id)
        if poll is None or poll.village_id is None:
            raise NotFound("error_polls.not_found")
        await close_if_over(session, poll, self._context.now(), self._context.programme)
        if hold:
            await session.refresh(poll, with_for_update=True)
        return poll, await place_of(session, poll.scope_key)

    async def _row(self, session: AsyncSession, count_id: int) -> tuple[HandCount, Poll, Place]:
        row = await session.get(HandCount, count_id)
        if row is None:
            raise NotFound("error_paper.not_found")
        poll, place = await self._found(session, row.poll_id, hold=True)
        await session.refresh(row)
        if row.withdrawn_at is not None:
            raise NotFound("error_paper.not_found")
        return row, poll, place

    async def _entered(
        self, session: AsyncSession, actor: Actor, place: Place, poll: Poll, row: HandCount
    ) -> Entered:
        counts = row.confirmed_at is not None
        fixed = poll.secret and poll.state == CLOSED
        confirms = may(actor, Action.CONFIRM_HAND_VOTES, place.where) and not fixed
        return Entered(
            row.id,
            await view_of(session, self._context.programme, poll),
            _told(poll, row),
            counts,
            not counts and confirms and actor.person_id not in (None, row.entered_by_id),
            may(actor, Action.ENTER_HAND_VOTES, place.where) and not fixed if counts else confirms,
        )

    async def _tell_again(self, session: AsyncSession, poll: Poll, row: HandCount, why: str) -> None:
        """Post the result of a closed poll anew; a tie that has come of it is voted on again. An open one's post follows."""
        if poll.state == OPEN:
            await refresh(session, poll, self._context.now())
        if poll.state == CLOSED:
            again = run_off(poll, await whole_of(session, poll), self._context.now(), self._context.programme)
            if again is not None:
                session.add(again)
            name = f"result:hand:{row.id}:{why}"
            post = poll_post(poll, name, RESULT_POST, self._context.now(), None, at_once=True)
            await plan(session, [post])

    def _post(self, poll: Poll, row: HandCount) -> Post:
        return Post(
            f"poll:{poll.id}:hand:{row.id}", poll.scope_key, HAND_POST, self._context.now(), at_once=True,
            cohort_id=poll.cohort_id, poll_id=poll.id, payload={"hand_count": row.id},
        )  # fmt: skip

    def _differ_post(self, poll: Poll, row: HandCount) -> Post:
        said = self._context.texts("notice.hand_votes_differ", question=shortened(poll.question, 150))
        return Post(
            f"poll:{poll.id}:hand:{row.id}:differ", poll.scope_key, "notice", self._context.now(), at_once=True,
            cohort_id=poll.cohort_id, poll_id=poll.id, payload={"said": said},
        )  # fmt: skip


def _told(poll: Poll, row: HandCount) -> Part:
    """Return what may be told of totals: of a secret poll's only how many gave them, also once it is closed."""
    return Part(Way(row.way), row.turnout) if poll.secret else part_of(row)


async def unconfirmed(session: AsyncSession, count_id: int) -> Part | None:
    """Return totals that still wait for somebody to confirm them."""
    row = await session.get(HandCount, count_id)
    waits = row is not None and row.confirmed_at is None and row.withdrawn_at is None
    return part_of(row) if row is not None and waits else None


def _subject(row: HandCount) -> str:
    return f"hand_count:{row.id} poll:{row.poll_id}"
