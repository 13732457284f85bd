"""The year's account: what the rules ask for, held against what stands in the channels.

What is expected comes from the content and the dates alone. What was posted is counted in the simulated
channels; the database is asked only which post a mark belongs to.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from bot.demo.day_hands import DayHands
from bot.demo.expected import expected_letters, expected_milestones, expected_polls, expected_reminders
from bot.demo.letter_hands import RIGHT
from bot.demo.register_hands import RegisterHands
from bot.demo.stage import Stage
from bot.demo.world import MessageRecord
from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.poll_view import CLOSED
from bot.domain.programme import EXTRA, Programme
from bot.services.places import SECRETARIAT, group_key, village_key

LATE_AFTER = timedelta(hours=36)  # the story's own crash lasts fifteen hours
LOOKING_ON = Actor(
    None, "", frozenset({RoleHeld(Role.SECRETARIAT)})
)  # the account asks as the secretariat would
PUT_OFF_BY = timedelta(days=4)  # a post may wait so long for its turn in a channel that is full

_DANISH = {
    "villages": "Landsbyer",
    "coordinator_groups": "Koordinatorgrupper",
    "channels": "Kanaler",
    "roles": "Roller",
    "newsletters_expected": "Nyhedsbreve, ventet",
    "newsletters_posted": "Nyhedsbreve, i kanalerne",
    "letters_approved": "Nyhedsbreve, godkendt",
    "letters_corrected": "Nyhedsbreve, rettet i kanalerne",
    "extra_letters": "Ekstra breve, i kanalerne",
    "reminders_expected": "Påmindelser, ventet",
    "reminders_posted": "Påmindelser, i kanalerne",
    "polls_opened": "Afstemninger åbnet",
    "polls_closed": "Afstemninger afsluttet",
    "ballots": "Stemmer",
    "hand_votes": "Stemmer på papir",
    "sheets_printed": "Breve på papir",
    "pictures": "Billeder af resultater",
    "decisions": "Beslutninger",
    "meetings_moved": "Møder flyttet",
    "meetings_called_off": "Møder aflyst",
    "moved_up": "Rykket op fra venteliste",
    "head_counts": "Fremmøde skrevet",
    "notes": "Noter fra møder",
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
    letters_approved: int
    letters_corrected: int
    extra_letters: int
    reminders_expected: int
    reminders_posted: int
    polls_opened: int
    polls_closed: int
    ballots: int
    hand_votes: int
    sheets_printed: int
    pictures: int
    decisions: int
    meetings_moved: int
    meetings_called_off: int
    moved_up: int
    head_counts: int
    notes: int
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
    """What stands in the channels: posts by key and channel, letters by title and channel, polls by id.

    `late` are letters that came long after their day, `corrected` those that were changed since, `riding` polls that
    stand in another post, `pictures` those of results.
    """

    posts: Counter[tuple[str, int]] = field(default_factory=Counter)
    letters: Counter[tuple[str, int]] = field(default_factory=Counter)
    late: set[tuple[str, int]] = field(default_factory=set)
    corrected: set[str] = field(default_factory=set)
    polls: set[int] = field(default_factory=set)
    riding: set[int] = field(default_factory=set)
    pictures: Counter[str] = field(default_factory=Counter)

    def of(self, start: str, end: str = "") -> set[str]:
        """Return the keys of posts that begin and end so."""
        return {key for key, _ in self.posts if key.startswith(start) and key.endswith(end)}

    def meetings(self, start: str) -> set[str]:
        """Return the meetings that news of this kind speaks of."""
        return {key.split(":")[1] for key in self.of(start)}

    def opened(self) -> set[int]:
        """Return the polls whose opening stands in a channel."""
        return {int(key.split(":")[1]) for key in self.of("poll:") if ":open" in key} | self.riding


async def look(
    year: Stage, seconds: float, register: RegisterHands | None = None, days: DayHands | None = None
) -> tuple[Account, list[str]]:
    """Count the year so far. Returns the account, and what is missing or doubled in words."""
    now, programme = year.discord.now(), year.plan.content.programme
    letters = {(title, channel): at for title, channel, at in expected_letters(year, now)}
    found = _found(year, await year.app.services.outbox.keys(), letters)
    places = await year.app.services.places.channel_ids()
    posted = {post for post in found.posts if _is_reminder(programme, post[0])}

    def at_place(keys: Iterable[str]) -> set[tuple[str, int]]:
        return {(key, _channel(year, key, places[SECRETARIAT])) for key in keys}

    reminders = at_place(expected_reminders(year, now)) | at_place(expected_milestones(year, now, PUT_OFF_BY))
    reminders |= posted & at_place(expected_milestones(year, now, timedelta()))
    results = found.of("poll:", ":result")
    doubled = [
        _named(*post) for counted in (found.posts, found.letters) for post, n in counted.items() if n > 1
    ]
    doubled += [f"{_named(*post)}, which nobody asked for" for post in sorted(posted - reminders)]
    missing = [_named(*letter) for letter in letters if not found.letters[letter]]
    missing += [f"{_named(*letter)}, in time" for letter in sorted(found.late)]
    missing += [_named(*post) for post in sorted(reminders - posted)]
    first = year.villages[0].channel_id
    on_paper = sum(channel == first and at < now - PUT_OFF_BY for (_, channel), at in letters.items())
    missing += ["a letter on paper"] * (on_paper - len(year.sheets))
    missing += _untold(year, found)
    doubled += _twice(year)
    closed = await year.app.services.polls.closed_ids()
    missing += sorted({f"poll:{poll}:result" for poll in closed if poll in found.polls} - results)
    views = [await year.app.services.polls.view(poll) for poll in year.on_paper]
    by_hand = {view.id: view.by_hand for view in views}
    missing += [
        f"votes on paper in poll {view.id}"
        for view in views
        if view.state == CLOSED and view.by_hand != year.on_paper[view.id]
    ]
    missing += [f"the opening of poll {poll}" for poll in sorted(found.polls - found.opened())]
    if now >= year.ends_at:
        left_out = found.of("poll:", ":held")  # secret, and too few could vote
        missing += ["a poll"] * (expected_polls(year) - len(found.opened()) - len(left_out))
    missing += ["a decision"] * (len(year.decided) - len(found.of("decision:")))
    if register is not None:
        missing += [f"an objection, {register.objections} were made"] * (
            register.objections - len(found.of("decision_objection:"))
        )
        missing += sorted(register.reminders(now - PUT_OFF_BY) - found.of("decision_due:"))
        missing += await register.not_final(now - PUT_OFF_BY)
    desk = await year.app.services.letter_desk.board(LOOKING_ON, year.cohort_id)
    approved = {status.letter.title for status in desk.letters if not status.needs_approval}
    missing += [f"the approval of {title}" for title in sorted({title for title, _ in letters} - approved)]
    missing += _changes(year, found)
    counted = await days.head_counts() if days else {}
    missing += ["a head count"] * (len(days.counted.items() - counted.items()) if days else 0)
    guild = year.discord.guilds()[0]
    account = Account(
        villages=len(year.villages),
        coordinator_groups=len(year.groups),
        channels=sum(len(category.channels) for category in year.discord.categories(guild)),
        roles=year.discord.role_count(guild),
        newsletters_expected=len(letters),
        newsletters_posted=sum(found.letters.values()),
        letters_approved=len(approved),
        letters_corrected=len(found.corrected),
        extra_letters=len(found.of(EXTRA)),
        reminders_expected=len(reminders),
        reminders_posted=sum(n for post, n in found.posts.items() if post in reminders),
        polls_opened=len(found.opened()),
        polls_closed=len(results),
        ballots=year.ballots,
        hand_votes=sum(by_hand.values()),
        sheets_printed=sum(year.sheets.values()),
        pictures=sum(found.pictures.values()),
        decisions=len(found.of("decision:")),
        meetings_moved=len(found.meetings("moved:")),
        meetings_called_off=len(found.meetings("called_off:")),
        moved_up=len(found.of("seats:")),
        head_counts=len(counted),
        notes=len(found.of("notes:")),
        duplicates=len(doubled),
        missing=len(missing),
        seconds=round(seconds, 1),
    )
    return account, [*(f"missing: {text}" for text in missing), *(f"doubled: {text}" for text in doubled)]


def _found(year: Stage, keys: Mapping[int, str], letters: Mapping[tuple[str, int], datetime]) -> Found:
    titles = {
        f"**{letter.title}**": letter.title for letter in year.plan.content.programme.newsletters.values()
    }
    found = Found()
    guild = year.discord.guilds()[0]
    members = {cast.channel_id for cast in year.villages} | {group.channel_id for group in year.groups}
    for category in year.discord.categories(guild):
        for channel in category.channels:
            for record in year.discord.messages(channel.id):
                names = {keys[mark] for mark in _marks(record) if mark in keys}
                found.posts.update((name, channel.id) for name in names)
                for name in (name for name in names if ":result" in name):
                    found.pictures[name] += len(record.attachments)
                if RIGHT in record.content:
                    found.corrected.update(names)
                asked = set(_polls(record))
                found.polls.update(asked)
                if not any(name.startswith("poll:") for name in names):
                    found.riding.update(asked)
                title = titles.get(record.content.split("\n", 1)[0])
                if title is not None and channel.id in members:
                    found.letters[title, channel.id] += 1
                    if record.created_at > letters.get((title, channel.id), record.created_at) + LATE_AFTER:
                        found.late.add((title, channel.id))
    return found


def _changes(year: Stage, found: Found) -> list[str]:
    """Return which letters that the story corrected, or wrote outside the calendar, do not stand so."""
    places = [village_key(cast.village_id) for cast in year.villages]
    wanted = {f"{year.corrected}:{place}" for place in places} if year.corrected else set()
    missing = [f"the correction of {key}" for key in sorted(wanted - found.corrected)]
    extra = found.of(EXTRA)
    return missing + ["an extra letter"] * (year.extra_letters * len(places) - len(extra))


def _twice(year: Stage) -> Iterator[str]:
    """Yield the times that two villages have, where each should have its own."""
    held: Counter[datetime] = Counter()
    for dated in year.dated:
        if dated.meeting.one_village_at_a_time:
            held.update(year.times(dated, cast)[-1].starts_at for cast in year.villages)
    yield from (f"the time {at}" for at, villages in held.items() if villages > 1)


def _untold(year: Stage, found: Found) -> Iterator[str]:
    """Yield the channels that were not told that a meeting is moved or called off."""
    changed = [("moved:", cast.channel_id) for cast in year.villages if year.moved]
    changed += [("called_off:", cast.channel_id) for cast in year.villages for village_id, _ in year.called_off
                if cast.village_id == village_id]  # fmt: skip
    told = {(key.split(":")[0] + ":", channel_id) for key, channel_id in found.posts}
    yield from (_named(start, channel_id) for start, channel_id in changed if (start, channel_id) not in told)


def _named(what: str, channel_id: int) -> str:
    return f"{what} in channel {channel_id}"


def _channel(year: Stage, key: str, secretariat_id: int) -> int:
    """Return the channel that a reminder's key is for."""
    channels = {village_key(cast.village_id): cast.channel_id for cast in year.villages}
    channels |= {group_key(group.group_id): group.channel_id for group in year.groups}
    return next((channel for place, channel in channels.items() if key.endswith(f":{place}")), secretariat_id)


def _marks(record: MessageRecord) -> set[int]:
    return {int(mark) for custom_id in record.custom_ids if (mark := custom_id.rsplit(":", 1)[-1]).isdigit()}


def _polls(record: MessageRecord) -> Iterator[int]:
    for custom_id in record.custom_ids:
        _, action, args, *_ = [*custom_id.split(":"), "", "", ""]
        if action in ("vote", "vote_many"):
            yield int(args.split(",", maxsplit=1)[0])


def _is_reminder(programme: Programme, key: str) -> bool:
    meeting_id, _, rest = key.partition(":")
    return meeting_id == "milestones" or rest.startswith("opening:") or meeting_id in programme.meetings
