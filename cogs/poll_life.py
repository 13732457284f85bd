"""What can be done with polls that exist: see them in a list, and cancel one. Buttons and menus alone."""

from bot.client import Ask, CompanionBot
from bot.domain.poll_view import DRAFT, OPEN
from bot.messages import poll_drafts, poll_life
from cogs._base import CompanionCog, handles


class PollLifeCog(CompanionCog):
    """Polls after they were written."""

    @handles("poll_all")
    async def listed(self, ask: Ask) -> None:
        """List the place's polls."""
        place = await ask.place()
        views = await ask.services.poll_life.listed(await ask.actor(), place)
        await ask.reply(poll_life.poll_list(self.bot.texts, views, of_village=place.village is not None))

    @handles("poll_show")
    async def show(self, ask: Ask) -> None:
        """Show one of them, a draft as it was left."""
        view = await ask.services.poll_life.show(await ask.actor(), int(ask.values[0]))
        build = poll_drafts.draft if view.state == DRAFT else poll_life.poll_shown
        await ask.reply(build(self.bot.texts, view))

    @handles("poll_cancel")
    async def cancel(self, ask: Ask, poll_id: int) -> None:
        """Ask why an open poll is cancelled, and cancel it; one that nobody has seen needs no reason."""
        actor = await ask.actor()
        view = await ask.services.poll_life.show(actor, poll_id)
        if view.state == OPEN and not ask.filled:
            await ask.form(poll_life.cancel_form(self.bot.texts, view), "poll_cancel", poll_id)
            return
        view = await ask.services.poll_life.cancel(actor, poll_id, ask.filled.get("why", ""))
        await ask.reply(poll_life.cancelled(self.bot.texts, view))

    @handles("poll_copy")
    async def copy(self, ask: Ask, poll_id: int) -> None:
        """Begin a draft with the words and rules of a poll."""
        view = await ask.services.poll_life.copy(await ask.actor(), poll_id)
        await ask.reply(poll_drafts.draft(self.bot.texts, view))

    @handles("poll_tie")
    async def settle_tie(self, ask: Ask, poll_id: int, position: int) -> None:
        """Let the lead choose among equal answers, and begin the decision with it."""
        await ask.services.poll_life.settle_tie(await ask.actor(), poll_id, position)
        await self.bot.handlers["decide"](ask, poll_id)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PollLifeCog(bot))
