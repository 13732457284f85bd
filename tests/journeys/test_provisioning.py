"""The server is made, mended and kept in order on the embedded Discord, by a bot that does nothing else."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.models import Channel, Overwrite
from simcord.builders import GuildHandle
from simcord.enums import OverwriteType

from bot.delivery.guild_gateway import DiscordGuildGateway, required_permissions
from bot.delivery.provisioner import Report, provision, sync_member, sync_members
from bot.demo.embedded_discord import EmbeddedDiscord
from bot.demo.strict import channel_name as as_discord_writes
from bot.domain.access import Role, Where
from bot.domain.guild_names import channel_name
from bot.domain.guild_plan import PlanError
from bot.services.cohorts import Cohorts
from bot.services.context import Context
from bot.services.people import People
from bot.services.provisioning import Provisioning
from bot.services.village_list import VillageRow
from bot.storage.models import Village
from tests.support.databases import BACKENDS

OWNER = 999
LIST = (
    VillageRow(2, "Assens", "Nørre Åby"),
    VillageRow(3, "Middelfart", "Nørre Åby"),
    VillageRow(4, "Assens", "Sct. Jørgens"),
)
VIEW, SEND = discord.Permissions.view_channel.flag, discord.Permissions.send_messages.flag


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: each story plays on both."""
    return str(request.param)


class Killed(BaseException):
    """The process ends here."""


class Forgetful(Provisioning):
    """Is killed right after the first channel was made, before its id is written down."""

    async def record(self, key: str, discord_id: int) -> None:
        if not key.startswith(("role:", "category:")):
            raise Killed
        await super().record(key, discord_id)


@dataclass
class Story:
    """A server, its bot and its database."""

    context: Context
    world: EmbeddedDiscord
    guild: GuildHandle
    client: discord.Client

    @property
    def gateway(self) -> DiscordGuildGateway:
        guild = self.client.get_guild(self.guild.id)
        assert guild is not None
        return DiscordGuildGateway(guild)

    async def import_villages(self, rows: Iterable[VillageRow]) -> list[Village]:
        await Cohorts(self.context).import_villages(list(rows), 2027)
        return await Cohorts(self.context).villages()

    async def provision(self, service: Provisioning | None = None, *, dry_run: bool = False) -> Report:
        with self.world.inside_bot():
            report = await provision(self.gateway, service or Provisioning(self.context), dry_run=dry_run)
        await self.world.settle()
        return report

    async def sync(self, user_id: int | None = None) -> int:
        service = Provisioning(self.context)
        with self.world.inside_bot():
            if user_id is not None:
                return await sync_member(self.gateway, service, user_id)
            return await sync_members(self.gateway, service)

    async def tree(self) -> dict[str | None, list[str]]:
        await self.world.settle()
        listed = self.world.categories(self.guild)
        return {category.name: [channel.name for channel in category.channels] for category in listed}

    async def channel(self, key: str) -> Channel:
        places = await Provisioning(self.context).known()
        return self.world.env.backend.get_channel(places[key])

    def may(self, person: MemberActor, channel: Channel, right: int) -> bool:
        held = self.world.env.backend.compute_permissions(self.guild.id, person.id, channel.id)
        return bool(held & right)

    def roles(self, person: MemberActor) -> set[str]:
        backend = self.world.env.backend
        held = backend.get_member(self.guild.id, person.id).role_ids
        return {backend.get_role(self.guild.id, role_id).name for role_id in held}

    async def give(self, person: MemberActor, role: Role, where: Where) -> None:
        people = People(self.context)
        owner = await people.actor(OWNER, "Ejeren", is_owner=True)
        await people.accept_privacy(person.id, person.name)
        await people.give_role(owner, person.id, person.name, role, where)

    async def take(self, person: MemberActor, role: Role, where: Where) -> None:
        people = People(self.context)
        owner = await people.actor(OWNER, "Ejeren", is_owner=True)
        await people.take_role(owner, person.id, person.name, role, where)

    def told(self, report: Report) -> str:
        failed = [failure.step for failure in report.failed]
        return Provisioning(self.context).account(report.done, failed, report.plan) or ""


async def begin(context: Context, world: EmbeddedDiscord, rights: discord.Permissions) -> Story:
    guild, _ = await world.create_guild("Landsbyer", permissions=rights)
    client = discord.Client(intents=discord.Intents(guilds=True))
    await world.start_bot(client)
    return Story(context, world, guild, client)


@pytest.fixture
async def world(context: Context) -> AsyncIterator[EmbeddedDiscord]:
    async with EmbeddedDiscord(start_at=context.now()) as world:
        yield world


@pytest.fixture
async def story(context: Context, world: EmbeddedDiscord) -> Story:
    """A server where the bot has exactly the rights it asks for, and three villages in the database."""
    story = await begin(context, world, required_permissions())
    await story.import_villages(LIST)
    return story


async def test_the_server_is_made_from_the_database_and_a_second_run_changes_nothing(story: Story) -> None:
    report = await story.provision()
    assert not report.failed
    assert await story.tree() == {
        "BLUP": ["velkommen", "sekretariat", "koordinatorer-2027-28"],
        "Assens 2027/28": ["nørre-åby", "sct-jørgens"],
        "Middelfart 2027/28": ["nørre-åby"],
    }
    assert story.told(report) == ""
    again = await story.provision()
    assert again.done == ()
    assert again.lines() == ["nothing to change"]


async def test_a_dry_run_says_what_would_change_and_changes_nothing(story: Story) -> None:
    report = await story.provision(dry_run=True)
    assert 'create channel #sct-jørgens in "Assens 2027/28"' in report.lines()
    assert await story.tree() == {}
    assert (await story.provision()).lines() == report.lines()


async def test_a_server_that_was_only_fetched_can_be_provisioned_too(story: Story) -> None:
    with story.world.inside_bot():
        fetched = await story.client.fetch_guild(story.guild.id)
        assert story.client.user is not None
        gateway = DiscordGuildGateway(fetched, story.client.user.id)
        report = await provision(gateway, Provisioning(story.context))
    assert report.done and not report.failed
    assert (await story.provision()).plan.is_empty


async def test_villages_of_one_name_are_seen_by_their_own_people_only(story: Story) -> None:
    villages = await story.import_villages(LIST)
    await story.provision()
    assens, middelfart = (v for v in villages if v.name == "Nørre Åby")
    anna, stranger = story.world.add_member(story.guild, "Anna"), story.world.add_member(story.guild, "Bo")
    await story.give(anna, Role.VILLAGER, Where(village_id=assens.id))
    assert await story.sync(anna.id)
    own, other = await story.channel(f"village:{assens.id}"), await story.channel(f"village:{middelfart.id}")
    welcome = await story.channel("welcome")
    assert story.roles(anna) == {"Nørre Åby (Assens)"}
    assert story.may(anna, own, VIEW) and story.may(anna, own, SEND)
    assert not story.may(anna, other, VIEW)
    assert not story.may(stranger, own, VIEW)
    assert story.may(stranger, welcome, VIEW) and not story.may(stranger, welcome, SEND)


async def test_a_deleted_a_renamed_and_an_opened_channel_are_mended_and_the_secretariat_told(
    story: Story,
) -> None:
    villages = await story.import_villages(LIST)
    await story.provision()
    backend = story.world.env.backend
    deleted, renamed, opened = [await story.channel(f"village:{village.id}") for village in villages]
    stranger = story.world.add_member(story.guild, "Bo")
    backend.delete_channel(deleted.id)
    backend.edit_channel(renamed.id, {"name": "hygge"})
    backend.set_overwrite(opened.id, Overwrite(story.guild.id, OverwriteType.ROLE, VIEW, 0))
    assert story.may(stranger, opened, VIEW)
    report = await story.provision()
    assert not report.failed
    assert not story.may(stranger, await story.channel(f"village:{villages[2].id}"), VIEW)
    assert sorted(name for names in (await story.tree()).values() for name in names) == [
        "koordinatorer-2027-28",
        "nørre-åby",
        "nørre-åby",
        "sct-jørgens",
        "sekretariat",
        "velkommen",
    ]
    said = story.told(report)
    assert "Lavet igen: #nørre-åby." in said
    assert "#sct-jørgens" in said
    assert (await story.provision()).plan.is_empty


async def test_a_bot_killed_right_after_it_made_a_channel_never_makes_it_twice(story: Story) -> None:
    with pytest.raises(Killed):
        await story.provision(Forgetful(story.context))
    assert (await story.tree())["BLUP"] == ["velkommen"]
    report = await story.provision()
    assert str(report.done[0]).startswith("take over channel #velkommen")
    assert (await story.tree())["BLUP"] == ["velkommen", "sekretariat", "koordinatorer-2027-28"]


async def test_discord_out_of_reach_stops_the_run_and_the_next_one_goes_on(story: Story) -> None:
    story.world.env.inject_error("POST", f"/guilds/{story.guild.id}/channels", status=503)
    report = await story.provision()
    assert report.interrupted and not report.failed
    later = await story.provision()
    assert not later.interrupted
    assert len(report.done) + len(later.done) == len(report.plan.steps)
    assert (await story.provision()).plan.is_empty


async def test_a_channel_the_bot_was_shut_out_of_is_told_and_the_others_are_mended_all_the_same(
    story: Story,
) -> None:
    villages = await story.import_villages(LIST)
    await story.provision()
    backend = story.world.env.backend
    shut, renamed = [await story.channel(f"village:{village.id}") for village in villages[:2]]
    backend.set_overwrite(shut.id, Overwrite(backend.bot_user.id, OverwriteType.MEMBER, 0, VIEW))
    backend.edit_channel(renamed.id, {"name": "hygge"})
    report = await story.provision()
    assert [failure.step.key for failure in report.failed] == [f"village:{villages[0].id}"]
    assert (await story.channel(f"village:{villages[1].id}")).name != "hygge"
    assert f"#{shut.name}" in story.told(report)
    assert story.context.facts.phone in story.told(report)


async def test_missing_rights_are_named_before_anything_is_made_and_given_they_are_enough(
    context: Context, world: EmbeddedDiscord
) -> None:
    rights = required_permissions()
    rights.update(manage_roles=False, manage_messages=False)
    story = await begin(context, world, rights)
    with pytest.raises(
        PlanError, match=r'On the server "Landsbyer" the bot lacks: Manage Messages, Manage Roles\.'
    ):
        await story.provision()
    assert await story.tree() == {}
    backend = world.env.backend
    own = next(role for role in backend.get_guild(story.guild.id).roles.values() if role.managed)
    backend.edit_role(story.guild.id, own.id, {"permissions": required_permissions().value})
    assert not (await story.provision()).failed


async def test_a_role_that_was_dragged_above_the_bots_own_is_named_and_below_it_is_fine(story: Story) -> None:
    await story.provision()
    backend = story.world.env.backend
    role = next(r for r in backend.get_guild(story.guild.id).roles.values() if r.name == "Sct. Jørgens")
    before = role.position
    backend.edit_role(story.guild.id, role.id, {"position": 99})
    with pytest.raises(PlanError, match=r'may not give the role "Sct\. Jørgens"'):
        await story.provision()
    backend.edit_role(story.guild.id, role.id, {"position": before})
    assert (await story.provision()).plan.is_empty


async def test_51_villages_of_one_municipality_stand_in_two_categories(story: Story) -> None:
    await story.import_villages(VillageRow(n, "Næstved", f"Landsby {n}") for n in range(51))
    report = await story.provision()
    assert not report.failed
    tree = await story.tree()
    assert len(tree["Næstved 2027/28"]) == 50
    assert len(tree["Næstved 2027/28 (2)"]) == 1
    assert (await story.provision()).plan.is_empty


async def test_roles_follow_the_database_and_other_peoples_roles_are_left_alone(story: Story) -> None:
    villages = await story.import_villages(LIST)
    await story.provision()
    theirs = story.guild.create_role("Kaffebrygger")
    people: Sequence[MemberActor] = [
        story.world.add_member(story.guild, name, roles=(theirs,)) for name in ("Anna", "Bo", "Kai")
    ]
    anna, bo, kai = people
    village = villages[0]
    group_of = Where(municipality_id=village.municipality_id, cohort_id=village.cohort_id)
    await story.give(anna, Role.STEERING_LEAD, Where(village_id=village.id))
    await story.give(bo, Role.SECRETARIAT, Where())
    await story.give(kai, Role.COORDINATOR, group_of)
    gone = story.world.add_member(story.guild, "Rejst")
    await story.give(gone, Role.VILLAGER, Where(village_id=village.id))
    story.world.env.backend.remove_member(story.guild.id, gone.id)
    assert await story.sync() == 3
    assert story.roles(bo) == {"Kaffebrygger", "Sekretariat"}
    assert story.roles(kai) == {"Kaffebrygger", "Koordinator BLUP 2027/28"}
    assert await story.sync() == 0
    await story.take(anna, Role.STEERING_LEAD, Where(village_id=village.id))
    assert await story.sync() == 1
    assert story.roles(anna) == {"Kaffebrygger"}
    assert not await story.sync(gone.id)


@pytest.mark.parametrize("name", ["Sønder Ørslev", "Sct. Jørgens!", "A/B & C – D", "Ål (Assens)", "*~`Å"])
def test_a_channel_name_of_ours_is_stored_by_discord_as_it_is(name: str) -> None:
    ours = channel_name(name, "village-7")
    assert as_discord_writes(ours, 0) == ours
