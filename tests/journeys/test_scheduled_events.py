"""The cohort's common meetings in Discord's own list of events, on the embedded Discord."""

import discord
import pytest

from bot.delivery.guild_gateway import required_permissions
from bot.delivery.guild_translation import permissions_named
from bot.delivery.scheduled_events import DiscordEvents, EventKeeper
from bot.demo.embedded_discord import EmbeddedDiscord
from bot.domain.guild import EVENT_RIGHTS
from bot.services.context import Context
from bot.services.registry import services_on
from bot.services.scheduled_events import ScheduledEvents
from bot.storage.models import Event
from tests.support.polls_world import SECRETARY, polls_world, utc

CIRCLE, CONFERENCE = "Hvem skal med? De første frivillige", "BLUP-konference"


class Killed(BaseException):
    """The process ends here."""


class Forgetful(ScheduledEvents):
    """Is killed right after the first event was made, before its id is written down."""

    async def note(self, event_id: int, discord_id: int) -> None:
        raise Killed


async def test_common_meetings_are_listed_once_moved_and_called_off_and_a_server_may_say_no(
    context: Context,
) -> None:
    """Circles, courses and the conference (S03, S25, S40, S60, S62); a village's own meetings stay its own."""
    world = await polls_world(context)
    services = services_on(world.context)
    rights = required_permissions() | permissions_named(EVENT_RIGHTS)
    async with EmbeddedDiscord(start_at=world.now) as simulated:
        guild, _ = await simulated.create_guild("Landsbyer", permissions=rights)
        client = discord.Client(intents=discord.Intents(guilds=True))
        await simulated.start_bot(client)
        backend = simulated.env.backend

        def stands() -> list[tuple[str, str]]:
            events = backend.get_guild(guild.id).scheduled_events.values()
            return sorted((e.name, e.scheduled_start_time) for e in events if e.status == 1)

        async def settle(service: ScheduledEvents) -> None:
            keeper = EventKeeper(DiscordEvents(client.guilds[0]), service, context)
            with simulated.inside_bot():
                while await keeper.settle() is not None:
                    pass

        with pytest.raises(Killed):
            await settle(Forgetful(context))
        assert len(stands()) == 1
        await settle(services.scheduled_events)
        first = stands()
        names = [name for name, _ in first]
        assert len(names) == len(set(names)) == 12 + 4, "each once, whatever happened before"
        assert {CIRCLE, CONFERENCE, "Online kursus for alle styregrupper: Storytelling"} <= set(names)
        assert not {"Fremtidsværksted", "Aftale med kommunen", "Online opstartsmøde"} & set(names)

        cohort_id = world.village.where.cohort_id or 0
        await services.planning.move(SECRETARY, cohort_id, "VC01", utc(2027, 11, 4, 18))
        shown = await services.calendar.upcoming(world.village, 50)
        async with context.database.transaction() as session:
            conference = next(m.event_id for m in shown if m.code == "EV-M4-KONF")
            (await session.get_one(Event, conference)).called_off_at = context.now()
        own = next(role for role in backend.get_guild(guild.id).roles.values() if role.managed)
        backend.edit_role(guild.id, own.id, {"permissions": required_permissions().value})
        await simulated.settle()
        await settle(services.scheduled_events)
        assert stands() == first, "without the right nothing is tried"
        backend.edit_role(guild.id, own.id, {"permissions": rights.value})
        await simulated.settle()
        await settle(services.scheduled_events)
        assert dict(stands())[CIRCLE].startswith("2027-11-04T18:00")
        assert set(names) - {name for name, _ in stands()} == {CONFERENCE}
        with simulated.inside_bot():
            await DiscordEvents(client.guilds[0]).remove(1)  # somebody was faster: that is well so
