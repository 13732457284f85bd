"""When a post may stand in a channel: daytime, outside quiet periods, at most so many a day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import Days, local, weekday_from
from bot.domain.programme_rules import Rules


@dataclass(frozen=True, slots=True)
class PostingHours:
    """The hours and days on which the bot posts of its own accord."""

    rules: Rules
    zone: ZoneInfo
    quiet: Days

    def allowed_from(self, at: datetime) -> datetime:
        """Return the moment itself, or the first one after it at which a post may go out.

        In a quiet period that is the first weekday after it at the same hour; at night the next morning.
        """
        here = at.astimezone(self.zone)
        opens, shuts = self.rules.posts_only_between
        if here.date() in self.quiet:
            here = local(weekday_from(here.date(), self.quiet), here.timetz().replace(tzinfo=None), self.zone)
        if here.time() < opens:
            return local(here.date(), opens, self.zone)
        if here.time() > shuts:
            return self.next_morning(here)
        return here

    def last_open(self, on: date, at: time) -> datetime:
        """Return a local time on a day, or on the last day before it that is not quiet."""
        while on in self.quiet:
            on -= timedelta(days=1)
        return local(on, at, self.zone)

    def next_morning(self, at: datetime) -> datetime:
        """Return the first posting hour of the next day that is not quiet."""
        day = at.astimezone(self.zone).date() + timedelta(days=1)
        if day in self.quiet:
            day = weekday_from(day, self.quiet)
        return local(day, self.rules.posts_only_between[0], self.zone)
