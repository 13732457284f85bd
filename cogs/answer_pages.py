"""Vote where there are so many answers that they stand on pages."""

from bot.client import Ask, CompanionBot
from bot.domain import answer_pages as paging
from bot.domain.poll_view import Receipt
from bot.messages.answer_pages import answer_page
from bot.messages.poll_reasons import ask_why
from bot.messages.polls import receipt
from cogs._base import CompanionCog, handles


class AnswerPageCog(CompanionCog):
    """Ballots with pages."""

    @handles("vote_pages")
    async def begin(self, ask: Ask, poll_id: int) -> None:
        """Show the first page, with what the person has voted before."""
        actor, polls = await ask.actor(), ask.services.polls
        view = await polls.ballot(actor, poll_id)
        mark = paging.said(await polls.my_vote(actor, poll_id))
        await ask.reply(answer_page(self.bot.texts, view, 1, mark))

    @handles("page_turn")
    async def turn(self, ask: Ask, poll_id: int, page: int, mark: str) -> None:
        """Show another page."""
        view = await ask.services.polls.ballot(await ask.actor(), poll_id)
        await ask.update(answer_page(self.bot.texts, view, page, mark))

    @handles("page_pick")
    async def pick(self, ask: Ask, poll_id: int, page: int, mark: str) -> None:
        """Keep what is chosen on a page; where one answer is chosen, that is the vote."""
        view = await ask.services.polls.ballot(await ask.actor(), poll_id)
        picked = [int(value) for value in ask.values]
        if view.pick == 1:
            await self._cast(ask, poll_id, paging.said(picked))
            return
        mark = paging.turned(mark, page, len(view.answers), picked)
        await ask.update(answer_page(self.bot.texts, view, page, mark))

    @handles("page_done")
    async def done(self, ask: Ask, poll_id: int, mark: str) -> None:
        """Count what is chosen on all pages."""
        await self._cast(ask, poll_id, mark)

    async def _cast(self, ask: Ask, poll_id: int, mark: str) -> None:
        done = await ask.services.polls.say(await ask.actor(), poll_id, mark)
        if isinstance(done, Receipt):
            await ask.update(receipt(self.bot.texts, done))
        else:
            await ask.form(ask_why(self.bot.texts, poll_id, mark, done), "vote_why", poll_id, mark)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(AnswerPageCog(bot))
