"""What a poll leads to when its time is up: some days more when too few have voted, a new vote after a tie, or the
same again next month (S30).

Whoever opens or closes a poll calls this in the same transaction, so that each happens once, also across restarts.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import poll_rules
from bot.domain import polls as rules
from bot.domain.ballots import Count, Kind, Majority
from bot.domain.calendar import local
from bot.domain.poll_dates import closes_at as same_hour_later
from bot.domain.poll_repeats import Repeat, days_after
from bot.domain.poll_rules import Tie
from bot.domain.poll_view import PLANNED
from bot.domain.programme import Programme
from bot.services import poll_schedule
from bot.services.private_reminders import put_off
from bot.storage.models import Poll, PollOption
from bot.storage.repositories.deliveries import plan

_KEPT = (
    "cohort_id", "village_id", "coordinator_group_id", "scope_key", "question", "kind", "voters", "secret", "binding",
    "pick", "fewest", "points", "why", "running", "quorum", "majority", "extend_days", "tie", "asked_by_id",
)  # fmt: skip


def can_extend(poll: Poll) -> bool:
    """Tell whether a poll is extended when it misses its quorum: once, and only one that binds."""
    return poll.binding and poll.quorum is not None and poll.extend_days > 0 and poll.extended_at is None


def must_extend(poll: Poll, turnout: int, entitled: int) -> bool:
    """Tell whether a poll whose time is up goes on instead of closing."""
    return can_extend(poll) and not rules.quorum_met(poll.quorum, turnout, max(entitled, turnout))


async def extend(session: AsyncSession, poll: Poll, now: datetime, zone: ZoneInfo) -> None:
    """Let a poll go on to the same hour some days later, and plan its posts anew.

    After an absence longer than that, the days count from now: people are to have them.
    """
    later = same_hour_later(poll.closes_at, poll.extend_days, zone)
    poll.closes_at = later if later > now else same_hour_later(now, poll.extend_days, zone)
    poll.extended_at = now
    told = poll_schedule.poll_post(poll, "extended", poll_schedule.EXTENDED_POST, now, poll.closes_at)
    await plan(session, [told, *poll_schedule.reminder(poll), poll_schedule.result(poll)])
    await put_off(session, poll)


def ties_of(poll: Poll, result: Count, programme: Programme) -> tuple[int, ...]:
    """Return the answers that share the first place in a closed poll that binds and has a rule for it."""
    turnout = result.turnout
    if not poll.binding or poll.tie == Tie.NOTHING:
        return ()
    if not rules.quorum_met(poll.quorum, turnout, max(poll.entitled or 0, turnout)):
        return ()
    kind, majority = Kind(poll.kind), Majority(poll.majority)
    if kind is Kind.CHOICE and poll_rules.has_ties(kind, majority, poll.pick):
        votes = {option.text: result.votes[option.position] for option in poll.options}
        said = rules.yes_and_no(votes, programme.rules.yes_options, programme.rules.no_begins)
        if said is not None:
            return _for_and_against(poll, programme) if said[0] == said[1] > 0 else ()
    return poll_rules.tied(kind, majority, poll.pick, result)


def _for_and_against(poll: Poll, programme: Programme) -> tuple[int, ...]:
    """Return the positions of the answers that mean yes or no."""
    texts = [option.text for option in poll.options]
    yes, no = rules.yes_and_no_among(texts, programme.rules.yes_options, programme.rules.no_begins)
    return tuple(option.position for option in poll.options if option.text in yes | no)


def run_off(poll: Poll, result: Count, now: datetime, programme: Programme) -> Poll | None:
    """Return the new vote between those that tied, to be opened at once; None when there is no tie to vote on.

    It leads to no third one.
    """
    equal, zone = ties_of(poll, result, programme), ZoneInfo(programme.timezone)
    if not equal or poll.tie != Tie.AGAIN:
        return None
    days = min(days_of(poll), poll_rules.LONGEST_RUN_OFF_DAYS)
    again = copy_of(poll, now, same_hour_later(now, days, zone))
    again.state, again.scheduled, again.tie = PLANNED, True, Tie.NOTHING
    if poll.kind != Kind.YES_NO:
        again.kind, again.pick, again.points = Kind.CHOICE, 1, 0
        left = [option for option in poll.options if option.position in equal]
        again.options = [
            PollOption(position=n, text=o.text, starts_at=o.starts_at) for n, o in enumerate(left, start=1)
        ]
    return again


def next_of(poll: Poll, now: datetime, zone: ZoneInfo) -> Poll | None:
    """Return the next one of a poll that comes again, to open by itself; None after its last day.

    Those that would be over by now are passed by.
    """
    if poll.repeat is None or poll.repeat_from is None or poll.repeat_until is None:
        return None
    here, days = poll.opens_at.astimezone(zone), days_of(poll)
    for day in days_after(poll.repeat_from, here.date(), Repeat(poll.repeat)):
        if day > poll.repeat_until:
            break
        opens_at = local(day, here.time(), zone)
        closes_at = same_hour_later(opens_at, days, zone)
        if closes_at > now:
            again = copy_of(poll, opens_at, closes_at)
            again.state, again.scheduled = PLANNED, True
            again.repeat, again.repeat_from = poll.repeat, poll.repeat_from
            again.repeat_until = poll.repeat_until
            return again
    return None


def copy_of(poll: Poll, opens_at: datetime, closes_at: datetime) -> Poll:
    """Return a new poll that asks the same by the same rules; its state is the caller's to say."""
    kept = {name: getattr(poll, name) for name in _KEPT}
    options = [PollOption(position=o.position, text=o.text, starts_at=o.starts_at) for o in poll.options]
    return Poll(**kept, opens_at=opens_at, closes_at=closes_at, options=options)


def days_of(poll: Poll) -> int:
    """Return how many whole days a poll was to be open, without its extension."""
    days = round((poll.closes_at - poll.opens_at) / timedelta(days=1))
    days -= poll.extend_days if poll.extended_at is not None else 0
    return min(max(days, rules.FEWEST_DAYS), rules.MOST_DAYS)
