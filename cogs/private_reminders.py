"""Where a person is reminded of polls: in a private message, or in the channel alone."""

from bot.client import Ask, CompanionBot
from bot.messages.private_reminders import reminder_chosen
from cogs._base import CompanionCog, handles


class PrivateReminderCog(CompanionCog):
    """A choice of one's own."""

    @handles("remind_me")
    async def choose(self, ask: Ask, privately: int) -> None:
        """Keep the choice, and tell what follows from it."""
        await ask.services.private_reminders.choose(await ask.actor(), privately=bool(privately))
        await ask.reply(reminder_chosen(self.bot.texts, privately=bool(privately)))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PrivateReminderCog(bot))
