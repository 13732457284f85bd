"""Secret means secret: two villages vote alike but for who said what, and nothing that is left tells them apart.

What an attacker could hold is written out whole: every row of every table, PostgreSQL's counters, the log at its most
talkative, everybody's own export and what the channel was told. When it is the same for two elections that differ in
who voted and in who said what, it cannot tell either.
"""

import hashlib
import hmac
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select, text

from bot.cli.logs import set_up
from bot.domain.access import Actor
from bot.domain.ballots import Kind
from bot.messages.privacy import my_data
from bot.services.context import Context
from bot.services.people import People
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.private_reminders import PrivateReminders
from bot.services.registry import services_on
from bot.storage.models import Ballot, Base, Delivery, DiscordPlace, Poll
from tests.support.databases import empty
from tests.support.polls_world import PollsWorld, polls_world
from tests.support.world import context_on

PEOPLE = 12
WHY = "Der mangler et kryds ved skolen"
Votes = Sequence[tuple[int, int]]  # who (from 0), and the answer chosen (from 1)


@pytest.fixture
def talkative(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """The log of an operator who wants to see everything."""
    root, known = logging.getLogger(), {name: log.level for name, log in _loggers()}
    handlers, level = root.handlers[:], root.level
    set_up("DEBUG", "text")
    yield capsys
    root.handlers[:], root.level = handlers, level
    for name, log in _loggers():
        log.setLevel(known.get(name, logging.NOTSET))


def _loggers() -> list[tuple[str, logging.Logger]]:
    found = logging.Logger.manager.loggerDict.items()
    return [(name, log) for name, log in found if isinstance(log, logging.Logger)]


@dataclass
class Election:
    """A secret poll while it is open."""

    world: PollsWorld
    voters: Sequence[Actor]
    poll_id: int
    votes: Votes

    async def rows(self) -> tuple[Poll, list[Ballot]]:
        """Return what is stored of it."""
        async with self.world.context.database.transaction() as session:
            poll = await session.get_one(Poll, self.poll_id)
            return poll, list(await session.scalars(select(Ballot).where(Ballot.poll_id == self.poll_id)))

    async def posts(self) -> int:
        """Let what is due go out; every other private message is refused. Returns how many of them were tried."""
        outbox, tried = services_on(self.world.context).outbox, 0
        for _ in range(3):
            for post in (await outbox.claim("test")).ready:
                tried += post.private
                if post.private and tried % 2:
                    await outbox.failed(post, "403 Forbidden (error code: 50007)", permanent=True)
                elif post.private:
                    await outbox.told(post)
                else:
                    await outbox.sent(post.delivery_id, post.channel_id, post.delivery_id)
        return tried

    async def close(self) -> None:
        """Let those who chose so be reminded privately, then the time run out, and the posts be written."""
        poll, _ = await self.rows()
        self.world.at(poll.closes_at - timedelta(hours=24))
        assert await self.posts() == PEOPLE - len({who for who, _ in self.votes} | {0})
        self.world.at(poll.opens_at)
        self.world.after(days=4)
        await self.world.turn()


async def held(context: Context, votes: Votes) -> Election:
    """Let people vote by consent, a minute between them; the first two change their minds once."""
    world = await polls_world(context)
    people = await world.people(PEOPLE)
    async with context.database.transaction() as session:
        session.add(DiscordPlace(key=world.village.key, discord_id=500))
        session.add(DiscordPlace(key="secretariat", discord_id=501))
    for person in people[1:]:
        await PrivateReminders(context).choose(person, privately=True)
    lead, drafts = people[0], PollDrafts(context)
    written = Written("Skal vi bygge en ny hal?", (), "3")
    draft = await drafts.write(lead, world.village, Kind.CONSENT, written)
    await drafts.ask(lead, draft.id, "steering")
    await drafts.hide(lead, draft.id, secret=True)
    poll = await drafts.open(lead, draft.id)
    election = Election(world, people, poll.id, votes)
    await election.posts()
    for who, answer in (*((who, 1) for who, _ in votes[:2]), *votes):
        world.after(minutes=1)
        await world.polls.vote(people[who], poll.id, [answer], WHY if answer > 2 else "")
    world.at(poll.opens_at)
    return election


async def everything(election: Election, log: str) -> dict[str, Any]:
    """Return all that is left when a poll has closed."""
    context, services = election.world.context, services_on(election.world.context)
    found: dict[str, Any] = {"log": log}
    async with context.database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            rows = await session.execute(select(table).order_by(table.c.id))
            found[table.name] = [tuple(row) for row in rows]
        if session.get_bind().dialect.name == "postgresql":
            counters = await session.execute(
                text("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
            )
            found["counters"] = [tuple(row) for row in counters]
    people = People(context)
    for voter in election.voters:
        message = my_data(context.texts, await people.my_data(voter))
        found[f"export of {voter.name}"] = (message.text, message.files)
    found["view"] = await election.world.polls.view(election.poll_id)
    async with context.database.transaction() as session:
        query = select(Delivery).where(Delivery.poll_id == election.poll_id).order_by(Delivery.id)
        posts = await session.scalars(query)
        found["posts"] = [await services.outbox._composer.compose(session, post) for post in posts]
    return found


def swapped(votes: Votes) -> Votes:
    """Return the same votes by the others: those who voted last, in the opposite order."""
    return [(PEOPLE - 1 - who, answer) for who, answer in votes]


NUMBERS = list(enumerate((1, 1, 1, 1, 2, 2, 3, 3, 4, 1)))
ELECTIONS = {
    "ten votes: who said what": (NUMBERS, swapped(NUMBERS)),
    "six votes: who said what, and how many beyond the order": (
        list(enumerate((1, 1, 1, 1, 2, 2))), swapped(list(enumerate((1, 1, 1, 1, 1, 2))))
    ),
    "four votes: who said what, and what was said": (
        list(enumerate((1, 1, 1, 1))), swapped(list(enumerate((2, 2, 2, 2))))
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ELECTIONS)
async def test_nothing_left_of_a_closed_secret_poll_tells_who_said_what(
    context: Context, talkative: pytest.CaptureFixture[str], case: str
) -> None:
    left = []
    for votes in ELECTIONS[case]:
        await empty(context.database)
        talkative.readouterr()
        election = await held(context_on(context.database), votes)
        await election.close()
        left.append(await everything(election, talkative.readouterr().err))
    one, other = left
    assert one["ballot"] == [] and one["view"].turnout == len(ELECTIONS[case][0])
    for place in one:
        assert one[place] == other[place], place


async def test_while_it_is_open_the_key_alone_ties_a_vote_to_a_person_and_then_it_is_gone(
    context: Context,
) -> None:
    election = await held(context, NUMBERS)
    poll, ballots = await election.rows()
    accounts = [str(voter.discord_user_id) for voter in election.voters]
    assert len(ballots) == len(NUMBERS) and poll.secret_key is not None
    assert {ballot.person_id for ballot in ballots} == {None}

    key, marks = poll.secret_key, {ballot.voter for ballot in ballots}
    assert found_by(key, accounts) & marks == marks, (
        "whoever has the whole database can tell: docs/secrecy.md"
    )
    for guess in (b"", poll.question.encode(), str(poll.id).encode(), bytes(32)):
        assert not found_by(guess, accounts) & marks
    assert not {hashlib.sha256(account.encode()).hexdigest() for account in accounts} & marks
    exported = [my_data(context.texts, await People(context).my_data(voter)) for voter in election.voters]
    assert not any(row in str(message) for message in exported for row in (*marks, WHY))

    await election.close()
    poll, ballots = await election.rows()
    assert (poll.secret_key, ballots) == (None, [])
    for file in files(context):
        assert key not in file.read_bytes()
        assert not any(mark.encode() in file.read_bytes() for mark in marks), file.name


def found_by(key: bytes, accounts: Sequence[str]) -> set[str]:
    """Return the marks that these accounts would have under a key."""
    return {hmac.new(key, account.encode(), hashlib.sha256).hexdigest() for account in accounts}


def files(context: Context) -> list[Path]:
    """Return what a copy of a SQLite database would consist of; PostgreSQL's is the operator's matter."""
    name = make_url(context.database.url).database
    if context.database.engine.dialect.name != "sqlite" or name is None:
        return []
    return [file for file in (Path(name), Path(f"{name}-wal")) if file.exists()]
