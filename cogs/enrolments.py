"""Villages sign up for a gathering, with buttons and a menu alone."""

from bot.client import Ask, CompanionBot
from bot.messages import enrolments as build
from bot.messages.message import Message
from cogs._base import CompanionCog, handles


class EnrolmentCog(CompanionCog):
    """What a village has signed up for; in the secretariat's and the coordinators' channels what all have."""

    @handles("enrol")
    async def show(self, ask: Ask, event_id: int) -> None:
        """Show the village's sign-up, or the overview."""
        actor, place, desk = await ask.actor(), await ask.place(), ask.services.enrolments
        if place.village is None:
            await ask.reply(build.overview(self.bot.texts, await desk.overview(actor, event_id)))
            return
        await ask.reply(self._mine(ask, await desk.view(actor, place, event_id)))

    @handles("enrol_people")
    async def people(self, ask: Ask, event_id: int) -> None:
        """Keep how many come."""
        actor, place = await ask.actor(), await ask.place()
        found = await ask.services.enrolments.change(actor, place, event_id, people=int(ask.values[0]))
        await ask.update(self._mine(ask, found))

    @handles("enrol_presents")
    async def presents(self, ask: Ask, event_id: int, presents: int) -> None:
        """Keep whether the village presents."""
        actor, place = await ask.actor(), await ask.place()
        found = await ask.services.enrolments.change(actor, place, event_id, presents=bool(presents))
        await ask.update(self._mine(ask, found))

    @handles("enrol_off")
    async def withdraw(self, ask: Ask, event_id: int) -> None:
        """Take the sign-up back."""
        actor, place = await ask.actor(), await ask.place()
        await ask.update(self._mine(ask, await ask.services.enrolments.withdraw(actor, place, event_id)))

    def _mine(self, ask: Ask, view: build.EnrolmentView) -> Message:
        return build.enrolment(self.bot.texts, view, ask.services.context.facts.phone)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(EnrolmentCog(bot))
