"""Polls asked at a meeting of the prelude: the secretariat enters each village's totals. Buttons and forms alone."""

from bot.client import Ask, CompanionBot
from bot.messages import meeting_polls as build
from bot.messages.message import Message
from bot.services.meeting_polls import Totals
from cogs._base import CompanionCog, handles


class MeetingPollsCog(CompanionCog):
    """What villages answer before they have a channel."""

    @handles("meeting_poll")
    async def villages(self, ask: Ask, event_id: int, page: int = 1) -> None:
        """Let the secretariat choose a village."""
        found = await ask.services.meeting_polls.asked(await ask.actor(), event_id)
        await ask.reply(build.villages(self.bot.texts, event_id, found.question, found.villages, page))

    @handles("meeting_poll_village")
    async def village(self, ask: Ask, event_id: int) -> None:
        """Show a village's totals, or the form when there are none yet."""
        found = await ask.services.meeting_polls.totals(await ask.actor(), event_id, int(ask.values[0]))
        if found.view is None:
            await self._form(ask, found)
        else:
            await ask.reply(self._totals(found))

    @handles("meeting_poll_form")
    async def form(self, ask: Ask, event_id: int, village_id: int) -> None:
        """Show the form for a village's totals."""
        found = await ask.services.meeting_polls.totals(await ask.actor(), event_id, village_id)
        await self._form(ask, found)

    @handles("meeting_poll_totals")
    async def enter(self, ask: Ask, event_id: int, village_id: int) -> None:
        """Keep the totals that were written, and show what follows from them."""
        turnout, lines = ask.filled["turnout"], ask.filled["lines"].splitlines()
        found = await ask.services.meeting_polls.enter(
            await ask.actor(), event_id, village_id, turnout, lines
        )
        await ask.reply(self._totals(found))

    @handles("meeting_poll_tick")
    async def tick(self, ask: Ask, village_id: int, code: str) -> None:
        """Tick one of the village's milestones."""
        place = await ask.services.places.of_village(village_id)
        await ask.services.milestones.tick(await ask.actor(), place, code)
        title = ask.services.context.programme.milestones[code].title
        await ask.reply(build.ticked(self.bot.texts, place.village.name if place.village else "", title))

    async def _form(self, ask: Ask, found: Totals) -> None:
        form = build.totals_form(
            self.bot.texts, found.event_id, found.village_id, found.village, found.answers, found.view
        )
        await ask.form(form, "meeting_poll_form", found.event_id, found.village_id)

    def _totals(self, found: Totals) -> Message:
        assert found.view is not None, "only what is written down is shown"
        return build.totals(
            self.bot.texts, found.event_id, found.village_id, found.village, found.view, found.ticks,
            decidable=found.decidable,
        )  # fmt: skip


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(MeetingPollsCog(bot))
