"""Lists of those who get letters by e-mail: seen, filled and emptied by buttons and a form."""

from bot.client import Ask, CompanionBot
from bot.domain.mail_addresses import MailList
from bot.messages import mail_lists as build
from bot.messages.message import Message
from bot.services.places import village_key
from cogs._base import CompanionCog, command, handles


class MailListsCog(CompanionCog):
    """Mail lists; the service checks whose they are."""

    @command("mail_list", suggest={"village": "suggest_villages", "municipality": "suggest_municipalities"})
    async def show(self, ask: Ask, village: str | None = None, municipality: str | None = None) -> None:
        """Show the list of the village one is in; the secretariat names a village or a municipality."""
        place = await ask.place()
        cohorts = ask.services.cohorts
        cohort = place.cohort or await cohorts.cohort()
        scope_key = place.key
        if village:
            scope_key = village_key((await cohorts.find_village(village, cohort.id)).id)
        elif municipality:
            scope_key = f"municipality:{(await cohorts.find_municipality(municipality)).id}"
        await self.show_list(ask, cohort.id, scope_key)

    @handles("mail_list")
    async def show_list(self, ask: Ask, cohort_id: int, scope_key: str, first: int = 0) -> None:
        """Show a list, or its next page, from a button."""
        shown = await ask.services.mail_lists.show(await ask.actor(), cohort_id, scope_key)
        await ask.reply(self._list(ask, shown, first=first))

    @handles("mail_one")
    async def one(self, ask: Ask, cohort_id: int, scope_key: str) -> None:
        """Show one address."""
        shown = await ask.services.mail_lists.show(await ask.actor(), cohort_id, scope_key)
        found = next((entry for entry in shown.listed if str(entry.id) == ask.values[0]), None)
        await ask.update(build.one(self.bot.texts, shown, found) if found else self._list(ask, shown))

    @handles("mail_add")
    async def add(self, ask: Ask, cohort_id: int, scope_key: str) -> None:
        """Ask for addresses, or put them on the list when they are filled in."""
        if not ask.filled:
            await ask.form(build.form(self.bot.texts, cohort_id, scope_key), "mail_add", cohort_id, scope_key)
            return
        lists, actor = ask.services.mail_lists, await ask.actor()
        added = await lists.add(actor, cohort_id, scope_key, ask.filled["addresses"], ask.filled["consent"])
        await ask.services.planning.refresh(cohort_id)
        await ask.reply(self._list(ask, await lists.show(actor, cohort_id, scope_key), added=added))

    @handles("mail_remove")
    async def remove(self, ask: Ask, recipient_id: int) -> None:
        """Take an address off its list."""
        shown = await ask.services.mail_lists.remove(await ask.actor(), recipient_id)
        await ask.update(self._list(ask, shown))

    @handles("mail_came_back")
    async def came_back(self, ask: Ask, recipient_id: int) -> None:
        """Note that a mail came back by itself, days later."""
        shown = await ask.services.mail_lists.came_back(await ask.actor(), recipient_id)
        await ask.update(self._list(ask, shown))

    def _list(self, ask: Ask, shown: MailList, *, first: int = 0, added: int | None = None) -> Message:
        is_on = ask.services.context.facts.mail_from is not None
        return build.mail_list(self.bot.texts, shown, is_on=is_on, first=first, added=added)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(MailListsCog(bot))
