"""Decisions: record one by a form, from a closed poll or a standard one; list, search, correct, withdraw."""

from datetime import date

from bot.client import Ask, CompanionBot
from bot.domain.decisions import Proposal
from bot.domain.errors import NotFound
from bot.messages import decision_forms as forms
from bot.messages import decision_list
from bot.messages import decisions as build
from bot.services.decision_export import may_take_agreements
from bot.services.decision_follow_up import may_export
from bot.services.moments import read_day, today
from bot.services.places import Place
from cogs._base import CompanionCog, Suggestions, command, handles


class DecisionCog(CompanionCog):
    """What a village has decided."""

    @command("decision.record", suggest={"standard": "suggest_standard"})
    async def record(self, ask: Ask, standard: str | None = None) -> None:
        """Show the form for a new decision, begun by one of the programme's standard ones if asked."""
        await self.begin(ask, standard or "")

    @handles("decision_begin")
    async def begin(self, ask: Ask, standard: str = "") -> None:
        """Show the form for a new decision, from a button."""
        proposal = None
        if standard:
            template = ask.services.context.programme.decisions.get(standard)
            if template is None:
                raise NotFound("error_polls.unknown_code", code=standard)
            proposal = Proposal(0, template.title, template.title, "", self._today(ask), template.id)
        args = [standard] if standard else []
        await self._form(ask, await ask.place(), proposal, "decision_begin", *args)

    @handles("decide")
    async def decide(self, ask: Ask, poll_id: int) -> None:
        """Show the form begun by a closed poll."""
        proposal = await ask.services.decisions.proposal_from_poll(await ask.actor(), poll_id)
        place = await ask.services.decisions.written_in(await ask.place(), poll_id)
        await self._form(ask, place, proposal, "decide", poll_id)

    async def _form(
        self, ask: Ask, place: Place, proposal: Proposal | None, again: str, *args: int | str
    ) -> None:
        code = proposal.code if proposal else None
        settles = await ask.services.decision_choices.settles(await ask.actor(), place, code)
        day = proposal.decided_on if proposal else self._today(ask)
        await ask.form(
            forms.decision_form(self.bot.texts, settles, proposal, f"{day:%d-%m-%Y}"), again, *args
        )

    def _today(self, ask: Ask) -> date:
        context = ask.services.context
        return today(context.now(), context.programme.timezone)

    @handles("decision_record")
    async def write(self, ask: Ask, poll_id: int = 0) -> None:
        """Write a decision down."""
        code, milestone = forms.settled_by(ask.values[0] if ask.values else "")
        view = await ask.services.decisions.record(
            await ask.actor(), await ask.place(), title=ask.filled["title"], text=ask.filled["text"],
            how=ask.filled["how"], decided_on=read_day(ask.filled["decided_on"]),
            code=code, milestone=milestone, poll_id=poll_id or None,
        )  # fmt: skip
        if view.village_opened:
            await self.bot.caretaker.mend()
            await ask.services.planning.refresh()
        await ask.reply(build.decision_recorded(self.bot.texts, ask.services.context.programme, view))

    @command("decisions")
    async def decisions(self, ask: Ask, search: str | None = None) -> None:
        """List or search what has been decided."""
        await self.page(ask, 1, search or "")

    @handles("decisions")
    async def listed(self, ask: Ask) -> None:
        """List what has been decided, from a button."""
        await self.page(ask, 1)

    @handles("decision_page")
    async def page(self, ask: Ask, page: int, search: int | str = "") -> None:
        """Turn to another page of the list."""
        place = await ask.place()
        actor = await ask.actor()
        found = await ask.services.decisions.list_of(place, str(search) or None, page, actor)
        message = decision_list.decision_list(
            self.bot.texts, found, may_ask=ask.services.poll_drafts.may_begin(actor, place),
            may_export=may_export(actor, place),
            may_take_agreements=may_take_agreements(actor, place),
            may_record=ask.services.decision_choices.may_record(actor, place),
        )  # fmt: skip
        await ask.reply(message)

    @handles("decision_show")
    async def show(self, ask: Ask) -> None:
        """Show one decision whole."""
        actor = await ask.actor()
        view = await ask.services.decisions.show(actor, await ask.place(), int(ask.values[0]))
        rights = await ask.services.decisions.rights(actor, view)
        await ask.reply(build.decision_full(self.bot.texts, ask.services.context.programme, view, rights))

    @handles("decision_correct")
    async def correct(self, ask: Ask, decision_id: int) -> None:
        """Show the form that corrects a decision, or take it when it is filled in."""
        if not ask.filled:
            view = await ask.services.decisions.show(await ask.actor(), await ask.place(), decision_id)
            await ask.form(forms.correction_form(self.bot.texts, view), "decision_correct", decision_id)
            return
        view = await ask.services.decisions.correct(
            await ask.actor(), decision_id, ask.filled["title"], ask.filled["text"]
        )
        await ask.reply(build.decision_saved(self.bot.texts, view))

    @handles("decision_withdraw")
    async def withdraw(self, ask: Ask, decision_id: int) -> None:
        """Show the form that withdraws a decision, or take it when it is filled in."""
        if not ask.filled:
            view = await ask.services.decisions.show(await ask.actor(), await ask.place(), decision_id)
            await ask.form(forms.withdrawal_form(self.bot.texts, view), "decision_withdraw", decision_id)
            return
        view = await ask.services.decisions.withdraw(await ask.actor(), decision_id, ask.filled["reason"])
        await ask.reply(build.decision_saved(self.bot.texts, view))

    async def suggest_standard(self, ask: Ask, typed: str) -> Suggestions:
        """Propose the programme's standard decisions."""
        found = ask.services.context.programme.decisions.values()
        return [(d.title, d.id) for d in found if typed.casefold() in f"{d.id} {d.title}".casefold()]


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(DecisionCog(bot))
