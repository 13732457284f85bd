"""A programme year on the embedded Discord, from the first of August until two weeks after the last meeting.

The real bot runs; people come in, answer, vote and decide through its buttons and commands. Time moves
a day at a step: the bot posts through the day, people look at their phones in the evening.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from simcord.actors import MemberActor
from sqlalchemy import make_url

from bot.app import App, build
from bot.content.load import Content
from bot.demo.account import Account, look
from bot.demo.cast import GroupCast, VillageCast
from bot.demo.embedded_discord import EmbeddedDiscord
from bot.demo.evenings import Evenings
from bot.demo.hands import Hands
from bot.demo.opening import open_year
from bot.demo.inline_sqlite import inline_connections
from bot.demo.page_story import Mark
from bot.domain.calendar import DatedMeeting, later, local
from bot.services.context import Facts
from bot.services.village_list import VillageRow

PHONE = "12 34 56 78"
EVENING = time(20, 0)
AFTERWARDS = timedelta(days=16)
OnDay = Callable[[float, date], None]


@dataclass(frozen=True)
class Plan:
    """What the demo is asked to live through."""

    content: Content
    rows: Sequence[VillageRow]
    start_year: int
    database_url: str


class ProgrammeYear:
    """The story that the demo tells and the page shows."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.zone = ZoneInfo(plan.content.programme.timezone)
        start = local(date(plan.start_year, 8, 1), time(6), self.zone)
        self.discord = EmbeddedDiscord(start_at=start, bot_name="BLUP-hjælperen")
        self.villages: list[VillageCast] = []
        self.groups: list[GroupCast] = []
        self.app: App
        self.hands: Hands
        self.secretariat: MemberActor
        self.ballots = 0
        self.cohort_id = 0
        self.begins_at = start
        self.picks: dict[tuple[int, str], tuple[datetime, date]] = {}
        self.complaints: list[str] = []
        self._began = perf_counter()
        self._account: Account | None = None
        self._evenings: Evenings | None = None

    @property
    def dated(self) -> list[DatedMeeting]:
        """The meetings by the rules."""
        return self.app.services.calendar.dated(self.plan.start_year)

    @property
    def ends_at(self) -> datetime:
        """When the story is over: every poll after the last meeting has closed."""
        return max(meeting.ends_at for meeting in self.dated) + AFTERWARDS

    def build_app(self) -> App:
        """Put the bot together on the simulated clock; used again after a crash."""
        facts = Facts(PHONE, "BLUP-sekretariatet")
        url = make_url(self.plan.database_url)
        connect = inline_connections(url.database) if url.drivername.startswith("sqlite") and url.database else None
        app = build(self.plan.database_url, self.plan.content, facts, self.discord.clock, connect=connect)
        app.look_every = timedelta(days=1)  # the alarm rings when something is due; nobody else touches this database
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
        await self.app.database.close()
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
        return [Mark(meeting.starts_at, f"{meeting.meeting.id} {meeting.meeting.title}") for meeting in self.dated]

    def account(self) -> Mapping[str, str | int | float]:
        """Return the year's account in the page's words, as last counted."""
        return self._account.in_danish() if self._account else {}

    async def count(self) -> Account:
        """Count what stands in the channels."""
        self._account, self.complaints = await look(self)
        return self._account

    def seconds(self) -> float:
        """Return how many real seconds the story has taken."""
        return perf_counter() - self._began

    # What the account asks for ------------------------------------------------------------

    def when_held(self, dated: DatedMeeting, cast: VillageCast | None) -> tuple[datetime, datetime]:
        """Return when a meeting is held in a village: on the day it picked, else by the rules."""
        pick = self.picks.get((cast.village_id, dated.meeting.id)) if cast else None
        if pick is None:
            return dated.starts_at, dated.ends_at
        starts = local(pick[1], dated.starts_at.timetz().replace(tzinfo=None), self.zone)
        return starts, later(starts, dated.meeting.minutes)

    def picked_by(self, cast: VillageCast, meeting_id: str, moment: datetime) -> bool:
        """Tell whether a village had picked its day by then."""
        pick = self.picks.get((cast.village_id, meeting_id))
        return pick is not None and pick[0] <= moment

    def viewers(self, channel_id: int) -> Sequence[MemberActor]:
        """Return the people of a channel."""
        for village in self.villages:
            if village.channel_id == channel_id:
                return [actor for _, actor in village.people]
        for group in self.groups:
            if group.channel_id == channel_id:
                return [*group.people, self.secretariat]
        return [self.secretariat]


def chance(*parts: object) -> float:
    """Return a number from 0 to 1 that is always the same for the same parts."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
