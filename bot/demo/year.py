"""A programme year on the embedded Discord, from the first of August until two weeks after the last meeting.

The real bot runs; people come in, answer, vote and decide through its buttons and commands. Time moves
a day at a step: the bot posts through the day, people look at their phones in the evening.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from time import perf_counter

from simcord.actors import MemberActor
from sqlalchemy import make_url

from bot.app import App, build
from bot.demo.account import Account, look
from bot.demo.evenings import Evenings
from bot.demo.inline_sqlite import inline_connections, never_wait
from bot.demo.opening import open_year
from bot.demo.page_story import Mark
from bot.demo.stage import Plan, Stage
from bot.domain.calendar import local
from bot.services.context import Facts

PHONE = "12 34 56 78"
PAGES = "https://blup.example.dk"  # nobody answers there: no web server belongs to the story
EVENING = time(20, 0)
OnDay = Callable[[float, date], None]


class ProgrammeYear(Stage):
    """The story that the demo tells and the page shows."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.complaints: list[str] = []
        self._began = perf_counter()
        self._account: Account | None = None
        self._evenings: Evenings | None = None

    def build_app(self) -> App:
        """Put the bot together on the simulated clock; used again after a crash."""
        facts = Facts(PHONE, "BLUP-sekretariatet", public_url=PAGES)
        url = make_url(self.plan.database_url)
        connect = (
            inline_connections(url.database) if url.drivername.startswith("sqlite") and url.database else None
        )
        app = build(self.plan.database_url, self.plan.content, facts, self.discord.clock, connect=connect)
        if connect is not None:
            never_wait(app.database.engine)
        app.look_every = timedelta(
            weeks=4
        )  # the alarm rings when something is due; nobody else touches this database
        return app

    async def open(self) -> None:
        """Invite the bot, import the villages, and let everybody come in."""
        self.app = self.build_app()
        await open_year(self)
        self._evenings = Evenings(self)

    async def live(self, on_day: OnDay = lambda _share, _day: None) -> None:
        """Live until the end, with a crash in the middle."""
        begin, end = self.discord.now(), self.ends_at
        crash_at = begin + (end - begin) / 2
        crashed = False
        while self.discord.now() < end:
            await self.travel_to(min(self._evening_after(self.discord.now()), end))
            now = self.discord.now()
            on_day(min((now - begin) / (end - begin), 1.0), now.astimezone(self.zone).date())
            if not crashed and now >= crash_at:
                crashed = True
                await self.crash(timedelta(hours=15))

    async def travel_to(self, at: datetime) -> None:
        """Let time pass until a moment, with an evening's answers on every day between."""
        assert self._evenings is not None, "open the year first"
        while self.discord.now() < at:
            evening = self._evening_after(self.discord.now())
            await self.discord.advance_to(min(evening, at))
            if evening <= at:
                await self._evenings.answer()
        self.discord.raise_errors()
        if self._account is not None:
            await self.count()

    async def crash(self, away: timedelta) -> None:
        """Kill the bot, let time pass without it, and start it anew on the same database."""
        await self.discord.stop_bot()
        await self.app.let_go()
        await self.discord.advance_to(self.discord.now() + away)
        self.app = self.build_app()
        await self.discord.start_bot(self.app.bot())

    async def close(self) -> None:
        """Take the bot off the stage and close its database."""
        await self.discord.stop_bot(close=True)
        await self.app.stop()

    def _evening_after(self, now: datetime) -> datetime:
        day = now.astimezone(self.zone).date()
        evening = local(day, EVENING, self.zone)
        return evening if evening > now else local(day + timedelta(days=1), EVENING, self.zone)

    # What the page asks for ---------------------------------------------------------------

    def timeline(self) -> Sequence[Mark]:
        """Return every common date of the year."""
        return [
            Mark(meeting.starts_at, f"{meeting.meeting.id} {meeting.meeting.title}") for meeting in self.dated
        ]

    def account(self) -> Mapping[str, str | int | float]:
        """Return the year's account in the page's words, as last counted."""
        return self._account.in_danish() if self._account else {}

    async def count(self) -> Account:
        """Count what stands in the channels."""
        told = (self._evenings.register, self._evenings.days) if self._evenings else (None, None)
        self._account, self.complaints = await look(self, self.seconds(), *told)
        return self._account

    def seconds(self) -> float:
        """Return how many real seconds the story has taken."""
        return perf_counter() - self._began

    def viewers(self, channel_id: int) -> Sequence[MemberActor]:
        """Return the people of a channel."""
        for village in self.villages:
            if village.channel_id == channel_id:
                return [actor for _, actor in village.people]
        for group in self.groups:
            if group.channel_id == channel_id:
                return [*group.people, self.secretariat]
        return [self.secretariat]
