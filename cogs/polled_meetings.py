"""Make a poll's date a meeting, change it, call it off: buttons and short forms."""

from bot.client import Ask, CompanionBot
from bot.domain.polled_meetings import Offer
from bot.messages import polled_meetings as build
from bot.services.moments import written
from bot.services.polled_meetings import WrittenMeeting
from cogs._base import CompanionCog, handles


class PolledMeetingCog(CompanionCog):
    """Meetings whose day was voted for."""

    @handles("poll_meeting")
    async def make(self, ask: Ask, poll_id: int) -> None:
        """Show the form for a meeting on a poll's date, or make it when it is filled in."""
        actor, texts = await ask.actor(), self.bot.texts
        if ask.filled:
            made = await ask.services.polled_meetings.make(actor, poll_id, WrittenMeeting(**ask.filled))
            await ask.reply(build.told(texts, "set", made))
            return
        found = await ask.services.polled_meetings.offer(actor, poll_id)
        if isinstance(found, Offer):
            await ask.form(build.make_form(texts, found), "poll_meeting", poll_id)
        else:
            await ask.reply(build.choose(texts, found, stands=True))

    @handles("meeting_change")
    async def choose(self, ask: Ask, event_id: int) -> None:
        """Ask what to do with a meeting."""
        meeting = await ask.services.polled_meetings.view(await ask.actor(), event_id)
        await ask.reply(build.choose(self.bot.texts, meeting))

    @handles("meeting_move")
    async def change(self, ask: Ask, event_id: int) -> None:
        """Show the form with what a meeting is now, or change it when that is filled in."""
        actor, meetings = await ask.actor(), ask.services.polled_meetings
        if ask.filled:
            changed = await meetings.change(actor, event_id, WrittenMeeting(**ask.filled))
            await ask.reply(build.told(self.bot.texts, "changed", changed))
            return
        meeting = await meetings.view(actor, event_id)
        at = written(meeting.starts_at, ask.services.context.programme.timezone)
        await ask.form(build.change_form(self.bot.texts, meeting, at), "meeting_move", event_id)

    @handles("meeting_call_off")
    async def call_off(self, ask: Ask, event_id: int) -> None:
        """Ask why, or call a meeting off when that is filled in."""
        actor, meetings = await ask.actor(), ask.services.polled_meetings
        if ask.filled:
            off = await meetings.call_off(actor, event_id, ask.filled["why"])
            await ask.reply(build.told(self.bot.texts, "off", off))
            return
        await meetings.view(actor, event_id)
        await ask.form(build.call_off_form(self.bot.texts, event_id), "meeting_call_off", event_id)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PolledMeetingCog(bot))
