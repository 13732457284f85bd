"""Dates and next steps for everyone: /hjælp, /kalender, /næste, /fase, and the buttons under posts."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.client import Ask, CompanionBot
from bot.domain.access import may
from bot.domain.calendar import local
from bot.domain.errors import Conflict
from bot.messages import calendar as build
from bot.messages.calendar_files import subscribe_button
from bot.messages.meeting_day import notes_shown, with_agreed
from bot.messages.meetings import choose
from bot.messages.message import Message
from bot.messages.milestones import board_message, reopen_form
from bot.messages.polled_meetings import correct_buttons
from bot.services.next_steps import tick_right
from bot.services.places import Place
from cogs._base import CompanionCog, command, handles

TAKEN = "error_meetings.time_taken"


class CalendarCog(CompanionCog):
    """What lies ahead, and what to do before it."""

    @command("help")
    async def help(self, ask: Ask) -> None:
        """Say what one can do here."""
        await ask.reply(build.help_message(self.bot.texts, ask.services.context.facts.phone))

    @command("calendar")
    async def calendar(self, ask: Ask) -> None:
        """Show what lies ahead."""
        await self.show_calendar(ask)

    @handles("calendar")
    async def show_calendar(self, ask: Ask) -> None:
        """Show what lies ahead, from a button."""
        place = await ask.place()
        upcoming = await ask.services.calendar.upcoming(place)
        lines = [
            build.CalendarLine(m.title, m.starts_at, m.number if m.is_circle else None, m.called_off)
            for m in upcoming
        ]
        facts = ask.services.context.facts
        own = await ask.services.polled_meetings.changeable(await ask.actor(), place)
        message = build.calendar_message(self.bot.texts, _name(place), lines, facts.phone)
        feed = (subscribe_button(self.bot.texts),) if ask.services.feeds.offered else ()
        cards = choose(self.bot.texts, [(m.event_id, m.title, m.number, m.starts_at) for m in upcoming])
        buttons = (*correct_buttons(self.bot.texts, own), *feed)
        await ask.reply(replace(message, buttons=buttons, menus=cards))

    @command("next")
    async def next(self, ask: Ask) -> None:
        """Show the steps to take before the next circle."""
        await self.show_steps(ask)

    @handles("next_steps")
    async def show_steps(self, ask: Ask, letter: str | None = None) -> None:
        """Show a letter's next steps, from a button."""
        await ask.reply(await self._steps(ask, letter))

    @handles("tick_step")
    async def tick_step(self, ask: Ask, letter: str, step: int, done: int = 1) -> None:
        """Tick a next step off for the village, or not after all."""
        place = await ask.place()
        await ask.services.newsletters.tick(await ask.actor(), place, letter, step, done=bool(done))
        await ask.update(await self._steps(ask, letter))

    @handles("step_done")
    async def step_done(self, ask: Ask, step_id: int, in_notes: int = 0, done: int = 1) -> None:
        """Mark a step agreed at a meeting as done, or as not done after all."""
        actor, place = await ask.actor(), await ask.place()
        notes = await ask.services.sharing.tick(actor, place, step_id, done=bool(done))
        steps = await self._steps(ask, None)
        await ask.update(notes_shown(self.bot.texts, notes, may_tick=True) if in_notes and notes else steps)

    @command("phase")
    async def phase(self, ask: Ask) -> None:
        """Tell where the programme is, and where the village is."""
        status = await ask.services.milestones.phase_status(await ask.actor(), await ask.place())
        if status is None:
            await ask.say("calendar.no_phase", phone=ask.services.context.facts.phone)
        else:
            await ask.reply(build.phase_message(self.bot.texts, status))

    @command("milestones")
    async def milestones(self, ask: Ask) -> None:
        """Show the milestones of the phase that runs."""
        await self.show_milestones(ask)

    @handles("milestones")
    async def show_milestones(self, ask: Ask, cohort_id: int = 0) -> None:
        """Show the milestones of the phase that runs, from a button."""
        board = await ask.services.milestones.board(await ask.actor(), await ask.place(), cohort_id)
        await ask.reply(board_message(self.bot.texts, board))

    @handles("tick_milestone")
    async def tick_milestone(self, ask: Ask, cohort_id: int = 0) -> None:
        """Mark a milestone as reached."""
        board = await ask.services.milestones.tick(
            await ask.actor(), await ask.place(), ask.values[0], cohort_id
        )
        await ask.update(board_message(self.bot.texts, board))

    @handles("reopen_milestone")
    async def reopen_milestone(self, ask: Ask, cohort_id: int = 0, code: str = "") -> None:
        """Ask why a milestone is opened again, or open it when that is filled in."""
        if not ask.filled:
            chosen = code or ask.values[0]
            form = reopen_form(self.bot.texts, chosen, cohort_id)
            await ask.form(form, "reopen_milestone", cohort_id, chosen)
            return
        board = await ask.services.milestones.reopen(
            await ask.actor(), await ask.place(), code, ask.filled["reason"], cohort_id
        )
        await ask.reply(board_message(self.bot.texts, board))

    @handles("pick_date")
    async def pick_date(self, ask: Ask, code: str) -> None:
        """Choose the day of the village's own meeting, and then the hour when there are several."""
        day, dates = date.fromisoformat(ask.values[0]), ask.services.village_dates
        free = await dates.times(await ask.actor(), await ask.place(), code)
        hours = dates.on(day, free)
        if len(hours) == 1:
            await self._pick(ask, code, hours[0])
        elif hours:
            timezone = ask.services.context.programme.timezone
            await ask.reply(build.choose_hour(self.bot.texts, code, hours, timezone))
        else:
            await ask.reply(build.choose_day(self.bot.texts, code, dates.days(free), taken=True))

    @handles("pick_hour")
    async def pick_hour(self, ask: Ask, code: str, day: str, minutes: int) -> None:
        """Choose the hour of the village's own meeting."""
        at = time(minutes // 60, minutes % 60)
        timezone = ZoneInfo(ask.services.context.programme.timezone)
        await self._pick(ask, code, local(date.fromisoformat(day), at, timezone))

    @handles("event_days")
    async def days(self, ask: Ask, code: str) -> None:
        """Show the days a village may choose for its own meeting."""
        dates = ask.services.village_dates
        free = await dates.times(await ask.actor(), await ask.place(), code)
        await ask.reply(build.choose_day(self.bot.texts, code, dates.days(free)))

    async def _pick(self, ask: Ask, code: str, at: datetime) -> None:
        """Choose a time; should another village just have taken it, what is left is shown anew."""
        actor, place, dates = await ask.actor(), await ask.place(), ask.services.village_dates
        try:
            picked = await ask.services.planning.pick(actor, place, code, at.date(), at.time())
        except Conflict as taken:
            if taken.key != TAKEN:
                raise
            free = await dates.times(actor, place, code)
            hours, timezone = dates.on(at.date(), free), ask.services.context.programme.timezone
            if hours:
                await ask.reply(build.choose_hour(self.bot.texts, code, hours, timezone, taken=True))
            else:
                await ask.reply(build.choose_day(self.bot.texts, code, dates.days(free), taken=True))
            return
        await ask.say("calendar.picked", title=picked.title, starts_at=picked.starts_at)

    async def _steps(self, ask: Ask, letter: str | None) -> Message:
        place = await ask.place()
        found = await ask.services.newsletters.next_steps(place, letter)
        tick = may(await ask.actor(), tick_right(place), place.where)
        message = Message(self.bot.texts("steps.none"))
        if found is not None:
            message = build.steps_message(
                self.bot.texts, found.letter.id, found.starts_at, found.letter.next_steps, found.done, tick
            )
        return with_agreed(self.bot.texts, message, await ask.services.sharing.agreed(place), tick)


def _name(place: Place) -> str:
    if place.village is not None:
        return place.village.name
    if place.group is not None:
        return place.group.name
    return place.cohort.title if place.cohort else place.key


async def setup(bot: CompanionBot) -> None:
    """Add the topic to the bot."""
    await bot.add_cog(CalendarCog(bot))
