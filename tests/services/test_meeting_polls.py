"""What is asked at a meeting of the prelude: the secretariat enters a village's totals, and the agreement follows."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Role
from bot.domain.errors import Conflict, InvalidInput, NotPermitted
from bot.services.calendar import Calendar
from bot.services.context import Context
from bot.services.decisions import Decisions
from bot.services.meeting_polls import MeetingPolls
from bot.services.milestones import Milestones
from bot.services.places import SECRETARIAT, Place
from bot.storage.models import Delivery, Event, Poll
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

ANSWERS = ["3", "4", "0", "2", "0", "0", "1", "0"]


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    return await polls_world(context, agreed=False)


async def the_meeting(world: PollsWorld) -> int:
    """Let it be two days after the meeting with the councils. Returns its id, as the secretariat's task names it."""
    async with world.context.database.transaction() as session:
        query = select(Event).where(Event.code == "EV-P0-LOKALRAAD", Event.village_id.is_(None))
        event = (await session.scalars(query)).one()
    world.at(event.ends_at + timedelta(days=2))
    return event.id


async def test_the_secretariat_enters_what_a_village_without_a_channel_answered_and_can_correct_it(
    world: PollsWorld,
) -> None:
    desk, event = MeetingPolls(world.context), await the_meeting(world)
    assert world.village.village is not None
    village = world.village.village.id
    asked = await desk.asked(SECRETARY, event)
    assert asked.question == "Hvad er vigtigst for jer at få ud af BLUP?"
    assert [(name, done) for _, name, done in asked.villages] == [("Sønder Ørslev", False), ("Ålby", False)]
    coordinator = await world.person("Kim", Role.COORDINATOR, world.group)
    for refused in (desk.asked(coordinator, event), desk.enter(coordinator, event, village, "4", ANSWERS)):
        with pytest.raises(NotPermitted):
            await refused
    with pytest.raises(InvalidInput):
        await desk.enter(SECRETARY, event, village, "3", ANSWERS)  # ten crosses are too many for three people
    await desk.enter(SECRETARY, event, village, "5", ANSWERS)
    found = await desk.enter(SECRETARY, event, village, "4", ANSWERS)
    assert found.view is not None
    assert (found.view.turnout, [answer.votes for answer in found.view.answers]) == (
        4,
        [3, 4, 0, 2, 0, 0, 1, 0],
    )
    assert found.view.texts_of(found.view.winners) == ("Stærkere fællesskab",)
    assert [done for *_, done in (await desk.asked(SECRETARY, event)).villages] == [True, False]
    await world.turn()
    async with world.context.database.transaction() as session:
        assert (await session.scalars(select(Delivery).where(Delivery.poll_id.is_not(None)))).all() == []


async def test_the_agreement_is_written_down_from_the_totals_and_settles_their_milestones(
    world: PollsWorld,
) -> None:
    desk, event = MeetingPolls(world.context), await the_meeting(world)
    assert world.village.village is not None
    village, decisions = world.village.village.id, Decisions(world.context)
    found = await desk.enter(SECRETARY, event, village, "4", ANSWERS)
    assert [code for code, _ in found.ticks] == ["OP-01"] and found.decidable and found.view is not None
    milestones = Milestones(world.context, Calendar(world.context))
    await milestones.tick(SECRETARY, world.village, "OP-01")
    proposal = await decisions.proposal_from_poll(SECRETARY, found.view.id)
    assert (proposal.code, proposal.title) == ("D02", "Aftale med lokalrådet indgået")
    view = await decisions.record(
        SECRETARY, Place(SECRETARIAT), title=proposal.title, text=proposal.text, decided_on=proposal.decided_on,
        how=proposal.how, code=proposal.code, poll_id=proposal.poll_id,
    )  # fmt: skip
    assert view.place_key == world.village.key
    board = await milestones.board(SECRETARY, world.village)
    reached = {line.title for line in board.now if line.reached}
    assert {"Forventningsafstemning begyndt (version 0)", "Forventninger afstemt med lokalrådet"} <= reached
    after = await desk.totals(SECRETARY, event, village)
    assert (after.ticks, after.decidable) == ((), False)
    with pytest.raises(Conflict, match="decided"):
        await desk.enter(SECRETARY, event, village, "5", ANSWERS)
    async with world.context.database.transaction() as session:
        poll = await session.get_one(Poll, found.view.id)
        assert poll.closes_at < world.now and poll.asked_by_id is None
