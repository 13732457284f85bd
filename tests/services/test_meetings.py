"""Meetings of the calendar on SQLite and PostgreSQL: how they change, who comes, and what is said of it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.calendar import local
from bot.domain.errors import CompanionError, NotPermitted
from bot.domain.programme import Window
from bot.domain.seats import Answer
from bot.messages.meetings import Mine
from bot.services.calendar_files import CalendarFiles
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.meeting_changes import Meant
from bot.services.meeting_news import KIND, WAITING_LIST, MeetingNews
from bot.services.places import place_of, village_key
from bot.services.poll_posts import PollPosts
from bot.services.posts import Posts
from bot.services.registry import Services, services_on
from bot.storage.database import Database
from bot.storage.models import Delivery, Event, Person, Rsvp, Village
from bot.storage.repositories.deliveries import Post, plan
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world, utc
from tests.support.world import context_on, loaded

CIRCLE, KICKOFF = "VC01", "EV-M1-OPSTART"


@pytest.fixture
def services(world: PollsWorld, context: Context) -> Services:
    return services_on(context)


async def meeting(world: PollsWorld, code: str, scope_key: str = "cohort") -> Event:
    async with world.context.database.transaction() as session:
        query = select(Event).where(Event.code == code, Event.scope_key == scope_key)
        return (await session.scalars(query)).one()


async def test_each_change_that_calendars_must_hear_of_is_counted_and_a_move_apart(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, CIRCLE)
    cohort_id, before = event.cohort_id, event.starts_at
    await services.planning.refresh(cohort_id)
    await services.planning.refresh(cohort_id)
    event = await meeting(world, CIRCLE)
    assert (event.sequence, event.moves) == (0, 0), "planning again changes nothing"
    await services.planning.move(SECRETARY, cohort_id, CIRCLE, before + timedelta(days=2))
    for _ in range(2):
        await services.calendar.set_link(SECRETARY, cohort_id, CIRCLE, "https://meet.example/1")
    event = await meeting(world, CIRCLE)
    assert (event.sequence, event.moves) == (2, 1), "the same link again is no change"
    day = services.calendar.choices(world.village.cohort, KICKOFF)[-1]  # type: ignore[arg-type]
    await services.planning.pick(await world.lead(), world.village, KICKOFF, day)
    own, other = [await meeting(world, KICKOFF, place.key) for place in (world.village, world.neighbour)]
    assert [(own.sequence, own.moves), (other.sequence, other.moves)] == [(1, 1), (0, 0)]


async def heard_of(world: PollsWorld, event: Event, *places: str) -> None:
    """Let channels have had a post about a meeting."""
    async with world.context.database.transaction() as session:
        posts = [
            Post(f"old:{event.id}:{key}", key, "reminder", world.now, event_id=event.id) for key in places
        ]
        await plan(session, posts)
        await session.execute(update(Delivery).where(Delivery.key.startswith("old:")).values(state="sent"))


async def waiting(world: PollsWorld, event_id: int, kind: str) -> dict[str, Delivery]:
    """Return the posts of a kind that wait, by the end of their keys."""
    async with world.context.database.transaction() as session:
        query = select(Delivery).where(Delivery.event_id == event_id, Delivery.kind == kind)
        rows = await session.scalars(query.where(Delivery.state == "pending"))
        return {row.key: row for row in rows}


async def said(world: PollsWorld, services: Services, event_id: int, kind: str = KIND) -> list[str]:
    """Return what the posts of a kind that wait would say."""
    async with world.context.database.transaction() as session:
        query = select(Delivery).where(Delivery.event_id == event_id, Delivery.kind == kind)
        rows = await session.scalars(query.where(Delivery.state == "pending").order_by(Delivery.id))
        messages = [await MeetingNews(world.context).compose(session, row) for row in rows]
        return [message.text for message in messages if message is not None]


async def test_a_moved_meeting_drops_its_reminders_gets_new_ones_and_asks_those_who_come(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, CIRCLE)
    cohort_id, home = event.cohort_id, world.village.key
    await services.planning.refresh(cohort_id)
    ida = await world.person("Ida", Role.VILLAGER)
    await services.people.answer_meeting(ida, event.id, Answer.YES, home)
    world.at(event.starts_at - timedelta(days=6))  # the week's reminder has been sent
    await heard_of(world, event, home)
    before = set(await waiting(world, event.id, "reminder"))
    assert {f"VC01:r1:{home}", f"VC01:r0:{home}"} <= before
    moved_to = event.starts_at + timedelta(days=7)
    await services.planning.move(SECRETARY, cohort_id, CIRCLE, moved_to)
    after = await waiting(world, event.id, "reminder")
    assert not before & set(after), "nothing reminds of the old time"
    assert after[f"VC01:r7.1:{home}"].due_at == moved_to - timedelta(days=7, hours=9)
    assert f"VC01:r0.1:{home}" in after
    (told,) = await said(world, services, event.id)
    assert "Før var det tirsdag den 26. oktober kl. 19.00" in told and "Kan du stadig?" in told
    card = await services.meeting_cards.card(ida, event.id)
    assert (card.people, card.unsure) == (1, 1)
    await services.people.answer_meeting(ida, event.id, Answer.YES, home)
    assert (await services.meeting_cards.card(ida, event.id)).unsure == 0, (
        "the same answer again is an answer"
    )
    await services.planning.move(SECRETARY, cohort_id, CIRCLE, event.starts_at)
    assert await said(world, services, event.id) == [], (
        "back where it was before anybody was told: nothing to say"
    )


async def test_nothing_reminds_of_a_meeting_that_is_called_off_until_it_is_held_after_all(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, KICKOFF, world.village.key)
    await services.planning.refresh(event.cohort_id)
    world.at(event.starts_at - timedelta(days=5))
    await heard_of(world, event, world.village.key)
    lead, neighbour = await world.lead(), await world.person("Nis", Role.STEERING_LEAD, world.neighbour)
    changes = services.meeting_changes
    with pytest.raises(NotPermitted):
        await changes.call_off(neighbour, event.id, "Sygdom")
    await refused_with("error_meetings.reason_missing", changes.call_off(lead, event.id, " "))
    await refused_with("error_meetings.not_off", changes.bring_back(lead, event.id))
    await changes.call_off(lead, event.id, "Tovholderen er syg.")
    assert await waiting(world, event.id, "reminder") == {}
    (told,) = await said(world, services, event.id)
    assert "er aflyst" in told and "Der står: Tovholderen er syg." in told
    ida = await world.person("Ida", Role.VILLAGER)
    await refused_with("error_people.meeting_off", services.people.answer_meeting(ida, event.id, Answer.YES))
    await refused_with("error_meetings.called_off", changes.call_off(lead, event.id, "Igen"))
    day = services.calendar.choices(world.village.cohort, KICKOFF)[-1]  # type: ignore[arg-type]
    await refused_with("error_meetings.called_off", services.planning.pick(lead, world.village, KICKOFF, day))
    await changes.bring_back(lead, event.id)
    assert await said(world, services, event.id) == [], "nobody had heard that it was off"
    assert f"{KICKOFF}:r1:{world.village.key}" in await waiting(world, event.id, "reminder")
    event = await meeting(world, KICKOFF, world.village.key)
    assert (event.sequence, event.moves, event.called_off_because) == (2, 0, None)
    everywhere = Meant(event.cohort_id, KICKOFF)
    with pytest.raises(NotPermitted):
        await changes.call_off_all(lead, everywhere, "Sne")
    await changes.call_off_all(SECRETARY, everywhere, "Sne")
    async with world.context.database.transaction() as session:
        off = await session.scalars(select(Event.called_off_because).where(Event.code == KICKOFF))
        assert set(off) == {"Sne"}


async def test_seats_are_given_in_order_and_the_waiting_list_moves_up_by_itself(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, CIRCLE)
    people, home, there = services.people, world.village.key, world.neighbour.key
    await services.meeting_changes.set_seats(SECRETARY, Meant(event.cohort_id, CIRCLE), 4)
    ida, bo = await world.person("Ida", Role.VILLAGER), await world.person("Bo", Role.VILLAGER)
    eva, per = (
        await world.person("Eva", Role.VILLAGER),
        await world.person("Per", Role.VILLAGER, world.neighbour),
    )
    await people.answer_meeting(ida, event.id, Answer.YES, home)
    assert (await people.bring(ida, event.id, 3)).waits_as is None
    assert (await people.answer_meeting(bo, event.id, Answer.YES, home)).waits_as is None
    await refused_with("error_people.no_more_seats", people.bring(bo, event.id, 2))
    assert (await people.answer_meeting(eva, event.id, Answer.YES, home)).waits_as == 1
    assert (await people.bring(eva, event.id, 2)).waits_as == 1
    assert (await people.answer_meeting(per, event.id, Answer.YES, there)).waits_as == 2
    await people.answer_meeting(bo, event.id, Answer.NO, home)
    assert (await services.meeting_cards.card(per, event.id)).mine == Mine(Answer.YES, 1, 2), (
        "Eva is first: no passing"
    )
    await refused_with(
        "error_meetings.seats_promised",
        services.meeting_changes.set_seats(SECRETARY, Meant(event.cohort_id, CIRCLE), 2),
    )
    await people.bring(ida, event.id, 1)
    assert await people.head_count(event.id) == 4
    told = await said(world, services, event.id, WAITING_LIST)
    assert len(told) == 2 and "plads til 2 fra ventelisten" in told[0] and "plads til én fra" in told[1]
    assert not any(name in text for text in told for name in ("Eva", "Per")), "no names in a channel"
    await people.erase(eva)
    assert (await services.meeting_cards.card(per, event.id)).people == 2
    await people.bring(ida, event.id, 2)
    assert (await people.answer_meeting(bo, event.id, Answer.YES, home)).waits_as is None, (
        "the last seat, after a no"
    )
    assert await people.head_count(event.id) == 4
    with pytest.raises(NotPermitted):
        await services.meeting_changes.set_seats(ida, Meant(event.cohort_id, CIRCLE), 0)


async def test_two_hundred_who_press_at_once_get_each_seat_once_and_wait_in_order(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, CIRCLE)
    await services.meeting_changes.set_seats(SECRETARY, Meant(event.cohort_id, CIRCLE), 50)
    crowd = await crowd_of(world, 200)
    answers = await asyncio.gather(
        *(services.people.answer_meeting(one, event.id, Answer.YES, world.village.key) for one in crowd)
    )
    assert sorted(answer.waits_as or 0 for answer in answers) == [0] * 50 + list(range(1, 151))
    seated = [one for one, answer in zip(crowd, answers, strict=True) if answer.waits_as is None]
    await asyncio.gather(
        *(services.people.answer_meeting(one, event.id, Answer.NO, world.village.key) for one in seated[:20])
    )
    assert await services.people.head_count(event.id) == 50
    async with world.context.database.transaction() as session:
        rows = (await session.scalars(select(Rsvp).where(Rsvp.answer == Answer.YES))).all()
    row_of = {row.person_id: row for row in rows}
    queue = [one for _, one in sorted(
        (answer.waits_as, index) for index, answer in enumerate(answers) if answer.waits_as is not None
    )]  # fmt: skip
    still = [row_of[crowd[index].person_id or 0].waiting_since is not None for index in queue]
    assert still == [False] * 20 + [True] * 130, "nobody lost, the first twenty moved up"


async def crowd_of(world: PollsWorld, count: int) -> list[Actor]:
    """Return villagers, made in one go."""
    async with world.context.database.transaction() as session:
        rows = [
            Person(display_name=f"P{n}", discord_user_id=9000 + n, created_at=world.now) for n in range(count)
        ]
        session.add_all(rows)
    held = frozenset({RoleHeld(Role.VILLAGER, village_id=world.village.where.village_id)})
    return [Actor(row.id, str(row.display_name), held, row.discord_user_id) for row in rows]


async def refused_with(key: str, attempt: Awaitable[object]) -> None:
    """Await an attempt that must be refused with this text."""
    with pytest.raises(CompanionError) as told:
        await attempt
    assert told.value.key == key


COACHING = "EV-M4-COACH"


async def test_each_village_has_a_coaching_time_of_its_own_chosen_or_not(
    services: Services, world: PollsWorld
) -> None:
    await services.planning.refresh()
    ours, theirs = [await meeting(world, COACHING, place.key) for place in (world.village, world.neighbour)]
    assert ours.slot_at == ours.starts_at and ours.starts_at != theirs.starts_at, (
        "the fallback holds, once each"
    )
    lead, other = await world.lead(), await world.person("Nis", Role.STEERING_LEAD, world.neighbour)
    free = await services.village_dates.times(lead, world.village, COACHING)
    assert ours.starts_at in free and theirs.starts_at not in free
    with pytest.raises(NotPermitted):
        await services.village_dates.times(other, world.village, COACHING)
    day, at = free[0].date(), free[0].timetz().replace(tzinfo=None)
    both = await asyncio.gather(
        services.planning.pick(lead, world.village, COACHING, day, at),
        services.planning.pick(other, world.neighbour, COACHING, day, at),
        return_exceptions=True,
    )
    (taken,) = [one for one in both if isinstance(one, CompanionError)]
    assert taken.key == "error_meetings.time_taken"
    times = [
        (await meeting(world, COACHING, place.key)).slot_at for place in (world.village, world.neighbour)
    ]
    assert times.count(free[0]) == 1 and len(set(times)) == 2
    await services.planning.refresh()
    assert times == [
        (await meeting(world, COACHING, place.key)).slot_at for place in (world.village, world.neighbour)
    ]
    await refused_with(
        "error_meetings.each_its_own",
        services.planning.move(SECRETARY, ours.cohort_id, COACHING, ours.starts_at),
    )
    async with world.context.database.transaction() as session:
        with pytest.raises(IntegrityError):
            await session.execute(update(Event).where(Event.code == COACHING).values(slot_at=free[1]))
        await session.rollback()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_nobody_is_given_a_time_at_short_notice_while_there_are_later_ones(
    services: Services, world: PollsWorld
) -> None:
    """S61: in the first week of two a village has a time in the second; in the last days tomorrow is the best there is."""
    world.at(utc(2028, 8, 30))
    await services.planning.refresh()
    given = [await meeting(world, COACHING, place.key) for place in (world.village, world.neighbour)]
    assert all(event.starts_at >= utc(2028, 9, 6, 0) for event in given)
    async with world.context.database.transaction() as session:
        await session.execute(update(Event).where(Event.code == COACHING).values(slot_at=None))
    world.at(utc(2028, 9, 6, 6))
    await services.planning.refresh()
    given = [await meeting(world, COACHING, place.key) for place in (world.village, world.neighbour)]
    assert all(utc(2028, 9, 7, 0) <= event.starts_at for event in given), "but never today"


async def test_a_village_chooses_day_and_hour_of_its_kickoff_among_free_ones_and_else_the_rules_hold(
    services: Services, world: PollsWorld
) -> None:
    """S20, S48: the local council's contact chooses too; and the local holidays are no choice."""
    await services.planning.refresh()
    default = await meeting(world, KICKOFF, world.village.key)
    lead = await world.lead()
    free = await services.village_dates.times(lead, world.village, KICKOFF)
    off = world.context.off(2027).meetings
    assert len(free) > 6 and not [at for at in free if at.date() in off]
    with pytest.raises(NotPermitted):
        await services.planning.pick(
            await world.person("Ida", Role.VILLAGER), world.village, KICKOFF, free[0].date(), time(20)
        )
    await refused_with(
        "error.day_outside_window",
        services.planning.pick(lead, world.village, KICKOFF, free[0].date(), time(3)),
    )
    contact = await world.person("Lone", Role.LOCAL_COUNCIL_CONTACT)
    card = await services.meeting_cards.card(contact, default.id)
    assert (card.may_pick, card.may_call_off) == (KICKOFF, False)
    with pytest.raises(NotPermitted):
        await services.village_dates.times(contact, world.village, COACHING)  # the steering group's by then
    await services.planning.pick(contact, world.village, KICKOFF, free[0].date(), time(20))
    ours, theirs = [await meeting(world, KICKOFF, place.key) for place in (world.village, world.neighbour)]
    assert ours.starts_at == local(free[0].date(), time(20), free[0].tzinfo)  # type: ignore[arg-type]
    assert theirs.starts_at == default.starts_at, "the other village holds the fallback"


async def test_who_answered_is_forgotten_thirty_days_after_the_meeting_and_how_many_stays(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, CIRCLE)
    ida, bo = await world.person("Ida", Role.VILLAGER), await world.person("Bo", Role.VILLAGER)
    await services.people.answer_meeting(ida, event.id, Answer.YES, world.village.key)
    await services.people.bring(ida, event.id, 3)
    await services.people.answer_meeting(bo, event.id, Answer.NO, world.village.key)
    await services.forgetting.turn(event.ends_at + timedelta(days=29))
    assert (await services.meeting_cards.card(ida, event.id)).mine is not None
    await services.forgetting.turn(event.ends_at + timedelta(days=30))
    card = await services.meeting_cards.card(ida, event.id)
    assert (card.people, card.mine) == (3, None)


async def test_coordinators_see_how_many_come_from_the_villages_they_look_after_and_not_who(
    services: Services, world: PollsWorld
) -> None:
    """S09."""
    event = await meeting(world, CIRCLE)
    ida, per = (
        await world.person("Ida", Role.VILLAGER),
        await world.person("Per", Role.VILLAGER, world.neighbour),
    )
    await services.people.answer_meeting(ida, event.id, Answer.YES, world.village.key)
    await services.people.bring(ida, event.id, 2)
    await services.people.answer_meeting(per, event.id, Answer.MAYBE, world.neighbour.key)
    where = world.village.where
    held = RoleHeld(Role.COORDINATOR, municipality_id=where.municipality_id, cohort_id=where.cohort_id)
    karin = Actor(None, "Karin", frozenset({held}))
    assert (await services.meeting_cards.who_comes(karin, event.id)).villages == [
        ("Sønder Ørslev", 2),
        ("Ålby", 0),
    ]
    elsewhere = replace(karin, roles=frozenset({replace(held, municipality_id=99)}))
    assert (await services.meeting_cards.who_comes(elsewhere, event.id)).villages == []
    with pytest.raises(NotPermitted):
        await services.meeting_cards.who_comes(ida, event.id)


async def test_where_a_meeting_is_held_stands_in_what_is_said_of_it(
    services: Services, world: PollsWorld
) -> None:
    """S25, S59."""
    event = await meeting(world, "EV-M1-KURSUS")
    await services.planning.refresh(event.cohort_id)
    meant = Meant(event.cohort_id, "EV-M1-KURSUS")
    await services.meeting_changes.set_venue(SECRETARY, meant, "Fensby Forsamlingshus")
    posts = Posts(world.context, services.calendar, Letters(world.context), PollPosts(world.context),
                  CalendarFiles(world.context, services.calendar))  # fmt: skip
    async with world.context.database.transaction() as session:
        rows = (await session.scalars(select(Delivery).where(Delivery.event_id == event.id))).all()
        texts = {row.key.split(":")[1]: (await posts.compose(session, row)) for row in rows}
    for post in ("signup", "r2"):
        message = texts[post]
        assert message is not None and "kl. 10.00, Fensby Forsamlingshus." in message.text
    card = await services.meeting_cards.card(await world.person("Ida", Role.VILLAGER), event.id)
    assert (card.venue, card.audience) == ("Fensby Forsamlingshus", ("steering",))
    with pytest.raises(NotPermitted):
        await services.meeting_changes.set_venue(await world.lead(), meant, "Et andet sted")


async def test_when_there_are_more_villages_than_times_the_secretariat_is_told_once(
    database: Database,
) -> None:
    """S61: four evenings in a week, one time each, and five villages."""
    content = loaded()
    week = replace(content.programme.meetings[COACHING], hours=(time(19),), window=Window(10, 10))
    programme = replace(content.programme, meetings={**content.programme.meetings, COACHING: week})
    context = context_on(database, content=replace(content, programme=programme))
    world = await polls_world(context, names=("Aby", "Beby", "Ceby", "Deby", "Eby"))
    services = services_on(context)
    await services.planning.refresh()
    await services.planning.refresh()
    async with context.database.transaction() as session:
        own = (Event.code == COACHING) & Event.village_id.is_not(None)
        slots = (await session.scalars(select(Event.slot_at).where(own).order_by(Event.village_id))).all()
        notices = (
            await session.scalars(select(Delivery).where(Delivery.key.startswith("notice:times:")))
        ).all()
    assert len(set(slots)) == 5 and slots[-1] is None
    assert ["1 landsby har ingen tid" in str(notice.payload["said"]) for notice in notices] == [True]
    assert await services.village_dates.times(await world.lead(), world.village, COACHING) == [slots[0]]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite has one writer anyway
async def test_of_two_hundred_villages_that_press_the_same_time_at_once_one_gets_it(context: Context) -> None:
    """S61."""
    world = await polls_world(context, names=[f"Landsby {number}" for number in range(200)])
    services = services_on(context)
    crowd = await crowd_of(world, 200)
    async with context.database.transaction() as session:
        rows = (await session.scalars(select(Village).order_by(Village.id))).all()
        places = [await place_of(session, village_key(row.id)) for row in rows]
    leads = [
        replace(one, roles=frozenset({RoleHeld(Role.STEERING_LEAD, village_id=place.where.village_id)}))
        for one, place in zip(crowd, places, strict=True)
    ]
    day, at = date(2028, 9, 4), time(16)
    answers = await asyncio.gather(
        *(
            services.planning.pick(lead, place, COACHING, day, at)
            for lead, place in zip(leads, places, strict=True)
        ),
        return_exceptions=True,
    )
    refused = [one.key for one in answers if isinstance(one, CompanionError)]
    assert refused == ["error_meetings.time_taken"] * 199, "each with a kind answer"
    async with context.database.transaction() as session:
        held = (await session.scalars(select(Event.slot_at).where(Event.slot_at.is_not(None)))).all()
    assert held == [local(day, at, ZoneInfo("Europe/Copenhagen"))]
