"""The secretariat's list of guests without an account: seen, added to by a form, and emptied by a menu."""

from bot.client import Ask, CompanionBot
from bot.messages import guests as build
from cogs._base import CompanionCog, handles


class GuestsCog(CompanionCog):
    """Guests of public meetings; the service checks that it is the secretariat."""

    @handles("guests")
    async def show(self, ask: Ask, event_id: int, page: int = 0) -> None:
        """Show a page of the list."""
        found = await ask.services.guests.listed(await ask.actor(), event_id)
        await ask.reply(build.guest_list(self.bot.texts, found, page))

    @handles("guest_add")
    async def add(self, ask: Ask, event_id: int) -> None:
        """Ask for a guest who rang, or keep one when that is filled in."""
        if not ask.filled:
            await ask.form(build.guest_form(self.bot.texts, event_id), "guest_add", event_id)
            return
        guests, filled = ask.services.guests, ask.filled
        found = await guests.add(await ask.actor(), event_id, filled["name"], filled["people"])
        await ask.reply(build.guest_list(self.bot.texts, found))

    @handles("guest_remove")
    async def remove(self, ask: Ask, event_id: int) -> None:
        """Delete a guest."""
        found = await ask.services.guests.remove(await ask.actor(), event_id, int(ask.values[0]))
        await ask.update(build.guest_list(self.bot.texts, found))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(GuestsCog(bot))
