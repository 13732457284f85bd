"""Letters on paper: /print, the button under a letter, and the menu of the others."""

from dataclasses import replace

from bot.client import Ask, CompanionBot
from bot.messages import letter_sheet as build
from bot.messages.mail_lists import list_button
from bot.services.places import village_key
from cogs._base import CompanionCog, command, handles


class LetterPaperCog(CompanionCog):
    """Letters for the notice board; the service checks who may print which."""

    @command("print", suggest={"letter": "suggest_all_letters", "village": "suggest_villages"})
    async def print(self, ask: Ask, letter: str = "", village: str | None = None) -> None:
        """Hand a letter out as a page; the secretariat names the village."""
        where = ""
        if village:
            cohort = await ask.services.cohorts.cohort()
            where = village_key((await ask.services.cohorts.find_village(village, cohort.id)).id)
        await self.print_letter(ask, where, letter)

    @handles("print")
    async def print_letter(self, ask: Ask, place_key: str = "", letter: str = "") -> None:
        """Hand a letter out as a page, from a button or a menu."""
        where, chosen = place_key or (await ask.place()).key, ask.values[0] if ask.values else letter
        await self.bot.caretaker.see_to_invitation()
        printed, others = await ask.services.letter_sheets.printed(await ask.actor(), where, chosen)
        choices = build.letter_choices({other.id: other.title for other in others})
        message = build.sheet(self.bot.texts, printed, ask.services.context.now(), choices)
        place = await ask.services.places.named(where)
        if place.village is not None and ask.services.mail_lists.may_edit(await ask.actor(), place.where):
            by_mail = list_button(self.bot.texts, place.village.cohort_id, place.key)
            message = replace(message, buttons=(by_mail,))
        await ask.reply(message)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(LetterPaperCog(bot))
