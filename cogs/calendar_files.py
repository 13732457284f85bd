"""Meetings in one's own calendar: a file from a button, an address to subscribe to."""

from bot.client import Ask, CompanionBot
from bot.messages import calendar_files as build
from cogs._base import CompanionCog, handles


class CalendarFilesCog(CompanionCog):
    """What people take home to their own calendar."""

    @handles("ics")
    async def hand_over(self, ask: Ask, event_id: int) -> None:
        """Give a meeting as a file."""
        meeting, file = await ask.services.calendar_files.one(await ask.place(), event_id)
        await ask.reply(build.handed_over(self.bot.texts, meeting, file))

    @handles("feed")
    async def offer(self, ask: Ask) -> None:
        """Offer an address to subscribe to."""
        place = await ask.place()
        made_at = await ask.services.feeds.standing(await ask.actor(), place)
        name = ask.services.calendar_files.name(place)
        await ask.reply(build.feed_offer(self.bot.texts, name, made_at))

    @handles("feed_make")
    async def make(self, ask: Ask) -> None:
        """Make an address, and show it this once."""
        address = await ask.services.feeds.make(await ask.actor(), await ask.place())
        await ask.update(build.feed_made(self.bot.texts, address, ask.services.context.facts.phone))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(CalendarFilesCog(bot))
