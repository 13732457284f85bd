"""What everybody in the demo's year shares: the simulated Discord, the bot, the people, and what was picked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from simcord.actors import MemberActor

from bot.app import App
from bot.content.load import Content
from bot.demo.cast import GroupCast, VillageCast
from bot.demo.embedded_discord import EmbeddedDiscord
from bot.demo.hands import Hands
from bot.domain.calendar import DatedMeeting, later, local, programme_days
from bot.services.village_list import VillageRow

AFTERWARDS = timedelta(days=16)


@dataclass(frozen=True)
class Plan:
    """What the demo is asked to live through."""

    content: Content
    rows: Sequence[VillageRow]
    start_year: int
    database_url: str


@dataclass(frozen=True)
class Time:
    """A time a meeting stood at, after so many moves: from one moment, up to another."""

    starts_at: datetime
    ends_at: datetime
    moves: int
    since: datetime
    until: datetime


class Stage:
    """The place, the people and their choices; it does nothing by itself."""

    app: App
    hands: Hands
    secretariat: MemberActor

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.zone = ZoneInfo(plan.content.programme.timezone)
        programme = plan.content.programme
        first, _ = programme_days(programme, plan.start_year)
        self.begins_at = local(first, time(6), self.zone)
        self.discord = EmbeddedDiscord(start_at=self.begins_at, bot_name="BLUP-hjælperen")
        self.villages: list[VillageCast] = []
        self.groups: list[GroupCast] = []
        self.picks: dict[
            tuple[int, str], tuple[datetime, datetime]
        ] = {}  # when it was done, and what was picked
        self.slots: dict[
            tuple[int, str], datetime
        ] = {}  # times that each village has for itself from the start
        self.moved: dict[
            str, tuple[datetime, datetime]
        ] = {}  # common meetings: when it was done, and to when
        self.called_off: dict[tuple[int, str], datetime] = {}  # a village's own meetings
        self.ballots = self.own_polls = 0
        self.on_paper: dict[int, int] = {}  # votes on paper by poll
        self.enrolled: set[int] = set()  # villages that signed up for the gathering on the first evening
        self.sheets: Counter[str] = Counter()  # letters printed in the first village
        self.decided: set[tuple[int, str]] = set()
        self.reached: dict[tuple[int, str], datetime] = {}
        self.corrected, self.extra_letters = (
            "",
            0,
        )  # the letter that was corrected, and those outside the calendar
        self.cohort_id = 0

    @property
    def dated(self) -> list[DatedMeeting]:
        """The meetings by the rules."""
        return self.app.services.calendar.dated(self.plan.start_year)

    @property
    def ends_at(self) -> datetime:
        """When the story is over: every poll after the last meeting has closed."""
        return max(meeting.ends_at for meeting in self.dated) + AFTERWARDS

    def times(self, dated: DatedMeeting, cast: VillageCast | None) -> list["Time"]:
        """Return the times a meeting stood at in a village: by the rules, then where it was picked or moved to."""
        code, begin, never = dated.meeting.id, self.begins_at, self.ends_at
        change = self.moved.get(code) if cast is None else None
        starts_at, off, length = dated.starts_at, never, dated.meeting.minutes
        if cast is not None:
            change, off = (
                self.picks.get((cast.village_id, code)),
                self.called_off.get((cast.village_id, code), never),
            )
            starts_at = self.slots.get((cast.village_id, code), starts_at)
        if change is None or change[1] == starts_at:
            return [Time(starts_at, later(starts_at, length), 0, begin, off)]
        moved_to = Time(change[1], later(change[1], length), 1, change[0], off)
        return [Time(starts_at, later(starts_at, length), 0, begin, change[0]), moved_to]

    async def own_times(self, cast: VillageCast) -> dict[str, datetime]:
        """Return when a village has the meetings that are held with one village at a time."""
        services, meetings = self.app.services, self.plan.content.programme.meetings
        place = await services.places.of_channel(cast.channel_id)
        return {
            view.code: view.starts_at
            for view in await services.calendar.upcoming(place, 100)
            if view.code in meetings and meetings[view.code].one_village_at_a_time
        }

    def reach(self, village_id: int, milestones: Iterable[str]) -> None:
        """Keep since when a village has reached milestones."""
        for code in milestones:
            self.reached.setdefault((village_id, code), self.discord.now())

    def waits(self, village_id: int, code: str, at: datetime) -> bool:
        """Tell whether a village had not reached a milestone by then."""
        since = self.reached.get((village_id, code))
        return since is None or since > at

    def picked_by(self, cast: VillageCast, meeting_id: str, moment: datetime) -> bool:
        """Tell whether a village had picked its day by then."""
        pick = self.picks.get((cast.village_id, meeting_id))
        return pick is not None and pick[0] <= moment
