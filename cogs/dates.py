"""What the secretariat does to dates: move a meeting, give it a link, a place or seats, call it off or not after all."""

from bot.client import Ask, CompanionBot
from bot.messages import meetings as build
from bot.services.meeting_changes import Meant
from bot.services.moments import read_moment
from cogs._base import CompanionCog, Suggestions, command

MEETING = {"meeting": "suggest_meetings"}
MEETING_OF_VILLAGE = {"meeting": "suggest_meetings", "village": "suggest_villages"}


class DatesCog(CompanionCog):
    """The calendar's meetings; services check that it is the secretariat."""

    @command("date.move", suggest=MEETING)
    async def move(
        self, ask: Ask, meeting: str, day: str, time: str | None = None, cohort: int | None = None
    ) -> None:
        """Move a common meeting; all that hangs on it follows."""
        found = await ask.services.cohorts.cohort(cohort)
        programme = ask.services.context.programme
        usual = ask.services.calendar.usual_time(meeting)
        moved = await ask.services.planning.move(
            await ask.actor(), found.id, meeting, read_moment(day, time, usual, programme.timezone)
        )
        await ask.say("calendar.moved", title=moved.title, starts_at=moved.starts_at)

    @command("date.link", suggest=MEETING)
    async def link(self, ask: Ask, meeting: str, link: str, cohort: int | None = None) -> None:
        """Store the link to an online meeting."""
        found = await ask.services.cohorts.cohort(cohort)
        saved = await ask.services.calendar.set_link(await ask.actor(), found.id, meeting, link)
        await ask.say("calendar.link_saved", title=saved.title)

    @command("date.venue", suggest=MEETING_OF_VILLAGE)
    async def venue(
        self, ask: Ask, meeting: str, venue: str, village: str | None = None, cohort: int | None = None
    ) -> None:
        """Store where a meeting is held."""
        meant = await self._meant(ask, meeting, village, cohort)
        saved = await ask.services.meeting_changes.set_venue(await ask.actor(), meant, venue)
        await ask.say("calendar.venue_saved", title=saved.title)

    @command("date.seats", suggest=MEETING_OF_VILLAGE)
    async def seats(
        self, ask: Ask, meeting: str, seats: int, village: str | None = None, cohort: int | None = None
    ) -> None:
        """Store how many seats a meeting has; with 0 there are enough for all."""
        meant = await self._meant(ask, meeting, village, cohort)
        saved = await ask.services.meeting_changes.set_seats(await ask.actor(), meant, seats)
        await ask.say("calendar.seats_saved", title=saved.title, seats=seats)

    @command("date.call_off", suggest=MEETING_OF_VILLAGE)
    async def call_off(
        self, ask: Ask, meeting: str, reason: str, village: str | None = None, cohort: int | None = None
    ) -> None:
        """Call a meeting off, for all or for one village."""
        meant = await self._meant(ask, meeting, village, cohort)
        off = await ask.services.meeting_changes.call_off_all(await ask.actor(), meant, reason)
        await ask.reply(build.told(self.bot.texts, "off", off.title, off.starts_at))

    @command("date.bring_back", suggest=MEETING_OF_VILLAGE)
    async def bring_back(
        self, ask: Ask, meeting: str, village: str | None = None, cohort: int | None = None
    ) -> None:
        """Hold a meeting after all that was called off."""
        meant = await self._meant(ask, meeting, village, cohort)
        back = await ask.services.meeting_changes.bring_back_all(await ask.actor(), meant)
        await ask.reply(build.told(self.bot.texts, "back", back.title, back.starts_at))

    async def _meant(self, ask: Ask, meeting: str, village: str | None, cohort: int | None) -> Meant:
        """Return which meetings are meant."""
        found = await ask.services.cohorts.cohort(cohort)
        own = await ask.services.cohorts.find_village(village, found.id) if village else None
        return Meant(found.id, meeting, own.id if own else None)

    async def suggest_meetings(self, ask: Ask, typed: str) -> Suggestions:
        """Propose meetings by id or title."""
        meetings = ask.services.context.programme.meetings.values()
        return [(m.title, m.id) for m in meetings if typed.casefold() in f"{m.id} {m.title}".casefold()]


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(DatesCog(bot))
