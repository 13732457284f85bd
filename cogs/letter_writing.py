"""One letter on the desk: written on, checked, compared and approved by buttons and forms."""

from bot.client import Ask, CompanionBot
from bot.messages import letter_desk as build
from bot.messages import letter_writing as writing
from bot.messages.message import Message
from bot.services.letter_desk import LetterStatus
from cogs._base import CompanionCog, command, handles


class LetterWritingCog(CompanionCog):
    """What is done with one letter; services check that it is the secretariat."""

    @command("newsletter.list")
    async def letters(self, ask: Ask, cohort: int | None = None) -> None:
        """Show the desk: the year's letters, and where each stands."""
        found = await ask.services.cohorts.cohort(cohort)
        await ask.reply(await self._board(ask, found.id))

    @handles("letter_open")
    async def open(self, ask: Ask, cohort_id: int, code: str = "") -> None:
        """Take a letter out: chosen in the menu, or named by a button."""
        await ask.reply(await self._card(ask, cohort_id, ask.values[0] if ask.values else code))

    @handles("letter_board")
    async def board(self, ask: Ask, cohort_id: int, page: int = 0) -> None:
        """Show the year's letters again, or another page of them."""
        await ask.update(await self._board(ask, cohort_id, page))

    @handles("letter_show")
    async def show(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Show a letter as it will be read."""
        await ask.reply(Message(await ask.services.newsletters.preview(await ask.actor(), cohort_id, code)))

    @handles("letter_try")
    async def try_out(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Post a letter in the secretariat's channel only."""
        await ask.services.newsletters.try_out(await ask.actor(), cohort_id, code)
        await ask.say("letter_desk.tried", title=await ask.services.newsletters.title(cohort_id, code))

    @handles("letter_edit")
    async def edit(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Open a letter's form."""
        letter, base = await ask.services.letter_versions.text_of(await ask.actor(), cohort_id, code)
        form = writing.edit_form(
            self.bot.texts, cohort_id, code, base, letter.title, letter.body, letter.next_steps
        )
        await ask.form(form, "letter_edit", cohort_id, code)

    @handles("letter_save")
    async def save(self, ask: Ask, cohort_id: int, code: str, base: int) -> None:
        """Store what was written, then say what is found in it."""
        actor, filled, texts = await ask.actor(), ask.filled, self.bot.texts
        saved = await ask.services.letter_versions.save(
            actor, cohort_id, code, base, filled["title"], filled["body"], filled["next_steps"].splitlines()
        )
        if saved.aside:
            await ask.reply(writing.saved_aside(texts, saved.number, saved.other, cohort_id, code))
            return
        letter, remarks = await ask.services.letter_desk.check(actor, cohort_id, code)
        await ask.reply(writing.saved(texts, letter.title, saved.number, remarks, cohort_id, code))

    @handles("letter_check")
    async def check(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Say what is found in a letter as it stands."""
        letter, remarks = await ask.services.letter_desk.check(await ask.actor(), cohort_id, code)
        await ask.reply(writing.found(self.bot.texts, letter.title, remarks, cohort_id, code))

    @handles("letter_ready")
    async def ready(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Say that a letter waits to be approved."""
        await ask.services.letter_desk.set_ready(await ask.actor(), cohort_id, code)
        await ask.update(await self._card(ask, cohort_id, code))

    @handles("letter_approve")
    async def approve(self, ask: Ask, cohort_id: int, code: str, version: int) -> None:
        """Let a letter go out, or say what stands in the way."""
        await ask.update(await self._approved(ask, cohort_id, code, version))

    @handles("letter_why")
    async def why(self, ask: Ask, cohort_id: int, code: str, version: int) -> None:
        """Ask why a letter may go out all the same."""
        form = build.because_form(self.bot.texts, cohort_id, code, version)
        await ask.form(form, "letter_why", cohort_id, code, version)

    @handles("letter_because")
    async def because(self, ask: Ask, cohort_id: int, code: str, version: int) -> None:
        """Approve a letter with a reason."""
        await ask.reply(await self._approved(ask, cohort_id, code, version, ask.filled["because"]))

    @handles("letter_reopen")
    async def reopen(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Take an approval back."""
        await ask.services.letter_desk.reopen(await ask.actor(), cohort_id, code)
        await ask.update(await self._card(ask, cohort_id, code))

    @handles("letter_versions")
    async def versions(self, ask: Ask, cohort_id: int, code: str) -> None:
        """List a letter's versions."""
        history = await ask.services.letter_versions.history(await ask.actor(), cohort_id, code)
        shown = [
            writing.Version(v.number, v.title, v.written_at, v.writer, v.aside, v.current) for v in history
        ]
        title = await ask.services.newsletters.title(cohort_id, code)
        await ask.reply(writing.versions(self.bot.texts, title, shown, cohort_id, code))

    @handles("letter_diff")
    async def diff(self, ask: Ask, cohort_id: int, code: str, before: int = 0, after: int = 0) -> None:
        """Hold two versions against each other: two chosen ones, one and what goes out now, or two named."""
        chosen = sorted(int(value) for value in ask.values)
        first, last = (chosen[0], chosen[1] if len(chosen) > 1 else None) if chosen else (before, after)
        found = await ask.services.letter_versions.compare(await ask.actor(), cohort_id, code, first, last)
        await ask.reply(
            writing.difference(
                self.bot.texts, found.title, found.before, found.after, found.lines, cohort_id, code
            )
        )

    @handles("letter_take")
    async def take(self, ask: Ask, cohort_id: int, code: str, number: int) -> None:
        """Let another version be the one that goes out."""
        saved = await ask.services.letter_versions.take(await ask.actor(), cohort_id, code, number)
        letter, remarks = await ask.services.letter_desk.check(await ask.actor(), cohort_id, code)
        await ask.reply(writing.saved(self.bot.texts, letter.title, saved.number, remarks, cohort_id, code))

    @handles("letter_steps")
    async def steps(self, ask: Ask, cohort_id: int, code: str) -> None:
        """Say how many have ticked each next step."""
        letter, places, counts = await ask.services.letter_desk.steps(await ask.actor(), cohort_id, code)
        shown = [(count.step, count.places) for count in counts]
        await ask.reply(build.steps(self.bot.texts, letter.title, places, shown, cohort_id, code))

    async def _board(self, ask: Ask, cohort_id: int, page: int = 0) -> Message:
        found = await ask.services.letter_desk.board(await ask.actor(), cohort_id)
        lines = [_line(status) for status in found.letters]
        return build.board(self.bot.texts, found.cohort, cohort_id, lines, page)

    async def _card(self, ask: Ask, cohort_id: int, code: str) -> Message:
        found = await ask.services.letter_desk.card(await ask.actor(), cohort_id, code)
        asks = ask.services.context.programme.rules.newsletter_approval is not None
        about = build.Card(
            found.version,
            found.written_at,
            found.writer,
            found.approved_at,
            found.approver,
            found.because,
            asks,
        )
        return build.card(self.bot.texts, _line(found.status), about, cohort_id)

    async def _approved(
        self, ask: Ask, cohort_id: int, code: str, version: int, because: str = ""
    ) -> Message:
        actor, texts = await ask.actor(), self.bot.texts
        done = await ask.services.letter_desk.approve(actor, cohort_id, code, version, because)
        if not done.approved:
            return writing.found(texts, done.letter.title, done.remarks, cohort_id, code, version=version)
        status = (await ask.services.letter_desk.card(actor, cohort_id, code)).status
        return build.approved(texts, _line(status), done.let_go, done.complete, cohort_id)


def _line(status: LetterStatus) -> build.Line:
    return build.Line(
        status.letter.id, status.letter.title, status.send_at, status.days, status.standing,
        status.needs_approval, status.videos_missing, status.failed, status.sent, status.waiting,
        status.subtitles_missing,
    )  # fmt: skip


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(LetterWritingCog(bot))
