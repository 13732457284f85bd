"""Everyone sees what is held about them and can have it removed; what must stay, stays without a name."""

import asyncio
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.access import Actor, Role, Where
from bot.domain.errors import Conflict
from bot.domain.seats import Answer
from bot.messages import privacy as builders
from bot.services.cohorts import Cohorts
from bot.services.context import Context
from bot.services.people import People
from bot.services.places import SECRETARIAT
from bot.services.village_list import VillageRow
from bot.storage.models import (
    AuditEntry,
    Ballot,
    Consent,
    Decision,
    Delivery,
    Event,
    Person,
    Poll,
    PollOption,
    RoleAssignment,
    Rsvp,
    Village,
)

IDA, BO, OWNER = 101, 102, 999


@pytest.fixture
def people(context: Context) -> People:
    return People(context)


@pytest.fixture
async def village(context: Context) -> Village:
    await Cohorts(context).import_villages(
        [VillageRow(2, "Næstved", "Fensby", contact_person="Ida Holm")], 2027
    )
    return (await Cohorts(context).villages())[0]


async def add_poll(
    context: Context, village: Village, asked_by: int, secret: bool
) -> tuple[Poll, PollOption]:
    async with context.database.transaction() as session:
        poll = Poll(cohort_id=village.cohort_id, village_id=village.id, scope_key=f"village:{village.id}",
                    question="Hvornår?", voters="villager", secret=secret, binding=False, pick=1, state="open",
                    opens_at=context.now(), closes_at=context.now() + timedelta(days=5), asked_by_id=asked_by)  # fmt: skip
        session.add(poll)
        await session.flush()
        option = PollOption(poll_id=poll.id, position=1, text="Tirsdag")
        session.add(option)
    return poll, option


async def a_full_life(people: People, context: Context, village: Village) -> Actor:
    """Ida leads Fensby, is on its panel, comes to a circle, votes openly and secretly, and records a decision."""
    owner = await people.actor(OWNER, "Ejeren", is_owner=True)
    ida = await people.accept_privacy(IDA, "Ida")
    await people.join(ida, village.id)
    await people.join_panel(ida, village.id)
    await people.give_role(owner, IDA, "Ida", Role.STEERING_LEAD, Where(village_id=village.id))
    ida = await people.actor(IDA, "Ida")
    assert ida.person_id is not None
    starts_at = context.now() + timedelta(days=3)
    async with context.database.transaction() as session:
        event = Event(cohort_id=village.cohort_id, code="VC01", scope_key="cohort", starts_at=starts_at,
                      ends_at=starts_at + timedelta(hours=1))  # fmt: skip
        session.add(event)
    await people.answer_meeting(ida, event.id, Answer.YES)
    opened, choice = await add_poll(context, village, ida.person_id, secret=False)
    hidden, answer = await add_poll(context, village, ida.person_id, secret=True)
    async with context.database.transaction() as session:
        session.add(
            Ballot(
                poll_id=opened.id, voter=f"p:{ida.person_id}", option_id=choice.id, person_id=ida.person_id
            )
        )
        session.add(Ballot(poll_id=hidden.id, voter="c0ffee", option_id=answer.id))
        session.add(Decision(cohort_id=village.cohort_id, village_id=village.id, scope_key=f"village:{village.id}",
                             year=2027, number=1, kind="decision", title="Vi mødes tirsdag", text="Hver tirsdag.",
                             how="poll",
                             decided_on=date(2027, 8, 2), recorded_by_id=ida.person_id,
                             recorded_by_role="steering_lead", recorded_at=context.now()))  # fmt: skip
    return ida


async def test_somebody_sees_everything_held_about_them_and_nothing_about_others(
    people: People, context: Context, village: Village
) -> None:
    ida = await a_full_life(people, context, village)
    await people.accept_privacy(BO, "Bo")
    data = await people.my_data(ida)
    assert (data.name, data.discord_user_id, data.since_at) == ("Ida", IDA, context.now())
    assert {row["role"] for row in data.records["roles"]} == {"villager", "panel", "steering_lead"}
    assert [row["purpose"] for row in data.records["consents"]] == ["privacy", "panel"]
    [answer] = data.records["meeting_answers"]
    assert (answer["title"], answer["answer"]) == ("Hvem skal med? De første frivillige", "yes")
    assert data.records["open_votes"] == [
        {"question": "Hvornår?", "choice": "Tirsdag", "mark": 1, "reason": None}
    ]
    assert [row["title"] for row in data.records["decisions_recorded"]] == ["Vi mødes tirsdag"]
    assert len(data.records["polls_started"]) == 2
    assert [row["action"] for row in data.records["log"]] == [
        "privacy.accepted",
        "villager.joined",
        "panel.joined",
    ]
    others = await people.my_data(await people.actor(BO, "Bo"))
    assert [name for name, rows in others.records.items() if rows] == ["consents", "log"]


async def test_somebody_who_is_unknown_is_told_so(people: People) -> None:
    stranger = await people.actor(IDA, "Ida")
    for asked in (people.my_data, people.erase):
        with pytest.raises(Conflict, match="nothing_held"):
            await asked(stranger)
    ida = await people.accept_privacy(IDA, "Ida")
    assert (await people.my_data(ida)).name == "Ida"


async def test_the_list_of_what_is_held_reads_as_danish_and_comes_as_a_file(
    people: People, context: Context, village: Village
) -> None:
    data = await people.my_data(await a_full_life(people, context, village))
    message = builders.my_data(context.texts, data)
    [file] = message.files
    whole = json.loads(file.data)
    assert (file.name, whole["navn"], whole["konto på Discord"]) == ("mine-data.json", "Ida", str(IDA))
    assert whole["roller"][2]["rolle"] == "tovholder"
    assert whole["åbne stemmer"] == [
        {"spørgsmål": "Hvornår?", "svar": "Tirsdag", "point eller plads": 1, "din grund": None}
    ]
    assert "tovholder i Fensby" in message.text
    assert "mandag den 2. august 2027" in message.text
    assert len(message.text) <= 350


async def test_an_erasure_removes_the_person_and_keeps_what_the_village_decided(
    people: People, context: Context, village: Village
) -> None:
    ida = await a_full_life(people, context, village)
    done = await people.erase(ida)
    assert done.left == ("secret_votes", "messages", "documents", "contact")
    async with context.database.transaction() as session:
        person = await session.get_one(Person, ida.person_id)
        assert (person.display_name, person.discord_user_id, person.erased_at) == (None, None, context.now())
        assert (await session.scalars(select(Rsvp))).all() == []
        assert [row.person_id for row in await session.scalars(select(Ballot))] == [None]
        told = (await session.scalars(select(Delivery).where(Delivery.place_key == SECRETARIAT))).all()
        assert ["Fensby har ingen tovholder" in str(row.payload["said"]) for row in told] == [True]
        roles = (await session.scalars(select(RoleAssignment))).all()
        assert {row.village_id for row in roles} == {village.id}
        assert all(row.until == context.now() for row in roles)
        assert all(row.withdrawn_at == context.now() for row in await session.scalars(select(Consent)))
        [decision] = (await session.scalars(select(Decision))).all()
        assert (decision.title, decision.recorded_by_id) == ("Vi mødes tirsdag", None)
        assert decision.recorded_by_role == "steering_lead"
        assert all(poll.asked_by_id is None for poll in await session.scalars(select(Poll)))
        log = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert {entry.person_id for entry in log} == {None}
    assert (log[-1].action, log[-1].role) == ("person.erased", "steering_lead")
    assert (await people.actor(IDA, "Ida")).person_id is None


async def test_an_erased_person_cannot_act_on_an_old_button_but_may_come_back_as_new(
    people: People, context: Context, village: Village
) -> None:
    ida = await a_full_life(people, context, village)
    await people.erase(ida)
    for act in (people.join(ida, village.id), people.my_data(ida), people.erase(ida)):
        with pytest.raises(Conflict, match="privacy_needed"):
            await act
    again = await people.accept_privacy(IDA, "Ida")
    assert again.person_id != ida.person_id
    assert again.roles == frozenset()
    assert (await people.join(again, village.id)).new


async def test_an_erasure_touches_nobody_else(people: People, context: Context, village: Village) -> None:
    ida = await a_full_life(people, context, village)
    bo = await people.accept_privacy(BO, "Bo")
    await people.join(bo, village.id)
    await people.join_panel(bo, village.id)
    before = await people.my_data(bo)
    await people.erase(ida)
    assert await people.my_data(bo) == before


async def test_the_secretariats_list_of_contacts_is_mentioned_only_to_those_on_it(
    people: People, context: Context, village: Village
) -> None:
    ida, bo = await people.accept_privacy(IDA, "Ida Holm"), await people.accept_privacy(BO, "Bo")
    assert "contact" in (await people.erase(ida)).left
    assert (await people.erase(bo)).left == ("secret_votes", "messages", "documents")


async def test_two_presses_at_the_same_moment_make_one_person_one_role_and_one_answer(
    people: People, context: Context, village: Village
) -> None:
    async def press() -> None:
        ida = await people.accept_privacy(IDA, "Ida")
        await people.join(ida, village.id)
        await people.join_panel(ida, village.id)

    await asyncio.gather(*(press() for _ in range(4)))
    async with context.database.transaction() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(t))
            for t in (Person, RoleAssignment, Consent)
        ]
    assert counts == [1, 2, 2]
