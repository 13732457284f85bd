"""Whatever happens to a poll, each person counts once, no vote is lost, and the result is a plain recount.

Sequences are made up: votes, changed votes, late clicks, people who come, leave or change role, restarts, secrecy asked
for, extension, cancelling. Beside the bot runs a model of a few lines that knows nothing of its code. The services are
the same on every database, so it plays on SQLite, where a sequence costs little.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from bot.domain.access import Actor
from bot.domain.ballots import Kind
from bot.domain.errors import CompanionError
from bot.domain.poll_view import PollView
from bot.services.context import Context
from bot.services.people import People
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.poll_life import PollLife
from bot.services.polls import Polls
from bot.storage.models import Ballot, Delivery, Poll, RoleAssignment
from tests.support.polls_world import PollsWorld, polls_world

PEOPLE = 6
ANSWERS = 3
DAYS = 3
FEWEST_FOR_SECRECY = 5
WINTER = datetime(
    2027, 11, 2, 12, tzinfo=UTC
)  # months in which every day has 24 hours, as the model's days have
LEAD = 99  # who asks may vote too, and is counted
RARE = 4  # one time in so many a poll is cancelled when it could be
STEP = (  # what happens, to whom, with which answer; hours that pass
    st.tuples(st.just("vote"), st.integers(0, PEOPLE - 1), st.integers(1, ANSWERS))
    | st.tuples(st.just("vote"), st.integers(0, PEOPLE - 1), st.integers(1, ANSWERS))
    | st.tuples(st.sampled_from(["come", "leave"]), st.integers(0, PEOPLE - 1), st.just(0))
    | st.tuples(st.sampled_from(["restart", "turn", "secret"]), st.just(0), st.just(0))
    | st.tuples(st.just("wait"), st.sampled_from([1, 20, 30, 71]), st.just(0))
    | st.tuples(st.just("cancel"), st.integers(1, RARE), st.just(0))
)
SEQUENCES = st.lists(STEP, min_size=4, max_size=20)
FEW = [("leave", 0, 0), ("leave", 1, 0), ("secret", 0, 0), ("vote", 2, 1), ("vote", 0, 1)]


@pytest.fixture
def backend() -> str:
    return "sqlite"


@dataclass
class Model:
    """What should be true: who has voted what, who may, and whether the poll still takes votes."""

    may: set[int]
    closes_in: float  # hours left
    extends: bool
    votes: dict[int, dict[int, int]] = field(default_factory=dict)
    secret: bool = False
    cancelled: bool = False
    closed: bool = False

    @property
    def open(self) -> bool:
        return not self.cancelled and not self.closed and self.closes_in > 0

    def turn(self) -> None:
        """Close, or go on once when too few have voted."""
        if self.closed or self.cancelled or self.closes_in > 0:
            return
        entitled = max(len(self.may), len(self.votes))
        enough = len(self.votes) > 0 and len(self.votes) * 2 >= entitled
        if self.extends and not self.secret and not enough:
            self.extends = False
            self.closes_in = self.closes_in + 72 if self.closes_in > -72 else 72
        else:
            self.closed = True


@dataclass
class Play:
    """One poll, and the model of it."""

    world: PollsWorld
    life: PollLife
    people: list[Actor]
    poll_id: int
    kind: Kind
    model: Model

    async def vote(self, number: int, position: int) -> None:
        """Vote, and hold the answer against what the model says."""
        marks = {position: 1}
        if self.kind is Kind.POINTS:
            marks = {position: 2, position % ANSWERS + 1: 1}
        elif self.kind is Kind.RANKED:
            marks = {position: 1, position % ANSWERS + 1: 2}
        taken = await self.try_to_vote(number, marks)
        assert taken is (self.model.open and number in self.model.may)
        if taken:
            self.model.votes[number] = marks

    async def try_to_vote(self, number: int, marks: dict[int, int]) -> bool:
        actor = await self.now_as(number)
        try:
            await self.world.polls.cast(actor, self.poll_id, marks)
        except CompanionError:
            return False
        return True

    async def now_as(self, number: int) -> Actor:
        """Return a person with the roles held now, as the bot finds them at each press."""
        account = self.people[number].discord_user_id
        assert account is not None
        return await People(self.world.context).actor(account, self.people[number].name, is_owner=False)

    async def role(self, number: int, *, held: bool) -> None:
        """Let somebody come into the steering group, or leave it; a vote that was given stands."""
        person_id = self.people[number].person_id
        values = {"until": None if held else self.world.now}
        async with self.world.context.database.transaction() as session:
            query = update(RoleAssignment).where(RoleAssignment.person_id == person_id).values(values)
            await session.execute(query)
        (self.model.may.add if held else self.model.may.discard)(number)

    async def step(self, what: str, number: int, position: int) -> None:
        """Let one thing happen."""
        if what == "vote":
            await self.vote(number, position)
        elif what in ("come", "leave"):
            await self.role(number, held=what == "come")
        elif what == "wait":
            self.world.after(hours=number)
            self.model.closes_in -= number
        elif what == "restart":
            self.world.polls = Polls(self.world.context)
        elif what == "turn":
            await self.world.turn()
            self.model.turn()
        elif what == "secret":
            await self.ask_secrecy()
        elif number == RARE:
            await self.cancel()

    async def ask_secrecy(self) -> None:
        lead = await self.world.lead()
        fresh = self.model.open and not self.model.secret and not self.model.votes
        allowed = fresh and len(self.model.may) >= FEWEST_FOR_SECRECY
        try:
            await self.world.polls.ask_secrecy(lead, self.poll_id)
        except CompanionError:
            assert not allowed
        else:
            assert allowed
            self.model.secret = True

    async def cancel(self) -> None:
        try:
            await self.life.cancel(await self.world.lead(), self.poll_id, "Vi venter")
        except CompanionError:
            assert not self.model.open
        else:
            assert self.model.open
            self.model.cancelled = True
            self.model.votes.clear()

    async def to_the_end(self) -> PollView:
        """Let the poll close, if it still can."""
        for _ in range(2):
            self.world.after(days=DAYS)
            self.model.closes_in -= 24 * DAYS
            await self.world.turn()
            self.model.turn()
        return await self.world.polls.view(self.poll_id)


async def stored(world: PollsWorld, poll_id: int) -> tuple[int, int]:
    """Return how many voters have ballots, and how many result posts are still to go out."""
    async with world.context.database.transaction() as session:
        query = select(func.count(func.distinct(Ballot.voter))).where(Ballot.poll_id == poll_id)
        posts = select(func.count()).where(
            Delivery.key == f"poll:{poll_id}:result", Delivery.state == "pending"
        )
        return await session.scalar(query) or 0, await session.scalar(posts) or 0


def recount(model: Model, kind: Kind) -> tuple[list[int], list[int]]:
    """Return the sums and who leads, counted by hand; a ranking by instant run-off."""
    if kind is not Kind.RANKED:
        sums = Counter(dict.fromkeys(range(1, ANSWERS + 1), 0))
        for marks in model.votes.values():
            sums.update(marks)
        best = max(sums.values())
        return [sums[p] for p in sorted(sums)], [p for p in sorted(sums) if sums[p] == best]
    orders = [sorted(marks, key=lambda p, m=marks: m[p]) for marks in model.votes.values()]  # type: ignore[misc]
    firsts = Counter(order[0] for order in orders)
    majority = [p for p in firsts if firsts[p] * 2 > len(orders)]
    return [firsts[p] for p in range(1, ANSWERS + 1)], majority


async def begun(world: PollsWorld, kind: Kind, *, binding: bool) -> Play:
    """Open a poll for the steering group: everybody in it but the last."""
    world.at(WINTER)
    people, lead, drafts = await world.people(PEOPLE), await world.lead(), PollDrafts(world.context)
    written = Written("Hvad nu?", ("A", "B", "C") if kind is not Kind.YES_NO else (), str(DAYS))
    draft = await drafts.write(lead, world.village, kind, written)
    await drafts.ask(lead, draft.id, "steering")
    if binding:
        await drafts.bind(lead, draft.id, "most")
        await drafts.decide_by(lead, draft.id, "extend", "3")
    model = Model({LEAD, *range(PEOPLE)}, 24 * DAYS, binding)
    play = Play(world, PollLife(world.context), people, draft.id, kind, model)
    async with world.context.database.transaction() as session:
        await session.execute(update(RoleAssignment).values(until=None))
    await play.role(PEOPLE - 1, held=False)
    await drafts.open(lead, draft.id)
    return play


@settings(
    max_examples=30,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    kind=st.sampled_from([Kind.CHOICE, Kind.YES_NO, Kind.POINTS, Kind.RANKED]),
    binding=st.booleans(),
    steps=SEQUENCES,
)
@example(kind=Kind.CHOICE, binding=False, steps=FEW)  # too few for secrecy
async def test_no_sequence_counts_a_person_twice_loses_a_vote_or_differs_from_a_recount(
    context: Context, worlds: list[PollsWorld], kind: Kind, binding: bool, steps: list[tuple[str, int, int]]
) -> None:
    if not worlds:
        worlds.append(await polls_world(context))
        await worlds[0].any_number()
    play = await begun(worlds[0], kind, binding=binding)
    for step in steps:
        await play.step(*step)
        voters, _ = await stored(play.world, play.poll_id)
        gone = play.model.cancelled or (play.model.closed and play.model.secret)
        assert voters == (0 if gone else len(play.model.votes))
    view, model = await play.to_the_end(), play.model
    event(view.state)
    assert view.state == ("cancelled" if model.cancelled else "closed") and not model.open
    assert not await play.try_to_vote(0, {1: 1}), "a late click"
    _, results = await stored(play.world, play.poll_id)
    assert results == (0 if model.cancelled else 1)
    if model.cancelled:
        return
    assert view.turnout == len(model.votes) <= PEOPLE
    if view.turnout and not model.secret:
        sums, leading = recount(model, kind)
        assert [answer.votes for answer in view.answers] == sums
        assert not leading or list(view.winners) == leading
    async with play.world.context.database.transaction() as session:
        assert (await session.get_one(Poll, play.poll_id)).secret_key is None
        await session.execute(delete(Ballot).where(Ballot.poll_id == play.poll_id))


@pytest.fixture
def worlds() -> list[PollsWorld]:
    """Return the world that all sequences of a run are played in, once it is built."""
    return []
