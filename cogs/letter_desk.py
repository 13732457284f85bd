"""Letters by command: seen, tried, sent, and their receipts."""

from bot.client import Ask, CompanionBot
from bot.domain.access import Actor
from bot.messages import letter_sending as sending
from bot.messages import newsletters as build
from bot.messages import receipts
from bot.messages.message import Message
from cogs._base import CompanionCog, command, handles


class LetterDeskCog(CompanionCog):
    """Letters of the secretariat; services check that it is the secretariat."""

    @command("newsletter.show", suggest={"letter": "suggest_all_letters", "village": "suggest_villages"})
    async def show(
        self, ask: Ask, letter: str, village: str | None = None, cohort: int | None = None
    ) -> None:
        """Show a letter as a village will read it."""
        found = await ask.services.cohorts.cohort(cohort)
        where = await ask.services.cohorts.find_village(village, found.id) if village else None
        text = await ask.services.newsletters.preview(
            await ask.actor(), found.id, letter, where.id if where else None
        )
        await ask.reply(Message(text))

    @command("newsletter.try", suggest={"letter": "suggest_all_letters", "village": "suggest_villages"})
    async def try_out(
        self, ask: Ask, letter: str, village: str | None = None, cohort: int | None = None
    ) -> None:
        """Post a letter in the secretariat's channel only."""
        found = await ask.services.cohorts.cohort(cohort)
        where = await ask.services.cohorts.find_village(village, found.id) if village else None
        await ask.services.newsletters.try_out(
            await ask.actor(), found.id, letter, where.id if where else None
        )
        await ask.say("letter_desk.tried", title=await ask.services.newsletters.title(found.id, letter))

    @command(
        "newsletter.send",
        suggest={
            "letter": "suggest_letters",
            "village": "suggest_villages",
            "municipality": "suggest_municipalities",
        },
    )
    async def send(
        self,
        ask: Ask,
        letter: str,
        municipality: str | None = None,
        village: str | None = None,
        cohort: int | None = None,
    ) -> None:
        """Ask before a letter goes to many."""
        found = await ask.services.cohorts.cohort(cohort)
        place = await ask.services.cohorts.find_municipality(municipality) if municipality else None
        where = await ask.services.cohorts.find_village(village, found.id) if village else None
        args = (found.id, letter, place.id if place else 0, where.id if where else 0)
        seen = await ask.services.newsletters.forecast(await ask.actor(), *args)
        title = await ask.services.newsletters.title(found.id, letter)
        await ask.reply(
            sending.forecast(self.bot.texts, title, seen, build.send_button(self.bot.texts, args))
        )

    @handles("send_letter")
    async def send_now(
        self, ask: Ask, cohort_id: int, letter: str, municipality_id: int, village_id: int
    ) -> None:
        """Send the letter, tell how it goes, and give the account."""
        desk = ask.services.newsletters
        title = await desk.title(cohort_id, letter)
        actor = await ask.actor()
        total = await desk.send(actor, cohort_id, letter, municipality_id or None, village_id or None)
        await ask.update(build.progress(self.bot.texts, title, 0, total))
        ask.later(self._follow(ask, actor, cohort_id, letter, title, total))

    async def _follow(
        self, ask: Ask, actor: Actor, cohort_id: int, letter: str, title: str, total: int
    ) -> None:
        """Tell how far a letter has come until it has reached everybody, then give the account."""
        desk, texts = ask.services.newsletters, self.bot.texts
        await self.follow(
            ask,
            lambda: desk.unsent(cohort_id, letter),
            lambda left: build.progress(texts, title, total - left, total),
        )
        await ask.edit(await self._account(ask, actor, cohort_id, letter))

    @command("newsletter.receipt", suggest={"letter": "suggest_all_letters"})
    async def receipt(self, ask: Ask, letter: str, cohort: int | None = None) -> None:
        """Show how every channel fared with a letter."""
        found = await ask.services.cohorts.cohort(cohort)
        await ask.reply(await self._account(ask, await ask.actor(), found.id, letter))

    async def _account(self, ask: Ask, actor: Actor, cohort_id: int, letter: str) -> Message:
        done = await ask.services.letter_accounts.of(actor, cohort_id, letter)
        guild_id = ask.interaction.guild_id
        return receipts.account(self.bot.texts, done.title, done.posts, guild_id, done.by_mail)

    @command("newsletter.send_again", suggest={"letter": "suggest_all_letters"})
    async def send_again(self, ask: Ask, letter: str, cohort: int | None = None) -> None:
        """Send a letter again to the channels where it failed."""
        found = await ask.services.cohorts.cohort(cohort)
        count = await ask.services.newsletters.send_again(await ask.actor(), found.id, letter)
        title = await ask.services.newsletters.title(found.id, letter)
        await ask.say("letter_desk.again", title=title, count=count)

    @command("newsletter.video", suggest={"letter": "suggest_letters"})
    async def video(self, ask: Ask, letter: str, slot: int, link: str, cohort: int | None = None) -> None:
        """Fill a letter's video slot with a link."""
        found = await ask.services.cohorts.cohort(cohort)
        saved, _ = await ask.services.videos.put_link(await ask.actor(), found.id, letter, slot, link)
        await ask.reply(build.video_saved(self.bot.texts, saved.title, (found.id, saved.id)))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(LetterDeskCog(bot))
