"""What becomes of a decision: objections and their answers, what is added, what is due, done and late."""

from datetime import date

from bot.client import Ask, CompanionBot
from bot.messages import decisions as build
from bot.messages import minutes, register
from bot.services.decision_export import CHOSEN, Part, may_take_agreements
from bot.services.decision_follow_up import RESPONSIBLE
from bot.services.moments import read_day
from bot.services.places import SECRETARIAT
from cogs._base import CompanionCog, command, handles


class RegisterCog(CompanionCog):
    """A decision from recorded to done."""

    @handles("decision_open")
    async def open(self, ask: Ask, decision_id: int) -> None:
        """Show a decision whole, from a button."""
        actor = await ask.actor()
        view = await ask.services.decisions.show(actor, await ask.place(), decision_id)
        rights = await ask.services.decisions.rights(actor, view)
        await ask.reply(build.decision_full(self.bot.texts, ask.services.context.programme, view, rights))

    @handles("decision_object")
    async def object(self, ask: Ask, decision_id: int) -> None:
        """Ask what is not right, or attach the objection when it is filled in."""
        desk = ask.services.objections
        if not ask.filled:
            view = await desk.may_object(await ask.actor(), decision_id)
            await ask.form(register.objection_form(self.bot.texts, view), "decision_object", decision_id)
            return
        view = await desk.object(await ask.actor(), decision_id, ask.filled["reason"])
        await ask.reply(register.objected(self.bot.texts, view))

    @handles("decision_keep")
    async def keep(self, ask: Ask, decision_id: int) -> None:
        """Answer the objections: the decision stays."""
        view = await ask.services.objections.keep(await ask.actor(), decision_id)
        await ask.reply(register.kept(self.bot.texts, view))

    @handles("decision_follow_up")
    async def follow_up(self, ask: Ask, decision_id: int) -> None:
        """Ask who sees to it."""
        await ask.reply(register.who_menu(self.bot.texts, decision_id, RESPONSIBLE))

    @handles("decision_agree")
    async def agree(self, ask: Ask, decision_id: int, role: str = "") -> None:
        """Ask for the days, or keep them when they are filled in."""
        if not ask.filled:
            chosen = role or ask.values[0]
            form = register.days_form(self.bot.texts, decision_id, chosen)
            await ask.form(form, "decision_agree", decision_id, chosen)
            return
        days = [_day(ask.filled[name]) for name in ("deadline", "review")]
        view = await ask.services.follow_up.agree(await ask.actor(), decision_id, role, *days)
        await ask.reply(register.added(self.bot.texts, view))

    @handles("decision_renew")
    async def renew(self, ask: Ask, decision_id: int) -> None:
        """Ask for new days, or keep them when they are filled in."""
        desk, actor = ask.services.follow_up, await ask.actor()
        if not ask.filled:
            form = register.renew_form(self.bot.texts, await desk.renewing(actor, decision_id))
            await ask.form(form, "decision_renew", decision_id)
            return
        days = [_day(ask.filled[name]) for name in ("deadline", "review")]
        view = await desk.renew(actor, decision_id, *days)
        await ask.reply(register.added(self.bot.texts, view))

    @handles("decision_whole")
    async def whole(self, ask: Ask, decision_id: int) -> None:
        """Show a long decision to its end."""
        view = await ask.services.decisions.show(await ask.actor(), await ask.place(), decision_id)
        for part in build.decision_whole(self.bot.texts, view):
            await ask.reply(part)

    @handles("decision_goals")
    async def goals(self, ask: Ask, decision_id: int) -> None:
        """Ask which global goals it serves, or keep them when they are chosen."""
        if ask.values:
            chosen = [int(value) for value in ask.values]
            view = await ask.services.follow_up.choose_goals(await ask.actor(), decision_id, chosen)
            await ask.reply(register.added(self.bot.texts, view))
            return
        view = await ask.services.decisions.show(await ask.actor(), await ask.place(), decision_id)
        goals = ask.services.context.programme.global_goals
        await ask.reply(register.goals_menu(self.bot.texts, view, goals))

    @handles("decision_background")
    async def background(self, ask: Ask, decision_id: int) -> None:
        """Ask for background and links, or keep them when they are filled in."""
        actor = await ask.actor()
        if not ask.filled:
            view = await ask.services.decisions.show(actor, await ask.place(), decision_id)
            await ask.form(register.background_form(self.bot.texts, view), "decision_background", decision_id)
            return
        view = await ask.services.follow_up.explain(
            actor, decision_id, ask.filled["background"], ask.filled["links"]
        )
        await ask.reply(register.added(self.bot.texts, view))

    @handles("decision_done")
    async def done(self, ask: Ask, decision_id: int) -> None:
        """Mark a decision as done."""
        view = await ask.services.follow_up.finish(await ask.actor(), decision_id)
        await ask.reply(register.finished(self.bot.texts, view))

    @command("decision.standing")
    async def standing(self, ask: Ask) -> None:
        """Show what is open, due and late."""
        await self.stands(ask)

    @handles("decision_standing")
    async def stands(self, ask: Ask) -> None:
        """Show what is open, due and late, from a button."""
        place = await ask.place()
        found = await ask.services.follow_up.standing(await ask.actor(), place)
        sections = {"late": found.late, "proposed": found.proposed, "coming": found.coming}
        message = register.standing(
            self.bot.texts, sections, place.key, may_export=found.may_export,
            may_take_agreements=may_take_agreements(await ask.actor(), place),
        )  # fmt: skip
        await ask.reply(message)

    @handles("decision_export")
    async def export(self, ask: Ask, wanted: str, part: str = Part.CHANNEL, number: int = 0) -> None:
        """Hand registers out as a file that only the person sees."""
        place = await ask.place()
        which: list[int | str] = [part, number] if part in CHOSEN else [part]
        file = await ask.services.register_export.hand_out(await ask.actor(), place, wanted, part, number)
        await ask.reply(minutes.ready(self.bot.texts, file, which, may_choose=place.key == SECRETARIAT))

    @handles("export_parts")
    async def parts(self, ask: Ask, page: int) -> None:
        """Ask which cohort's or municipality's registers are wanted."""
        choices = await ask.services.register_export.parts(await ask.actor())
        await ask.reply(minutes.parts(self.bot.texts, choices, page))

    @handles("export_part")
    async def chosen(self, ask: Ask) -> None:
        """Hand out what was chosen."""
        part, _, number = ask.values[0].partition(":")
        await self.export(ask, "pdf", part, int(number))


def _day(text: str) -> date | None:
    return read_day(text) if text else None


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(RegisterCog(bot))
