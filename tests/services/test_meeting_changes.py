"""Changes of meetings at awkward moments: at night, in the last minutes, one village apart from all, and who has left."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.delivery.dispatcher import PermanentFailure
from bot.delivery.scheduled_events import EventKeeper
from bot.domain.access import Role, Where
from bot.domain.calendar import local
from bot.domain.errors import CompanionError
from bot.domain.scheduled_events import Listed
from bot.domain.seats import Answer
from bot.messages.meetings import Mine, receipt
from bot.services.context import Context
from bot.services.meeting_changes import Meant
from bot.services.meeting_news import KIND, WAITING_LIST
from bot.services.registry import Services, services_on
from bot.storage.models import Event, Rsvp
from tests.services.test_meetings import (
    CIRCLE,
    COACHING,
    KICKOFF,
    heard_of,
    meeting,
    refused_with,
    said,
    waiting,
)
from tests.support.polls_world import SECRETARY, PollsWorld

ZONE = ZoneInfo("Europe/Copenhagen")


@pytest.fixture
def services(world: PollsWorld, context: Context) -> Services:
    return services_on(context)


class ListOfEvents:
    """A server's list of events that remembers what was asked of it, and may say no once."""

    def __init__(self) -> None:
        self.stands: dict[int, Listed] = {}
        self.asked: list[str] = []
        self.broken: Exception | None = None

    def allowed(self) -> bool:
        return True

    async def read(self) -> dict[int, Listed]:
        return dict(self.stands)

    async def make(self, what: Listed) -> int:
        self.asked.append("make")
        self.stands[len(self.asked)] = what
        return len(self.asked)

    async def change(self, discord_id: int, what: Listed) -> None:
        self.asked.append("change")
        broken, self.broken = self.broken, None
        if broken is not None:
            raise broken
        self.stands[discord_id] = what

    async def remove(self, discord_id: int) -> None:
        self.asked.append("remove")
        del self.stands[discord_id]


async def listed(world: PollsWorld, services: Services) -> tuple[ListOfEvents, EventKeeper]:
    """Return a list that is as it should be, with its keeper."""
    events = ListOfEvents()
    keeper = EventKeeper(events, services.scheduled_events, world.context)
    while await keeper.settle() is not None:
        pass
    events.asked.clear()
    return events, keeper


async def test_a_meeting_about_to_begin_and_one_put_off_past_the_last_day_stay_in_the_servers_list(
    services: Services, world: PollsWorld
) -> None:
    circle = await meeting(world, CIRCLE)
    late = await meeting(world, "EV-M4-KONF")
    put_off = late.starts_at + timedelta(days=60)
    await services.planning.move(SECRETARY, late.cohort_id, late.code, put_off)
    events, keeper = await listed(world, services)
    for minutes in (11, 9, -1):
        world.at(circle.starts_at - timedelta(minutes=minutes))
        assert await keeper.settle() is None
    assert events.asked == [], "it is neither called off nor changed"
    world.at(put_off - timedelta(days=1))
    await keeper.settle()
    assert events.asked == [] and put_off in {what.starts_at for what in events.stands.values()}
    world.at(put_off - timedelta(minutes=5))
    await services.meeting_changes.call_off(SECRETARY, late.id, "Storm")
    await keeper.settle()
    assert events.asked == ["remove"], "what is off is off, also at the last moment"


@pytest.mark.parametrize("broken", [PermanentFailure("404"), ValueError("nobody thought of that")])
async def test_a_list_that_fails_once_stops_nothing_and_is_mended_with_the_next_change(
    services: Services, world: PollsWorld, broken: Exception
) -> None:
    circle = await meeting(world, CIRCLE)
    events, keeper = await listed(world, services)
    events.broken = broken
    await services.planning.move(SECRETARY, circle.cohort_id, CIRCLE, circle.starts_at + timedelta(days=1))
    assert [await keeper.settle(), await keeper.settle()] == [None, None]
    assert events.asked == ["change"], "it is not tried over and over"
    await services.meeting_changes.call_off(SECRETARY, circle.id, "Oplægsholderen er syg")
    await keeper.settle()
    assert events.asked == ["change", "remove"]


async def test_whoever_would_come_in_vain_is_told_at_once_even_at_night_and_else_in_the_morning(
    services: Services, world: PollsWorld
) -> None:
    circle, home = await meeting(world, CIRCLE), world.village.key
    await heard_of(world, circle, home)
    day = circle.starts_at.astimezone(ZONE).date()
    early = local(day, time(7, 30), ZONE)
    await services.planning.move(SECRETARY, circle.cohort_id, CIRCLE, early)
    world.at(early - timedelta(hours=9, days=1))
    await services.meeting_changes.call_off(SECRETARY, circle.id, "Oplægsholderen er syg")
    (post,) = (await waiting(world, circle.id, KIND)).values()
    assert post.due_at > world.now and not post.at_once, "a day is left: nobody is woken"
    await services.meeting_changes.bring_back(SECRETARY, circle.id)
    world.at(early - timedelta(hours=9))
    await services.planning.move(SECRETARY, circle.cohort_id, CIRCLE, early + timedelta(days=7))
    (post,) = (await waiting(world, circle.id, KIND)).values()
    assert post.due_at == world.now and post.at_once, "the old time comes before the morning's posts"


async def test_what_a_village_called_off_stays_off_and_is_told_so_whatever_becomes_of_the_common_one(
    services: Services, world: PollsWorld
) -> None:
    own, other = [await meeting(world, KICKOFF, place.key) for place in (world.village, world.neighbour)]
    common, changes = await meeting(world, KICKOFF), services.meeting_changes
    before = common.starts_at
    await heard_of(world, own, world.village.key)
    await changes.call_off(await world.lead(), own.id, "Vi holder det ikke")
    await services.planning.move(SECRETARY, common.cohort_id, KICKOFF, before + timedelta(days=1))
    (text,) = await said(world, services, own.id)
    assert "aflyst" in text and "Vi holder det ikke" in text
    world.after(minutes=1)
    meant = Meant(own.cohort_id, KICKOFF)
    await changes.call_off_all(SECRETARY, meant, "Storm")
    world.after(minutes=1)
    await changes.bring_back_all(SECRETARY, meant)
    off = {row.id for row in [await meeting(world, KICKOFF, p.key) for p in (world.village, world.neighbour)]
           if row.called_off_at is not None}  # fmt: skip
    assert off == {own.id} and other.id not in off
    await refused_with("error_meetings.not_off", changes.bring_back_all(SECRETARY, meant))
    await changes.bring_back(await world.lead(), own.id)
    (text,) = await said(world, services, own.id)
    assert "er flyttet" in text, "its channel knows only the time before"


async def test_seats_that_come_free_while_a_meeting_is_off_are_given_when_it_is_held_after_all(
    services: Services, world: PollsWorld
) -> None:
    circle, home = await meeting(world, CIRCLE), world.village.key
    meant = Meant(circle.cohort_id, CIRCLE)
    await services.meeting_changes.set_seats(SECRETARY, meant, 1)
    for person in await world.people(2, Role.VILLAGER):
        await services.people.answer_meeting(person, circle.id, Answer.YES, home)
    await services.meeting_changes.call_off(SECRETARY, circle.id, "Oplægsholderen er syg")
    await services.meeting_changes.set_seats(SECRETARY, meant, 5)
    assert not await waiting(world, circle.id, WAITING_LIST)
    await services.meeting_changes.bring_back(SECRETARY, circle.id)
    (text,) = await said(world, services, circle.id, WAITING_LIST)
    assert "plads" in text and await services.people.head_count(circle.id) == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_village_takes_its_share_of_the_courses_seats_until_the_last_call_and_then_the_row_counts(
    services: Services, world: PollsWorld
) -> None:
    """S40: eight of ten seats for one village at most; the others' are theirs until eight days before."""
    course, home, away = await meeting(world, "EV-M2-KURSUS"), world.village.key, world.neighbour.key
    people, until = services.people, course.starts_at - timedelta(days=8)
    world.at(until - timedelta(days=2))
    await services.meeting_changes.set_seats(SECRETARY, Meant(course.cohort_id, course.code), 10)
    first, second = await world.people(2, Role.PANEL)
    await people.answer_meeting(first, course.id, Answer.YES, home)
    assert (await people.bring(first, course.id, 7)).waits_as is None
    await people.answer_meeting(second, course.id, Answer.YES, home)
    with pytest.raises(CompanionError) as over:
        await people.bring(second, course.id, 3)
    assert over.value.values["left"] == 0, "the village has its eight"
    third = await world.person("Ib", Role.PANEL)
    waits = await people.answer_meeting(third, course.id, Answer.YES, home)
    assert waits.waits_as == 1 and waits.share is not None
    said_so = receipt(world.context.texts, "Ib", course.id, "Kurset", course.starts_at,
                      Mine(waits.answer, 1, waits.waits_as, waits.share)).text  # fmt: skip
    assert "Hver landsby kan få 8 pladser." in said_so
    other = await world.person("Nis", Role.PANEL, world.neighbour)
    assert (await people.answer_meeting(other, course.id, Answer.YES, away)).waits_as is None, "not held up"
    card = await services.meeting_cards.card(third, course.id)
    assert card.share == waits.share and (card.people, card.waiting) == (9, 1)
    world.at(until - timedelta(days=1))
    await services.seating.turn(world.now)
    assert await people.head_count(course.id) == 9
    world.at(until)
    await services.seating.turn(world.now)
    assert await people.head_count(course.id) == 10
    assert list(await waiting(world, course.id, WAITING_LIST)), "and the channel is told"
    assert (await services.meeting_cards.card(third, course.id)).share is None


async def test_who_leaves_a_village_gives_the_seat_to_the_next_and_who_belongs_elsewhere_keeps_it(
    services: Services, world: PollsWorld
) -> None:
    circle, home = await meeting(world, CIRCLE), world.village.key
    await services.meeting_changes.set_seats(SECRETARY, Meant(circle.cohort_id, CIRCLE), 1)
    first, second, third = people = await world.people(3, Role.VILLAGER)
    for person in people:
        await services.people.answer_meeting(person, circle.id, Answer.YES, home)
    village_id = world.village.where.village_id or 0
    both = services.people
    await both.join(first, world.neighbour.where.village_id or 0)
    await both.leave(first, village_id)
    assert await answered(world, circle.id) == [first.person_id, second.person_id, third.person_id]
    await both.leave(first, world.neighbour.where.village_id or 0)
    where = Where(village_id)
    await both.take_role(SECRETARY, second.discord_user_id or 0, "", Role.VILLAGER, where)
    assert await answered(world, circle.id) == [third.person_id]
    assert await both.head_count(circle.id) == 1, "whoever waited has the seat"


async def answered(world: PollsWorld, event_id: int) -> list[int]:
    """Return who has answered to a meeting."""
    async with world.context.database.transaction() as session:
        query = select(Rsvp.person_id).where(Rsvp.event_id == event_id).order_by(Rsvp.person_id)
        return list(await session.scalars(query))


async def test_who_says_how_many_come_along_has_answered_anew(services: Services, world: PollsWorld) -> None:
    circle = await meeting(world, CIRCLE)
    ida = await world.person("Ida", Role.VILLAGER)
    await services.people.answer_meeting(ida, circle.id, Answer.YES, world.village.key)
    await services.planning.move(SECRETARY, circle.cohort_id, CIRCLE, circle.starts_at + timedelta(days=1))
    await services.people.bring(ida, circle.id, 2)
    async with world.context.database.transaction() as session:
        row = (await session.scalars(select(Rsvp).where(Rsvp.event_id == circle.id))).one()
    assert row.people == 2 and row.asked_again_at is None


async def test_a_time_is_offered_from_tomorrow_and_not_when_a_village_has_it_from_of_old(
    services: Services, world: PollsWorld
) -> None:
    lead = await world.lead()
    neighbour = await world.person("Nis", Role.STEERING_LEAD, world.neighbour)
    day = services.calendar.choices(world.village.cohort, COACHING)[0]  # type: ignore[arg-type]
    world.at(local(day, time(0, 30), ZONE))
    days = services.village_dates.days(await services.village_dates.times(lead, world.village, COACHING))
    assert days == services.calendar.choices(world.village.cohort, COACHING)  # type: ignore[arg-type]
    first, *_ = await services.village_dates.times(neighbour, world.neighbour, COACHING)
    async with world.context.database.transaction() as session:
        ours = (Event.code == COACHING) & (Event.scope_key == world.village.key)
        length = timedelta(minutes=30)
        picked = update(Event).where(ours).values(picked=True, starts_at=first, ends_at=first + length)
        await session.execute(picked.values(slot_at=None))
    assert first not in await services.village_dates.times(neighbour, world.neighbour, COACHING)
    assert first in await services.village_dates.times(lead, world.village, COACHING), "its own it may keep"
