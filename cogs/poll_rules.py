"""The rules of polls by menus: those of one draft, and those a village sets once."""

from bot.client import Ask, CompanionBot
from bot.domain.poll_repeats import NEVER
from bot.messages import poll_drafts
from bot.messages import poll_rules as build
from bot.messages.message import Message
from cogs._base import CompanionCog, handles


class PollRulesCog(CompanionCog):
    """What it takes to decide."""

    @handles("draft_more")
    async def more(self, ask: Ask, poll_id: int) -> None:
        """Show the rest of a draft's rules."""
        view = await ask.services.poll_drafts.view(await ask.actor(), poll_id)
        await ask.update(build.draft_rules(self.bot.texts, view))

    @handles("draft_back")
    async def back(self, ask: Ask, poll_id: int) -> None:
        """Show the draft again."""
        view = await ask.services.poll_drafts.view(await ask.actor(), poll_id)
        await ask.update(poll_drafts.draft(self.bot.texts, view))

    @handles("draft_decide")
    async def decide(self, ask: Ask, poll_id: int, name: str) -> None:
        """Choose one of a draft's rules."""
        value = ask.values[0]
        view = await ask.services.poll_drafts.decide_by(await ask.actor(), poll_id, name, value)
        await ask.update(build.draft_rules(self.bot.texts, view))

    @handles("draft_repeat")
    async def repeat(self, ask: Ask, poll_id: int, how: str = "") -> None:
        """Choose whether the poll comes again, and until when."""
        chosen, drafts = how or ask.values[0], ask.services.poll_drafts
        if chosen != NEVER and not ask.filled:
            await drafts.view(await ask.actor(), poll_id)
            form = build.repeat_form(self.bot.texts, poll_id, chosen)
            await ask.form(form, "draft_repeat", poll_id, chosen)
            return
        view = await drafts.repeat(await ask.actor(), poll_id, chosen, ask.filled.get("until", ""))
        show = ask.reply if ask.filled else ask.update
        await show(build.draft_rules(self.bot.texts, view))

    @handles("rules_show")
    async def show(self, ask: Ask) -> None:
        """Show the village's rules, to whoever may change them with menus."""
        await ask.reply(await self._page(ask, build.OF_ASKING))

    @handles("rules_asking")
    async def asking(self, ask: Ask) -> None:
        """Show the menus for asking."""
        await ask.update(await self._page(ask, build.OF_ASKING))

    @handles("rules_deciding")
    async def deciding(self, ask: Ask) -> None:
        """Show the menus for deciding."""
        await ask.update(await self._page(ask, build.OF_DECIDING))

    @handles("rules_set")
    async def set(self, ask: Ask, name: str) -> None:
        """Choose one of the village's rules."""
        await ask.services.poll_rules.change(await ask.actor(), await ask.place(), name, ask.values[0])
        await ask.update(await self._page(ask, build.page_of(name)))

    async def _page(self, ask: Ask, names: tuple[str, ...]) -> Message:
        actor, place = await ask.actor(), await ask.place()
        rules = await ask.services.poll_rules.show(actor, place)
        may_change = ask.services.poll_rules.may_change(actor, place)
        steering = await ask.services.poll_rules.steering(place)
        return build.village_rules(self.bot.texts, rules, names, steering=steering, may_change=may_change)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PollRulesCog(bot))
