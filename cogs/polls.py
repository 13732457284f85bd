"""Quick polls: start one, vote by buttons and menus, see what is open, ask for secrecy."""

from typing import Literal

from bot.client import Ask, CompanionBot
from bot.domain import answer_pages
from bot.domain.ballots import Why
from bot.domain.poll_view import Receipt
from bot.domain.polls import ASKABLE
from bot.messages import poll_receipts as receipts
from bot.messages import polls as build
from bot.messages.ballot_steps import ballot_step
from bot.messages.poll_reasons import ask_why
from cogs._base import CompanionCog, command, handles


class PollCog(CompanionCog):
    """Questions and votes."""

    @command("poll.start", choices={"voters": ASKABLE})
    async def start(
        self,
        ask: Ask,
        question: str,
        answers: str,
        voters: Literal["all", "panel", "steering"] | None = None,
        secret: bool | None = None,
        hours: float = 72.0,
        binding: bool | None = None,
    ) -> None:
        """Start a quick poll in the channel this is written in."""
        view = await ask.services.polls.start(
            await ask.actor(), await ask.place(), question=question, options=answers.split(";"),
            secret=secret, voters=voters, hours=hours, binding=binding,
        )  # fmt: skip
        await ask.reply(receipts.started(self.bot.texts, view))

    @handles("vote")
    async def vote(self, ask: Ask, poll_id: int, position: int) -> None:
        """Count a pressed answer."""
        await self._say(ask, poll_id, position)

    @handles("vote_why")
    async def vote_why(self, ask: Ask, poll_id: int, choice: int | str) -> None:
        """Ask why, or count the vote with its reason when that is filled in."""
        await self._say(ask, poll_id, choice, ask.filled.get("why"))

    async def _say(self, ask: Ask, poll_id: int, choice: int | str, reason: str | None = None) -> None:
        done = await ask.services.polls.say(await ask.actor(), poll_id, choice, reason)
        if isinstance(done, Receipt):
            await ask.reply(build.receipt(self.bot.texts, done))
        else:
            await ask.form(ask_why(self.bot.texts, poll_id, choice, done), "vote_why", poll_id, choice)

    @handles("ballot")
    async def ballot(self, ask: Ask, poll_id: int) -> None:
        """Begin a ballot that is filled in press by press."""
        view = await ask.services.polls.ballot(await ask.actor(), poll_id)
        await ask.reply(ballot_step(self.bot.texts, view, ""))

    @handles("ballot_step")
    async def ballot_step(self, ask: Ask, poll_id: int, said: str = "") -> None:
        """Take one press of a ballot; the last one counts it."""
        await self._press(ask, poll_id, said)

    @handles("ballot_pick")
    async def ballot_pick(self, ask: Ask, poll_id: int, said: str = "") -> None:
        """Take one choice of a ballot from a menu."""
        await self._press(ask, poll_id, said + ask.values[0])

    @handles("ballot_done")
    async def ballot_done(self, ask: Ask, poll_id: int, said: str) -> None:
        """Count a ballot as far as it is filled in."""
        await self._press(ask, poll_id, said, done=True)

    async def _press(self, ask: Ask, poll_id: int, said: str, *, done: bool = False) -> None:
        found = await ask.services.polls.press(await ask.actor(), poll_id, said, done=done)
        if isinstance(found, Receipt):
            await ask.update(build.receipt(self.bot.texts, found))
        elif isinstance(found, Why):
            await ask.form(ask_why(self.bot.texts, poll_id, said, found), "vote_why", poll_id, said)
        else:
            await ask.update(ballot_step(self.bot.texts, found, said))

    @handles("vote_many")
    async def vote_many(self, ask: Ask, poll_id: int) -> None:
        """Count the chosen answers."""
        await self._say(ask, poll_id, answer_pages.said(int(value) for value in ask.values))

    @command("vote")
    async def open_polls(self, ask: Ask) -> None:
        """Show the polls the person can vote in here."""
        actor, place = await ask.actor(), await ask.place()
        views = await ask.services.polls.open_polls(actor, place)
        may_begin = ask.services.poll_drafts.may_begin(actor, place)
        if not views:
            await ask.reply(receipts.none_open(self.bot.texts, may_begin=may_begin))
        for view in views:
            await ask.reply(build.poll_open(self.bot.texts, view))
        if views and may_begin:
            await ask.reply(receipts.may_ask(self.bot.texts))

    @handles("poll_secret")
    async def secrecy(self, ask: Ask, poll_id: int) -> None:
        """Start the poll again as a secret one."""
        view = await ask.services.polls.ask_secrecy(await ask.actor(), poll_id)
        await ask.reply(receipts.now_secret(self.bot.texts, view))

    @handles("write_options")
    async def write_options(self, ask: Ask, poll_id: int) -> None:
        """Show the form for a poll's answers, or take it when it is filled in."""
        if not ask.filled:
            view = await ask.services.polls.view(poll_id)
            await ask.form(build.options_form(self.bot.texts, view), "write_options", poll_id)
            return
        lines = ask.filled["lines"].splitlines()
        view = await ask.services.polls.write_options(await ask.actor(), poll_id, lines)
        await ask.reply(receipts.started(self.bot.texts, view))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PollCog(bot))
