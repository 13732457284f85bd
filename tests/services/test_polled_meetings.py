"""A date that was voted for becomes a meeting: once, with posts, reminders and calendar files that follow it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar as CalendarFile
from sqlalchemy import select

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind
from bot.domain.errors import Conflict, InvalidInput, NotPermitted
from bot.domain.polled_meetings import MeetingSeen, Offer
from bot.domain.seats import Answer
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.people import People
from bot.services.places import Place
from bot.services.poll_drafts import Written
from bot.services.polled_meetings import WrittenMeeting
from bot.services.registry import Services, services_on
from bot.storage.models import Delivery, DiscordPlace, Event
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world, utc

DATES = ("20-10-2027 kl. 9.30", "26-10-2027 kl. 19")
WON = utc(2027, 10, 26, 17)
PARTY = WrittenMeeting("Sommerfest", "Forsamlingshuset", "90")


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    found = await polls_world(context)
    async with context.database.transaction() as session:
        for number, place in enumerate((found.village, found.group), start=900):
            session.add(DiscordPlace(key=place.key, discord_id=number))
    return found


@pytest.fixture
def services(world: PollsWorld) -> Services:
    return services_on(world.context)


async def found_date(
    world: PollsWorld, services: Services, *, place: Place | None = None, votes: tuple[int, ...] = (2,)
) -> int:
    """Let a place vote for a date, and the poll end. Returns its id."""
    place = place or world.village
    asker = await world.lead()
    if place.group is not None:
        asker = await world.person("Kaj", Role.COORDINATOR, place)
    poll = await services.poll_drafts.write(
        asker, place, Kind.DATES, Written("Hvornår er der fest?", DATES, "3")
    )
    await services.poll_drafts.open(asker, poll.id)
    await services.polls.vote(asker, poll.id, votes)
    world.after(days=3)
    await world.turn()
    return poll.id


async def told(world: PollsWorld, services: Services) -> list[Message]:
    """Return the posts about meetings that go out now."""
    batch = await services.outbox.claim("test")
    for post in batch.ready:
        await services.outbox.sent(post.delivery_id, post.channel_id, 5000 + post.delivery_id)
    return [post.message for post in batch.ready if post.key.startswith("polled:")]


async def waiting(world: PollsWorld) -> dict[str, datetime]:
    """Return the reminders of such meetings that wait, with their moments."""
    async with world.context.database.transaction() as session:
        query = select(Delivery).where(Delivery.kind == "polled_meeting", Delivery.state == "pending")
        return {str(row.payload["says"]): row.due_at for row in await session.scalars(query)}


def in_file(message: Message) -> tuple[str, str, int, datetime, datetime]:
    """Return what a post's calendar file says: method, uid, sequence, start and stamp."""
    (file,) = message.files
    calendar = CalendarFile.from_ical(file.data)
    event: Any = calendar.walk("VEVENT")[0]
    return (str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"]), event["DTSTART"].dt,
            event["DTSTAMP"].dt)  # fmt: skip


async def made(world: PollsWorld, services: Services) -> tuple[Actor, MeetingSeen]:
    """Let the lead make the village's date a meeting."""
    lead, poll_id = await world.lead(), await found_date(world, services)
    return lead, await services.polled_meetings.make(lead, poll_id, PARTY)


async def test_a_date_becomes_a_meeting_once_and_stands_in_the_calendar(
    world: PollsWorld, services: Services
) -> None:
    lead, poll_id = await world.lead(), await found_date(world, services)
    assert await services.polled_meetings.offer(lead, poll_id) == Offer(poll_id, "Hvornår er der fest?", WON)
    meeting = await services.polled_meetings.make(lead, poll_id, PARTY)
    assert (meeting.title, meeting.venue, meeting.starts_at, meeting.minutes) == (
        "Sommerfest", "Forsamlingshuset", WON, 90,
    )  # fmt: skip
    assert await services.polled_meetings.offer(lead, poll_id) == meeting
    with pytest.raises(Conflict) as stands:
        await services.polled_meetings.make(lead, poll_id, PARTY)
    assert stands.value.key == "error_meetings.stands"
    assert "Sommerfest" in [m.title for m in await services.calendar.upcoming(world.village, 50)]
    for elsewhere in (world.neighbour, world.group):
        assert "Sommerfest" not in [m.title for m in await services.calendar.upcoming(elsewhere, 50)]
    async with world.context.database.transaction() as session:
        assert len((await session.scalars(select(Event).where(Event.code == f"poll:{poll_id}"))).all()) == 1


async def test_it_is_told_with_a_calendar_file_and_reminded_of_a_day_and_an_hour_before(
    world: PollsWorld, services: Services
) -> None:
    lead, meeting = await made(world, services)
    (post,) = await told(world, services)
    assert "Vi mødes tirsdag den 26. oktober kl. 19.00, Forsamlingshuset" in post.text
    assert [button.action for button in post.buttons] == ["rsvp"] * 3 + ["meeting_card", "meeting_change"]
    method, _, sequence, starts_at, stamped_at = in_file(post)
    assert (method, sequence, starts_at) == ("PUBLISH", 0, WON)
    assert stamped_at == world.now.replace(microsecond=0)
    assert await waiting(world) == {"day": utc(2027, 10, 25, 15), "hour": WON - timedelta(hours=1)}
    world.at(utc(2027, 10, 25, 15))
    (post,) = await told(world, services)
    assert "Vi ses i morgen, tirsdag den 26. oktober kl. 19.00" in post.text
    answer = await People(world.context).answer_meeting(lead, meeting.event_id, Answer.YES)
    assert (answer.title, answer.answer) == ("Sommerfest", Answer.YES)
    with pytest.raises(NotPermitted):
        stranger = await world.person("Pia", Role.VILLAGER, world.neighbour)
        await People(world.context).answer_meeting(stranger, meeting.event_id, Answer.YES)


async def test_a_moved_meeting_keeps_its_uid_and_old_reminders_fall_away(
    world: PollsWorld, services: Services
) -> None:
    lead, meeting = await made(world, services)
    first = in_file((await told(world, services))[0])
    moved = await services.polled_meetings.change(
        lead, meeting.event_id, WrittenMeeting("Sommerfest", "Skolen", "60", "28-10-2027 kl. 18.30")
    )
    assert (moved.starts_at, moved.sequence) == (utc(2027, 10, 28, 16, 30), 1)
    (post,) = await told(world, services)
    assert "Nu er det torsdag den 28. oktober kl. 18.30, Skolen" in post.text
    assert "Før var det tirsdag den 26. oktober kl. 19.00" in post.text
    again = in_file(post)
    assert (again[1], again[2]) == (first[1], 1)
    assert await waiting(world) == {"day": utc(2027, 10, 27, 15), "hour": utc(2027, 10, 28, 15, 30)}
    same = WrittenMeeting("Sommerfest", "Skolen", "60", "28-10-2027 kl. 18.30")
    assert (await services.polled_meetings.change(lead, meeting.event_id, same)).sequence == 1
    with pytest.raises(InvalidInput):
        past = WrittenMeeting("Sommerfest", when="02-08-2027 kl. 9")
        await services.polled_meetings.change(lead, meeting.event_id, past)
    assert await told(world, services) == []


async def test_a_meeting_called_off_is_told_forgotten_by_the_calendar_and_can_be_set_again(
    world: PollsWorld, services: Services
) -> None:
    lead, meeting = await made(world, services)
    first = in_file((await told(world, services))[0])
    await services.polled_meetings.call_off(lead, meeting.event_id, "Det regner")
    (post,) = await told(world, services)
    assert "er aflyst. Der står: Det regner" in post.text
    method, uid, sequence, *_ = in_file(post)
    assert (method, uid, sequence) == ("CANCEL", first[1], 1)
    assert await waiting(world) == {}
    assert "Sommerfest" not in [m.title for m in await services.calendar.upcoming(world.village, 50)]
    for refused in (
        People(world.context).answer_meeting(lead, meeting.event_id, Answer.YES),
        services.polled_meetings.view(lead, meeting.event_id),
    ):
        with pytest.raises(Conflict):
            await refused
    poll_id = (await world.all_polls())[-1].id
    again = await services.polled_meetings.make(lead, poll_id, PARTY)
    assert (again.event_id, again.sequence, again.called_off) == (meeting.event_id, 2, False)
    assert set(await waiting(world)) == {"set", "day", "hour"}


@pytest.mark.parametrize("role", [Role.STEERING, Role.PANEL, Role.VILLAGER, Role.COORDINATOR])
@pytest.mark.rule_table
async def test_only_those_who_pick_dates_make_and_change_it(
    world: PollsWorld, services: Services, role: Role
) -> None:
    poll_id, meetings = await found_date(world, services), services.polled_meetings
    others = [
        await world.person("Bo", role, world.group if role is Role.COORDINATOR else world.village),
        await world.person("Pia", Role.STEERING_LEAD, world.neighbour),
    ]
    secretary = await world.person("Rie", Role.STEERING_SECRETARY)
    for other in others:
        for refused in (meetings.offer(other, poll_id), meetings.make(other, poll_id, PARTY)):
            with pytest.raises(NotPermitted):
                await refused
    meeting = await meetings.make(secretary, poll_id, PARTY)
    for other in others:
        for blocked in (meetings.view(other, meeting.event_id), meetings.call_off(other, meeting.event_id),
                        meetings.change(other, meeting.event_id, PARTY)):  # fmt: skip
            with pytest.raises(NotPermitted):
                await blocked
        assert await meetings.changeable(other, world.village) == []
    assert await meetings.changeable(SECRETARY, world.village) == [meeting]


async def test_a_coordinator_group_meets_in_its_own_channel(world: PollsWorld, services: Services) -> None:
    poll_id = await found_date(world, services, place=world.group)
    kaj = await world.person("Kaj", Role.COORDINATOR, world.group)
    with pytest.raises(NotPermitted):
        await services.polled_meetings.make(await world.lead(), poll_id, PARTY)
    meeting = await services.polled_meetings.make(kaj, poll_id, PARTY)
    assert len(await told(world, services)) == 1
    assert "Sommerfest" in [m.title for m in await services.calendar.upcoming(world.group, 50)]
    assert (
        await People(world.context).answer_meeting(kaj, meeting.event_id, Answer.YES)
    ).answer is Answer.YES
    with pytest.raises(NotPermitted):
        await People(world.context).answer_meeting(await world.lead(), meeting.event_id, Answer.YES)


async def test_a_poll_without_one_date_makes_no_meeting(world: PollsWorld, services: Services) -> None:
    lead, tied = await world.lead(), await found_date(world, services, votes=(1, 2))
    with pytest.raises(Conflict) as refused:
        await services.polled_meetings.offer(lead, tied)
    assert refused.value.key == "error_meetings.no_date"
    late = await found_date(world, services)
    world.at(WON + timedelta(minutes=1))
    with pytest.raises(InvalidInput):
        await services.polled_meetings.make(lead, late, PARTY)


@pytest.mark.parametrize("tie", ["again", "lead"])
async def test_of_dates_that_tied_a_new_vote_or_the_lead_finds_the_one_for_the_meeting(
    world: PollsWorld, services: Services, tie: str
) -> None:
    lead, drafts = await world.lead(), services.poll_drafts
    poll = await drafts.write(lead, world.village, Kind.DATES, Written("Hvornår er der fest?", DATES, "3"))
    await drafts.bind(lead, poll.id, "most")
    await drafts.decide_by(lead, poll.id, "tie", tie)
    await drafts.open(lead, poll.id)
    await services.polls.vote(lead, poll.id, [1, 2])
    world.after(days=3)
    await world.turn()
    with pytest.raises(Conflict):
        await services.polled_meetings.offer(lead, poll.id)
    last = (await world.all_polls())[-1]
    if tie == "again":
        await services.polls.vote(lead, last.id, [2])
        world.at(last.closes_at)
        await world.turn()
    else:
        await services.poll_life.settle_tie(lead, last.id, 2)
    assert (await services.polled_meetings.make(lead, last.id, PARTY)).starts_at == WON
