"""Letters before and after they go out: whom they reach, extra ones, corrected, taken back everywhere."""

from bot.client import Ask, CompanionBot
from bot.domain.audience import Audience, Target
from bot.domain.programme import is_extra
from bot.messages import letter_sending as build
from bot.messages import newsletters, receipts
from bot.messages.message import Message
from bot.services.corrections import Reach
from cogs._base import CompanionCog, Suggestions, command, handles


class LetterSendingCog(CompanionCog):
    """What letters do outside their calendar; services check that it is the secretariat."""

    @command("newsletter.correct", suggest={"letter": "suggest_all_letters"})
    async def correct(self, ask: Ask, letter: str, cohort: int | None = None) -> None:
        """Ask before a letter is changed wherever it stands."""
        found = await ask.services.cohorts.cohort(cohort)
        await self.ask_to_correct(ask, found.id, letter)

    @command("newsletter.withdraw", suggest={"letter": "suggest_all_letters"})
    async def withdraw(self, ask: Ask, letter: str, cohort: int | None = None) -> None:
        """Ask before a letter is taken back everywhere."""
        found = await ask.services.cohorts.cohort(cohort)
        await self.ask_to_withdraw(ask, found.id, letter)

    @handles("letter_correct")
    async def ask_to_correct(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Say where a letter stands before it is corrected."""
        reach = await ask.services.corrections.reach(await ask.actor(), cohort_id, letter)
        await ask.reply(build.ask_first(self.bot.texts, "correct", reach.title, reach.out, reach.waiting, reach.mailed,
                                        (cohort_id, letter)))  # fmt: skip

    @handles("letter_withdraw")
    async def ask_to_withdraw(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Say where a letter stands before it is taken back."""
        reach = await ask.services.corrections.reach(await ask.actor(), cohort_id, letter)
        await ask.reply(build.ask_first(self.bot.texts, "withdraw", reach.title, reach.out, reach.waiting, reach.mailed,
                                        (cohort_id, letter)))  # fmt: skip

    @handles("correct_letter")
    async def correct_now(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Correct a letter, and tell how it goes."""
        reach = await ask.services.corrections.correct(await ask.actor(), cohort_id, letter)
        await self._begin(ask, "correction", cohort_id, letter, reach)

    @handles("withdraw_letter")
    async def withdraw_now(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Take a letter back, and tell how it goes."""
        reach = await ask.services.corrections.withdraw(await ask.actor(), cohort_id, letter)
        if reach.out:
            await self._begin(ask, "withdrawal", cohort_id, letter, reach)
        else:
            await ask.update(build.called_off(self.bot.texts, reach.title, reach.waiting, reach.mailed))

    @handles("letter_receipt")
    async def show_receipt(self, ask: Ask, cohort_id: int, letter: str, of: str) -> None:
        """Show how every channel fared with a letter, or with the latest change of it."""
        await ask.reply(await self._account(ask, cohort_id, letter, of))

    async def _account(self, ask: Ask, cohort_id: int, letter: str, of: str) -> Message:
        done = await ask.services.letter_accounts.of(await ask.actor(), cohort_id, letter, of)
        name = build.of_change(self.bot.texts, of, done.title)
        return receipts.account(self.bot.texts, name, done.posts, ask.interaction.guild_id, done.by_mail)

    @command(
        "newsletter.extra",
        suggest={"municipality": "suggest_municipalities", "phase": "suggest_phases"},
        choices={"to": ("villages", "coordinators", "everybody")},
    )
    async def extra(
        self,
        ask: Ask,
        to: str = "villages",
        municipality: str | None = None,
        phase: str | None = None,
        cohort: int | None = None,
    ) -> None:
        """Write a letter outside the calendar."""
        found = await ask.services.cohorts.cohort(cohort)
        place = await ask.services.cohorts.find_municipality(municipality) if municipality else None
        await self.write_extra(ask, found.id, to, place.id if place else 0, phase or "")

    @handles("letter_extra")
    async def write_extra(
        self, ask: Ask, cohort_id: int, to: str, municipality_id: int = 0, phase: str = ""
    ) -> None:
        """Open the form of a letter outside the calendar."""
        args = (cohort_id, to, municipality_id, phase)
        ask.services.extra_letters.may_write(await ask.actor(), cohort_id)
        await ask.form(build.extra_form(self.bot.texts, args), "letter_extra", *args)

    @handles("letter_extra_save")
    async def save_extra(
        self, ask: Ask, cohort_id: int, to: str, municipality_id: int = 0, phase: str = ""
    ) -> None:
        """Keep what was written, and say whom it would reach."""
        audience = Audience(Target(to), municipality_id or None, phase or None)
        filled = ask.filled
        code = await ask.services.extra_letters.write(
            await ask.actor(), cohort_id, audience, filled["title"], filled["body"], filled.get("at", "")
        )
        await self.foresee(ask, cohort_id, code)

    @handles("letter_forecast")
    async def foresee(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Say whom a letter would reach, and offer to let it go."""
        texts, actor = self.bot.texts, await ask.actor()
        title = await ask.services.newsletters.title(cohort_id, letter)
        if not is_extra(letter):
            seen = await ask.services.newsletters.forecast(actor, cohort_id, letter, 0, 0)
            button = newsletters.send_button(texts, (cohort_id, letter, 0, 0))
            await ask.reply(build.forecast(texts, title, seen, button))
            return
        seen = await ask.services.extra_letters.forecast(actor, cohort_id, letter)
        later = seen.begins_at > ask.services.context.now()
        go, back = build.extra_buttons(texts, (cohort_id, letter), later=later)
        await ask.reply(build.forecast(texts, title, seen, go, back, later=later))

    @handles("send_extra")
    async def send_extra(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Let an extra letter go at its time."""
        due = await ask.services.extra_letters.send(await ask.actor(), cohort_id, letter)
        title = await ask.services.newsletters.title(cohort_id, letter)
        later = due > ask.services.context.now()
        await ask.update(build.planned(self.bot.texts, title, due, (cohort_id, letter), later=later))

    @handles("letter_cancel")
    async def cancel(self, ask: Ask, cohort_id: int, letter: str) -> None:
        """Stop a letter before its time."""
        done = await ask.services.extra_letters.cancel(await ask.actor(), cohort_id, letter)
        await ask.update(build.cancelled(self.bot.texts, done.title, done.stopped, done.gone))

    @handles("letter_tried")
    async def tried(self, ask: Ask, _button: int) -> None:
        """Say that the buttons of a trial do nothing."""
        await ask.say("letter_sending.only_a_trial")

    async def _begin(self, ask: Ask, change: str, cohort_id: int, letter: str, reach: Reach) -> None:
        await ask.update(build.changing(self.bot.texts, reach.title, 0, reach.out, reach.mailed))
        if reach.out:
            ask.later(self._follow(ask, change, cohort_id, letter, reach))

    async def _follow(self, ask: Ask, change: str, cohort_id: int, letter: str, reach: Reach) -> None:
        """Tell how far a change has come until it is done everywhere, then give the account."""
        desk, texts, out = ask.services.corrections, self.bot.texts, reach.out
        await self.follow(
            ask,
            lambda: desk.left(cohort_id, letter),
            lambda left: build.changing(texts, reach.title, out - left, out, reach.mailed),
        )
        await ask.edit(await self._account(ask, cohort_id, letter, change))

    async def suggest_phases(self, ask: Ask, typed: str) -> Suggestions:
        """Propose phases by title."""
        phases = ask.services.context.programme.phases
        return [(phase.title, phase.id) for phase in phases if typed.casefold() in phase.title.casefold()]


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(LetterSendingCog(bot))
