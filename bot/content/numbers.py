"""Check that numbers make sense where they stand: counts, minutes, weeks, hours. No dates, no language."""

from collections.abc import Iterator

from bot.content.places import CIRCLE_WORDS, Places
from bot.content.source import Fault
from bot.domain.programme import AgendaItem, Meeting, Programme

MESSAGE_CHARS = 2000  # what one message on Discord holds
MOST_HOURS = 20  # that a village may choose among
LONGEST_AHEAD = 90  # days before a milestone's due day
_AT_LEAST_ONE = "must be 1 or more"


def check_numbers(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every number that nothing could be done with."""
    yield from _counts(programme, places)
    yield from _circle_rules(programme, places)
    yield from _orders(programme, places)
    for meeting in programme.meetings.values():
        yield from _meeting(places, meeting)


def _counts(programme: Programme, places: Places) -> Iterator[Fault]:
    rules = programme.rules
    if not 1 <= rules.newsletter_max_chars <= MESSAGE_CHARS:
        problem = f"must be 1 to {MESSAGE_CHARS}, which is what a message holds"
        yield places.rule("rules", "newsletter_max_chars", problem=problem)
    for key in ("max_bot_posts_per_channel_per_day", "quiet_village_days"):
        if getattr(rules, key) < 1:
            yield places.rule("rules", key, problem=_AT_LEAST_ONE)
    for key in ("global_goals", "seed_lines"):
        if getattr(rules, key) < 0:
            yield places.rule("rules", key, problem="must be 0 or more")
    if not rules.circle_agenda_parts:
        yield places.rule("rules", "circle_agenda_parts", problem="must name at least one part")


def _circle_rules(programme: Programme, places: Places) -> Iterator[Fault]:
    rules, known = programme.rules, CIRCLE_WORDS.values()
    for key, given in (
        ("newsletter_lead_days", rules.newsletter_lead_days),
        ("circle_count_ok", rules.circle_count_ok),
    ):
        for word in given:
            if word not in known:
                problem = f"is no kind of circle ({', '.join(known)})"
                yield places.rule("rules", key, word, problem=problem)
    for word in known:
        days = rules.newsletter_lead_days.get(word)
        if days is None:
            yield places.rule("rules", "newsletter_lead_days", problem=f"{word} is missing")
        elif days < 1:
            yield places.rule("rules", "newsletter_lead_days", word, problem=_AT_LEAST_ONE)


def _orders(programme: Programme, places: Places) -> Iterator[Fault]:
    """Yield a fault for every smallest that is above its largest, and every one that is too small."""
    rules = programme.rules
    bounds: dict[tuple[str, ...], tuple[int, int, int]] = {
        ("next_steps",): (1, rules.next_steps.min, rules.next_steps.max),  # posts show a letter's first step
        ("videos",): (0, rules.videos.min, rules.videos.max),
        **{("circle_count_ok", word): (0, *pair) for word, pair in rules.circle_count_ok.items()},
    }
    for path, (least, low, high) in bounds.items():
        if not least <= low <= high:
            problem = f"must be a smallest number of {least} or more, and a largest one not below it"
            yield places.rule("rules", *path, problem=problem)
    if rules.videos.max_minutes < 1:
        yield places.rule("rules", "videos", "max_minutes", problem=_AT_LEAST_ONE)
    secret = rules.secret_results
    if secret.show_from_votes < 1:
        yield places.rule("rules", "secret_results", "show_from_votes", problem=_AT_LEAST_ONE)
    if secret.numbers_from_votes < secret.show_from_votes:
        problem = f"must not be below show_from_votes, {secret.show_from_votes}"
        yield places.rule("rules", "secret_results", "numbers_from_votes", problem=problem)
    first, last = rules.posts_only_between
    yield from _milestone_reminders(programme, places)
    approval = rules.newsletter_approval
    if approval is not None and not all(1 <= days <= LONGEST_AHEAD for days in approval.warn_days):
        problem = f"must be 1 to {LONGEST_AHEAD}"
        yield places.rule("rules", "newsletter_approval", "warn_days", problem=problem)
    if first >= last:
        yield places.rule("rules", "posts_only_between", problem="ends before it begins")


def _milestone_reminders(programme: Programme, places: Places) -> Iterator[Fault]:
    given, (first, last) = programme.rules.milestone_reminders, programme.rules.posts_only_between
    if given is None:
        return
    if not 1 <= given.before_days <= LONGEST_AHEAD:
        problem = f"must be 1 to {LONGEST_AHEAD}"
        yield places.rule("rules", "milestone_reminders", "before_days", problem=problem)
    if given.useful_days < 1:
        yield places.rule("rules", "milestone_reminders", "useful_days", problem=_AT_LEAST_ONE)
    if not first <= given.time <= last:
        problem = "lies outside posts_only_between"
        yield places.rule("rules", "milestone_reminders", "time", problem=problem)


def _meeting(places: Places, meeting: Meeting) -> Iterator[Fault]:
    if meeting.minutes < 1:
        yield places.meeting(meeting.id, "minutes", problem=_AT_LEAST_ONE)
    if meeting.number is not None and meeting.kind not in CIRCLE_WORDS:
        yield places.meeting(meeting.id, "number", problem="only a study circle has a number")
    for key, position in (("at", meeting.at), ("default", meeting.default)):
        if position is not None and position.pw < 1:
            yield places.meeting(meeting.id, key, "pw", problem="must be 1 or more: week 1 is the first")
    window = meeting.window
    if window is not None and window.from_pw < 1:
        problem = "must be 1 or more: week 1 is the first"
        yield places.meeting(meeting.id, "window", "from_pw", problem=problem)
    if window is not None and window.to_pw < window.from_pw:
        yield places.meeting(meeting.id, "window", problem="ends before it begins")
    if meeting.hours and meeting.position.time not in meeting.hours:
        yield places.meeting(meeting.id, "hours", problem="must hold the default's own time")
    if len(meeting.hours) > MOST_HOURS:
        yield places.meeting(meeting.id, "hours", problem=f"can be {MOST_HOURS} at most: each is a button")
    if window is None and (meeting.hours or meeting.one_village_at_a_time):
        key = "hours" if meeting.hours else "one_village_at_a_time"
        yield places.meeting(meeting.id, key, problem="only a meeting with a window can be chosen")
    for index, item in enumerate(meeting.agenda):
        if isinstance(item, AgendaItem) and item.minutes is not None and item.minutes < 1:
            yield places.meeting(meeting.id, "agenda", index, "minutes", problem=_AT_LEAST_ONE)
