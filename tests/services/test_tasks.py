"""The prelude's meetings as tasks of the secretariat: due days, done by a button, what is overdue brought up."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Role
from bot.domain.errors import InvalidInput, NotPermitted
from bot.messages.message import Message
from bot.messages.tasks import board
from bot.services.context import Context
from bot.services.places import SECRETARIAT
from bot.services.registry import Services, services_on
from bot.storage.models import DiscordPlace, Event, MilestoneState, Village
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

TOWN, COUNCIL, CALL = "EV-P0-KOMMUNE", "EV-P0-LOKALRAAD", "EV-P0-KONTAKT"


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    async with context.database.transaction() as session:
        session.add(DiscordPlace(key=SECRETARIAT, discord_id=900))
    return await polls_world(context, agreed=False)


@pytest.fixture
def services(world: PollsWorld) -> Services:
    return services_on(world.context)


async def told(services: Services) -> list[Message]:
    """Return the secretariat's task posts that go out now."""
    batch = await services.outbox.claim("test")
    for post in batch.ready:
        await services.outbox.sent(post.delivery_id, post.channel_id, 5000 + post.delivery_id)
    return [post.message for post in batch.ready if "EV-P0" in post.key]


async def test_each_municipality_and_village_is_a_task_with_a_due_day_until_it_is_done(
    world: PollsWorld, services: Services
) -> None:
    """The agreements of S13, S15 and S16 and the first contact of S17, for villages without a channel yet."""
    left = await services.tasks.board(SECRETARY)
    assert [(task.code, task.name) for task in left] == [
        (TOWN, "Næstved"), (COUNCIL, "Sønder Ørslev (Næstved)"), (COUNCIL, "Ålby (Næstved)"),
        (CALL, "Sønder Ørslev (Næstved)"), (CALL, "Ålby (Næstved)"),
    ]  # fmt: skip
    assert left[0].due_on == date(2027, 8, 26) and not left[0].late
    shown = board(world.context.texts, left)
    assert "**Det venter på jer: 5**" in shown.text
    assert "senest torsdag den 26. august: Næstved" in shown.text
    call = next(task for task in left if task.code == CALL)
    for stranger in (await world.lead(), await world.person("Kaj", Role.COORDINATOR, world.group)):
        with pytest.raises(NotPermitted):
            await services.tasks.done(stranger, call.cohort_id, call.code, call.scope_key)
    with pytest.raises(InvalidInput):
        await services.tasks.done(SECRETARY, call.cohort_id, "VC01", call.scope_key)
    for _ in range(2):  # pressed twice
        after = await services.tasks.done(SECRETARY, call.cohort_id, call.code, call.scope_key)
    assert [task for task in left if task not in after] == [call]
    async with world.context.database.transaction() as session:
        reached = (await session.scalars(select(MilestoneState))).all()
        assert [(row.scope_key, row.code) for row in reached] == [(call.scope_key, "OP-06")]


async def test_the_posts_name_who_is_left_bring_up_what_is_late_and_fall_silent_when_all_is_done(
    world: PollsWorld, services: Services
) -> None:
    """The secretariat's task list has due dates (S17); an agreement settles its own tasks (S15, S16)."""
    await services.planning.refresh()
    async with world.context.database.transaction() as session:
        starts_at = (await session.scalars(select(Event.starts_at).where(Event.code == CALL))).first()
        assert starts_at is not None
        village = (await session.scalars(select(Village).order_by(Village.id))).first()
        assert village is not None
        village.agreed_at = world.now
    world.at(starts_at - timedelta(hours=20))
    await told(services)
    world.at(starts_at + timedelta(days=9))
    (late,) = [
        message
        for message in await told(services)
        if "venter endnu" in message.text and "ringer" in message.text
    ]
    assert "»Sekretariatet ringer til kontaktpersonen« skulle være klaret" in late.text
    assert "Sønder Ørslev (Næstved), Ålby (Næstved)" in late.text
    assert [button.action for button in late.buttons] == ["tasks"]
    left = await services.tasks.board(SECRETARY)
    assert [(t.code, t.name.split(" (")[0]) for t in left if t.code != CALL] == [
        (TOWN, "Næstved"), (COUNCIL, "Ålby"),
    ]  # fmt: skip
    assert "(dagen er gået)" in board(world.context.texts, left).text
    for task in left:
        await services.tasks.done(SECRETARY, task.cohort_id, task.code, task.scope_key)
    assert board(world.context.texts, await services.tasks.board(SECRETARY)).menus == ()
    world.at(starts_at + timedelta(days=23))
    assert await told(services) == []
