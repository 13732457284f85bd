"""What the database wants of the server: channels, roles, who sees what, and what the secretariat is told."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role, Where
from bot.domain.guild import BOT, EVERYONE, HIDDEN, TAKES_PART, DesiredChannel, DesiredGuild, member_target
from bot.domain.guild_steps import CreateChannel, CreateRole, Kind, Plan, Rename, SetOverwrites, Step, Twin
from bot.services.cohorts import Cohorts
from bot.services.context import Context
from bot.services.people import People
from bot.services.provisioning import Provisioning
from bot.services.village_list import VillageRow
from bot.storage.models import Cohort, Municipality, RoleAssignment, Village
from tests.support.world import Stopped

IDA, KAI, OWNER = 101, 102, 999
LIST = (
    VillageRow(2, "Assens", "Nørre Åby"),
    VillageRow(3, "Middelfart", "Nørre Åby"),
    VillageRow(4, "Assens", "Sct. Jørgens"),
    VillageRow(5, "Assens", "Ventby", invited=True),
)


@pytest.fixture
def provisioning(context: Context) -> Provisioning:
    return Provisioning(context)


@pytest.fixture
async def villages(context: Context) -> list[Village]:
    """Two villages called Nørre Åby, Sct. Jørgens, and Ventby, which is only invited."""
    return await imported(context, LIST)


async def imported(context: Context, rows: Sequence[VillageRow], start_year: int = 2027) -> list[Village]:
    await Cohorts(context).import_villages(rows, start_year)
    async with context.database.transaction() as session:
        query = select(Village).join(Cohort).where(Cohort.start_year == start_year).order_by(Village.id)
        return list(await session.scalars(query))


async def change_village(context: Context, village_id: int, **changes: object) -> None:
    async with context.database.transaction() as session:
        village = await session.get_one(Village, village_id)
        for name, value in changes.items():
            setattr(village, name, value)


async def give(context: Context, account: int, role: Role, where: Where) -> Actor:
    people = People(context)
    owner = await people.actor(OWNER, "Ejeren", is_owner=True)
    await people.accept_privacy(account, f"Person {account}")
    await people.give_role(owner, account, f"Person {account}", role, where)
    return await people.actor(account, f"Person {account}")


async def take(context: Context, account: int, role: Role, where: Where) -> None:
    people = People(context)
    owner = await people.actor(OWNER, "Ejeren", is_owner=True)
    await people.take_role(owner, account, f"Person {account}", role, where)


def coordinator_of(village: Village) -> Where:
    return Where(municipality_id=village.municipality_id, cohort_id=village.cohort_id)


def channel(desired: DesiredGuild, key: str) -> DesiredChannel:
    return next(channel for channel in desired.channels if channel.key == key)


def role_names(desired: DesiredGuild) -> set[str]:
    return {role.name for role in desired.roles}


async def test_with_an_empty_database_only_the_common_channels_are_wanted(provisioning: Provisioning) -> None:
    desired = await provisioning.desired()
    assert [channel.name for channel in desired.channels] == ["velkommen", "sekretariat"]
    assert [category.name for category in desired.categories] == ["BLUP"]
    assert role_names(desired) == {"Sekretariat"}


async def test_agreed_villages_have_a_channel_and_a_role_and_an_invited_one_has_neither(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    desired = await provisioning.desired()
    assert [channel.name for channel in desired.channels] == [
        "velkommen",
        "sekretariat",
        "koordinatorer-2027-28",
        "nørre-åby",
        "sct-jørgens",
        "nørre-åby",
    ]
    assert [category.name for category in desired.categories] == [
        "BLUP",
        "Assens 2027/28",
        "Middelfart 2027/28",
    ]
    await change_village(context, villages[3].id, agreed_at=context.now())
    later = await provisioning.desired()
    assert "ventby" in [channel.name for channel in later.channels]
    assert role_names(later) - role_names(desired) == {"Ventby"}


async def test_two_villages_of_one_name_have_roles_that_name_their_municipality(
    provisioning: Provisioning, villages: list[Village]
) -> None:
    assert role_names(await provisioning.desired()) == {
        "Sekretariat",
        "Koordinator BLUP 2027/28",
        "Nørre Åby (Assens)",
        "Nørre Åby (Middelfart)",
        "Sct. Jørgens",
    }


async def test_a_village_in_two_cohorts_at_once_has_two_channels_and_roles_that_name_the_cohort(
    context: Context, provisioning: Provisioning
) -> None:
    await imported(context, [VillageRow(2, "Assens", "Ebberup")], 2027)
    await imported(context, [VillageRow(2, "Assens", "Ebberup")], 2028)
    Stopped(context).set(datetime(2028, 9, 1, 8, tzinfo=UTC))
    desired = await provisioning.desired()
    assert {"Ebberup (Assens, 2027-28)", "Ebberup (Assens, 2028-29)"} <= role_names(desired)
    categories = {category.name for category in desired.categories}
    assert {"Assens 2027/28", "Assens 2028/29"} <= categories
    assert len({channel.mark for channel in desired.channels}) == len(desired.channels)


async def test_a_cohort_is_looked_after_for_half_a_year_after_its_end_and_then_left_alone(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    Stopped(context).set(datetime(2029, 3, 1, 8, tzinfo=UTC))
    assert "sct-jørgens" in [channel.name for channel in (await provisioning.desired()).channels]
    Stopped(context).set(datetime(2029, 4, 15, 8, tzinfo=UTC))
    assert [c.name for c in (await provisioning.desired()).channels] == ["velkommen", "sekretariat"]


async def test_several_coordinator_groups_have_a_channel_and_a_role_each(
    context: Context, provisioning: Provisioning
) -> None:
    rows = [
        VillageRow(2, "Assens", "Ebberup", coordinator_group=""),
        VillageRow(3, "Thisted", "Snedsted", coordinator_group="Nord"),
    ]
    await imported(context, rows)
    desired = await provisioning.desired()
    names = {channel.name for channel in desired.channels}
    assert {"koordinatorer-2027-28", "koordinatorer-2027-28-nord"} <= names
    assert {"Koordinator BLUP 2027/28", "Koordinator BLUP 2027/28 (Nord)"} <= role_names(desired)


async def test_who_sees_what_follows_the_channel_plan(
    provisioning: Provisioning, villages: list[Village]
) -> None:
    desired = await provisioning.desired()
    village, group = villages[0], f"group:{villages[0].coordinator_group_id}"
    of_village = channel(desired, f"village:{village.id}").overwrites
    assert of_village[EVERYONE] == HIDDEN
    assert of_village[f"role:village:{village.id}"] == of_village["role:secretariat"] == TAKES_PART
    assert set(of_village) == {EVERYONE, BOT, "role:secretariat", f"role:village:{village.id}"}
    assert set(channel(desired, group).overwrites) == {EVERYONE, BOT, "role:secretariat", f"role:{group}"}
    assert set(channel(desired, "secretariat").overwrites) == {EVERYONE, BOT, "role:secretariat"}
    welcome = channel(desired, "welcome").overwrites
    assert set(welcome) == {EVERYONE, BOT}
    assert "view_channel" in welcome[EVERYONE].allow
    assert {"send_messages", "create_public_threads"} <= welcome[EVERYONE].deny


async def test_only_an_opened_village_is_seen_by_its_own_municipalitys_coordinator(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    await give(context, KAI, Role.COORDINATOR, coordinator_of(villages[0]))
    kai = member_target(KAI)
    closed = await provisioning.desired()
    assert not any(kai in channel.overwrites for channel in closed.channels)
    for village in villages:
        await change_village(context, village.id, open_to_coordinator=True)
    opened = await provisioning.desired()
    assert [c.key for c in opened.channels if kai in c.overwrites] == [
        f"village:{villages[0].id}",
        f"village:{villages[2].id}",
    ]


async def test_people_have_the_roles_of_their_village_group_or_secretariat_and_lose_them_in_time(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    village = villages[0]
    await give(context, IDA, Role.VILLAGER, Where(village_id=village.id))
    await give(context, IDA, Role.STEERING_LEAD, Where(village_id=village.id))
    await give(context, KAI, Role.COORDINATOR, coordinator_of(village))
    await give(context, 103, Role.SECRETARIAT, Where())
    group = village.coordinator_group_id
    assert await provisioning.member_roles() == {
        IDA: {f"role:village:{village.id}"},
        KAI: {f"role:group:{group}"},
        103: {"role:secretariat"},
    }
    await take(context, IDA, Role.STEERING_LEAD, Where(village_id=village.id))
    assert await provisioning.roles_of(IDA) == {f"role:village:{village.id}"}
    await take(context, IDA, Role.VILLAGER, Where(village_id=village.id))
    assert (await provisioning.member_roles())[IDA] == frozenset()
    assert await provisioning.roles_of(4711) == frozenset()


async def test_a_role_in_an_invited_village_opens_nothing_until_the_agreement_is_recorded(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    invited = villages[3]
    await give(context, IDA, Role.LOCAL_COUNCIL_CONTACT, Where(village_id=invited.id))
    assert await provisioning.roles_of(IDA) == frozenset()
    await change_village(context, invited.id, agreed_at=context.now())
    assert await provisioning.roles_of(IDA) == {f"role:village:{invited.id}"}


async def test_a_coordinator_of_a_municipality_without_villages_sits_in_no_group(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    async with context.database.transaction() as session:
        session.add(Municipality(name="Tønder", key="tønder"))
        await session.flush()
        tonder = await session.scalar(select(Municipality.id).where(Municipality.key == "tønder"))
    await give(context, KAI, Role.COORDINATOR, Where(municipality_id=tonder, cohort_id=villages[0].cohort_id))
    assert await provisioning.roles_of(KAI) == frozenset()


async def test_someone_who_was_erased_is_nobodys_member(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    await give(context, IDA, Role.VILLAGER, Where(village_id=villages[0].id))
    async with context.database.transaction() as session:
        row = (await session.scalars(select(RoleAssignment))).one()
        row.person.discord_user_id = None
    assert await provisioning.member_roles() == {}


async def test_a_place_is_written_down_and_written_anew_when_it_was_made_again(
    provisioning: Provisioning,
) -> None:
    await provisioning.record("village:1", 1234567890123456789)
    await provisioning.record("village:2", 5)
    await provisioning.record("village:2", 6)
    assert await provisioning.known() == {"village:1": 1234567890123456789, "village:2": 6}


async def test_only_roles_of_ours_that_are_looked_after_are_given_and_taken(
    context: Context, provisioning: Provisioning, villages: list[Village]
) -> None:
    key = f"role:village:{villages[0].id}"
    await provisioning.record(key, 11)
    await provisioning.record("role:secretariat", 12)
    await provisioning.record(f"village:{villages[0].id}", 13)
    assert await provisioning.role_ids() == {key: 11, "role:secretariat": 12}
    Stopped(context).set(datetime(2030, 1, 1, 8, tzinfo=UTC))
    assert await provisioning.role_ids() == {"role:secretariat": 12}


def mended(
    provisioning: Provisioning, *done: Step, failed: Sequence[Step] = (), plan: Plan | None = None
) -> str:
    return provisioning.account(done, failed, plan or Plan()) or ""


def test_the_secretariat_hears_nothing_of_what_is_merely_new(context: Context) -> None:
    provisioning = Provisioning(context)
    new = CreateRole("role:village:1", "Ølsted")
    assert provisioning.account([new], [], Plan((new,))) is None
    again = CreateRole("role:village:1", "Ølsted", again=True)
    assert "»Ølsted«" in (provisioning.account([again], [], Plan((again,))) or "")


def test_the_secretariat_is_told_calmly_and_briefly_what_was_mended(context: Context) -> None:
    channels = [CreateChannel(f"village:{n}", f"by-{n}", "", "", "", {}, again=True) for n in range(5)]
    said = mended(
        Provisioning(context),
        *channels,
        SetOverwrites("village:9", "nørre-åby", {}),
        Rename("village:8", Kind.CHANNEL, "hygge", "ølsted"),
    )
    assert said.splitlines() == [
        "Jeg har set kanalerne efter og rettet lidt. I behøver ikke gøre noget.",
        "Lavet igen: #by-0, #by-1, #by-2 og 2 til.",
        "Rettet, hvem der kan se: #nørre-åby.",
        "Har fået det rigtige navn: #ølsted.",
    ]
    assert len(said) <= 350


def test_the_secretariat_is_told_what_only_people_can_mend(context: Context) -> None:
    said = mended(
        Provisioning(context),
        failed=[SetOverwrites("village:9", "nørre-åby", {}), SetOverwrites("village:8", "ølsted", {})],
        plan=Plan((), (Twin("village:1", "ølsted-kopi", 5),)),
    )
    assert "Jeg kunne ikke rette #nørre-åby og #ølsted." in said
    assert context.facts.phone in said
    assert "#ølsted-kopi" in said
