"""Letters that have gone out are corrected where they stand, or taken back, whatever breaks on the way (S05)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from bot.delivery.dispatcher import Dispatcher, TransientFailure
from bot.delivery.verification import verify
from bot.domain.errors import CompanionError, Conflict, NotPermitted
from bot.domain.standing import Finding
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.outbox import LEASE
from bot.services.registry import Services, services_on
from bot.storage.models import Delivery, DiscordPlace, LetterVersion, Village
from bot.storage.repositories import letters as letters_table
from tests.support.approval import approve_all
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
LEASE_IS_OVER = LEASE + timedelta(seconds=1)
CODE = "NL-V01"
SECRETARIAT = 500
ON_SQLITE = pytest.mark.parametrize(
    "backend", ["sqlite"], indirect=True
)  # what locks do is in the first story


@dataclass
class Wall:
    """A Discord that keeps what stands in each channel; answers can be lost, and people delete messages."""

    stands: dict[int, dict[int, tuple[int, str]]] = field(
        default_factory=dict
    )  # by channel and message: mark, text
    unanswered: set[int] = field(default_factory=set)  # channels whose next answer is lost
    requests: int = 0

    async def send(self, channel_id: int, message: Message, mark: int, nonce: str) -> int:
        self.requests += 1
        self.stands.setdefault(channel_id, {})[9000 + mark] = (mark, message.text)
        self._answer(channel_id)
        return 9000 + mark

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> None:
        pass

    async def find(self, channel_id: int, mark: int, since: datetime) -> int | None:
        return next(
            (found for found, (has, _) in self.stands.get(channel_id, {}).items() if has == mark), None
        )

    async def private_channel(self, user_id: int) -> int:
        return user_id

    async def edit(self, channel_id: int, message_id: int, message: Message, mark: int) -> bool:
        self.requests += 1
        if message_id not in self.stands[channel_id]:
            return False
        self.stands[channel_id][message_id] = (mark, message.text)
        self._answer(channel_id)
        return True

    def _answer(self, channel_id: int) -> None:
        if channel_id in self.unanswered:
            self.unanswered.discard(channel_id)
            raise TransientFailure("the answer is lost")

    async def marks(self, channel_id: int, since: datetime | None) -> AsyncIterator[tuple[int, int]]:
        for message_id, (mark, _) in self.stands.get(channel_id, {}).items():
            yield message_id, mark

    def texts(self, channel_id: int) -> list[str]:
        return [text for _, text in self.stands.get(channel_id, {}).values()]


@dataclass
class Story:
    """Three villages, and a letter that is due."""

    world: PollsWorld
    services: Services
    discord: Wall
    cohort_id: int

    async def deliver(self) -> None:
        await Dispatcher(self.services.outbox, self.discord, self.world.context.clock).send_due()

    async def later(self) -> None:
        """Let leases run out, and deliver."""
        self.world.at(self.world.now + LEASE_IS_OVER)
        await self.deliver()

    async def write(self, number: int, body: str) -> None:
        """Let the letter have a new version."""
        async with self.world.context.database.transaction() as session:
            row = await letters_table.made(session, self.cohort_id, CODE)
            row.state, row.approved_version = "approved", number
            session.add(LetterVersion(letter_id=row.id, number=number, title="Nyt brev", body=body,
                                      next_steps=["Kom"], written_at=self.world.now))  # fmt: skip

    async def states(self, kind: str) -> dict[str, str]:
        async with self.world.context.database.transaction() as session:
            rows = await session.execute(
                select(Delivery.place_key, Delivery.state)
                .where(Delivery.kind == kind, Delivery.key.contains(f"{CODE}:"))
                .order_by(Delivery.id)
            )
            return dict(rows.all())

    async def wrong(self) -> list[Finding]:
        """Return what `blup deliveries verify` would find."""
        return [
            finding
            async for looked in verify(self.services.ledger, self.discord)
            for finding in looked.findings
        ]

    async def refused(self, change: str) -> str:
        with pytest.raises(CompanionError) as refused:
            await getattr(self.services.corrections, change)(SECRETARY, self.cohort_id, CODE)
        return refused.value.key


@pytest.fixture
async def story(context: Context) -> Story:
    world = await polls_world(context, names=("Agerby", "Bøgelund", "Ålby"))
    async with context.database.transaction() as session:
        session.add_all(DiscordPlace(key=f"village:{n}", discord_id=500 + n) for n in (1, 2, 3))
        session.add(DiscordPlace(key="secretariat", discord_id=SECRETARIAT))
    services = services_on(context)
    await approve_all(context, world.village.where.cohort_id or 0)
    assert world.village.village is not None
    cohort_id = world.village.village.cohort_id
    world.at(LETTER_COMES)
    await services.planning.refresh(cohort_id)
    async with context.database.transaction() as session:
        await session.execute(delete(Delivery).where(Delivery.key.not_like(f"{CODE}:%")))
    await services.newsletters.send(SECRETARY, cohort_id, CODE)
    return Story(world, services, Wall(), cohort_id)


async def test_a_correction_stands_once_in_every_channel_though_answers_are_lost_and_a_message_is_gone(
    story: Story,
) -> None:
    assert await story.refused("correct") == "error.letter_stands_nowhere"
    story.discord.unanswered = {502}
    await story.deliver()
    assert await story.states("newsletter") == {
        "village:1": "sent",
        "village:2": "claimed",
        "village:3": "sent",
    }
    story.discord.stands[503].clear()  # somebody deletes it
    await story.write(1, "Kære {{ village }}. Mødet er i forsamlingshuset.")
    assert (await story.services.corrections.correct(SECRETARY, story.cohort_id, "nl-v01")).out == 3
    story.discord.unanswered = {501}  # killed between the change and its record
    await story.deliver()
    for _ in range(3):
        await story.later()
    noted = "Rettet torsdag den 14. oktober kl. 10.00."
    assert story.discord.texts(501) == [
        f"**Nyt brev**\n\nKære Agerby. Mødet er i forsamlingshuset.\n\n{noted}"
    ]
    assert len(story.discord.texts(502)) == 1 and "Kære Bøgelund. Mødet er i" in story.discord.texts(502)[0]
    assert story.discord.texts(502)[0].endswith(noted)
    assert story.discord.texts(503) == []
    assert await story.states("newsletter") == dict.fromkeys(("village:1", "village:2", "village:3"), "sent")
    assert await story.states("correction") == {
        "village:1": "sent",
        "village:2": "sent",
        "village:3": "not_needed",
    }
    assert [finding.fault for finding in await story.wrong()] == ["lost"], (
        "what was deleted by hand, as before"
    )
    receipts = (await story.services.letter_accounts.of(SECRETARY, story.cohort_id, CODE, "correction")).posts
    assert [(row.state, row.message_id is not None) for row in receipts] == [
        ("sent", True), ("sent", True), ("not_needed", True)]  # fmt: skip
    story.world.after(minutes=2)
    await story.deliver()
    assert story.discord.texts(SECRETARIAT) == [
        "»Nyt brev« er sendt. 3 kanaler har fået det.", "»Nyt brev« er rettet i 2 kanaler."]  # fmt: skip
    async with story.world.context.database.transaction() as session:
        counted = await session.scalar(select(func.count()).where(Delivery.sent_on.is_not(None)))
        assert counted == 3 + 2, "a change is none of the two posts a day"


@ON_SQLITE
async def test_what_waits_gets_the_new_text_and_two_corrections_end_with_the_last(story: Story) -> None:
    await story.services.outbox.unpark()
    await story.deliver()
    async with story.world.context.database.transaction() as session:
        await session.execute(
            update(Delivery).where(Delivery.place_key == "village:3").values(state="pending")
        )
    story.discord.stands[503].clear()
    await story.write(1, "Første rettelse.")
    await story.services.corrections.correct(SECRETARY, story.cohort_id, CODE)
    story.world.after(minutes=5)
    await story.write(2, "Anden rettelse.")
    assert (await story.services.corrections.correct(SECRETARY, story.cohort_id, CODE)).out == 2
    before = story.discord.requests
    await story.deliver()
    assert story.discord.requests - before == 3, "the first correction was called off"
    assert story.discord.texts(501) == [
        "**Nyt brev**\n\nAnden rettelse.\n\nRettet torsdag den 14. oktober kl. 10.05."
    ]
    assert story.discord.texts(503) == ["**Nyt brev**\n\nAnden rettelse."]
    assert await story.wrong() == []


@ON_SQLITE
async def test_a_letter_is_taken_back_everywhere_and_nobody_gets_it_any_more(story: Story) -> None:
    corrections, world = story.services.corrections, story.world
    with pytest.raises(NotPermitted):
        await corrections.withdraw(await world.lead(), story.cohort_id, CODE)
    async with world.context.database.transaction() as session:
        await session.execute(update(Delivery).where(Delivery.place_key == "village:3").values(
            due_at=LETTER_COMES + timedelta(hours=1)))  # fmt: skip
    story.discord.unanswered = {502}
    await story.deliver()
    reach = await corrections.withdraw(SECRETARY, story.cohort_id, CODE)
    assert (reach.out, reach.waiting) == (2, 1)
    for _ in range(3):
        await story.later()
    line = "trukket brevet »Nyhedsbrev 1: Hvem skal med?« tilbage torsdag den 14. oktober kl. 10.00."
    for channel in (501, 502):
        (text,) = story.discord.texts(channel)
        assert line in text and "\n" not in text
    assert await story.states("newsletter") == dict.fromkeys(
        ("village:1", "village:2", "village:3"), "withdrawn"
    )
    assert await story.wrong() == []
    async with world.context.database.transaction() as session:
        first = await session.get_one(Village, 1)
        session.add(Village(
            cohort_id=first.cohort_id, municipality_id=first.municipality_id, name="Ny by", key="ny by",
            coordinator_group_id=first.coordinator_group_id, state="prelude", agreed_at=world.now,
            created_at=world.now))  # fmt: skip
        session.add(DiscordPlace(key="village:4", discord_id=504))
    await story.services.planning.refresh()
    world.after(hours=2)
    await story.deliver()
    states = await story.states("newsletter")
    assert (states["village:3"], states["village:4"]) == ("withdrawn", "not_needed")
    assert not any(
        "Hvem skal med?" in text for channel in (503, 504) for text in story.discord.texts(channel)
    )
    assert await story.refused("withdraw") == await story.refused("correct") == "error.letter_withdrawn"
    services, cohort_id, lead = story.services, first.cohort_id, await world.lead()
    for attempt in (
        services.newsletters.send(SECRETARY, cohort_id, "NL-V01"),
        services.letter_desk.approve(SECRETARY, cohort_id, "NL-V01", 0),
        services.letter_sheets.printed(lead, "village:1", "NL-V01"),
    ):
        with pytest.raises(Conflict) as told:
            await attempt
        assert told.value.key == "error.letter_withdrawn"


@ON_SQLITE
async def test_what_is_written_after_the_approval_reaches_no_village_in_any_way(story: Story) -> None:
    services, world, lead = story.services, story.world, await story.world.lead()
    story.discord.unanswered = {502}
    await story.deliver()
    story.discord.stands[502].clear()  # as if that try had never come through
    await story.write(1, "Mødet er i forsamlingshuset.")
    await services.corrections.correct(SECRETARY, story.cohort_id, CODE)
    await services.letter_versions.save(SECRETARY, story.cohort_id, CODE, 1, "Kladde", "Kladde.", ["Kladde"])
    for _ in range(3):
        await story.later()
    corrected = "**Nyt brev**\n\nMødet er i forsamlingshuset.\n\nRettet torsdag den 14. oktober kl. 10.00."
    assert story.discord.texts(501) == story.discord.texts(503) == [corrected]
    (tried_again,) = story.discord.texts(502)
    assert "Mødet er i forsamlingshuset." in tried_again
    printed, _ = await services.letter_sheets.printed(lead, "village:1", CODE)
    assert printed.text == "**Nyt brev**\n\nMødet er i forsamlingshuset."
    ahead, _ = await services.letter_sheets.printed(SECRETARY, "village:1", CODE)
    assert "Kladde." in ahead.text
    steps = await services.newsletters.next_steps(world.village, CODE)
    assert steps is not None and steps.letter.next_steps == ("Kom",)
    assert await services.newsletters.next_steps(world.village, "NL-V02") is None, "it has not come"
    await services.corrections.withdraw(SECRETARY, story.cohort_id, CODE)
    assert await services.newsletters.next_steps(world.village, CODE) is None
    with pytest.raises(Conflict):
        await services.letter_sheets.printed(lead, "village:1", CODE)
