"""What is deleted by date: names of open votes 30 days after the decision, a cohort's people half a year after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot.domain.access import Actor, Role
from bot.domain.ballots import Kind, Why
from bot.domain.poll_view import PollView
from bot.domain.seats import Answer
from bot.services import forgetting
from bot.services.context import Context
from bot.services.places import SECRETARIAT, Place
from bot.services.poll_drafts import PollDrafts, Written
from bot.services.registry import Services, services_on
from bot.storage.models import (
    AuditEntry,
    Ballot,
    Cohort,
    Delivery,
    Event,
    Feed,
    MeetingNotes,
    Person,
    RoleAssignment,
    Village,
)
from tests.support.polls_world import SECRETARY, PollsWorld, polls_world

OVER = datetime(2029, 4, 15, 8, tzinfo=UTC)  # half a year after the last phase of 2027/28


@pytest.fixture
async def world(context: Context) -> PollsWorld:
    return await polls_world(
        replace(context, facts=replace(context.facts, public_url="https://blup.example.dk"))
    )


@pytest.fixture
def services(world: PollsWorld) -> Services:
    return services_on(world.context)


async def ranked_poll(world: PollsWorld, voters: list[Actor]) -> PollView:
    """Let people rank three places and say why, and the poll close."""
    drafts, lead = PollDrafts(world.context), await world.lead()
    written = Written("Hvor skal bænken stå?", ("Skolen", "Kirken", "Havnen"), "3", "")
    draft = await drafts.write(lead, world.village, Kind.RANKED, written)
    await drafts.ask(lead, draft.id, "steering")
    await drafts.reason(lead, draft.id, Why.REQUIRED)
    poll = await drafts.open(lead, draft.id)
    for voter, said in zip(voters, ("ab", "ba", "bc"), strict=True):
        await world.polls.say(voter, poll.id, said, f"Grund til {said}")
    world.after(days=4)
    await world.turn()
    return await world.polls.view(poll.id)


async def test_who_voted_what_openly_is_forgotten_thirty_days_after_the_decision_and_the_result_stays(
    world: PollsWorld, services: Services
) -> None:
    voters = await world.people(3)
    before = await ranked_poll(world, voters)
    undecided = await ranked_poll(world, voters)
    rie = await world.person("Rie", Role.STEERING_SECRETARY)
    await services.decisions.record(
        rie, world.village, title="Bænken", text="Ved kirken.", decided_on=world.now.date(), how="Afstemning",
        code=None, milestone=None, poll_id=before.id,
    )  # fmt: skip
    for days, left in ((29, {before.id, undecided.id}), (1, {undecided.id})):
        world.after(days=days)
        await services.forgetting.turn(world.now)
        async with world.context.database.transaction() as session:
            assert set(await session.scalars(select(Ballot.poll_id))) == left
    after = await world.polls.view(before.id)
    assert after == before and after.reasons == ("Grund til ab", "Grund til ba", "Grund til bc")
    mine = (await services.people.my_data(voters[0])).records["open_votes"]
    assert {row["reason"] for row in mine} == {"Grund til ab"}, "of the one that led to nothing yet"


async def test_half_a_year_after_a_cohort_its_people_go_and_those_who_belong_elsewhere_stay(
    world: PollsWorld, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera = await world.person("Vera", Role.VILLAGER)
    sif = await world.person("Sif", Role.SECRETARIAT, Place(SECRETARIAT))
    kaj = await world.person("Kaj", Role.COORDINATOR, world.group)
    gone = await world.person("Grete", Role.VILLAGER, world.neighbour)
    rie = await world.person("Rie", Role.STEERING_SECRETARY)
    await services.feeds.make(vera, world.village)
    async with world.context.database.transaction() as session:
        circle = (await session.scalars(select(Event).where(Event.code == "VC01"))).one()
        (await session.get_one(Village, world.village.where.village_id)).contact_person = "Ida Holm"
        session.add(MeetingNotes(event_id=circle.id, place_key=world.village.key, text="Bo kan bage",
                                 version=1, saved_at=world.now))  # fmt: skip
        later = Cohort(code="2028-29", title="BLUP 2028/29", start_year=2028, programme_id="blup",
                       created_at=world.now)  # fmt: skip
        session.add(later)
        await session.flush()
        session.add(RoleAssignment(person_id=kaj.person_id, role="coordinator", scope_key="cohort", since=world.now,
                                   cohort_id=later.id))  # fmt: skip
    await services.people.answer_meeting(vera, circle.id, Answer.YES, world.village.key)
    await services.outbox.tell_secretariat("notice:x", "Ida Holm ringede")
    decision = await services.decisions.record(
        rie, world.village, title="Bænken", text="Ved kirken.", decided_on=world.now.date(), how="Alle var enige",
        code=None, milestone=None, poll_id=None,
    )  # fmt: skip
    assert gone.person_id and world.neighbour.village
    await services.people.leave(gone, world.neighbour.village.id)

    async with world.context.database.transaction() as session:
        await session.execute(
            update(Delivery).where(Delivery.key == "notice:x").values(state="sent", sent_at=world.now)
        )
        session.add(Delivery(key="decision_due:1", cohort_id=1, place_key=world.village.key, kind="decision_due",
                             due_at=OVER + timedelta(days=300), payload={"what": "review"}))  # fmt: skip

    async def names() -> set[str]:
        async with world.context.database.transaction() as session:
            return {name for name in await session.scalars(select(Person.display_name)) if name}

    world.at(OVER - timedelta(days=60))
    await services.forgetting.turn(world.now)
    assert await names() == {"Vera", "Sif", "Kaj", "Rie"}, "half a year after leaving one is forgotten"
    async with world.context.database.transaction() as session:
        assert not await session.scalar(select(Delivery.payload).where(Delivery.key == "notice:x"))
    world.at(OVER)
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    await services.forgetting.turn(world.now)
    assert await names() == {"Sif", "Kaj"}
    async with world.context.database.transaction() as session:
        for table in (Feed, MeetingNotes):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        assert not any(await session.scalars(select(Village.contact_person)))
        past = Delivery.due_at < world.now
        assert not any(
            await session.scalars(select(Delivery.payload).where(past, Delivery.cohort_id.is_not(None)))
        )
        ahead = select(Delivery.payload).where(Delivery.key == "decision_due:1")
        assert await session.scalar(ahead) == {"what": "review"}, "it is still to come"
        log = (await session.scalars(select(AuditEntry))).all()
        assert {(entry.person_id, entry.action) for entry in log} == {(None, "person.forgotten")}
    kept = await services.decisions.show(SECRETARY, world.village, decision.id)
    assert (kept.title, kept.text) == ("Bænken", "Ved kirken.")
    async with world.context.database.transaction() as session:
        rows = await session.scalars(select(RoleAssignment).where(RoleAssignment.until.is_(None)))
        assert {row.person_id for row in rows} == {sif.person_id, kaj.person_id}
