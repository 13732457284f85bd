"""The secretariat's tasks before the villages have channels: /opgaver, and the button under their posts."""

from bot.client import Ask, CompanionBot
from bot.messages.tasks import board
from cogs._base import CompanionCog, command, handles


class TasksCog(CompanionCog):
    """What is left, and what is done."""

    @command("tasks")
    async def tasks(self, ask: Ask) -> None:
        """List what is left."""
        await self.show(ask)

    @handles("tasks")
    async def show(self, ask: Ask, page: int = 0) -> None:
        """List what is left, from a button."""
        found = await ask.services.tasks.board(await ask.actor())
        await ask.reply(board(self.bot.texts, found, page))

    @handles("task_done")
    async def done(self, ask: Ask) -> None:
        """Mark one as done."""
        cohort_id, code, scope_key = ask.values[0].split(" ")
        left = await ask.services.tasks.done(await ask.actor(), int(cohort_id), code, scope_key)
        await ask.update(board(self.bot.texts, left))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(TasksCog(bot))
