"""The secretariat's videos: kept in a library, and put into letters, by buttons and forms."""

from typing import Any

from bot.client import Ask, CompanionBot
from bot.messages import newsletters
from bot.messages import videos as build
from bot.services.videos import Verdict, VideoForm
from cogs._base import CompanionCog, handles


class VideosCog(CompanionCog):
    """Videos; services check that it is the secretariat."""

    @handles("letter_videos")
    async def slots(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Show a letter's videos."""
        actor, leads_to = await ask.actor(), ask.services.context.programme.circle_of(code)
        circle = leads_to.id if leads_to else None
        letter, found = await ask.services.videos.slots(actor, cohort_id, code)
        seen = [build.SlotSeen(s.number, s.title, s.minutes, s.url, s.video_id) for s in found]
        library = [self._seen(ask, video) for video in await ask.services.videos.library(actor, circle)]
        await ask.reply(build.slots(self.bot.texts, letter.title, seen, library, cohort_id, code))

    @handles("video_fill")
    async def fill(self, ask: Ask, cohort_id: int, code: str, slot: int) -> None:
        """Put the chosen video into a letter."""
        actor, chosen = await ask.actor(), int(ask.values[0])
        letter = await ask.services.videos.fill(actor, cohort_id, code, slot, chosen)
        await ask.reply(newsletters.video_saved(self.bot.texts, letter.title, (cohort_id, code)))

    @handles("video_library")
    async def library(self, ask: Ask, cohort_id: int, page: int = 0) -> None:
        """Show the videos, a page at a time."""
        found = await ask.services.videos.library(await ask.actor())
        seen = [self._seen(ask, video) for video in found]
        await ask.reply(build.library(self.bot.texts, seen, cohort_id, page))

    @handles("video_open")
    async def open(self, ask: Ask, cohort_id: int) -> None:
        """Show the chosen video."""
        video = await ask.services.videos.one(await ask.actor(), int(ask.values[0]))
        await ask.reply(build.video(self.bot.texts, self._seen(ask, video), cohort_id))

    @handles("video_new")
    async def new(self, ask: Ask, cohort_id: int, code: str = "") -> None:
        """Ask for a new video."""
        await ask.form(build.form(self.bot.texts, (0, cohort_id, code)), "video_new", cohort_id, code)

    @handles("video_edit")
    async def edit(self, ask: Ask, video_id: int, cohort_id: int) -> None:
        """Ask what a video shall be."""
        video = await ask.services.videos.one(await ask.actor(), video_id)
        form = build.form(self.bot.texts, (video_id, cohort_id, ""), self._seen(ask, video))
        await ask.form(form, "video_edit", video_id, cohort_id)

    @handles("video_save")
    async def save(self, ask: Ask, video_id: int, cohort_id: int, code: str = "") -> None:
        """Keep a video as it was written."""
        filled = ask.filled
        leads_to = ask.services.context.programme.circle_of(code) if code else None
        circle = leads_to.id if leads_to else None
        subtitles = build.is_yes(self.bot.texts, filled["subtitles"])
        form = VideoForm(filled["title"], filled["url"], filled["minutes"], subtitles, circle)
        video, verdict = await ask.services.videos.save(await ask.actor(), form, video_id)
        seen = verdict is Verdict.ALIVE
        await ask.reply(build.kept(self.bot.texts, video.title, seen, cohort_id, code))

    @handles("video_drop")
    async def drop(self, ask: Ask, video_id: int) -> None:
        """Take a video out of the library."""
        await ask.services.videos.drop(await ask.actor(), video_id)
        await ask.say("letter_desk.video_dropped")

    @handles("video_check")
    async def check(self, ask: Ask) -> None:
        """Look at every link."""
        dead, unseen = await ask.services.videos.look_again(await ask.actor())
        await ask.reply(build.links(self.bot.texts, [video.title for video in dead], unseen))

    def _seen(self, ask: Ask, video: Any) -> build.Seen:
        meeting = ask.services.context.programme.meetings.get(video.circle or "")
        return build.Seen(
            video.id, video.title, video.url, video.minutes, video.subtitles, meeting.title if meeting else "",
            video.checked_at, video.dead_since,
        )  # fmt: skip


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(VideosCog(bot))
