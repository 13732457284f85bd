"""Reminders in private: whoever chose them and has not voted gets one, and nothing left tells who that was."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from bot.delivery.dispatcher import Dispatcher, PermanentFailure, TransientFailure
from bot.domain.access import Actor, Role
from bot.messages.message import Message
from bot.messages.privacy import my_data
from bot.services.people import People
from bot.services.registry import services_on
from bot.storage.models import Delivery, DiscordPlace, Poll
from tests.support.polls_world import PollsWorld


@dataclass
class Letterbox:
    """A Discord that keeps what each person got; channels have small numbers, accounts large ones."""

    got: list[tuple[int, Message]] = field(default_factory=list)
    changed: list[tuple[int, Message]] = field(default_factory=list)
    marks: dict[int, int] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int:
        if channel_id in self.closed:
            raise PermanentFailure("403 Forbidden (error code: 50007): Cannot send messages to this user")
        self.got.append((channel_id, message))
        self.marks[mark] = channel_id
        if channel_id in self.unanswered:
            self.unanswered.discard(channel_id)
            raise TransientFailure("the answer is lost")
        return 9000 + mark

    async def find(self, channel_id: int, mark: int, since: object) -> int | None:
        return 9000 + mark if self.marks.get(mark) == channel_id else None

    async def private_channel(self, user_id: int) -> int:
        return user_id

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        raise AssertionError("a private message has no thread")

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        assert channel_id < 1000, "a private message is not changed"
        self.changed.append((message_id, message))
        return True

    def of(self, actor: Actor) -> list[Message]:
        return [message for account, message in self.got if account == actor.discord_user_id]


@dataclass
class Reminded:
    """A poll of three days, the people who chose to be reminded privately, and where their messages come."""

    world: PollsWorld
    discord: Letterbox
    poll_id: int
    people: Sequence[Actor]

    async def work(self) -> None:
        services = services_on(self.world.context)
        await services.polls.turn(self.world.now)
        for _ in range(2):  # what one round plans wakes the next
            await Dispatcher(services.outbox, self.discord, self.world.context.clock).send_due()

    async def rows(self) -> list[Delivery]:
        async with self.world.context.database.transaction() as session:
            query = select(Delivery).where(Delivery.kind == "poll_private").order_by(Delivery.id)
            return list(await session.scalars(query))


async def channels(world: PollsWorld) -> None:
    """Let the village and the secretariat have their channels."""
    async with world.context.database.transaction() as session:
        session.add(DiscordPlace(key=world.village.key, discord_id=500))
        session.add(DiscordPlace(key="secretariat", discord_id=501))


async def goes_on(world: PollsWorld, *people: Actor) -> Reminded:
    """Let people who would be reminded privately have a poll of three days that gets three more."""
    await channels(world)
    for person in people:
        await services_on(world.context).private_reminders.choose(person, privately=True)
    view = await world.start(binding=True, hours=72)
    async with world.context.database.transaction() as session:
        (await session.get_one(Poll, view.id)).extend_days = 3
    reminded = Reminded(world, Letterbox(), view.id, people)
    await reminded.work()
    return reminded


@pytest.fixture(params=[False, True], ids=["open", "secret"])
async def reminded(world: PollsWorld, request: pytest.FixtureRequest) -> Reminded:
    people = await world.people(6)
    await channels(world)
    choose = services_on(world.context).private_reminders.choose
    for person in people[:5]:
        await choose(person, privately=True)
    await choose(people[4], privately=False)
    neighbour = await world.person("Nabo", Role.STEERING, world.neighbour)
    await choose(neighbour, privately=True)
    view = await world.start(secret=request.param, hours=72)
    found = Reminded(world, Letterbox(), view.id, [*people, neighbour])
    await found.work()
    world.after(hours=1)
    await world.polls.vote(people[0], view.id, [1])
    world.at(view.closes_at)
    world.after(hours=-24)
    return found


async def test_only_those_who_chose_it_and_have_not_voted_get_one_and_their_rows_look_alike(
    reminded: Reminded,
) -> None:
    world, voted, waiting = reminded.world, reminded.people[0], reminded.people[1]
    reminded.discord.closed = {reminded.people[2].discord_user_id or 0}
    reminded.discord.unanswered = {reminded.people[3].discord_user_id or 0}
    for _ in range(4):
        await reminded.work()
        assert [post async for post in services_on(world.context).ledger.read(failed=True)] == [], (
            "who waits is secret"
        )
        world.after(minutes=6)
    assert [len(reminded.discord.of(person)) for person in reminded.people] == [0, 1, 0, 1, 0, 0, 0]
    (message,) = reminded.discord.of(waiting)
    assert "Sønder Ørslev" in message.text and "Kun du kan se denne besked" in message.text
    assert [str(button.label) for button in message.buttons] == ["Ja", "Nej", "Mind kun i kanalen"]
    assert message.silent
    rows = await reminded.rows()
    assert [row.place_key for row in rows] == [f"person:{p.person_id}" for p in reminded.people[:4]]
    kept = ("state", "due_at", "attempts", "lease_until", "claimed_by", "last_error", "sent_at", "message_id")
    assert len({tuple(getattr(row, name) for name in kept) for row in rows}) == 1, voted
    async with world.context.database.transaction() as session:
        notices = await session.scalars(select(Delivery.key).where(Delivery.kind == "notice"))
        assert notices.all() == []

    world.after(hours=24)
    await reminded.work()
    assert await reminded.rows() == []


async def test_after_a_poll_is_cancelled_or_a_person_erased_no_row_is_left(reminded: Reminded) -> None:
    world, people = reminded.world, People(reminded.world.context)
    await reminded.work()
    told = my_data(world.context.texts, await people.my_data(reminded.people[1]))
    assert json.loads(told.files[0].data)["påmindelser om afstemninger"] == "i en privat besked"
    assert [str(button.label) for button in told.buttons] == ["Mind kun i kanalen"]
    await people.erase(reminded.people[1])
    assert len(await reminded.rows()) == 3
    await services_on(world.context).poll_life.cancel(await world.lead(), reminded.poll_id, "Aflyst")
    assert await reminded.rows() == []


async def test_a_poll_that_goes_on_reminds_nobody_twice(world: PollsWorld) -> None:
    first, second = (await world.people(2))[:2]
    reminded = await goes_on(world, first)
    for hours in (48, 24):
        world.after(hours=hours)
        await reminded.work()
    assert len(reminded.discord.of(first)) == 1
    await services_on(world.context).private_reminders.choose(second, privately=True)
    world.after(hours=48)
    await reminded.work()
    assert [len(reminded.discord.of(person)) for person in (first, second)] == [1, 1]


async def test_what_still_waits_when_a_poll_goes_on_comes_a_day_before_its_new_end_but_not_to_voters(
    world: PollsWorld,
) -> None:
    waits, voted, *_ = await world.people(3)
    reminded, outbox = await goes_on(world, waits, voted), services_on(world.context).outbox
    world.after(hours=48)
    await outbox.claim("whoever plans the reminders and goes away")
    assert [row.state for row in await reminded.rows()] == ["pending", "pending"]

    world.after(hours=24)
    await Dispatcher(outbox, reminded.discord, world.context.clock).send_due()  # before the poll's own turn
    await reminded.work()
    assert (reminded.discord.of(waits), reminded.discord.of(voted)) == ([], [])
    await world.polls.vote(voted, reminded.poll_id, [1])
    world.after(hours=47)
    await reminded.work()
    assert reminded.discord.of(waits) == []
    world.after(hours=1)
    await reminded.work()
    assert [len(reminded.discord.of(person)) for person in (waits, voted)] == [1, 0]
