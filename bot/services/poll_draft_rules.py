"""What is chosen for a draft by menus: who votes, secrecy, what it takes to decide, and what if it is not enough.

What binds is the steering group's open vote (S30); a village's own rules say what a draft begins with.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import polls as rules
from bot.domain.access import Action, Actor, may, require
from bot.domain.ballots import STEP_BY_STEP, Kind, Majority, Why
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.poll_repeats import LONGEST_AHEAD, NEVER, Repeat
from bot.domain.poll_rules import NO_QUORUM, Tie, VillageRules, checked_rule
from bot.domain.poll_view import DRAFT, PollView
from bot.services.context import Context
from bot.services.moments import read_day, today
from bot.services.places import Place, place_of
from bot.services.poll_results import view_of
from bot.services.poll_rules import rules_of
from bot.services.polls import right_to_start
from bot.storage.models import Poll


class DraftRules:
    """The use-cases of a draft's rules."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def ask(self, actor: Actor, poll_id: int, voters: str) -> PollView:
        """Say who votes; a binding poll is the steering group's. Raises as `mine`, and InvalidInput."""
        async with self._context.database.transaction() as session:
            poll, place = await self.mine(session, actor, poll_id)
            if place.village is None:
                raise InvalidInput("error_polls.group_votes")
            checked_rule("voters", voters)
            if poll.binding and voters != "steering":
                raise InvalidInput("error_polls.binding_is_for_steering")
            poll.voters = voters
            return await view_of(session, self._context.programme, poll)

    async def hide(self, actor: Actor, poll_id: int, *, secret: bool, running: bool = True) -> PollView:
        """Make a draft secret, which is advisory (PRIVACY section 6), or open, with or without its numbers as it runs.

        Raises as `mine`, and InvalidInput.
        """
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            if poll.binding and secret:
                raise InvalidInput("error_polls.secret_is_advisory")
            poll.secret, poll.running = secret, running
            return await view_of(session, self._context.programme, poll)

    async def bind(self, actor: Actor, poll_id: int, rule: str) -> PollView:
        """Say what it takes to decide, or that the poll is advisory: then the village's usual voters vote again.

        Raises as `mine`, and InvalidInput for a rule that does not fit the kind.
        """
        async with self._context.database.transaction() as session:
            poll, place = await self.mine(session, actor, poll_id)
            checked_rule("rule", rule)
            usual = await rules_of(session, place)
            if rule == rules.ADVISORY:
                if poll.binding:
                    advise(poll, usual)
            else:
                if poll.secret:
                    raise InvalidInput("error_polls.secret_is_advisory")
                if not _fits(Kind(poll.kind), Majority(rule)):
                    raise InvalidInput("error_polls.rule_unfit")
                require(actor, Action.START_BINDING_POLL, place.where)
                _bind(poll, Majority(rule), usual)
            return await view_of(session, self._context.programme, poll)

    async def reason(self, actor: Actor, poll_id: int, why: str) -> PollView:
        """Say whether voters are asked for their reason. Raises as `mine`."""
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            poll.why = Why(checked_rule("why", why))
            return await view_of(session, self._context.programme, poll)

    async def decide_by(self, actor: Actor, poll_id: int, name: str, value: str) -> PollView:
        """Choose a binding draft's quorum, its extension in days, or what a tie leads to.

        Raises as `mine`, and InvalidInput.
        """
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            checked_rule(name, value)
            if not poll.binding:
                raise InvalidInput("error_polls.binding_only")
            if name == "quorum":
                poll.quorum = None if value == NO_QUORUM else value
            elif name == "extend":
                poll.extend_days = int(value)
            else:
                poll.tie = Tie(value)
            return await view_of(session, self._context.programme, poll)

    async def repeat(self, actor: Actor, poll_id: int, how: str, until: str = "") -> PollView:
        """Let a draft come again every week, month or year until a day ("26-10-2028"), or not.

        Raises as `mine`, and InvalidInput.
        """
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            if how == NEVER:
                poll.repeat = poll.repeat_until = None
                return await view_of(session, self._context.programme, poll)
            if how not in set(Repeat):
                raise InvalidInput("error_polls.unknown_answer")
            if poll.kind == Kind.DATES:
                raise InvalidInput("error_polls.repeat_dates")
            last_on = read_day(until)
            first_on = today(max(poll.opens_at, self._context.now()), self._context.programme.timezone)
            if not first_on < last_on <= first_on + LONGEST_AHEAD:
                raise InvalidInput("error_polls.repeat_until")
            poll.repeat, poll.repeat_until = Repeat(how), last_on
            return await view_of(session, self._context.programme, poll)

    async def begin(self, session: AsyncSession, actor: Actor, place: Place, poll: Poll) -> None:
        """Give a new draft of a village the village's rules; only the lead's can begin as a binding one."""
        if place.village is None:
            return
        usual = await rules_of(session, place)
        advise(poll, usual)
        poll.why, poll.running = usual.why, usual.running
        binding = usual.rule != rules.ADVISORY and may(actor, Action.START_BINDING_POLL, place.where)
        if binding and _fits(Kind(poll.kind), Majority(usual.rule)):
            _bind(poll, Majority(usual.rule), usual)

    async def mine(self, session: AsyncSession, actor: Actor, poll_id: int) -> tuple[Poll, Place]:
        """Return a draft that nobody else changes meanwhile, and its place. Raises NotFound, NotPermitted, Conflict."""
        poll = await session.get(Poll, poll_id, with_for_update=True, populate_existing=True)
        if poll is None:
            raise NotFound("error_polls.draft_gone")
        place = await place_of(session, poll.scope_key)
        require(actor, right_to_start(place), place.where)
        if poll.state != DRAFT:
            raise Conflict("error_polls.draft_open")
        if poll.binding:
            require(actor, Action.START_BINDING_POLL, place.where)
        return poll, place


def _fits(kind: Kind, majority: Majority) -> bool:
    return majority is Majority.MOST or kind not in {*STEP_BY_STEP, Kind.CONSENT}


def _bind(poll: Poll, majority: Majority, usual: VillageRules) -> None:
    """Let a poll bind; one that did already keeps what was chosen for it."""
    if not poll.binding:
        poll.quorum, poll.extend_days, poll.tie = usual.quorum, usual.extend_days, usual.tie
    poll.voters, poll.secret, poll.binding, poll.majority = "steering", False, True, majority


def advise(poll: Poll, usual: VillageRules) -> None:
    """Let a poll be the advice of those whom the village usually asks."""
    poll.voters, poll.secret, poll.binding = usual.voters, usual.secret, False
    poll.quorum, poll.majority, poll.extend_days, poll.tie = None, Majority.MOST, 0, Tie.NOTHING
