"""The year's account: what the rules ask for, held against what stands in the channels.

What is expected comes from the content and the dates alone. What was posted is counted in the simulated
channels; the database is asked only which post a mark belongs to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from bot.demo.expected import expected_letters, expected_reminders
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.programme import Programme

_DANISH = {
    "villages": "Landsbyer",
    "coordinator_groups": "Koordinatorgrupper",
    "channels": "Kanaler",
    "roles": "Roller",
    "newsletters_expected": "Nyhedsbreve, ventet",
    "newsletters_posted": "Nyhedsbreve, i kanalerne",
    "reminders_expected": "Påmindelser, ventet",
    "reminders_posted": "Påmindelser, i kanalerne",
    "polls_opened": "Afstemninger åbnet",
    "polls_closed": "Afstemninger afsluttet",
    "ballots": "Stemmer",
    "decisions": "Beslutninger",
    "duplicates": "Dubletter",
    "missing": "Mangler",
    "seconds": "Sekunder",
}


@dataclass(frozen=True)
class Account:
    """The figures of a year; `duplicates` and `missing` count posts, `seconds` are real ones."""

    villages: int
    coordinator_groups: int
    channels: int
    roles: int
    newsletters_expected: int
    newsletters_posted: int
    reminders_expected: int
    reminders_posted: int
    polls_opened: int
    polls_closed: int
    ballots: int
    decisions: int
    duplicates: int
    missing: int
    seconds: float

    def figures(self) -> dict[str, int | float]:
        """Return the account as plain data."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def in_danish(self) -> Mapping[str, str | int | float]:
        """Return the account with the names the page shows."""
        return {_DANISH[name]: value for name, value in self.figures().items()}


@dataclass(frozen=True)
class Found:
    """What stands in the channels: each post's key, each letter's title and channel, each poll."""

    keys: Counter[str]
    letters: Counter[tuple[str, int]]
    polls: frozenset[int]


async def look(year: Stage, seconds: float) -> tuple[Account, list[str]]:
    """Count the year so far. Returns the account, and what is missing or doubled in words."""
    now = year.discord.now()
    keys = await year.app.services.outbox.keys()
    found = _found(year, keys)
    letters = Counter(dict.fromkeys(expected_letters(year, now), 1))
    reminders = set(expected_reminders(year, now))
    posted = Counter(
        {key: n for key, n in found.keys.items() if _is_reminder(year.plan.content.programme, key)}
    )
    results = {key for key in found.keys if key.startswith("poll:") and key.endswith(":result")}
    over = {
        f"poll:{poll}:result" for poll in await year.app.services.polls.closed_ids() if poll in found.polls
    }
    doubled = [key for key, n in found.keys.items() if n > 1]
    doubled += [f"{title} in channel {channel}" for (title, channel), n in found.letters.items() if n > 1]
    missing = [
        f"{title} in channel {channel}" for title, channel in letters if not found.letters[title, channel]
    ]
    missing += [key for key in sorted(reminders) if not posted[key]] + sorted(over - results)
    guild = year.discord.guilds()[0]
    account = Account(
        villages=len(year.villages),
        coordinator_groups=len(year.groups),
        channels=sum(len(category.channels) for category in year.discord.categories(guild)),
        roles=year.discord.role_count(guild),
        newsletters_expected=sum(letters.values()),
        newsletters_posted=sum(found.letters.values()),
        reminders_expected=len(reminders),
        reminders_posted=sum(n for key, n in posted.items() if key in reminders),
        polls_opened=len(found.polls),
        polls_closed=len(results),
        ballots=year.ballots,
        decisions=sum(key.startswith("decision:") for key in found.keys),
        duplicates=len(doubled),
        missing=len(missing),
        seconds=round(seconds, 1),
    )
    return account, [*(f"missing: {text}" for text in missing), *(f"doubled: {text}" for text in doubled)]


def _found(year: Stage, keys: Mapping[int, str]) -> Found:
    titles = {
        f"**{letter.title}**": letter.title for letter in year.plan.content.programme.newsletters.values()
    }
    found, letters, polls = Counter[str](), Counter[tuple[str, int]](), set[int]()
    guild = year.discord.guilds()[0]
    members = {cast.channel_id for cast in year.villages} | {group.channel_id for group in year.groups}
    for category in year.discord.categories(guild):
        for channel in category.channels:
            for record in year.discord.messages(channel.id):
                found.update(keys[mark] for mark in _marks(record) if mark in keys)
                polls.update(_polls(record))
                title = titles.get(record.content.split("\n", 1)[0])
                if title is not None and channel.id in members:
                    letters[title, channel.id] += 1
    return Found(found, letters, frozenset(polls))


def _marks(record: MessageRecord) -> set[int]:
    return {int(mark) for custom_id in record.custom_ids if (mark := custom_id.rsplit(":", 1)[-1]).isdigit()}


def _polls(record: MessageRecord) -> Iterator[int]:
    for custom_id in record.custom_ids:
        _, action, args, *_ = [*custom_id.split(":"), "", "", ""]
        if action in ("vote", "vote_many"):
            yield int(args.split(",", maxsplit=1)[0])


def _is_reminder(programme: Programme, key: str) -> bool:
    meeting_id, _, rest = key.partition(":")
    return rest.startswith("opening:") or meeting_id in programme.meetings
