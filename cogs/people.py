"""Coming in, roles, and one's own data: the welcome channel's buttons, /rolle, /mine-data and /slet-mig."""

from collections.abc import Awaitable, Callable

import discord

from bot.client import Ask, CompanionBot
from bot.domain.access import Actor, Role, Where
from bot.domain.errors import NotFound
from bot.messages import people as build
from bot.messages import privacy
from bot.messages.message import Choice
from bot.services.roles import RoleChange
from cogs._base import CompanionCog, command, handles

Change = Callable[[Actor, int, str, Role, Where], Awaitable[RoleChange]]
GIVEN = (
    "steering", "steering_secretary", "steering_lead", "panel", "local_council_contact", "coordinator", "secretariat",
)  # fmt: skip


class PeopleCog(CompanionCog):
    """Who is who."""

    @handles("start")
    async def start(self, ask: Ask) -> None:
        """Show the privacy text before anything else."""
        people, facts = ask.services.people, ask.services.context.facts
        await ask.reply(privacy.privacy(self.bot.texts, people.privacy_text(), facts.privacy_url))

    @handles("accept_privacy")
    async def accept(self, ask: Ask) -> None:
        """Note the yes, and go on to the municipalities."""
        user = ask.interaction.user
        await ask.services.people.accept_privacy(user.id, user.display_name)
        await self.municipality_page(ask, 0)

    @handles("municipality_page")
    async def municipality_page(self, ask: Ask, page: int) -> None:
        """Show a page of municipalities."""
        choices = await ask.services.cohorts.municipality_choices()
        phone = ask.services.context.facts.phone
        await ask.update(build.choose_municipality(self.bot.texts, choices, phone=phone, page=page))

    @handles("choose_municipality")
    async def choose_municipality(self, ask: Ask) -> None:
        """Go on to the villages of a municipality."""
        await self.village_page(ask, int(ask.values[0]), 0)

    @handles("village_page")
    async def village_page(self, ask: Ask, municipality_id: int, page: int) -> None:
        """Show a page of a municipality's villages."""
        cohorts, phone = ask.services.cohorts, ask.services.context.facts.phone
        names = {choice.value: choice.label for choice in await cohorts.municipality_choices()}
        choices = await cohorts.village_choices(municipality_id)
        name = names.get(str(municipality_id), "")
        await ask.update(
            build.choose_village(self.bot.texts, municipality_id, name, choices, phone=phone, page=page)
        )

    @handles("choose_village")
    async def choose_village(self, ask: Ask, municipality_id: int) -> None:
        """Join a village and see its channel."""
        actor = await ask.actor()
        member = await ask.services.people.join(actor, int(ask.values[0]))
        await self.bot.caretaker.refresh_member(ask.interaction.user.id)
        await ask.update(build.welcomed(self.bot.texts, actor.name, member.village.name, member.new))

    @handles("join_panel")
    async def join_panel(self, ask: Ask) -> None:
        """Ask for the consent that the panel list needs."""
        village = (await ask.place()).village
        if village is not None:
            await ask.reply(build.panel_ask(self.bot.texts, village.id, village.name))

    @handles("panel_yes")
    async def panel_yes(self, ask: Ask, village_id: int) -> None:
        """Join the citizen panel."""
        member = await ask.services.people.join_panel(await ask.actor(), village_id)
        await self.bot.caretaker.refresh_member(ask.interaction.user.id)
        await ask.update(build.panel_joined(self.bot.texts, village_id, member.village.name, member.new))

    @handles("panel_no")
    async def panel_no(self, ask: Ask, village_id: int) -> None:
        """Accept a no."""
        village = (await ask.place()).village
        await ask.update(build.panel_declined(self.bot.texts, village_id, village.name if village else ""))

    @handles("leave_panel")
    async def leave_panel(self, ask: Ask, village_id: int) -> None:
        """Leave the citizen panel the same minute."""
        member = await ask.services.people.leave_panel(await ask.actor(), village_id)
        await self.bot.caretaker.refresh_member(ask.interaction.user.id)
        await ask.update(build.panel_left(self.bot.texts, village_id, member.village.name, member.new))

    @command("role.give", choices={"role": GIVEN}, suggest={"municipality": "suggest_municipalities"})
    async def give(
        self,
        ask: Ask,
        person: discord.Member,
        role: str,
        municipality: str | None = None,
        cohort: int | None = None,
    ) -> None:
        """Give somebody a role in the village whose channel this is, or as coordinator or secretariat."""
        where = await self._where(ask, role, municipality, cohort)
        change = await self._change(ask, ask.services.people.give_role, person, role, where)
        await ask.reply(build.role_given(self.bot.texts, change.name, role, change.place, change.changed))

    @command(
        "role.take",
        choices={"role": ("villager", *GIVEN)},
        suggest={"municipality": "suggest_municipalities"},
    )
    async def take(
        self,
        ask: Ask,
        person: discord.Member,
        role: str,
        municipality: str | None = None,
        cohort: int | None = None,
    ) -> None:
        """Take a role from somebody."""
        where = await self._where(ask, role, municipality, cohort)
        change = await self._change(ask, ask.services.people.take_role, person, role, where)
        await ask.reply(build.role_taken(self.bot.texts, change.name, role, change.place))

    async def _change(
        self, ask: Ask, give_or_take: Change, person: discord.Member, role: str, where: Where
    ) -> RoleChange:
        """Change a role, and let Discord follow; coordinators are also named in the channels villages opened."""
        change = await give_or_take(await ask.actor(), person.id, person.display_name, Role(role), where)
        await self.bot.caretaker.refresh_member(person.id)
        if role == Role.COORDINATOR:
            self.bot.caretaker.needed()
        return change

    async def _where(self, ask: Ask, role: str, municipality: str | None, cohort: int | None) -> Where:
        """Return the place a role is about: the channel's own, or a municipality in a cohort it takes part in."""
        if role == Role.SECRETARIAT:
            return Where()
        place = await ask.place()
        if role != Role.COORDINATOR:
            return place.where
        found = await ask.services.cohorts.find_municipality(municipality or "")
        year = cohort or (place.cohort.start_year if place.cohort else None)
        taking_part = await ask.services.cohorts.cohort_of(found, year)
        return Where(None, found.id, taking_part.id)

    @command("leave")
    async def leave(self, ask: Ask) -> None:
        """Show the villages one may leave."""
        villages = await ask.services.people.villages_of(await ask.actor())
        if not villages:
            raise NotFound("error_people.nowhere")
        choices = [Choice(str(v.id), f"{v.name}, {v.municipality.name}") for v in villages]
        await ask.reply(build.leave_ask(self.bot.texts, choices))

    @handles("leave_village")
    async def leave_village(self, ask: Ask) -> None:
        """Leave a village, and its channel."""
        village = await ask.services.people.leave(await ask.actor(), int(ask.values[0]))
        await self.bot.caretaker.refresh_member(ask.interaction.user.id)
        await ask.update(build.left_village(self.bot.texts, village.name))

    @command("my_data")
    async def my_data(self, ask: Ask) -> None:
        """Show everything that is stored about the person who asks."""
        await ask.reply(privacy.my_data(self.bot.texts, await ask.services.people.my_data(await ask.actor())))

    @command("erase_me")
    async def erase_me(self, ask: Ask) -> None:
        """Ask before erasing."""
        await ask.reply(privacy.erase_ask(self.bot.texts))

    @handles("erase_yes")
    async def erase_yes(self, ask: Ask) -> None:
        """Erase the person's data at once."""
        await self.bot.caretaker.release_member(ask.interaction.user.id)
        result = await ask.services.people.erase(await ask.actor())
        self.bot.caretaker.needed()
        await ask.update(privacy.erased(self.bot.texts, result.left))

    @handles("erase_no")
    async def erase_no(self, ask: Ask) -> None:
        """Leave everything as it is."""
        await ask.update(privacy.erase_kept(self.bot.texts))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PeopleCog(bot))
