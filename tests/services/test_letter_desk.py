"""The newsletter desk told on SQLite and PostgreSQL: versions, approval, faults, videos (S05, S06)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.places import place_of
from bot.services.registry import Services, services_on
from bot.storage.models import Cohort, DiscordPlace, Letter, LetterVersion
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
DAY_AFTER_CIRCLE = datetime(2027, 10, 27, 9, tzinfo=UTC)


class Desk:
    """A cohort whose villages have their channels, and its letters."""

    def __init__(self, world: PollsWorld, services: Services, cohort_id: int) -> None:
        self.world, self.services, self.cohort_id = world, services, cohort_id

    async def posted(self) -> dict[str, str]:
        """Send what is due. Returns the texts by key."""
        found: dict[str, str] = {}
        while ready := (await self.services.outbox.claim("worker")).ready:
            for post in ready:
                found[post.key] = post.message.text
                await self.services.outbox.sent(post.delivery_id, post.channel_id, 9000 + post.delivery_id)
        return found


@pytest.fixture
async def desk(context: Context) -> Desk:
    world = await polls_world(context)
    async with context.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
        places = ("village:1", "village:2", "group:1", "secretariat")
        session.add_all(DiscordPlace(key=key, discord_id=500 + n) for n, key in enumerate(places))
    return Desk(world, services_on(context), cohort.id)


async def test_a_stored_version_is_what_goes_out_and_what_the_next_steps_and_the_thanks_tell(
    desk: Desk,
) -> None:
    world, services = desk.world, desk.services
    letters = Letters(world.context)
    async with world.context.database.transaction() as session:
        for code in ("NL-V01", "NL-V02"):
            row = Letter(cohort_id=desk.cohort_id, code=code)
            session.add(row)
            await session.flush()
            session.add(
                LetterVersion(
                    letter_id=row.id, number=1, title=f"Nyt om {code}", body="Kære {{ village }}. Kom med.",
                    next_steps=["Bag en kage", "Ring til en nabo"], written_at=world.now,
                )
            )  # fmt: skip
        session.add(
            LetterVersion(
                letter_id=row.id, number=2, title="Lagt til side", body="Nej", next_steps=["Nej", "Nej"],
                aside=True, written_at=world.now,
            )
        )  # fmt: skip
    async with world.context.database.transaction() as session:
        assert (await letters.current(session, desk.cohort_id, "NL-V02")).title == "Nyt om NL-V02"
        assert await letters.version(session, desk.cohort_id, "NL-V02") == 1
        assert await letters.version(session, desk.cohort_id, "NL-V03") == 0
    world.at(LETTER_COMES)
    await services.planning.refresh(desk.cohort_id)
    await services.newsletters.send(SECRETARY, desk.cohort_id, "nl-v01")
    text = (await desk.posted())["NL-V01:village:1"]
    assert text == "**Nyt om NL-V01**\n\nKære Sønder Ørslev. Kom med."
    async with world.context.database.transaction() as session:
        place = await place_of(session, "village:1")
    steps = await services.newsletters.next_steps(place)
    assert steps is not None and steps.letter.next_steps == ("Bag en kage", "Ring til en nabo")
    world.at(DAY_AFTER_CIRCLE)
    assert "Bag en kage" in (await desk.posted())["VC01:thanks:village:1"]
