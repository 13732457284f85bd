"""Votes by hand, on paper and by telephone: enter totals, see them through, take them back. Buttons and forms alone."""

from bot.client import Ask, CompanionBot
from bot.domain.hand_votes import Way
from bot.messages import hand_votes as build
from bot.messages.ballot_sheet import ballots
from bot.messages.message import Message
from bot.services.hand_votes import Board, Entered
from cogs._base import CompanionCog, handles


class HandVotesCog(CompanionCog):
    """Votes of those who are not on Discord."""

    @handles("hand_board")
    async def board(self, ask: Ask, poll_id: int) -> None:
        """Show how one votes without Discord, and what has been entered."""
        await ask.reply(self._board(await ask.services.hand_votes.board(await ask.actor(), poll_id)))

    @handles("hand_way")
    async def way(self, ask: Ask, poll_id: int, way: str = "") -> None:
        """Show the form for votes given in one way."""
        chosen = Way(way or ask.values[0])
        view = await ask.services.hand_votes.entering(await ask.actor(), poll_id)
        await ask.form(build.votes_form(self.bot.texts, view, chosen), "hand_way", poll_id, str(chosen))

    @handles("hand_votes")
    async def enter(self, ask: Ask, poll_id: int, way: str) -> None:
        """Keep the totals that were written."""
        written = ask.filled["turnout"], _lines(ask)
        await ask.services.hand_votes.enter(await ask.actor(), poll_id, Way(way), *written)
        await ask.say("paper.entered")

    @handles("hand_look")
    async def look(self, ask: Ask, count_id: int) -> None:
        """Show totals to whoever may confirm them."""
        await ask.reply(self._entered(await ask.services.hand_votes.look(await ask.actor(), count_id)))

    @handles("hand_confirm")
    async def confirm(self, ask: Ask, count_id: int) -> None:
        """Let totals count."""
        found = await ask.services.hand_votes.confirm(await ask.actor(), count_id)
        await ask.update(build.confirmed(self.bot.texts, found.poll))

    @handles("hand_recount")
    async def recount(self, ask: Ask, count_id: int) -> None:
        """Let a second person count a secret poll's votes, or compare what was counted."""
        actor = await ask.actor()
        if not ask.filled:
            found = await ask.services.hand_votes.recounting(actor, count_id)
            form = build.votes_form(self.bot.texts, found.poll, found.part.way, count_id)
            await ask.form(form, "hand_recount", count_id)
            return
        found = await ask.services.hand_votes.recount(actor, count_id, ask.filled["turnout"], _lines(ask))
        await ask.reply(build.recounted(self.bot.texts, found.poll, alike=found.confirmed))

    @handles("hand_withdraw")
    async def withdraw(self, ask: Ask, count_id: int) -> None:
        """Take totals back."""
        view = await ask.services.hand_votes.withdraw(await ask.actor(), count_id)
        await ask.update(build.withdrawn(self.bot.texts, view))

    @handles("hand_sheet")
    async def sheet(self, ask: Ask, poll_id: int) -> None:
        """Hand out ballots to print."""
        view, village = await ask.services.hand_votes.sheet(await ask.actor(), poll_id)
        context = ask.services.context
        language = context.programme.language
        await ask.reply(ballots(self.bot.texts, view, village, language, context.now()))

    @handles("off_discord")
    async def off_discord(self, ask: Ask, poll_id: int) -> None:
        """Ask how many are not on Discord, or keep it when it is written."""
        actor = await ask.actor()
        if not ask.filled:
            found = await ask.services.hand_votes.board(actor, poll_id)
            await ask.form(build.off_form(self.bot.texts, poll_id, found.off), "off_discord", poll_id)
            return
        found = await ask.services.hand_votes.set_off_discord(actor, poll_id, ask.filled)
        await ask.reply(self._board(found))

    def _board(self, found: Board) -> Message:
        entries = [(one.id, one.part, one.confirmed) for one in found.entries]
        return build.board(
            self.bot.texts, found.poll, entries, found.off, may_look=found.may_look, may_enter=found.may_enter
        )

    def _entered(self, found: Entered) -> Message:
        return build.entered(
            self.bot.texts, found.poll, found.id, found.part, confirmed=found.confirmed,
            may_confirm=found.may_confirm, may_withdraw=found.may_withdraw,
        )  # fmt: skip


def _lines(ask: Ask) -> list[str]:
    """Return the lines that were written, or a box for each."""
    boxes = [value for key, value in ask.filled.items() if key != "turnout"]
    return ask.filled["lines"].splitlines() if "lines" in ask.filled else boxes


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(HandVotesCog(bot))
