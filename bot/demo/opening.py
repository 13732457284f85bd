"""The first of August: the bot comes in, the villages are imported, people join and get their roles."""

from collections import defaultdict

from bot.delivery.guild_gateway import required_permissions
from bot.delivery.guild_translation import permissions_named
from bot.demo.cast import PARTS, GroupCast, VillageCast, name_of
from bot.demo.hands import Hands
from bot.demo.stage import Stage
from bot.domain.errors import StartupError
from bot.domain.guild import EVENT_RIGHTS
from bot.services.places import SECRETARIAT, WELCOME, group_key, village_key
from bot.storage import rehearsal
from bot.storage import upgrade as migrations


async def open_year(year: Stage) -> None:
    """Set the stage. Raises StartupError when the database serves rehearsals or holds villages already."""
    services = year.app.services
    if await rehearsal.made_at(year.app.database.engine) is not None:
        raise StartupError("--database: the demo needs an empty database, this one serves rehearsals only")
    await migrations.upgrade(year.app.database.engine)
    if await services.cohorts.villages():
        raise StartupError("--database: the demo needs an empty database, this one holds villages already")
    await services.cohorts.import_villages(year.plan.rows, year.plan.start_year)
    year.cohort_id = (await services.cohorts.cohort(year.plan.start_year)).id
    programme = year.plan.content.programme
    guild, owner = await year.discord.create_guild(
        programme.name, permissions=required_permissions() | permissions_named(EVENT_RIGHTS)
    )
    year.secretariat = owner
    await year.discord.start_bot(year.app.bot())
    if year.app.failure is not None:
        raise year.app.failure
    year.hands = Hands(year.discord, services.context.texts)
    places = await services.places.channel_ids()
    await year.hands.accept(owner, places[WELCOME])
    await year.hands.command(owner, places[SECRETARIAT], "role.give", person=owner, role="secretariat")
    await _agreements(year, places[SECRETARIAT])
    places = await services.places.channel_ids()
    for village in await services.cohorts.villages():
        channel = places.get(village_key(village.id))
        if channel is not None:
            cast = VillageCast(
                village.id, village.name, village.municipality.name, village.municipality_id, channel,
                village.coordinator_group_id,
            )  # fmt: skip
            year.villages.append(cast)
            year.reach(village.id, programme.rules.village_channel_after)
    for key, channel_id in places.items():
        if key.startswith(group_key(0)[:-1]):
            year.groups.append(GroupCast(int(key.split(":")[1]), channel_id))
    number = 0
    for cast in year.villages:
        for part in PARTS:
            number += 1
            actor = year.discord.add_member(guild, name_of(number))
            await year.hands.join(actor, places[WELCOME], cast.municipality_id, cast.village_id)
            cast.people.append((part, actor))
        await _give_roles(year, cast)
    await _coordinators(year, places[WELCOME])
    await _links(year, places[SECRETARIAT])
    await _times(year)
    year.discord.raise_errors()


async def _agreements(year: Stage, secretariat_id: int) -> None:
    """Let the secretariat record the agreement of villages that were only invited."""
    for village in await year.app.services.cohorts.villages():
        if village.agreed_at is None:
            named = f"{village.name}, {village.municipality.name}"
            await year.hands.command(year.secretariat, secretariat_id, "village.agreed", village=named)


async def _give_roles(year: Stage, cast: VillageCast) -> None:
    """Let the secretariat name the lead, and the lead the others."""
    command = year.hands.command
    await command(year.secretariat, cast.channel_id, "role.give", person=cast.lead, role="steering_lead")
    for part, actor in cast.people[1:]:
        if part in ("steering_secretary", "steering"):
            await command(cast.lead, cast.channel_id, "role.give", person=actor, role=part)


async def _coordinators(year: Stage, welcome_id: int) -> None:
    """Let one coordinator for each municipality come in."""
    by_municipality = {cast.municipality: cast for cast in year.villages}
    groups_of: dict[str, set[int]] = defaultdict(set)
    for village in await year.app.services.cohorts.villages():
        groups_of[village.municipality.name].add(village.coordinator_group_id)
    guild = year.discord.guilds()[0]
    for number, (municipality, cast) in enumerate(sorted(by_municipality.items())):
        actor = year.discord.add_member(guild, f"{name_of(200 + number)}, {municipality}"[:32])
        await year.hands.accept(actor, welcome_id)
        await year.hands.command(
            year.secretariat, cast.channel_id, "role.give", person=actor, role="coordinator",
            municipality=municipality,
        )  # fmt: skip
        for group in year.groups:
            if group.group_id in groups_of[municipality]:
                group.people.append(actor)


async def _times(year: Stage) -> None:
    """Look up the times that each village has for itself as long as it chooses none."""
    for cast in year.villages:
        for code, starts_at in (await year.own_times(cast)).items():
            year.slots[cast.village_id, code] = starts_at


async def _links(year: Stage, secretariat_id: int) -> None:
    """Let the secretariat set the link of every online meeting, and the videos of the first letter."""
    for meeting in year.plan.content.programme.meetings.values():
        if meeting.mode == "online":
            link = f"https://example.org/{meeting.id.lower()}"
            await year.hands.command(
                year.secretariat, secretariat_id, "date.link", meeting=meeting.id, link=link
            )
    letter = next(iter(year.plan.content.programme.newsletters.values()))
    for slot, _ in enumerate(letter.videos, start=1):
        link = f"https://example.org/video-{slot}"
        await year.hands.command(
            year.secretariat, secretariat_id, "newsletter.video", letter=letter.id, slot=slot, link=link
        )
