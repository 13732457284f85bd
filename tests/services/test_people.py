"""People join by the privacy text, take part in villages and panels, and get roles from those who may give them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Action, Actor, Role, RoleHeld, Where, may
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.seats import Answer
from bot.services.cohorts import Cohorts
from bot.services.context import Context
from bot.services.decisions import Decisions
from bot.services.people import People
from bot.services.places import SECRETARIAT, place_of, village_key
from bot.services.village_list import VillageRow
from bot.storage.models import AuditEntry, Consent, Delivery, Event, Person, RoleAssignment, Village

IDA, BO, EVA, OWNER = 101, 102, 103, 999
TODAY = date(2027, 8, 2)
STEERING = (Role.STEERING, Role.STEERING_SECRETARY, Role.STEERING_LEAD)


@pytest.fixture
def people(context: Context) -> People:
    return People(context)


@pytest.fixture
async def villages(context: Context) -> list[Village]:
    """Fensby and Nyby in Næstved, Øby in Tønder, and Ventby, which is only invited."""
    rows = [VillageRow(2, "Næstved", "Fensby"), VillageRow(3, "Næstved", "Nyby"), VillageRow(4, "Tønder", "Øby"),
            VillageRow(5, "Tønder", "Ventby", invited=True)]  # fmt: skip
    await Cohorts(context).import_villages(rows, 2027)
    found = {village.name: village for village in await Cohorts(context).villages()}
    return [found[row.village] for row in rows]


@pytest.fixture
async def owner(people: People) -> Actor:
    return await people.actor(OWNER, "Ejeren", is_owner=True)


async def told(context: Context) -> list[str]:
    """Return what the secretariat has been told."""
    async with context.database.transaction() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.place_key == SECRETARIAT))
        return [str(row.payload["said"]) for row in rows]


def at(village: Village) -> Where:
    return Where(village.id, village.municipality_id, village.cohort_id)


async def newcomer(people: People, account: int = IDA, name: str = "Ida") -> Actor:
    return await people.accept_privacy(account, name)


async def with_role(people: People, owner: Actor, account: int, role: Role, where: Where) -> Actor:
    await people.accept_privacy(account, f"Person {account}")
    await people.give_role(owner, account, f"Person {account}", role, where)
    return await people.actor(account, f"Person {account}")


async def meeting(context: Context, code: str, cohort_id: int, village: Village | None = None) -> Event:
    async with context.database.transaction() as session:
        starts_at = context.now() + timedelta(days=3)
        scope = f"village:{village.id}" if village else "cohort"
        event = Event(cohort_id=cohort_id, village_id=village.id if village else None, code=code, scope_key=scope,
                      starts_at=starts_at, ends_at=starts_at + timedelta(minutes=90))  # fmt: skip
        session.add(event)
    return event


# ------------------------------------------------------------------------------------------ the privacy text


async def test_nothing_is_stored_before_the_privacy_text_is_accepted(
    people: People, context: Context
) -> None:
    stranger = await people.actor(IDA, "Ida")
    assert (stranger.person_id, stranger.roles, stranger.name) == (None, frozenset(), "Ida")
    async with context.database.transaction() as session:
        assert (await session.scalars(select(Person))).all() == []
    known = await newcomer(people)
    assert known.person_id is not None
    assert (await people.actor(IDA, "Ida")).person_id == known.person_id


async def test_accepting_twice_stores_one_person_and_one_yes(people: People, context: Context) -> None:
    assert (await newcomer(people)).person_id == (await newcomer(people)).person_id
    async with context.database.transaction() as session:
        [consent] = (await session.scalars(select(Consent))).all()
    assert (consent.purpose, len(consent.text_version), consent.given_at) == ("privacy", 16, context.now())


async def test_the_privacy_text_names_who_is_responsible_and_how_to_ring(people: People) -> None:
    assert people.privacy_text() == {"phone": "12 34 56 78", "controller": "BLUP-sekretariatet"}


async def test_the_name_follows_discord_on_the_next_action(people: People, context: Context) -> None:
    await newcomer(people)
    assert (await people.actor(IDA, " Ida   Holm\n")).name == "Ida Holm"
    async with context.database.transaction() as session:
        assert (await session.scalars(select(Person.display_name))).all() == ["Ida Holm"]


async def test_the_servers_owner_counts_as_secretariat_and_nobody_else_by_default(people: People) -> None:
    everywhere = Where()
    assert may(await people.actor(OWNER, "Ejeren", is_owner=True), Action.PROVISION, everywhere)
    assert may(await people.accept_privacy(OWNER, "Ejeren", is_owner=True), Action.PROVISION, everywhere)
    assert not may(await people.actor(OWNER, "Ejeren"), Action.PROVISION, everywhere)


# ------------------------------------------------------------------------------------------ villages and panels


async def test_someone_joins_a_village_after_the_privacy_text_and_not_before(
    people: People, villages: list[Village]
) -> None:
    with pytest.raises(Conflict, match="privacy_needed"):
        await people.join(await people.actor(IDA, "Ida"), villages[0].id)
    ida = await newcomer(people)
    joined = await people.join(ida, villages[0].id)
    assert (joined.village.name, joined.new) == ("Fensby", True)
    assert not (await people.join(ida, villages[0].id)).new
    assert (await people.actor(IDA, "Ida")).roles == {RoleHeld(Role.VILLAGER, villages[0].id)}


async def test_one_may_belong_to_several_villages(people: People, villages: list[Village]) -> None:
    ida = await newcomer(people)
    for village in villages[:2]:
        await people.join(ida, village.id)
    held = (await people.actor(IDA, "Ida")).roles
    assert {role.village_id for role in held} == {villages[0].id, villages[1].id}


async def test_a_village_without_agreement_is_joined_only_after_it(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    ida = await newcomer(people)
    with pytest.raises(Conflict, match="village_not_ready"):
        await people.join(ida, villages[3].id)
    await Cohorts(context).record_agreement(owner, villages[3].id)
    assert (await people.join(ida, villages[3].id)).new
    with pytest.raises(NotFound):
        await people.join(ida, 999)


async def test_the_panel_list_needs_ones_own_yes_and_leaving_takes_it_back(
    people: People, villages: list[Village], context: Context
) -> None:
    first, second = villages[:2]
    with pytest.raises(Conflict, match="privacy_needed"):
        await people.join_panel(await people.actor(IDA, "Ida"), first.id)
    ida = await newcomer(people)
    assert (await people.join_panel(ida, first.id)).new
    assert not (await people.join_panel(ida, first.id)).new
    assert (await people.join_panel(ida, second.id)).new
    assert (await people.leave_panel(ida, first.id)).new
    assert not (await people.leave_panel(ida, first.id)).new
    assert (await people.actor(IDA, "Ida")).roles == {RoleHeld(Role.PANEL, second.id)}
    async with context.database.transaction() as session:
        rows = await session.scalars(select(Consent).where(Consent.purpose == "panel").order_by(Consent.id))
        assert [row.withdrawn_at for row in rows] == [context.now(), None]
    assert (await people.join_panel(ida, first.id)).new


# ------------------------------------------------------------------------------------------ roles


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.rule_table
async def test_the_secretariat_gives_and_takes_every_role(
    people: People, villages: list[Village], owner: Actor, role: Role
) -> None:
    await newcomer(people)
    where = at(villages[0])
    given = await people.give_role(owner, IDA, "Ida", role, where)
    assert (given.changed, given.role, given.name) == (True, role, "Ida")
    assert [held.role for held in (await people.actor(IDA, "Ida")).roles] == [role]
    assert not (await people.give_role(owner, IDA, "Ida", role, where)).changed
    taken = await people.take_role(owner, IDA, "Ida", role, where)
    assert taken.changed
    assert (await people.actor(IDA, "Ida")).roles == frozenset()
    with pytest.raises(NotFound, match="role_not_held"):
        await people.take_role(owner, IDA, "Ida", role, where)
    assert (await people.give_role(owner, IDA, "Ida", role, where)).changed


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.rule_table
async def test_a_steering_lead_gives_steering_roles_in_the_own_village_only(
    people: People, villages: list[Village], owner: Actor, role: Role
) -> None:
    lead = await with_role(people, owner, BO, Role.STEERING_LEAD, at(villages[0]))
    await newcomer(people)
    with pytest.raises(NotPermitted):
        await people.give_role(lead, IDA, "Ida", role, at(villages[1]))
    if role in STEERING:
        assert (await people.give_role(lead, IDA, "Ida", role, at(villages[0]))).changed
        assert (await people.take_role(lead, IDA, "Ida", role, at(villages[0]))).changed
    else:
        with pytest.raises(NotPermitted, match="give_all_roles"):
            await people.give_role(lead, IDA, "Ida", role, at(villages[0]))


@pytest.mark.parametrize(
    "role", [Role.VILLAGER, Role.PANEL, Role.STEERING, Role.STEERING_SECRETARY, Role.COORDINATOR]
)
@pytest.mark.rule_table
async def test_others_give_no_roles(
    people: People, villages: list[Village], owner: Actor, role: Role
) -> None:
    someone = await with_role(people, owner, BO, role, at(villages[0]))
    await newcomer(people)
    for wanted in (Role.STEERING, Role.SECRETARIAT):
        with pytest.raises(NotPermitted):
            await people.give_role(someone, IDA, "Ida", wanted, at(villages[0]))
        assert (await people.give_role(owner, IDA, "Ida", wanted, at(villages[0]))).changed
        with pytest.raises(NotPermitted):
            await people.take_role(someone, IDA, "Ida", wanted, at(villages[0]))


async def test_nobody_gets_a_role_before_seeing_the_privacy_text(
    people: People, villages: list[Village], owner: Actor
) -> None:
    with pytest.raises(Conflict) as caught:
        await people.give_role(owner, IDA, "Ida", Role.STEERING, at(villages[0]))
    assert (caught.value.key, caught.value.values) == ("error_people.privacy_first", {"name": "Ida"})
    await newcomer(people)
    assert (await people.give_role(owner, IDA, "Ida", Role.STEERING, at(villages[0]))).changed


async def test_a_role_needs_the_place_it_is_held_at(
    people: People, villages: list[Village], owner: Actor
) -> None:
    await newcomer(people)
    with pytest.raises(InvalidInput, match="role_needs_village"):
        await people.give_role(owner, IDA, "Ida", Role.STEERING, Where())
    with pytest.raises(InvalidInput, match="role_needs_municipality"):
        await people.give_role(owner, IDA, "Ida", Role.COORDINATOR, Where(cohort_id=villages[0].cohort_id))
    with pytest.raises(NotFound, match="village_gone"):
        await people.give_role(owner, IDA, "Ida", Role.STEERING, Where(village_id=999))
    where = Where(municipality_id=villages[0].municipality_id, cohort_id=villages[0].cohort_id)
    given = await people.give_role(owner, IDA, "Ida", Role.COORDINATOR, where)
    assert given.place == "Næstved"
    [held] = (await people.actor(IDA, "Ida")).roles
    groups = frozenset({villages[0].coordinator_group_id})
    assert held == RoleHeld(Role.COORDINATOR, None, where.municipality_id, where.cohort_id, groups)


async def test_the_right_is_judged_by_the_village_itself_and_not_by_what_the_caller_says(
    people: People, villages: list[Village], owner: Actor
) -> None:
    lead = await with_role(people, owner, BO, Role.STEERING_LEAD, at(villages[0]))
    await newcomer(people)
    with pytest.raises(NotPermitted):
        await people.give_role(lead, IDA, "Ida", Role.STEERING, Where(village_id=villages[1].id, cohort_id=0))
    assert (await people.give_role(lead, IDA, "Ida", Role.STEERING, Where(village_id=villages[0].id))).changed


async def test_a_paper_yes_to_the_panel_is_kept_as_such_and_can_be_taken_back(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    ida = await with_role(people, owner, IDA, Role.PANEL, at(villages[0]))
    assert (await people.leave_panel(ida, villages[0].id)).new
    async with context.database.transaction() as session:
        [consent] = (await session.scalars(select(Consent).where(Consent.purpose == "panel"))).all()
    assert consent.text_version.endswith("paper")
    assert consent.withdrawn_at == context.now()


async def test_the_last_lead_may_go_and_the_secretariat_is_told_only_then(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    lead = await with_role(people, owner, IDA, Role.STEERING_LEAD, at(villages[0]))
    await with_role(people, owner, BO, Role.STEERING_LEAD, at(villages[0]))
    await people.take_role(lead, BO, "Bo", Role.STEERING_LEAD, at(villages[0]))
    assert await told(context) == []
    await people.take_role(lead, IDA, "Ida", Role.STEERING_LEAD, at(villages[0]))
    assert ["Fensby har ingen tovholder" in said for said in await told(context)] == [True]


async def test_somebody_leaves_a_village_with_every_role_there_and_may_come_again(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    await with_role(people, owner, IDA, Role.STEERING_LEAD, at(villages[0]))
    ida = await with_role(people, owner, IDA, Role.PANEL, at(villages[0]))
    await people.join(ida, villages[0].id)
    await people.join(ida, villages[1].id)
    ida = await people.actor(IDA, "Ida")
    assert [village.name for village in await people.villages_of(ida)] == ["Fensby", "Nyby"]
    await people.leave(ida, villages[0].id)
    assert (await people.actor(IDA, "Ida")).roles == {RoleHeld(Role.VILLAGER, villages[1].id)}
    assert len(await told(context)) == 1, "it was the only lead"
    assert (await people.join(ida, villages[0].id)).new


async def test_the_councils_contact_adds_steering_members_until_the_group_is_established(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    contact = await with_role(people, owner, BO, Role.LOCAL_COUNCIL_CONTACT, at(villages[0]))
    await newcomer(people)
    assert (await people.give_role(contact, IDA, "Ida", Role.STEERING_LEAD, at(villages[0]))).changed
    with pytest.raises(NotPermitted):
        await people.give_role(contact, IDA, "Ida", Role.STEERING_LEAD, at(villages[1]))
    lead = await people.actor(IDA, "Ida")
    async with context.database.transaction() as session:
        place = await place_of(session, village_key(villages[0].id))
    await Decisions(context).record(
        lead, place, title="Etableret", text="Vi er i gang.", how="Enighed", decided_on=TODAY, code="D04"
    )
    with pytest.raises(NotPermitted):
        await people.give_role(contact, IDA, "Ida", Role.STEERING, at(villages[0]))


async def test_a_coordinator_sits_in_the_groups_of_the_own_municipalitys_villages(
    people: People, owner: Actor, context: Context
) -> None:
    rows = [
        VillageRow(2, "Ribe", "Vesterby", coordinator_group="Vest"),
        VillageRow(3, "Køge", "Østerby", coordinator_group="Øst"),
    ]
    await Cohorts(context).import_villages(rows, 2027)
    west, east = sorted(await Cohorts(context).villages(), key=lambda village: village.name, reverse=True)
    kim = await with_role(people, owner, IDA, Role.COORDINATOR, at(west))
    own, other = (Where(cohort_id=v.cohort_id, group_id=v.coordinator_group_id) for v in (west, east))
    assert may(kim, Action.START_GROUP_POLL, own)
    assert not may(kim, Action.START_GROUP_POLL, other)


async def test_the_steering_group_is_listed_with_its_lead_first(
    people: People, villages: list[Village], owner: Actor
) -> None:
    for account, role in ((BO, Role.STEERING), (IDA, Role.STEERING_SECRETARY), (IDA, Role.STEERING_LEAD)):
        await with_role(people, owner, account, role, at(villages[0]))
    await with_role(people, owner, EVA, Role.VILLAGER, at(villages[0]))
    group = await people.steering_group(villages[0].id)
    assert [(member.name, member.discord_user_id, member.roles) for member in group] == [
        (f"Person {IDA}", IDA, (Role.STEERING_LEAD, Role.STEERING_SECRETARY)),
        (f"Person {BO}", BO, (Role.STEERING,)),
    ]
    assert await people.steering_group(villages[1].id) == []


async def test_who_gave_a_role_is_written_down_and_nothing_for_a_role_held_already(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    await newcomer(people)
    for _ in range(2):
        await people.give_role(owner, IDA, "Ida", Role.STEERING, at(villages[0]))
    await people.take_role(owner, IDA, "Ida", Role.STEERING, at(villages[0]))
    async with context.database.transaction() as session:
        rows = await session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("role.")))
        assert [(row.action, row.role) for row in rows] == [
            ("role.given", "secretariat"),
            ("role.taken", "secretariat"),
        ]
        [role] = (await session.scalars(select(RoleAssignment))).all()
    assert role.until == context.now()


# ------------------------------------------------------------------------------------------ meetings


async def test_an_answer_to_a_meeting_is_kept_once_and_may_be_changed(
    people: People, villages: list[Village], context: Context
) -> None:
    ida, bo = await newcomer(people), await newcomer(people, BO, "Bo")
    for someone in (ida, bo):
        await people.join(someone, villages[0].id)
    ida, bo = await people.actor(IDA, "Ida"), await people.actor(BO, "Bo")
    event = await meeting(context, "VC01", villages[0].cohort_id)
    answer = await people.answer_meeting(ida, event.id, Answer.YES)
    assert (answer.changed, answer.answer, answer.title) == (
        True,
        Answer.YES,
        "Hvem skal med? De første frivillige",
    )
    assert not (await people.answer_meeting(ida, event.id, Answer.YES)).changed
    await people.answer_meeting(bo, event.id, Answer.YES)
    assert await people.head_count(event.id) == 2
    assert (await people.answer_meeting(ida, event.id, Answer.NO)).changed
    assert await people.head_count(event.id) == 1


@pytest.mark.parametrize(
    ("code", "own", "allowed"),
    [
        ("VC01", False, {Role.VILLAGER, Role.COORDINATOR, Role.SECRETARIAT}),
        ("EV-M1-KURSUS", False, {Role.VILLAGER, Role.COORDINATOR, Role.SECRETARIAT}),
        ("CC01", False, {Role.COORDINATOR, Role.SECRETARIAT}),
        ("EV-M1-INFO", True, {Role.VILLAGER, Role.SECRETARIAT}),
    ],
)
@pytest.mark.rule_table
async def test_coordinators_are_welcome_at_circles_and_villagers_not_at_the_coordinators(
    people: People,
    villages: list[Village],
    owner: Actor,
    context: Context,
    code: str,
    own: bool,
    allowed: set[Role],
) -> None:
    home = villages[0]
    event = await meeting(context, code, home.cohort_id, home if own else None)
    for account, role in enumerate((Role.VILLAGER, Role.COORDINATOR, Role.SECRETARIAT), start=500):
        actor = await with_role(people, owner, account, role, at(home))
        if role in allowed:
            assert (await people.answer_meeting(actor, event.id, Answer.YES)).answer is Answer.YES
        else:
            with pytest.raises(NotPermitted):
                await people.answer_meeting(actor, event.id, Answer.YES)
    assert await people.head_count(event.id) == len(allowed)


async def test_a_village_that_opens_its_channel_opens_its_own_meetings_to_coordinators(
    people: People, villages: list[Village], owner: Actor, context: Context
) -> None:
    event = await meeting(context, "EV-M1-INFO", villages[0].cohort_id, villages[0])
    coordinator = await with_role(people, owner, BO, Role.COORDINATOR, at(villages[0]))
    with pytest.raises(NotPermitted):
        await people.answer_meeting(coordinator, event.id, Answer.YES)
    await Cohorts(context).open_to_coordinator(owner, villages[0].id, True)
    assert (await people.answer_meeting(coordinator, event.id, Answer.YES)).answer is Answer.YES


async def test_another_villages_meeting_and_another_cohorts_circle_are_not_ones_own(
    people: People, villages: list[Village], context: Context
) -> None:
    ida = await newcomer(people)
    await people.join(ida, villages[0].id)
    ida = await people.actor(IDA, "Ida")
    other = await Cohorts(context).ensure(2028)
    for event in (
        await meeting(context, "EV-M1-INFO", villages[1].cohort_id, villages[1]),
        await meeting(context, "VC01", other.id),
    ):
        with pytest.raises(NotPermitted):
            await people.answer_meeting(ida, event.id, Answer.YES)
    mine = await meeting(context, "EV-M1-INFO", villages[0].cohort_id, villages[0])
    assert (await people.answer_meeting(ida, mine.id, Answer.YES)).changed


async def test_a_meeting_that_is_over_takes_no_answers(
    people: People, villages: list[Village], context: Context
) -> None:
    ida = await newcomer(people)
    await people.join(ida, villages[0].id)
    ida = await people.actor(IDA, "Ida")
    event = await meeting(context, "VC01", villages[0].cohort_id)
    assert (await people.answer_meeting(ida, event.id, Answer.YES)).changed
    async with context.database.transaction() as session:
        row = await session.get_one(Event, event.id)
        row.starts_at, row.ends_at = context.now() - timedelta(hours=1), context.now()
    with pytest.raises(Conflict, match="meeting_over"):
        await people.answer_meeting(ida, event.id, Answer.NO)
    with pytest.raises(NotFound, match="meeting_gone"):
        await people.answer_meeting(ida, 999, Answer.YES)
    assert await people.head_count(event.id) == 1
