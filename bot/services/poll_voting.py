"""Vote, and see polls: one person one vote, changeable until the second the poll closes (S30, S41, S43)."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import answer_pages
from bot.domain import ballot_steps as steps
from bot.domain import polls as rules
from bot.domain.access import Actor, Where, roles_at
from bot.domain.ballots import STEP_BY_STEP, Kind, Marks, Rules, Why, checked_marks, why_asked
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.poll_view import CANCELLED, OPEN, PollView, Receipt
from bot.messages.poll_parts import who
from bot.services.context import Context
from bot.services.places import Place
from bot.services.poll_cards import refresh
from bot.services.poll_results import view_of
from bot.storage.models import Ballot, Poll


class Voting:
    """What voters do. It knows who voted only as far as the poll's kind lets it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def vote(
        self, actor: Actor, poll_id: int, option_positions: Sequence[int], reason: str = ""
    ) -> Receipt:
        """Choose answers, or change one's choice; positions count from 1. Raises as `cast` does."""
        return await self.cast(actor, poll_id, dict.fromkeys(option_positions, 1), reason)

    async def cast(self, actor: Actor, poll_id: int, marks: Marks, reason: str = "") -> Receipt:
        """Cast a ballot, or change it: a mark for each chosen answer's position.

        Raises NotFound, NotPermitted (not a voter), Conflict (privacy text not accepted, closed),
        InvalidInput (nothing, too much or too little chosen, a reason missing).
        """
        async with self._context.database.transaction() as session:
            return await self._put(session, await self._held(session, actor, poll_id), actor, marks, reason)

    async def say(
        self, actor: Actor, poll_id: int, choice: int | str, reason: str | None = None
    ) -> Receipt | Why:
        """Cast a ballot that its button spells out: a position, a mark of several, or the presses of all steps.

        `reason` is None before anybody has asked for it. Then Why.REQUIRED comes back and nothing is counted, or
        Why.OPTIONAL and the vote is counted already. Raises as `cast` does.
        """
        async with self._context.database.transaction() as session:
            poll = await self._held(session, actor, poll_id)
            marks = _spelt_out(poll, choice)
            why = why_asked(Kind(poll.kind), Why(poll.why), marks)
            if reason is None and why is Why.REQUIRED:
                _checked(poll, marks)
                return why
            done = await self._put(session, poll, actor, marks, reason or "")
            return why if reason is None and why is Why.OPTIONAL else done

    async def _held(self, session: AsyncSession, actor: Actor, poll_id: int) -> Poll:
        """Return an open poll that somebody may vote in, and that nobody else changes meanwhile."""
        poll = await self.locked(session, poll_id)
        _accepted(actor)
        self.must_be_open(poll)
        self.must_be_voter(actor, poll)
        return poll

    async def _put(
        self, session: AsyncSession, poll: Poll, actor: Actor, marks: Marks, reason: str
    ) -> Receipt:
        """Put a ballot in the place of the one before."""
        kind, options = Kind(poll.kind), {option.position: option for option in poll.options}
        checked, why = _checked(poll, marks), rules.checked_reason(reason)
        if why_asked(kind, Why(poll.why), checked) is Why.REQUIRED and not why:
            raise InvalidInput(f"error_polls.{'why_missing' if kind is Kind.CONSENT else 'why_wanted'}")
        voter, named = _voter(poll, actor), None if poll.secret else actor.person_id
        await session.execute(delete(Ballot).where(Ballot.poll_id == poll.id, Ballot.voter == voter))
        for position, mark in checked.items():
            option_id = options[position].id
            session.add(
                Ballot(poll_id=poll.id, voter=voter, option_id=option_id, mark=mark, person_id=named,
                       reason=why or None)
            )  # fmt: skip
        await refresh(session, poll, self._context.now())
        given = tuple((options[position].text, mark) for position, mark in checked.items())
        return Receipt(kind, given, poll.closes_at)

    async def my_vote(self, actor: Actor, poll_id: int) -> tuple[int, ...]:
        """Return the positions a person has chosen; nothing from a closed secret poll. Raises NotFound."""
        async with self._context.database.transaction() as session:
            poll = await _found(session, poll_id)
            if actor.person_id is None or (poll.secret and poll.secret_key is None):
                return ()
            voter = _voter(poll, actor)
            query = select(Ballot.option_id).where(Ballot.poll_id == poll.id, Ballot.voter == voter)
            chosen = set(await session.scalars(query))
            return tuple(option.position for option in poll.options if option.id in chosen)

    async def open_polls(self, actor: Actor, place: Place) -> list[PollView]:
        """Return the polls a person can vote in at a place now, the first to close first."""
        async with self._context.database.transaction() as session:
            query = select(Poll).where(
                Poll.scope_key == place.key, Poll.state == OPEN, Poll.closes_at > self._context.now()
            )
            rows = (await session.scalars(query.order_by(Poll.closes_at, Poll.id))).all()
            programme = self._context.programme
            return [await view_of(session, programme, row) for row in rows if is_voter(actor, row)]

    async def view(self, poll_id: int) -> PollView:
        """Show a poll as far as it may be shown now. Raises NotFound."""
        async with self._context.database.transaction() as session:
            return await view_of(session, self._context.programme, await _found(session, poll_id))

    async def ballot(self, actor: Actor, poll_id: int) -> PollView:
        """Show a poll to somebody who begins to fill in a ballot. Raises NotFound, NotPermitted, Conflict."""
        async with self._context.database.transaction() as session:
            poll = await _found(session, poll_id)
            _accepted(actor)
            self.must_be_open(poll)
            self.must_be_voter(actor, poll)
            return await view_of(session, self._context.programme, poll)

    async def press(
        self, actor: Actor, poll_id: int, said: str, *, done: bool = False
    ) -> PollView | Receipt | Why:
        """Take one press of a ballot of several steps: `said` is all presses so far.

        Returns the poll while there is more to say; after the last press, or when `done`, the ballot is said.
        Raises as `say` does.
        """
        view = await self.ballot(actor, poll_id)
        if not done and not steps.complete(view.kind, said, len(view.answers), view.points):
            return view
        return await self.say(actor, poll_id, said)

    async def locked(self, session: AsyncSession, poll_id: int) -> Poll:
        """Return a poll that nobody else changes until the transaction ends. Raises NotFound."""
        poll = await session.get(Poll, poll_id, with_for_update=True)
        if poll is None:
            raise NotFound("error_polls.not_found")
        return poll

    def must_be_open(self, poll: Poll) -> None:
        """Refuse what comes before the opening or from the closing second on. Raises Conflict.

        The clock decides, whether or not anything has closed the poll yet.
        """
        if poll.state == CANCELLED:
            raise Conflict("error_polls.cancelled")
        if poll.closed_at is not None or poll.closes_at <= self._context.now():
            raise Conflict("error_polls.closed", closes_at=poll.closes_at)
        if poll.state != OPEN:
            raise Conflict("error_polls.not_open_yet")

    def must_be_voter(self, actor: Actor, poll: Poll) -> None:
        """Refuse who may not vote in this poll. Raises NotPermitted."""
        if not is_voter(actor, poll):
            voters = who(self._context.texts, tuple(poll.voters.split(",")))
            raise NotPermitted("error_polls.not_a_voter", voters=voters)


def is_voter(actor: Actor, poll: Poll) -> bool:
    """Tell whether a person holds a role that may vote, in the poll's own village or cohort."""
    where = Where(poll.village_id, cohort_id=poll.cohort_id, group_id=poll.coordinator_group_id)
    return bool(roles_at(actor, where) & rules.roles_of(poll.voters.split(",")))


def _accepted(actor: Actor) -> int:
    if actor.person_id is None:
        raise Conflict("error_people.privacy_needed")
    return actor.person_id


def _voter(poll: Poll, actor: Actor) -> str:
    """Return the mark on a person's ballots: a name when open, an HMAC under the poll's key when secret.

    The secret mark is made of the account, so that whoever is erased and comes back still has one vote.
    """
    if not poll.secret:
        return f"p:{actor.person_id}"
    assert poll.secret_key is not None, "an open secret poll has its key"
    assert actor.discord_user_id is not None, "who presses a button has an account"
    return rules.voter_key(poll.secret_key, actor.discord_user_id)


def _spelt_out(poll: Poll, choice: int | str) -> Marks:
    """Return the marks that a button says. Raises InvalidInput for what no button of ours says."""
    if isinstance(choice, int):
        return {choice: 1}
    if Kind(poll.kind) in STEP_BY_STEP:
        return steps.marks_of(Kind(poll.kind), choice, len(poll.options))
    return dict.fromkeys(answer_pages.chosen(choice), 1)


def _checked(poll: Poll, marks: Marks) -> dict[int, int]:
    """Return a ballot's marks as the poll takes them; that no date fits goes with no date. Raises InvalidInput."""
    none = (
        next((o.position for o in poll.options if o.starts_at is None), 0) if poll.kind == Kind.DATES else 0
    )
    offered = [option.position for option in poll.options]
    return checked_marks(Kind(poll.kind), marks, offered, Rules(poll.fewest, poll.pick, poll.points, none))


async def _found(session: AsyncSession, poll_id: int) -> Poll:
    poll = await session.get(Poll, poll_id)
    if poll is None:
        raise NotFound("error_polls.not_found")
    return poll
