"""What the demo's page shows, computed from the story and the simulated Discord.

Plain values for the template; it knows neither HTML nor HTTP, and no Danish beyond the way a
date is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from bot.demo.embedded_discord import EmbeddedDiscord
from bot.demo.page_story import Mark
from bot.demo.world import CategoryRecord

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
POSTS_SHOWN = 150
LINES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class DayMark:
    """All marks of one day, at their place on the track."""

    day: date
    label: str
    titles: tuple[str, ...]
    percent: float
    passed: bool
    travel_to: str


@dataclass(frozen=True, slots=True)
class Post:
    """One message as the list of a day shows it."""

    channel_id: int
    channel: str
    category: str
    author: str
    clock: str
    first: str
    rest: str
    buttons: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What was posted on one day, and the neighbouring days on which something was."""

    iso: str
    label: str
    posts: tuple[Post, ...]
    total: int
    earlier: str | None
    later: str | None


@dataclass(frozen=True, slots=True)
class Track:
    """The year as a line: its months, its marks and where on it we are."""

    months: tuple[tuple[float, str], ...]
    marks: tuple[DayMark, ...]
    now: float


def day_label(day: date) -> str:
    """Write a day out in Danish."""
    return str(format_date(day, "EEEE 'den' d. MMMM y", locale="da"))


def moment_label(at: datetime) -> str:
    """Write a moment out in Danish, in Copenhagen's time."""
    local = at.astimezone(COPENHAGEN)
    return str(format_datetime(local, "EEEE 'den' d. MMMM y 'kl.'\u00a0HH.mm", locale="da"))


def next_day(now: datetime) -> datetime:
    """Return the same time of day tomorrow, by Copenhagen's clock."""
    return (now.astimezone(COPENHAGEN) + timedelta(days=1)).astimezone(UTC)


def next_mark(marks: Sequence[Mark], now: datetime) -> Mark | None:
    """Return the next thing that happens, if anything is left."""
    return min((mark for mark in marks if mark.at > now), key=lambda mark: mark.at, default=None)


def track(marks: Sequence[Mark], now: datetime) -> Track:
    """Lay the year out from 0 to 100 percent, one mark for each day with events."""
    by_day: dict[date, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: mark.at):
        by_day.setdefault(mark.at.astimezone(COPENHAGEN).date(), []).append(mark)
    today = now.astimezone(COPENHAGEN).date()
    first = min([*by_day, today]).replace(day=1)
    last = max([*by_day, today]) + timedelta(days=7)

    def place(day: date) -> float:
        return round(100 * (day - first).days / (last - first).days, 3)

    months = []
    month = first
    while month <= last - timedelta(days=14):  # a name needs room to its right
        months.append((place(month), str(format_date(month, "MMM", locale="da")).rstrip(".")))
        month = (month + timedelta(days=32)).replace(day=1)
    return Track(
        tuple(months),
        tuple(
            DayMark(
                day,
                day_label(day),
                tuple(dict.fromkeys(mark.title for mark in group)),
                place(day),
                group[-1].at <= now,
                group[-1].at.isoformat(),
            )
            for day, group in by_day.items()
        ),
        place(today),
    )


def day_of_posts(discord: EmbeddedDiscord, categories: Sequence[CategoryRecord], day: date) -> Day:
    """Return what was posted on a day, oldest first."""
    since = datetime.combine(day, time(), COPENHAGEN)
    until = datetime.combine(day + timedelta(days=1), time(), COPENHAGEN)
    found = []
    earlier: datetime | None = None
    later: datetime | None = None
    for category in categories:
        for channel in category.channels:
            before, inside, after = discord.around(channel.id, since, until)
            earlier = max(filter(None, (earlier, before)), default=None)
            later = min(filter(None, (later, after)), default=None)
            found += [(record, channel.name, category.name or "") for record in inside]
    found.sort(key=lambda entry: entry[0].id)
    posts = []
    for record, channel_name, category_name in found[:POSTS_SHOWN]:
        lines = record.text.splitlines()
        posts.append(
            Post(
                record.channel_id,
                channel_name,
                category_name,
                discord.name_of(record.author_id),
                record.created_at.astimezone(COPENHAGEN).strftime("%H.%M"),
                "\n".join(lines[:LINES_SHOWN]),
                "\n".join(lines[LINES_SHOWN:]),
                record.button_labels,
                tuple(str(file.get("filename")) for file in record.attachments),
            )
        )
    return Day(
        day.isoformat(),
        day_label(day),
        tuple(posts),
        len(found),
        _local_day(earlier),
        _local_day(later),
    )


def _local_day(at: datetime | None) -> str | None:
    return at.astimezone(COPENHAGEN).date().isoformat() if at else None


def account_rows(account: Mapping[str, str | int | float]) -> list[tuple[str, str]]:
    """Return the account with its numbers written as in Danish."""
    return [
        (name, value if isinstance(value, str) else str(format_decimal(value, locale="da")))
        for name, value in account.items()
    ]
