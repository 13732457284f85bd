"""A meeting's buttons: answers, how many come, its card, and what may be changed from it."""

from bot.client import Ask, CompanionBot
from bot.domain.seats import Answer
from bot.messages import meetings as build
from bot.messages.message import Message
from bot.services.attendance import MeetingAnswer
from bot.services.moments import read_day_and_time, written
from cogs._base import CompanionCog, handles

ANSWERS = (Answer.NO, Answer.YES, Answer.MAYBE)  # by the number in a button, for as long as old posts stand


class MeetingCog(CompanionCog):
    """Meetings of the calendar."""

    @handles("rsvp")
    async def answer(self, ask: Ask, event_id: int, answer: int) -> None:
        """Note whether somebody comes to a meeting."""
        actor, place = await ask.actor(), await ask.place()
        given = await ask.services.people.answer_meeting(actor, event_id, ANSWERS[answer], place.key)
        await ask.reply(self._receipt(actor.name, given))

    @handles("rsvp_people")
    async def bring(self, ask: Ask, event_id: int) -> None:
        """Note how many somebody comes with."""
        actor = await ask.actor()
        given = await ask.services.people.bring(actor, event_id, int(ask.values[0]))
        await ask.update(self._receipt(actor.name, given))

    @handles("meeting_card")
    async def card(self, ask: Ask, event_id: int = 0) -> None:
        """Show a meeting, from a button or a menu."""
        chosen = event_id or int(ask.values[0])
        found = await ask.services.meeting_cards.card(await ask.actor(), chosen)
        await ask.reply(build.card(self.bot.texts, found, ask.services.context.facts.phone))

    @handles("who_comes")
    async def who_comes(self, ask: Ask, event_id: int) -> None:
        """Show how many come from each village somebody looks after."""
        found = await ask.services.meeting_cards.who_comes(await ask.actor(), event_id)
        await ask.reply(
            build.who_comes(self.bot.texts, found.title, found.number, found.starts_at, found.villages)
        )

    @handles("event_move")
    async def move(self, ask: Ask, event_id: int) -> None:
        """Ask for another time, or move a meeting when that is filled in."""
        actor, changes = await ask.actor(), ask.services.meeting_changes
        timezone = ask.services.context.programme.timezone
        if ask.filled:
            moved = await changes.move(actor, event_id, read_day_and_time(ask.filled["when"], timezone))
            await ask.say("calendar.moved", title=moved.title, starts_at=moved.starts_at)
            return
        meeting = await changes.view(actor, event_id)
        form = build.move_form(self.bot.texts, event_id, written(meeting.starts_at, timezone))
        await ask.form(form, "event_move", event_id)

    @handles("event_off")
    async def call_off(self, ask: Ask, event_id: int) -> None:
        """Ask why, or call a meeting off when that is filled in."""
        actor, changes = await ask.actor(), ask.services.meeting_changes
        if ask.filled:
            off = await changes.call_off(actor, event_id, ask.filled["why"])
            await ask.reply(build.told(self.bot.texts, "off", off.title, off.starts_at))
            return
        await changes.view(actor, event_id)
        await ask.form(build.call_off_form(self.bot.texts, event_id), "event_off", event_id)

    @handles("event_back")
    async def bring_back(self, ask: Ask, event_id: int) -> None:
        """Hold a meeting after all."""
        back = await ask.services.meeting_changes.bring_back(await ask.actor(), event_id)
        await ask.reply(build.told(self.bot.texts, "back", back.title, back.starts_at))

    def _receipt(self, name: str, given: MeetingAnswer) -> Message:
        mine = build.Mine(given.answer, given.people, given.waits_as, given.share)
        return build.receipt(self.bot.texts, name, given.event_id, given.title, given.starts_at, mine)


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(MeetingCog(bot))
