"""A cohort gets its villages from a list; agreements are recorded, and villages found by their names."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.clock import FixedClock
from bot.domain.errors import Conflict, NotFound, NotPermitted
from bot.services.cohorts import Cohorts
from bot.services.context import Context
from bot.services.village_import import ImportReport
from bot.services.village_list import VillageRow, read_village_list
from bot.storage.models import AuditEntry, Base, CoordinatorGroup, MilestoneState, Village
from tests.support.world import CONTENT

SECRETARIAT = Actor(None, "Sekretariatet", frozenset({RoleHeld(Role.SECRETARIAT)}))
NOBODY = Actor(None, "Nogen")
GATE = {"OP-02", "OP-03", "OP-05"}


def row(village: str, municipality: str = "Næstved", *, invited: bool = False, **more: str) -> VillageRow:
    return VillageRow(2, municipality, village, invited=invited, **more)


@pytest.fixture
def cohorts(context: Context) -> Cohorts:
    return Cohorts(context)


async def everything(context: Context) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, to see that nothing has changed."""
    async with context.database.transaction() as session:
        tables = Base.metadata.sorted_tables
        return {
            table.name: [tuple(found) for found in await session.execute(select(table))] for table in tables
        }


async def gate(context: Context, village: Village) -> set[str]:
    async with context.database.transaction() as session:
        rows = await session.scalars(select(MilestoneState).where(MilestoneState.village_id == village.id))
        return {found.code for found in rows if found.state == "reached"}


def set_clock(context: Context, *moment: int) -> None:
    assert isinstance(context.clock, FixedClock)
    context.clock.at = datetime(*moment, 8, 0, tzinfo=UTC)  # type: ignore[misc,arg-type,call-arg]


async def test_a_cohort_is_made_once_and_named_by_the_programmes_patterns(cohorts: Cohorts) -> None:
    first, again = await cohorts.ensure(2027), await cohorts.ensure(2027)
    assert (first.id, first.code, first.title) == (again.id, "2027-28", "BLUP 2027/28")
    assert (await cohorts.ensure(2099)).code == "2099-00"


async def test_an_imported_village_counts_as_agreed_and_an_invited_one_does_not(
    cohorts: Cohorts, context: Context
) -> None:
    report = await cohorts.import_villages([row("Fensby"), row("Tærø", invited=True)], 2027)
    fensby, taro = await cohorts.villages()
    assert report == ImportReport(created=("Fensby, Næstved", "Tærø, Næstved"))
    assert (fensby.state, fensby.agreed_at) == ("prelude", context.now())
    assert (taro.state, taro.agreed_at) == ("invited", None)
    assert await gate(context, fensby) == GATE
    assert await gate(context, taro) == set()


async def test_importing_twice_changes_nothing(cohorts: Cohorts, context: Context) -> None:
    rows = read_village_list(CONTENT / "demo" / "villages.csv")
    rows = [*rows, row("Ventby", invited=True), row("Sydby", coordinator_group="Syd", contact_person="Ib")]
    first = await cohorts.import_villages(rows, 2027)
    before = await everything(context)
    set_clock(context, 2027, 8, 9)
    second = await cohorts.import_villages(rows, 2027)
    assert (len(first.created), first.unchanged, first.updated) == (14, (), ())
    assert second == ImportReport(unchanged=first.created)
    assert await everything(context) == before


async def test_new_contacts_and_groups_are_updates_and_an_absent_column_leaves_them(cohorts: Cohorts) -> None:
    await cohorts.import_villages([row("Fensby", local_council="A", contact_person="Ib")], 2027)
    changed = row("Fensby", local_council="B", contact_person="", coordinator_group="Syd")
    assert (await cohorts.import_villages([changed], 2027)).updated == ("Fensby, Næstved",)
    assert (await cohorts.import_villages([row("Fensby")], 2027)).unchanged == ("Fensby, Næstved",)
    [village] = await cohorts.villages()
    assert (village.local_council, village.contact_person) == ("B", None)


async def test_a_name_is_corrected_and_no_second_village_made(cohorts: Cohorts) -> None:
    await cohorts.import_villages([row("sønder ørslev")], 2027)
    report = await cohorts.import_villages([row("Sønder Ørslev", "NÆSTVED")], 2027)
    assert report.updated == ("Sønder Ørslev, Næstved",)
    assert [(v.name, v.municipality.name) for v in await cohorts.villages()] == [("Sønder Ørslev", "Næstved")]


async def test_a_list_may_agree_an_invited_village_but_never_takes_an_agreement_back(
    cohorts: Cohorts, context: Context
) -> None:
    await cohorts.import_villages([row("Fensby", invited=True)], 2027)
    assert (await cohorts.import_villages([row("Fensby")], 2027)).updated == ("Fensby, Næstved",)
    assert (await cohorts.import_villages([row("Fensby", invited=True)], 2027)).unchanged
    [village] = await cohorts.villages()
    assert (village.state, village.agreed_at is not None) == ("prelude", True)
    assert await gate(context, village) == GATE


async def test_coordinator_groups_are_named_in_the_list_or_by_the_texts(
    cohorts: Cohorts, context: Context
) -> None:
    rows = [
        row("A"),
        row("B", coordinator_group=""),
        row("C", coordinator_group="Syd"),
        row("D", coordinator_group="SYD"),
    ]
    named = row("E", coordinator_group="koordinatorer blup 2027/28")
    await cohorts.import_villages([*rows, named], 2027)
    async with context.database.transaction() as session:
        groups = {g.id: g.name for g in await session.scalars(select(CoordinatorGroup))}
    by_village = {v.name: groups[v.coordinator_group_id] for v in await cohorts.villages()}
    default = "Koordinatorer BLUP 2027/28"
    assert by_village == {"A": default, "B": default, "C": "Syd", "D": "Syd", "E": default}
    assert len(groups) == 2


async def test_namesakes_in_two_municipalities_and_in_two_cohorts_all_work(cohorts: Cohorts) -> None:
    await cohorts.import_villages([row("Nyby", "Næstved"), row("Nyby", "Tønder")], 2027)
    await cohorts.import_villages([row("Nyby", "Næstved")], 2028)
    places = [(v.municipality.name, v.cohort.code) for v in await cohorts.villages()]
    assert places == [("Næstved", "2027-28"), ("Næstved", "2028-29"), ("Tønder", "2027-28")]


async def test_the_list_of_villages_follows_the_danish_alphabet(cohorts: Cohorts) -> None:
    names = ["Åby", "Ærø", "Zinkgruven", "Ørum", "Aby"]
    await cohorts.import_villages([row(name, name) for name in names], 2027)
    cohort = await cohorts.ensure(2027)
    assert [v.name for v in await cohorts.villages(cohort.id)] == ["Aby", "Zinkgruven", "Ærø", "Ørum", "Åby"]
    assert [m.name for m in await cohorts.municipalities(cohort)] == [
        "Aby",
        "Zinkgruven",
        "Ærø",
        "Ørum",
        "Åby",
    ]
    assert await cohorts.municipalities(await cohorts.ensure(2028)) == []


async def test_only_the_secretariat_records_an_agreement_and_only_once(
    cohorts: Cohorts, context: Context
) -> None:
    await cohorts.import_villages([row("Tærø", invited=True)], 2027)
    [village] = await cohorts.villages()
    lead = Actor(None, "Ida", frozenset({RoleHeld(Role.STEERING_LEAD, village.id)}))
    for refused in (NOBODY, lead):
        with pytest.raises(NotPermitted):
            await cohorts.record_agreement(refused, village.id)
    assert await gate(context, village) == set()
    agreed = await cohorts.record_agreement(SECRETARIAT, village.id)
    assert (agreed.state, agreed.agreed_at) == ("prelude", context.now())
    assert await gate(context, village) == GATE
    with pytest.raises(Conflict, match="already_agreed"):
        await cohorts.record_agreement(SECRETARIAT, village.id)
    with pytest.raises(NotFound):
        await cohorts.record_agreement(SECRETARIAT, 999)


async def test_a_village_opens_its_own_channel_to_coordinators_and_no_other(
    cohorts: Cohorts, context: Context
) -> None:
    await cohorts.import_villages([row("A"), row("B")], 2027)
    first, second = await cohorts.villages()
    member = Actor(None, "Ida", frozenset({RoleHeld(Role.STEERING, first.id)}))
    assert (await cohorts.open_to_coordinator(member, first.id, True)).open_to_coordinator
    with pytest.raises(NotPermitted):
        await cohorts.open_to_coordinator(member, second.id, True)
    assert [v.open_to_coordinator for v in await cohorts.villages()] == [True, False]
    assert not (await cohorts.open_to_coordinator(SECRETARIAT, first.id, False)).open_to_coordinator
    async with context.database.transaction() as session:
        actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))).all()
    assert actions == ["villages.import", "village.opened", "village.closed"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sønder Ørslev", "Næstved"),
        ("  sønder  ØRSLEV ", "Næstved"),
        ("Nyby, Tønder", "Tønder"),
        ("nyby, næstved", "Næstved"),
        ("Nyby, Næstved, 2027-28", "Næstved"),
    ],
)
async def test_a_village_is_found_by_its_name(cohorts: Cohorts, text: str, found: str) -> None:
    await cohorts.import_villages([row("Sønder Ørslev"), row("Nyby"), row("Nyby", "Tønder")], 2027)
    assert (await cohorts.find_village(text)).municipality.name == found


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("Sonder Ørslev", "Sønder Ørslev"), ("Nyby, Tonder", "Nyby, Tønder"), ("Xqz", "")],
)
async def test_a_near_miss_is_answered_with_a_suggestion(
    cohorts: Cohorts, text: str, suggestion: str
) -> None:
    await cohorts.import_villages([row("Sønder Ørslev"), row("Nyby", "Tønder")], 2027)
    with pytest.raises(NotFound) as caught:
        await cohorts.find_village(text)
    assert caught.value.key == "error_people.village_not_found"
    assert caught.value.values == {"text": text, "suggestion": suggestion}


async def test_namesakes_are_told_apart_by_municipality_and_then_by_cohort(cohorts: Cohorts) -> None:
    await cohorts.import_villages([row("Nyby"), row("Nyby", "Tønder")], 2027)
    with pytest.raises(Conflict) as caught:
        await cohorts.find_village("Nyby")
    assert caught.value.values["choices"] == "Nyby, Næstved · Nyby, Tønder"
    later = await cohorts.import_villages([row("Nyby")], 2028)
    assert later.created
    with pytest.raises(Conflict) as caught:
        await cohorts.find_village("Nyby, Næstved")
    assert caught.value.values["choices"] == "Nyby, Næstved, 2027-28 · Nyby, Næstved, 2028-29"
    cohort = await cohorts.ensure(2028)
    assert (await cohorts.find_village("Nyby", cohort.id)).cohort_id == cohort.id


@pytest.mark.parametrize(
    ("moment", "running", "with_upcoming"),
    [
        ((2027, 7, 31), [], ["2027-28", "2028-29"]),
        ((2027, 8, 1), ["2027-28"], ["2027-28", "2028-29"]),
        ((2028, 8, 15), ["2027-28", "2028-29"], ["2027-28", "2028-29"]),
        ((2028, 9, 30), ["2027-28", "2028-29"], ["2027-28", "2028-29"]),
        ((2028, 10, 1), ["2028-29"], ["2028-29"]),
    ],
)
async def test_two_cohorts_run_side_by_side_in_august_and_september(
    cohorts: Cohorts,
    context: Context,
    moment: tuple[int, int, int],
    running: list[str],
    with_upcoming: list[str],
) -> None:
    await cohorts.ensure(2027)
    await cohorts.ensure(2028)
    set_clock(context, *moment)
    assert [c.code for c in await cohorts.active()] == running
    assert [c.code for c in await cohorts.active(upcoming=True)] == with_upcoming


async def test_a_newcomer_chooses_among_villages_that_can_be_joined(
    cohorts: Cohorts, context: Context
) -> None:
    await cohorts.import_villages(
        [row("Nyby"), row("Tærø", invited=True), row("Åby", "Aa", invited=True)], 2027
    )
    await cohorts.import_villages([row("Nyby"), row("Fensby")], 2028)
    [choice] = await cohorts.municipality_choices()
    labels = [c.label for c in await cohorts.village_choices(int(choice.value))]
    assert choice.label == "Næstved"
    assert labels == ["Fensby", "Nyby (BLUP 2027/28)", "Nyby (BLUP 2028/29)"]
    set_clock(context, 2028, 10, 1)
    assert [c.label for c in await cohorts.village_choices(int(choice.value))] == ["Fensby", "Nyby"]


async def test_a_failing_import_leaves_nothing_behind(cohorts: Cohorts, context: Context) -> None:
    broken = VillageRow(3, "Næstved", None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        await cohorts.import_villages([row("A"), broken], 2027)
    assert await cohorts.villages() == []
    async with context.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(CoordinatorGroup)) == 0
    assert (await cohorts.import_villages([row("A")], 2027)).created == ("A, Næstved",)
