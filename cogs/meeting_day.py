"""On a meeting's day: the head count, the agenda, the sharing, the notes, and the steps agreed on."""

from bot.client import Ask, CompanionBot
from bot.messages import meeting_day as build
from cogs._base import CompanionCog, handles


class MeetingDayCog(CompanionCog):
    """What whoever holds a meeting presses, and what the others add."""

    @handles("meeting_day")
    async def show(self, ask: Ask, event_id: int) -> None:
        """Show what can be done around a meeting."""
        view = await ask.services.meeting_day.view(await ask.actor(), await ask.place(), event_id)
        await ask.reply(build.panel(self.bot.texts, view))

    @handles("head_count")
    async def head_count(self, ask: Ask, event_id: int) -> None:
        """Ask how many came, or keep it when that is filled in."""
        actor, place = await ask.actor(), await ask.place()
        if not ask.filled:
            view = await ask.services.meeting_day.view(actor, place, event_id)
            await ask.form(build.count_form(self.bot.texts, event_id, view.people), "head_count", event_id)
            return
        meeting, people = await ask.services.meeting_day.enter(actor, place, event_id, ask.filled["people"])
        await ask.reply(build.counted(self.bot.texts, meeting.title, people))

    @handles("agenda_step")
    async def agenda_step(self, ask: Ask, event_id: int, index: int = 0) -> None:
        """Show a point of the agenda, with the moment it ends."""
        meeting, points = await ask.services.meeting_day.agenda(
            await ask.actor(), await ask.place(), event_id
        )
        now = ask.services.context.now()
        message = build.agenda_point(self.bot.texts, meeting, points, index, now)
        await (ask.update(message) if index else ask.reply(message))

    @handles("share_open")
    async def share_open(self, ask: Ask, event_id: int) -> None:
        """Open the sharing."""
        await ask.services.sharing.open(await ask.actor(), await ask.place(), event_id)
        await ask.say("meeting_day.opened")

    @handles("share")
    async def share(self, ask: Ask, event_id: int) -> None:
        """Ask for a piece of advice, or show it to all when it is filled in."""
        if not ask.filled:
            await ask.form(build.share_form(self.bot.texts, event_id), "share", event_id)
            return
        words = await ask.services.sharing.share(
            await ask.actor(), await ask.place(), event_id, ask.filled["words"]
        )
        await ask.tell(build.advice(self.bot.texts, event_id, words))
        await ask.say("meeting_day.shared")

    @handles("notes_edit")
    async def notes_edit(self, ask: Ask, event_id: int, version: int = 0) -> None:
        """Open the notes, or save them when they are filled in."""
        actor, place = await ask.actor(), await ask.place()
        if not ask.filled:
            notes = await ask.services.sharing.draft(actor, place, event_id)
            await ask.form(build.notes_form(self.bot.texts, notes), "notes_edit", event_id)
            return
        filled = ask.filled
        saved = await ask.services.sharing.save(
            actor, place, event_id, version, filled["text"], filled.get("steps", "")
        )
        may_tick = ask.services.sharing.may_tick(actor, place)
        await ask.reply(build.notes_shown(self.bot.texts, saved, may_tick))

    @handles("notes_show")
    async def notes_show(self, ask: Ask, event_id: int) -> None:
        """Show the notes."""
        place = await ask.place()
        notes = await ask.services.sharing.notes(place, event_id)
        may_tick = ask.services.sharing.may_tick(await ask.actor(), place)
        await ask.reply(build.notes_shown(self.bot.texts, notes, may_tick))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(MeetingDayCog(bot))
