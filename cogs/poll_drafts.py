"""Write a poll: choose its kind, fill in a form, see it as voters will, change it, open it. Buttons and menus alone."""

from bot.client import Ask, CompanionBot
from bot.domain.ballots import Kind
from bot.domain.poll_rules import AT_THE_END, SECRET, checked_rule
from bot.domain.poll_view import PollView
from bot.messages import poll_drafts as build
from bot.services.moments import written
from bot.services.poll_drafts import Written
from cogs._base import CompanionCog, command, handles


class PollDraftCog(CompanionCog):
    """Polls that are being written."""

    @command("poll.new")
    async def new(self, ask: Ask) -> None:
        """Begin a poll."""
        await self.begin(ask)

    @handles("poll_new")
    async def begin(self, ask: Ask) -> None:
        """Ask for the kind of poll, from a button."""
        ask.services.poll_drafts.must_begin(await ask.actor(), await ask.place())
        await ask.reply(build.kinds(self.bot.texts))

    @handles("poll_kind")
    async def kind(self, ask: Ask, kind: str = "") -> None:
        """Show the form of the chosen kind."""
        chosen = Kind(kind or ask.values[0])
        await ask.form(build.draft_form(self.bot.texts, chosen), "poll_kind", str(chosen))

    @handles("poll_draft")
    async def write(self, ask: Ask, kind: str, poll_id: int = 0) -> None:
        """Keep what was written, and show the draft."""
        filled = ask.filled
        written = Written(
            filled["question"], filled.get("lines", "").splitlines(), filled["days"], filled.get("number", ""),
            filled.get("fewest", ""),
        )  # fmt: skip
        if poll_id:
            view = await ask.services.poll_drafts.rewrite(await ask.actor(), poll_id, written)
        else:
            view = await ask.services.poll_drafts.write(
                await ask.actor(), await ask.place(), Kind(kind), written
            )
        await ask.reply(build.draft(self.bot.texts, view))

    @handles("draft_edit")
    async def edit(self, ask: Ask, poll_id: int) -> None:
        """Show the form with the draft's own words."""
        view = await ask.services.poll_drafts.view(await ask.actor(), poll_id)
        await ask.form(build.draft_form(self.bot.texts, view.kind, view), "draft_edit", poll_id)

    @handles("draft_voters")
    async def voters(self, ask: Ask, poll_id: int) -> None:
        """Say who votes."""
        await self._show(ask, await ask.services.poll_drafts.ask(await ask.actor(), poll_id, ask.values[0]))

    @handles("draft_secrecy")
    async def secrecy(self, ask: Ask, poll_id: int) -> None:
        """Make the draft secret or open, with or without its numbers while it runs."""
        chosen = checked_rule("secrecy", ask.values[0])
        view = await ask.services.poll_drafts.hide(
            await ask.actor(), poll_id, secret=chosen == SECRET, running=chosen != AT_THE_END
        )
        await self._show(ask, view)

    @handles("draft_rule")
    async def rule(self, ask: Ask, poll_id: int) -> None:
        """Say what it takes to decide."""
        await self._show(ask, await ask.services.poll_drafts.bind(await ask.actor(), poll_id, ask.values[0]))

    @handles("draft_why")
    async def why(self, ask: Ask, poll_id: int) -> None:
        """Say whether voters are asked for their reason."""
        await self._show(
            ask, await ask.services.poll_drafts.reason(await ask.actor(), poll_id, ask.values[0])
        )

    @handles("draft_when")
    async def when(self, ask: Ask, poll_id: int) -> None:
        """Ask when the draft opens, or keep what was written."""
        if "when" in ask.filled:
            view = await ask.services.poll_drafts.schedule(await ask.actor(), poll_id, ask.filled["when"])
            await ask.reply(build.draft(self.bot.texts, view))
            return
        view = await ask.services.poll_drafts.view(await ask.actor(), poll_id)
        opens_at = written(view.opens_at, ask.services.context.programme.timezone) if view.scheduled else ""
        await ask.form(build.when_form(self.bot.texts, view, opens_at), "draft_when", poll_id)

    @handles("draft_open")
    async def open(self, ask: Ask, poll_id: int, seen: str = "") -> None:
        """Open the poll as it was seen."""
        view = await ask.services.poll_drafts.open(await ask.actor(), poll_id, str(seen))
        await ask.update(build.opened(self.bot.texts, view))

    @handles("draft_drop")
    async def drop(self, ask: Ask, poll_id: int) -> None:
        """Throw the draft away."""
        await ask.services.poll_drafts.drop(await ask.actor(), poll_id)
        await ask.update(build.dropped(self.bot.texts))

    async def _show(self, ask: Ask, view: PollView) -> None:
        await ask.update(build.draft(self.bot.texts, view))


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(PollDraftCog(bot))
