"""Check what is asked and posted around meetings: standard polls and reminders. No dates, no language."""

from collections import Counter
from collections.abc import Iterator

from bot.content.places import Places
from bot.content.source import Fault
from bot.domain.programme import Meeting, PollTemplate, Programme, Reminder

QUORUMS = (None, "half")
# What a Discord message can carry and a phone can show.
OPTIONS_MIN, OPTIONS_MAX = 2, 25
OPTION_CHARS, QUESTION_CHARS, DAYS_MAX = 55, 300, 32


def check_polls(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every standard poll that could not be asked as it stands."""
    for poll in programme.polls.values():
        for key, problem in (*_answers(poll), *_asking(poll)):
            yield places.poll(poll.id, *key, problem=problem)


_Problem = tuple[tuple[str | int, ...], str]


def _answers(poll: PollTemplate) -> Iterator[_Problem]:
    count = len(poll.options)
    if poll.options_from is not None:
        count = poll.max_options
        if poll.options:
            yield ("options_from",), "stands beside options: keep one of them"
        if not OPTIONS_MIN <= count <= OPTIONS_MAX:
            yield ("max_options",), f"must be {OPTIONS_MIN} to {OPTIONS_MAX}"
    elif not poll.options:
        yield (), "needs options, or options_from"
    elif not OPTIONS_MIN <= count <= OPTIONS_MAX:
        yield ("options",), f"has {count} answers; {OPTIONS_MIN} to {OPTIONS_MAX} can be shown"
    if not 0 <= poll.pick <= count:
        yield ("pick",), f"must be 0 (all that fit) to {count}, the number of answers"
    for index, option in enumerate(poll.options):
        if len(option) > OPTION_CHARS:
            problem = f"has {len(option)} characters, and at most {OPTION_CHARS} can be shown"
            yield ("options", index), problem
        if option in poll.options[:index]:
            yield ("options", index), "is the same answer twice"
    for index, line in enumerate(poll.series):
        if line in poll.series[:index]:
            yield ("series", index), "is the same line twice"


def _asking(poll: PollTemplate) -> Iterator[_Problem]:
    longest = max((len(line) + 1 for line in poll.series), default=0)
    if len(poll.question) + longest > QUESTION_CHARS:
        problem = f"has {len(poll.question) + longest} characters with its longest line of series"
        yield ("question",), f"{problem}, and at most {QUESTION_CHARS} can be shown"
    if not poll.voters:
        yield ("voters",), "must name at least one role"
    if poll.quorum not in QUORUMS:
        yield ("quorum",), 'must be "half", or be left out'
    if not 1 <= poll.days <= DAYS_MAX:
        yield ("days",), f"must be 1 to {DAYS_MAX}"
    if (poll.opens.meeting is None) == (poll.opens.after_poll is None):
        yield ("opens",), "needs either meeting or after_poll"
    if poll.opens.before_days and poll.opens.after_days:
        yield ("opens",), "has both before_days and after_days: keep one of them"
    if poll.opens.after_poll is not None and poll.opens.before_days:
        yield ("opens", "before_days"), "has no meaning with after_poll: the other poll must have closed"
    for key in ("before_days", "after_days"):
        if getattr(poll.opens, key) < 0:
            yield ("opens", key), "must be 0 or more"


def check_reminders(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every reminder without one clear moment."""
    users = {
        name: [m for m in programme.meetings.values() if name in m.reminders] for name in programme.reminders
    }
    for name, row in programme.reminders.items():
        for index, reminder in enumerate(row):
            for keys, problem in _moment(reminder, users[name]):
                yield places.rule("reminders", name, index, *keys, problem=problem)
    yield from _twice(programme, places)


def _moment(reminder: Reminder, users: list[Meeting]) -> Iterator[_Problem]:
    moments = {
        "before": reminder.before,
        "after": reminder.after,
        "before_window": reminder.before_window,
    }
    given = {key: offset for key, offset in moments.items() if offset is not None}
    if len(given) != 1:
        yield (), "needs exactly one of before, after and before_window"
        return
    ((key, offset),) = given.items()
    if offset.days < 0 or offset.hours < 0:
        yield (key,), "must be 0 or more"
    if reminder.time is None and not offset.hours:
        yield (), "needs a time of day, or a distance in hours"
    if reminder.time is not None and offset.hours:
        yield ("time",), f"cannot stand with hours in {key}: keep one of them"
    if reminder.useful_days < 1:
        yield ("useful_days",), "must be 1 or more"
    for needs, what in ((key == "before_window", key), ("pick_date" in reminder.add, "add")):
        for meeting in users if needs else ():
            if meeting.window is None:
                yield (what,), f"{meeting.id} uses this reminder, but has no window"


def _twice(programme: Programme, places: Places) -> Iterator[Fault]:
    """A post's unique key is made of its meeting and its reminder's id."""
    for meeting in programme.meetings.values():
        known = [name for name in meeting.reminders if name in programme.reminders]
        ids = Counter(r.id for name in known for r in programme.reminders[name])
        for reminder_id, count in ids.items():
            if count > 1:
                problem = f"gives the meeting two reminders with the id {reminder_id}"
                yield places.meeting(meeting.id, "reminders", problem=problem)
