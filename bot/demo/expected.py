"""What the rules ask to be posted until a moment, worked out from content and dates without the bot's own plan."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.demo.cast import VillageCast
from bot.demo.stage import Stage
from bot.domain.access import Role
from bot.domain.calendar import DatedMeeting, local, phase_opening, window_days
from bot.domain.milestones import milestone_notes
from bot.domain.posting import PostingHours
from bot.domain.programme import (
    COORDINATOR_CIRCLE,
    EACH_CIRCLE,
    VILLAGE_CIRCLE,
    WHOLE_PROGRAMME,
    Meeting,
    Reminder,
    Scope,
)
from bot.domain.reminders import moment_of
from bot.services.places import SECRETARIAT, group_key, village_key


def expected_polls(year: Stage) -> int:
    """Return how many polls the year opens: the programme's in every village and group, and the story's own."""
    programme = year.plan.content.programme
    circles = sum(meeting.kind == VILLAGE_CIRCLE for meeting in programme.meetings.values())
    places = {Scope.VILLAGE: len(year.villages), Scope.COORDINATOR_GROUP: len(year.groups)}
    wanted = year.own_polls
    for template in programme.polls.values():
        if template.where != "meeting":
            times = circles if template.opens.meeting == EACH_CIRCLE else len(template.series) or 1
            wanted += times * places.get(template.scope, 0)
    return wanted


def expected_letters(year: Stage, until: datetime) -> Iterator[tuple[str, int, datetime]]:
    """Yield title, channel and moment of every letter that should stand by now."""
    letters = year.plan.content.programme.newsletters
    for dated in year.dated:
        if dated.newsletter_at is None or not year.begins_at <= dated.newsletter_at <= until:
            continue
        village = dated.meeting.kind == VILLAGE_CIRCLE
        for cast in year.villages if village else year.groups:
            yield letters[dated.meeting.newsletter or ""].title, cast.channel_id, dated.newsletter_at


def expected_reminders(year: Stage, until: datetime) -> Iterator[str]:
    """Yield the key of every reminder and phase opening that should stand by now."""
    programme = year.plan.content.programme
    off = year.app.services.context.off(year.plan.start_year)
    hours = PostingHours(programme.rules, year.zone, off.posts)
    for phase in programme.phases:
        due = phase_opening(programme, phase, year.plan.start_year, off)
        if year.begins_at <= due <= until:
            places = [group_key(g.group_id) for g in year.groups]
            places += [village_key(v.village_id) for v in year.villages] if phase.number else []
            yield from (f"{phase.id}:opening:{place}" for place in places)
    for dated in year.dated:
        for reminder in programme.reminders_of(dated.meeting):
            yield from _of(year, dated, reminder, hours, until)


def expected_milestones(year: Stage, until: datetime, patience: timedelta) -> Iterator[str]:
    """Yield the key of every reminder of milestones that should stand by now.

    A full channel makes a post wait: with `patience`, only what still waited so long after is asked for.
    """
    programme = year.plan.content.programme
    hours = PostingHours(
        programme.rules, year.zone, year.app.services.context.off(year.plan.start_year).posts
    )
    for note in milestone_notes(programme, year.plan.start_year, hours):
        due = note.moment.due_at
        if not year.begins_at <= due <= until - patience:
            continue
        for place, village_ids in _spoken_to(year, note.body).items():
            if any(_waits(year, code, village_ids, due + patience) for code in note.codes):
                yield f"milestones:{note.stage}:{note.on}:{note.body}:{place}"


def _spoken_to(year: Stage, body: Role) -> dict[str, list[int]]:
    """Return the places where a body is reminded, each with the villages it is reminded of."""
    if body is Role.SECRETARIAT:
        return {f"{SECRETARIAT}:{year.cohort_id}": [cast.village_id for cast in year.villages]}
    if body is Role.COORDINATOR:
        return {
            group_key(group.group_id): [c.village_id for c in year.villages if c.group_id == group.group_id]
            for group in year.groups
        }
    return {village_key(cast.village_id): [cast.village_id] for cast in year.villages}


def _waits(year: Stage, code: str, village_ids: Sequence[int], at: datetime) -> bool:
    """Tell whether a milestone waited somewhere at a moment; the story never ticks the programme's own."""
    if year.plan.content.programme.milestones[code].phase == WHOLE_PROGRAMME:
        return True
    return any(year.waits(village_id, code, at) for village_id in village_ids)


def _of(
    year: Stage, dated: DatedMeeting, reminder: Reminder, hours: PostingHours, until: datetime
) -> Iterator[str]:
    meeting = dated.meeting
    if reminder.unless == "link" and meeting.mode == "online":
        return  # the story's secretariat sets every link on the first day
    if reminder.unless == "done" and _settled(year, meeting):
        return  # every village of the story is agreed on the first day
    own = meeting.scope is Scope.VILLAGE and meeting.window is not None
    casts: list[VillageCast | None] = (
        [*year.villages] if own and reminder.to in ("channel", "steering") else [None]
    )
    opens = window_days(year.plan.content.programme, meeting, year.plan.start_year)
    window = local(opens[0], hours.rules.posts_only_between[0], year.zone) if opens else None
    for cast, at in [(one, at) for one in casts for at in year.times(dated, one)]:
        moment = moment_of(reminder, at.starts_at, at.ends_at, window, hours)
        first = at.since if at.moves == 0 else at.since + timedelta(seconds=1)
        if moment is None or not first <= moment.due_at <= min(until, at.until):
            continue
        moved = f".{at.moves}" if at.moves and reminder.before_window is None else ""
        if (
            cast is not None
            and reminder.unless == "picked"
            and year.picked_by(cast, meeting.id, moment.due_at)
        ):
            continue
        enrolled = {village_key(id) for id in year.enrolled} if reminder.unless == "enrolled" else set()
        again = at.starts_at < moment.due_at  # the first was answered by who signed up
        for place in [village_key(cast.village_id)] if cast else _places(year, dated, reminder):
            if again and place in enrolled:
                continue
            yield f"{meeting.id}:{reminder.id}{moved}:{place}"


def _settled(year: Stage, meeting: Meeting) -> bool:
    return bool({*meeting.milestones} & {*year.plan.content.programme.rules.village_channel_after})


def _places(year: Stage, dated: DatedMeeting, reminder: Reminder) -> list[str]:
    villages = [village_key(cast.village_id) for cast in year.villages]
    groups = [group_key(group.group_id) for group in year.groups]
    meeting = dated.meeting
    if reminder.to == "secretariat":
        return [f"{SECRETARIAT}:{year.cohort_id}"]
    if reminder.to == "coordinators" or meeting.kind == COORDINATOR_CIRCLE:
        return groups
    if meeting.scope is Scope.MUNICIPALITY:
        return []
    return [*villages, *(groups if "coordinator" in meeting.audience else [])]
