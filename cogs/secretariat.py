"""What else the secretariat does: villages and channels."""

from bot.client import Ask, CompanionBot
from bot.domain.access import Action, Where, require
from bot.messages import people
from cogs._base import CompanionCog, command


class SecretariatCog(CompanionCog):
    """What only the secretariat does; services check that it is the secretariat."""

    @command("village.agreed", suggest={"village": "suggest_villages"})
    async def agreed(self, ask: Ask, village: str, cohort: int | None = None) -> None:
        """Record that agreement and contacts are in place; the village gets its channel."""
        found = await ask.services.cohorts.cohort(cohort)
        where = await ask.services.cohorts.find_village(village, found.id)
        agreed = await ask.services.cohorts.record_agreement(await ask.actor(), where.id)
        await self.bot.caretaker.mend()
        await ask.services.planning.refresh(found.id)
        await ask.reply(people.agreed(self.bot.texts, agreed.name, on_discord=agreed.on_discord))

    @command("municipality.discord", suggest={"municipality": "suggest_municipalities"})
    async def use_discord(self, ask: Ask, municipality: str, uses: bool) -> None:
        """Note whether a municipality uses Discord; its villages' channels and posts follow."""
        found = await ask.services.cohorts.find_municipality(municipality)
        noted = await ask.services.cohorts.use_discord(await ask.actor(), found.id, uses)
        await self.bot.caretaker.mend()
        await ask.services.planning.refresh()
        await ask.reply(people.uses_discord(self.bot.texts, noted.name, uses))

    @command("channel.repair")
    async def repair(self, ask: Ask) -> None:
        """Look all channels over and mend them."""
        require(await ask.actor(), Action.PROVISION, Where())
        said = await self.bot.caretaker.mend()
        await ask.services.planning.refresh()
        await ask.reply(said)

    @command("channel.open")
    async def open(self, ask: Ask, open: bool) -> None:
        """Let the municipality's coordinator read along in a village's channel, or not."""
        place = await ask.place()
        village = await ask.services.cohorts.open_to_coordinator(
            await ask.actor(), place.village.id if place.village else 0, open
        )
        await self.bot.caretaker.mend()
        await ask.reply(people.opened_to_coordinator(self.bot.texts, village.name, open))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(SecretariatCog(bot))
