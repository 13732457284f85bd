"""Addresses to subscribe to: shown once, only for who belongs there, in step with the calendar, over real sockets."""

from dataclasses import replace

import aiohttp
import pytest
from sqlalchemy import select

from bot.delivery.web import Web
from bot.delivery.web_calendar import calendar_feed
from bot.domain.access import Role
from bot.domain.errors import Conflict, NotFound, NotPermitted
from bot.messages.calendar_files import handed_over
from bot.services.context import Context
from bot.services.feeds import Feeds
from bot.services.meeting_changes import Meant
from bot.services.people import People
from bot.services.places import SECRETARIAT, Place, running_cohorts
from bot.services.registry import Services, services_on
from bot.storage.models import Feed, RoleAssignment
from tests.support.calendars import PersonalCalendar
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world, utc

BASE = "https://blup.example.dk"
CIRCLE = "Hvem skal med? De første frivillige"


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    return await polls_world(replace(context, facts=replace(context.facts, public_url=BASE)))


@pytest.fixture
def services(world: PollsWorld) -> Services:
    return services_on(world.context)


def token_of(address: str) -> str:
    """Return the secret part of an address."""
    assert address.startswith(f"{BASE}/kalender/") and address.endswith(".ics")
    return address.removeprefix(f"{BASE}/kalender/").removesuffix(".ics")


async def test_a_villager_subscribes_and_a_move_and_a_link_reach_the_same_entry(
    world: PollsWorld, services: Services
) -> None:
    """The meetings the seed names follow into people's own calendars (S03, S23)."""
    vera, feeds = await world.person("Vera", Role.VILLAGER), services.feeds
    assert await feeds.standing(vera, world.village) is None
    token = token_of(await feeds.make(vera, world.village))
    assert await feeds.standing(vera, world.village) == world.now
    async with world.context.database.transaction() as session:
        assert token not in (await session.scalars(select(Feed.token_hash))).one()
    mine, first = PersonalCalendar(), await feeds.read(token)
    assert first is not None
    mine.take(first.body)
    titles = {entry.summary for entry in mine.entries.values()}
    assert {CIRCLE, "Fremtidsværksted", "BLUP-konference"} <= titles
    assert "Aftale med kommunen" not in titles
    world.after(days=1)
    same = await feeds.read(token)
    assert same is not None and same.etag == first.etag
    cohort_id = world.village.where.cohort_id or 0
    await services.planning.move(SECRETARY, cohort_id, "VC01", utc(2027, 11, 4, 18))
    await services.calendar.set_link(SECRETARY, cohort_id, "VC01", "https://meet.example.dk/kreds")
    moved = await feeds.read(token)
    assert moved is not None and moved.etag != first.etag
    mine.take(moved.body)
    assert (mine.named(CIRCLE).starts_at, mine.named(CIRCLE).sequence) == (utc(2027, 11, 4, 18), 2)
    event_id = next(m.event_id for m in await services.calendar.upcoming(world.village) if m.code == "VC01")
    meeting, file = await services.calendar_files.one(world.village, event_id)
    count = len(mine.entries)
    mine.take(file.data)
    assert len(mine.entries) == count, "the file and the feed know the meeting by the same UID"
    assert "torsdag den 4. november kl. 19.00" in handed_over(world.context.texts, meeting, file).text
    with pytest.raises(NotFound):
        await services.calendar_files.one(world.group, event_id + 10_000)
    await services.meeting_changes.call_off_all(SECRETARY, Meant(cohort_id, "VC01"), "Sne")
    off = await feeds.read(token)
    assert off is not None
    mine.take(off.body)
    assert (mine.named(CIRCLE).status, mine.named(CIRCLE).sequence) == ("CANCELLED", 3)


async def test_an_address_holds_until_a_new_one_is_made_the_person_leaves_or_is_erased(
    world: PollsWorld, services: Services
) -> None:
    vera, feeds = await world.person("Vera", Role.VILLAGER), services.feeds
    old = token_of(await feeds.make(vera, world.village))
    new = token_of(await feeds.make(vera, world.village))
    assert await feeds.read(old) is None and await feeds.read(new) is not None
    assert world.village.village is not None
    people = People(world.context)
    await people.leave(vera, world.village.village.id)
    assert await feeds.read(new) is None
    again = await world.person("Viggo", Role.VILLAGER)
    token = token_of(await feeds.make(again, world.village))
    assert len((await people.my_data(again)).records["feeds"]) == 1
    await people.erase(again)
    assert await feeds.read(token) is None


async def test_an_address_is_only_for_who_belongs_there_and_the_cohorts_for_the_secretariat(
    world: PollsWorld, services: Services
) -> None:
    vera, sif = await world.person("Vera", Role.VILLAGER), await world.person("Sif", Role.SECRETARIAT)
    for elsewhere in (world.neighbour, world.group):
        with pytest.raises(NotPermitted):
            await services.feeds.make(vera, elsewhere)
    kaj = await world.person("Kaj", Role.COORDINATOR, world.group)
    assert world.village.village is not None
    async with world.context.database.transaction() as session:
        held = await session.scalar(select(RoleAssignment).where(RoleAssignment.person_id == kaj.person_id))
        assert held is not None
        held.municipality_id = world.village.village.municipality_id
    group = await services.feeds.read(token_of(await services.feeds.make(kaj, world.group)))
    theirs = PersonalCalendar()
    assert group is not None
    theirs.take(group.body)
    titles = {entry.summary for entry in theirs.entries.values()}
    assert {
        CIRCLE,
        "Godt fra start: aftale, kontaktperson og forventninger",
    } <= titles  # S09: theirs and the villages'
    assert "Fremtidsværksted" not in titles
    with pytest.raises(NotPermitted):
        await services.feeds.make(kaj, world.village)
    with pytest.raises(Conflict):
        await services.feeds.make(SECRETARY, world.village)  # nothing is stored of whoever has not said yes
    async with world.context.database.transaction() as session:
        (cohort,) = await running_cohorts(session, world.context)
    mine = PersonalCalendar()
    page = await services.feeds.read(
        token_of(await services.feeds.make(sif, Place(SECRETARIAT, running=cohort)))
    )
    assert page is not None
    calendar = mine.take(page.body)
    assert str(calendar["NAME"]) == "Møder: BLUP 2027/28"
    assert CIRCLE in {entry.summary for entry in mine.entries.values()}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the sockets are the same on every database
async def test_over_http_a_feed_is_sent_once_and_then_only_when_it_has_changed(context: Context) -> None:
    world = await polls_world(replace(context, facts=replace(context.facts, public_url=BASE)))
    feeds: Feeds = services_on(world.context).feeds
    token = token_of(await feeds.make(await world.person("Vera", Role.VILLAGER), world.village))
    server = Web([calendar_feed(feeds)], "127.0.0.1", 0)
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as app:
            answer = await app.get(f"/kalender/{token}.ics")
            assert (answer.status, answer.content_type) == (200, "text/calendar")
            PersonalCalendar().take(await answer.read())
            etag = answer.headers["ETag"]
            again = await app.get(f"/kalender/{token}.ics", headers={"If-None-Match": etag})
            assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", etag)
            wrong, nothing = await app.get(f"/kalender/{token}x.ics"), await app.get("/kalender/")
            assert (wrong.status, await wrong.read()) == (nothing.status, await nothing.read())
            assert wrong.status == 404
    finally:
        await server.stop()
