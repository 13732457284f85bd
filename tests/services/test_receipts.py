"""Receipts told on SQLite and PostgreSQL: how a letter fared, sending it again, and the ledger behind both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.errors import Conflict, NotFound, NotPermitted
from bot.domain.receipts import PostReceipt, Trouble
from bot.services import ledger
from bot.services.context import Context
from bot.services.outgoing import Outgoing
from bot.services.registry import Services, services_on
from bot.storage.models import AuditEntry, Cohort, Delivery, DiscordPlace
from tests.support.approval import approve_all
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
CIRCLE_BEGINS = datetime(2027, 10, 26, 17, tzinfo=UTC)
NAMES = ("Agerby", "Bøgelund", "Ålby")
FORBIDDEN = "403 Forbidden (error code: 50013): Missing Permissions"


@dataclass
class Desk:
    """A world whose first letter is due now; every village but the last has its channel."""

    world: PollsWorld
    services: Services
    cohort_id: int

    async def receipts(self) -> Sequence[PostReceipt]:
        return (await self.services.letter_accounts.of(SECRETARY, self.cohort_id, "NL-V01")).posts

    async def states(self) -> dict[str, str]:
        return {row.place.split(" ")[0]: row.state for row in await self.receipts()}

    async def again(self) -> int:
        return await self.services.newsletters.send_again(SECRETARY, self.cohort_id, "NL-V01")

    async def claim(self) -> dict[str, Outgoing]:
        """Take the letters that are due, by village."""
        batch = await self.services.outbox.claim("worker")
        found = {post.key: post for post in batch.ready if post.key.startswith("NL-V01:village:")}
        return {NAMES[int(key.split(":")[2]) - 1]: post for key, post in found.items()}

    async def row(self, name: str) -> Delivery:
        async with self.world.context.database.transaction() as session:
            key = f"NL-V01:village:{NAMES.index(name) + 1}"
            return (await session.scalars(select(Delivery).where(Delivery.key == key))).one()

    async def deliver(self, post: Outgoing, message_id: int = 9001) -> None:
        await self.services.outbox.sent(post.delivery_id, post.channel_id, message_id)


@pytest.fixture
async def desk(context: Context) -> Desk:
    world = await polls_world(context, names=NAMES)
    async with context.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
        session.add_all(DiscordPlace(key=f"village:{n}", discord_id=500 + n) for n in (1, 2))
    services = services_on(context)
    world.at(LETTER_COMES)
    await approve_all(context, cohort.id)
    await services.newsletters.send(SECRETARY, cohort.id, "NL-V01")
    return Desk(world, services, cohort.id)


async def test_a_receipt_tells_for_each_channel_what_became_of_the_letter_and_why(desk: Desk) -> None:
    posts = await desk.claim()
    await desk.deliver(posts["Agerby"])
    await desk.services.outbox.failed(posts["Bøgelund"], FORBIDDEN, permanent=True)
    arrived, refused, homeless = await desk.receipts()
    assert (arrived.place, arrived.state, arrived.message_id) == ("Agerby (Næstved)", "sent", 9001)
    assert arrived.due_at == arrived.sent_at == LETTER_COMES and arrived.trouble is None
    assert (refused.state, refused.trouble, refused.tries) == ("parked", Trouble.NO_ACCESS, 1)
    assert (homeless.state, homeless.trouble, homeless.tries) == ("parked", Trouble.NO_CHANNEL, 0)


async def test_only_the_secretariat_sees_receipts_and_sends_again(desk: Desk) -> None:
    lead = await desk.world.lead()
    with pytest.raises(NotPermitted):
        await desk.services.letter_accounts.of(lead, desk.cohort_id, "NL-V01")
    with pytest.raises(NotPermitted):
        await desk.services.newsletters.send_again(lead, desk.cohort_id, "NL-V01")
    with pytest.raises(NotFound):
        await desk.services.newsletters.send_again(SECRETARY, desk.cohort_id, "NL-V99")


async def test_sent_again_goes_only_what_failed_at_once_and_as_if_for_the_first_time(desk: Desk) -> None:
    posts = await desk.claim()
    await desk.deliver(posts["Agerby"])
    await desk.services.outbox.failed(posts["Bøgelund"], FORBIDDEN, permanent=True)
    in_the_night = LETTER_COMES.replace(hour=23)
    desk.world.at(in_the_night)
    before = await desk.row("Agerby")
    assert await desk.again() == 2
    after, again = await desk.row("Agerby"), await desk.row("Bøgelund")
    assert (after.state, after.sent_at, after.message_id) == ("sent", before.sent_at, before.message_id)
    assert (again.state, again.attempts, again.last_error) == ("pending", 0, None)
    assert (again.due_at, again.useful_until) == (in_the_night, CIRCLE_BEGINS)
    assert list(await desk.claim()) == ["Bøgelund"], "at once; and there is still no channel in Ålby"
    assert await desk.states() == {"Agerby": "sent", "Bøgelund": "claimed", "Ålby": "parked"}
    async with desk.world.context.database.transaction() as session:
        entries = [(e.action, e.subject) for e in await session.scalars(select(AuditEntry))]
    assert entries[1:] == [("newsletter.send_again", "NL-V01 to 2")]


async def test_what_has_arrived_waits_or_is_on_its_way_is_not_sent_again(desk: Desk) -> None:
    with pytest.raises(Conflict) as waiting:
        await desk.again()
    assert waiting.value.key == "error.letter_failed_nowhere"
    posts = await desk.claim()
    await desk.deliver(posts["Agerby"])
    assert await desk.again() == 1, "Ålby, that has no channel"
    assert await desk.states() == {"Agerby": "sent", "Bøgelund": "claimed", "Ålby": "pending"}


async def test_a_letter_that_came_too_late_goes_again_once_its_circle_lies_ahead(desk: Desk) -> None:
    desk.world.at(CIRCLE_BEGINS)
    assert await desk.claim() == {}
    assert set((await desk.states()).values()) == {"stale"}
    with pytest.raises(Conflict) as held:
        await desk.again()
    assert held.value.key == "error.meeting_held"
    later = CIRCLE_BEGINS + timedelta(days=7)
    await desk.world.move("VC01", later)
    assert await desk.again() == 3
    assert set(await desk.claim()) == {"Agerby", "Bøgelund"}
    assert (await desk.row("Agerby")).useful_until == later


async def test_a_late_letter_that_may_have_been_sent_is_looked_for_before_it_goes_again(desk: Desk) -> None:
    posts = await desk.claim()
    lost_answer = posts["Agerby"]
    await desk.deliver(posts["Bøgelund"])
    desk.world.at(CIRCLE_BEGINS)
    assert await desk.claim() == {}
    await desk.world.move("VC01", CIRCLE_BEGINS + timedelta(days=7))
    assert await desk.again() == 2
    again = (await desk.claim())["Agerby"]
    assert again.retry, "the channel is searched for its mark"
    assert again.due_at == lost_answer.due_at, "since when it may have stood there"
    await desk.services.outbox.give_back([again])
    assert (await desk.claim())["Agerby"].retry, "also when it was given back meanwhile"


async def test_sending_a_letter_to_a_municipality_also_takes_what_failed(desk: Desk) -> None:
    posts = await desk.claim()
    await desk.deliver(posts["Agerby"])
    await desk.services.outbox.failed(posts["Bøgelund"], FORBIDDEN, permanent=True)
    assert await desk.services.newsletters.send(SECRETARY, desk.cohort_id, "NL-V01", village_id=2) == 1
    assert await desk.states() == {"Agerby": "sent", "Bøgelund": "pending", "Ålby": "parked"}


async def test_the_ledger_is_read_page_by_page_and_misses_and_repeats_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.services.planning.refresh(desk.cohort_id)
    async with desk.world.context.database.transaction() as session:
        everything = list(await session.scalars(select(Delivery.key).order_by(Delivery.id)))
    assert len(everything) > 100
    monkeypatch.setattr(ledger, "PAGE", 70)
    assert [row.key async for row in desk.services.ledger.read()] == everything


async def test_the_ledger_shows_a_letter_a_cohort_or_what_failed(desk: Desk) -> None:
    read, outbox = desk.services.ledger.read, desk.services.outbox
    await desk.services.lasting_posts.welcome()
    posts = await desk.claim()
    await desk.deliver(posts["Agerby"])
    await outbox.failed(posts["Bøgelund"], "503 Service Unavailable", permanent=False)
    letters = [row async for row in read(letter="NL-V01")]
    assert [row.key for row in letters] == [f"NL-V01:village:{n}" for n in (1, 2, 3)]
    failed = [(row.key, row.state) async for row in read(failed=True) if row.kind == "newsletter"]
    assert failed == [("NL-V01:village:2", "claimed"), ("NL-V01:village:3", "parked")]
    kinds = {row.kind async for row in read(cohort_id=desk.cohort_id)}
    assert "newsletter" in kinds and "welcome" not in kinds
    assert [row async for row in read(cohort_id=desk.cohort_id + 1)] == []


async def test_the_ledger_knows_what_must_stand_in_a_channel_and_what_may(desk: Desk) -> None:
    posts = await desk.claim()
    there, under_way = posts["Agerby"], posts["Bøgelund"]
    await desk.deliver(there)
    assert [channel.name for channel in await desk.services.ledger.channels()] == [
        "Agerby (Næstved)", "Bøgelund (Næstved)",
    ]  # fmt: skip
    sent = await desk.services.ledger.sent_to("village:1")
    assert sent.keys == {there.delivery_id: "NL-V01:village:1"}
    assert sent.since is not None and sent.since <= LETTER_COMES
    marks = [there.delivery_id, under_way.delivery_id, 99_999]
    assert await desk.services.ledger.may_stand("village:2", marks) == {
        under_way.delivery_id: "NL-V01:village:2"
    }
