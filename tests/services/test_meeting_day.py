"""On a meeting's day: head counts and their milestones, the agenda's clock, sharing without names, notes, agreed steps."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Role
from bot.domain.errors import CompanionError, Conflict, InvalidInput, NotFound, NotPermitted
from bot.messages import meeting_day as build
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.registry import Services, services_on
from bot.storage.models import DiscordPlace, Event, MilestoneState, SharedNote
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

CIRCLE = "Hvem skal med? De første frivillige"


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    found = await polls_world(context)
    async with context.database.transaction() as session:
        for number, place in enumerate((found.village, found.neighbour, found.group), start=900):
            session.add(DiscordPlace(key=place.key, discord_id=number))
    return found


@pytest.fixture
def services(world: PollsWorld) -> Services:
    return services_on(world.context)


async def meeting(world: PollsWorld, code: str, *, begun: bool = True) -> int:
    """Return a common meeting's id; with `begun` it is a while after it began."""
    async with world.context.database.transaction() as session:
        event = (await session.scalars(select(Event).where(Event.code == code))).first()
        assert event is not None
        if begun:
            world.at(event.starts_at + timedelta(minutes=10))
        return event.id


async def posts(services: Services, key: str) -> list[Message]:
    """Return the posts of a kind that go out now."""
    found, more = [], True
    while more:
        batch = await services.outbox.claim("test")
        for post in batch.ready:
            await services.outbox.sent(post.delivery_id, post.channel_id, 5000 + post.delivery_id)
        found += [post.message for post in batch.ready if key in post.key]
        more = batch.more or bool(batch.ready)
    return found


async def test_head_counts_are_entered_corrected_and_reach_the_milestones_nobody_ticks(
    world: PollsWorld, services: Services
) -> None:
    """Circles 1-3 (S23), 4-6 (S36), 7-9 (S46) and 10-12 (S55): the head count of each, by village, no names."""
    stine, day = await world.person("Stine", Role.STEERING), services.meeting_day
    early = await meeting(world, "VC01", begun=False)
    with pytest.raises(Conflict) as not_yet:
        await day.enter(stine, world.village, early, "14")
    assert not_yet.value.key == "error_day.not_yet"
    reached: list[str] = []
    for number in range(1, 13):
        event_id = await meeting(world, f"VC{number:02}")
        await day.enter(stine, world.village, event_id, "0" if number == 2 else "14")
        if number == 3:
            second = await meeting(world, "VC02", begun=False)
            assert (await day.enter(stine, world.village, second, " 9 "))[1] == 9  # corrected afterwards
        async with world.context.database.transaction() as session:
            rows = (await session.scalars(select(MilestoneState).order_by(MilestoneState.id))).all()
        assert {row.scope_key for row in rows} <= {world.village.key}
        reached = [row.code for row in rows]
        assert reached == ["M1-04", "M2-01", "M3-01", "M4-01"][: number // 3]
    view = await day.view(stine, world.village, early)
    assert view.people == 14 and "I var 14." in build.panel(world.context.texts, view).text
    assert (await day.view(stine, world.neighbour, early)).people is None
    for wrong in ("mange", "-3", "2001", "²"):
        with pytest.raises(InvalidInput):
            await day.enter(stine, world.village, early, wrong)
    vera = await world.person("Vera", Role.VILLAGER)
    kaj = await world.person("Kaj", Role.COORDINATOR, world.group)
    for person, place in (
        (vera, world.village),
        (stine, world.neighbour),
        (stine, world.group),
        (kaj, world.village),
    ):
        with pytest.raises(NotPermitted):
            await day.enter(person, place, early, "14")
    assert (await day.enter(kaj, world.group, early, "3"))[1] == 3


async def test_whoever_leads_sees_each_point_with_the_moment_it_ends(
    world: PollsWorld, services: Services
) -> None:
    """A circle's four parts in their order, with minutes (S04)."""
    event_id, lead = await meeting(world, "VC01"), await world.lead()
    found, points = await services.meeting_day.agenda(lead, world.village, event_id)
    shown = [build.agenda_point(world.context.texts, found, points, index, world.now) for index in range(5)]
    ends = int((world.now + timedelta(minutes=25)).timestamp())
    assert f"Inspirationsindlæg, 25 minutter. Slut <t:{ends}:t> (<t:{ends}:R>)." in shown[0].text
    assert "Punkt 1 af 4" in shown[0].text and "Derefter: Den gode styregruppe" in shown[0].text
    parts = ["Inspirationsindlæg", "Drøftelse", "Vidensdeling", "Koordinering"]
    assert [part in message.text for part, message in zip(parts, shown, strict=False)] == [True] * 4
    assert [message.buttons[0].action for message in shown] == ["agenda_step"] * 4 + ["head_count"]
    assert shown[0].buttons[0].args == (event_id, 1)
    with pytest.raises(NotPermitted):
        await services.meeting_day.agenda(await world.person("Vera", Role.VILLAGER), world.village, event_id)


async def test_advice_without_names_is_gathered_into_notes_and_the_steps_agreed_are_ticked_on(
    world: PollsWorld, services: Services
) -> None:
    """The part vidensdeling (S04): advice by a form, notes by the minute-taker, next steps that live on (S06)."""
    sharing, texts = services.sharing, world.context.texts
    event_id, lead = await meeting(world, "VC01"), await world.lead()
    vera, rie = await world.person("Vera", Role.VILLAGER), await world.person("Rie", Role.STEERING_SECRETARY)
    with pytest.raises(NotPermitted):
        await sharing.open(vera, world.village, event_id)
    await asyncio.gather(
        *(sharing.open(lead, world.village, event_id) for _ in range(4))
    )  # all press at once
    (post,) = await posts(services, "sharing:")
    assert "Sådan fik vi folk til at sige ja" in post.text
    assert (post.thread, post.buttons[0].action) == (f"Vidensdeling: {CIRCLE}", "share")
    for words in ("Spørg én ad gangen", " Kag hjælper \n altid "):
        await sharing.share(vera, world.village, event_id, words)
    with pytest.raises(NotPermitted):
        await sharing.share(vera, world.neighbour, event_id, "hej")
    assert {column.name for column in SharedNote.__table__.columns} == {
        "id", "event_id", "place_key", "words", "at",
    }, "who wrote it is not kept"  # fmt: skip
    with pytest.raises(NotPermitted):
        await sharing.draft(vera, world.village, event_id)
    draft = await sharing.draft(rie, world.village, event_id)
    assert (draft.text, draft.version) == ("- Spørg én ad gangen\n- Kag hjælper altid", 0)
    assert (await sharing.draft(SECRETARY, world.neighbour, event_id)).text == ""
    form = build.notes_form(texts, draft)
    assert (form.fields[0].value, form.args) == (draft.text, (event_id, 0))
    saved = await sharing.save(
        rie,
        world.village,
        event_id,
        0,
        "Spørg én ad gangen, gerne med kage.",
        "- Ring til tre naboer\n\n- Book huset",
    )
    assert [step.words for step in saved.steps] == ["Ring til tre naboer", "Book huset"]
    (told,) = await posts(services, "notes:")
    assert f"Noterne fra »{CIRCLE}«" in told.text and told.buttons[0].action == "notes_show"
    with pytest.raises(Conflict) as meanwhile:
        await sharing.save(lead, world.village, event_id, 0, "Noget andet", "")
    assert meanwhile.value.key == "error_day.changed_meanwhile"

    agreed = await sharing.agreed(world.village)
    assert agreed is not None and await sharing.agreed(world.neighbour) is None
    shown = build.with_agreed(texts, Message("Jeres næste skridt"), agreed, may_tick=True)
    assert "1. Ring til tre naboer" in shown.text
    with pytest.raises(NotPermitted):
        await sharing.tick(vera, world.village, agreed.steps[0].id)
    with pytest.raises(NotFound):
        await sharing.tick(SECRETARY, world.neighbour, agreed.steps[0].id)
    for _ in range(2):  # two who look at the same list tick it
        ticked = await sharing.tick(lead, world.village, agreed.steps[0].id)
    assert ticked is not None and [step.done for step in ticked.steps] == [True, False]
    again = await sharing.save(
        lead, world.village, event_id, 1, "Rettet", "Book huset\nRing til tre naboer\nBag en kage"
    )
    assert [(step.words, step.done) for step in again.steps] == [
        ("Book huset", False), ("Ring til tre naboer", True), ("Bag en kage", False),
    ]  # fmt: skip
    assert await posts(services, "notes:") == []
    assert (await sharing.notes(world.village, event_id)).text == "Rettet"


async def test_thanks_the_day_after_tell_the_head_count_and_the_notes_and_nothing_of_one_called_off(
    world: PollsWorld, services: Services
) -> None:
    """Tak for sidst, the day after, in each channel's own words (S07)."""
    event_id, lead = await meeting(world, "VC01"), await world.lead()
    await services.planning.refresh()
    await posts(services, "VC01")
    await services.meeting_day.enter(lead, world.village, event_id, "11")
    await services.sharing.save(lead, world.village, event_id, 0, "Gode råd", "")
    assert await posts(services, "notes:")
    world.after(hours=16)
    thanks = await posts(services, "VC01:thanks")
    (ours,) = [message for message in thanks if "I var 11." in message.text]
    assert "Tryk på Vis noterne" in ours.text
    assert {"meeting_day", "notes_show"} <= {button.action for button in ours.buttons}
    other = [message.text for message in thanks if message is not ours]
    assert other and not any("I var" in text or "noterne" in text for text in other)
    async with world.context.database.transaction() as session:
        (await session.get_one(Event, event_id)).called_off_at = world.now
    with pytest.raises(CompanionError) as off:
        await services.meeting_day.view(lead, world.village, event_id)
    assert off.value.key == "error_day.off"
