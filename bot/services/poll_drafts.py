"""Drafts of polls: written in a form, looked at as voters will see them, changed by menus, then opened (S30, S43).

A draft is a poll that nobody can vote in; whoever may start polls at a place may change, open and drop its drafts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from bot.domain import polls as rules
from bot.domain.access import Actor, may, require
from bot.domain.answer_pages import MOST_PAGED
from bot.domain.ballots import (
    FEWEST_POINTS,
    FIXED_ANSWERS,
    MOST_POINTS,
    USUAL_POINTS,
    Kind,
)
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.poll_dates import closes_at as same_hour_later
from bot.domain.poll_repeats import LONGEST_DAYS, Repeat
from bot.domain.poll_view import DRAFT, PLANNED, PollView
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.entitled import entitled_counts
from bot.services.moments import read_day_and_time
from bot.services.places import Place
from bot.services.poll_draft_rules import DraftRules
from bot.services.poll_opening import PollOpening, answers
from bot.services.poll_results import view_of
from bot.services.poll_rules import must_not_ask_too_often
from bot.services.polls import COORDINATOR, must_be_enough_for_secrecy, right_to_start
from bot.storage.database import PLANNED as TO_WAKE
from bot.storage.models import Poll, PollOption

_LONGEST_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody filled in: `number` is how many answers may be chosen, or how many points are shared.

    `fewest` is how many must be chosen.
    """

    question: str
    lines: Sequence[str] = ()
    days: str = ""
    number: str = ""
    fewest: str = ""


class PollDrafts(DraftRules):
    """The use-cases of whoever asks; those of a draft's rules are in DraftRules."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._opening = PollOpening(context)

    def may_begin(self, actor: Actor, place: Place) -> bool:
        """Tell whether somebody may ask here."""
        return bool(place.village or place.group) and may(actor, right_to_start(place), place.where)

    def must_begin(self, actor: Actor, place: Place) -> None:
        """Refuse who may not ask here. Raises NotFound, NotPermitted."""
        if place.village is None and place.group is None:
            raise NotFound("error_polls.wrong_place")
        require(actor, right_to_start(place), place.where)

    async def write(self, actor: Actor, place: Place, kind: Kind, written: Written) -> PollView:
        """Begin a draft, with the rules that the village has set.

        Raises NotFound, NotPermitted, InvalidInput.
        """
        self.must_begin(actor, place)
        async with self._context.database.transaction() as session:
            poll = Poll(
                cohort_id=place.where.cohort_id,
                village_id=place.village.id if place.village else None,
                coordinator_group_id=place.group.id if place.group else None,
                scope_key=place.key,
                kind=kind,
                voters="all" if place.village else COORDINATOR,
                secret=False,
                binding=False,
                state=DRAFT,
                asked_by_id=actor.person_id,
            )
            self._fill(poll, written)
            await self.begin(session, actor, place, poll)
            session.add(poll)
            await session.flush()
            return await view_of(session, self._context.programme, poll)

    async def rewrite(self, actor: Actor, poll_id: int, written: Written) -> PollView:
        """Put new words into a draft. Raises NotFound, NotPermitted, InvalidInput, Conflict (it is open)."""
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            await session.execute(delete(PollOption).where(PollOption.poll_id == poll.id))
            await session.refresh(poll, ["options"])
            self._fill(poll, written)
            await session.flush()
            return await view_of(session, self._context.programme, poll)

    async def view(self, actor: Actor, poll_id: int) -> PollView:
        """Show a draft to whoever may open it. Raises NotFound, NotPermitted, Conflict."""
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            return await view_of(session, self._context.programme, poll)

    async def schedule(self, actor: Actor, poll_id: int, when: str) -> PollView:
        """Let a draft open by itself at a time ("26-10-2027 kl. 19"), or as soon as it is let go when none is given.

        Raises as `view`, and InvalidInput.
        """
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            now, zone = self._context.now(), self._context.programme.timezone
            opens_at = read_day_and_time(when, zone) if when.strip() else None
            if opens_at is not None and not now < opens_at <= now + _LONGEST_AHEAD:
                raise InvalidInput("error_polls.opens_too_soon")
            poll.scheduled = opens_at is not None
            self._begin_at(poll, opens_at or now)
            return await view_of(session, self._context.programme, poll)

    def _begin_series(self, poll: Poll, how: Repeat) -> None:
        """Let a poll be the first of several. Raises InvalidInput when it is open too long for that."""
        if poll.closes_at > same_hour_later(poll.opens_at, LONGEST_DAYS[how], self._opening.zone):
            raise InvalidInput("error_polls.repeat_long", most=LONGEST_DAYS[how])
        poll.repeat_from = poll.opens_at.astimezone(self._opening.zone).date()

    def _begin_at(self, poll: Poll, opens_at: datetime) -> None:
        """Let a draft open at a moment, for as many days as before."""
        days = round((poll.closes_at - poll.opens_at) / timedelta(days=1))
        poll.opens_at, poll.closes_at = opens_at, same_hour_later(opens_at, days, self._opening.zone)

    async def open(self, actor: Actor, poll_id: int, seen: str = "") -> PollView:
        """Open a draft for as long as it was to last, now or by itself at its time; `seen` is its fingerprint.

        Raises as `view`, InvalidInput (a date has gone by), and Conflict when it has been changed since it was seen.
        """
        async with self._context.database.transaction() as session:
            poll, place = await self.mine(session, actor, poll_id)
            view = await view_of(session, self._context.programme, poll)
            if seen and seen != view.fingerprint:
                raise Conflict("error_polls.draft_changed")
            if not poll.scheduled:
                self._begin_at(poll, self._context.now())
            elif poll.opens_at <= self._context.now():
                raise InvalidInput("error_polls.opens_too_soon")
            if poll.repeat is not None:
                self._begin_series(poll, Repeat(poll.repeat))
            if any(o.starts_at is not None and o.starts_at <= poll.closes_at for o in poll.options):
                raise InvalidInput("error_polls.date_too_soon", closes_at=poll.closes_at)
            if poll.scheduled:
                poll.state, poll.entitled = PLANNED, (await entitled_counts(session, [poll]))[poll.id]
                session.info[TO_WAKE] = True
            else:
                await self._opening.open(session, [poll], at_once=True)
            await must_be_enough_for_secrecy(session, self._context, poll)
            await must_not_ask_too_often(session, self._context, poll, place)
            await audit(session, self._context, actor, "poll.start", f"poll:{poll.id}")
            return await view_of(session, self._context.programme, poll)

    async def drop(self, actor: Actor, poll_id: int) -> None:
        """Throw a draft away. Raises as `view`."""
        async with self._context.database.transaction() as session:
            poll, _ = await self.mine(session, actor, poll_id)
            await session.execute(delete(PollOption).where(PollOption.poll_id == poll.id))
            await session.execute(delete(Poll).where(Poll.id == poll.id))

    def _fill(self, poll: Poll, written: Written) -> None:
        """Put what was written into a draft. Raises InvalidInput."""
        kind, now = Kind(poll.kind), self._context.now()
        poll.question = rules.checked_question(written.question)
        asked = written.days or str(rules.USUAL_DAYS)
        days = _whole(asked, rules.FEWEST_DAYS, rules.MOST_DAYS, "error_polls.days_unfit")
        poll.opens_at = poll.opens_at if poll.scheduled else now
        poll.closes_at = same_hour_later(poll.opens_at, days, self._opening.zone)
        poll.options = self._options(kind, written.lines, poll.closes_at)
        poll.pick = 1 if kind in FIXED_ANSWERS else 0
        if kind is Kind.CHOICE:
            most = len(poll.options)
            poll.pick = _whole(written.number or "1", 1, most, "error_polls.pick_unfit")
            poll.fewest = _whole(written.fewest or "1", 1, poll.pick, "error_polls.pick_unfit")
        elif kind is Kind.POINTS:
            shared = written.number or str(USUAL_POINTS)
            poll.points = _whole(shared, FEWEST_POINTS, MOST_POINTS, "error_polls.points_unfit")

    @staticmethod
    def _answers(kind: Kind, lines: Iterable[str]) -> Sequence[str]:
        """Return the answers; only where some of them are chosen can there be pages of them. Raises InvalidInput."""
        texts = [line for line in lines if line.strip()]
        if kind is not Kind.CHOICE and len(texts) > rules.MOST_ANSWERS:
            raise InvalidInput("error_polls.answers_many_here", most=rules.MOST_ANSWERS)
        return rules.checked_answers(texts, MOST_PAGED)

    def _options(self, kind: Kind, lines: Iterable[str], closes_at: datetime) -> list[PollOption]:
        if kind in FIXED_ANSWERS:
            names = FIXED_ANSWERS[kind]
            return answers(str(self._context.texts(f"poll.fixed.{kind}.{name}")) for name in names)
        if kind is not Kind.DATES:
            return answers(self._answers(kind, lines))
        timezone = self._context.programme.timezone
        moments = sorted({read_day_and_time(line, timezone) for line in lines if line.strip()})
        if moments and moments[0] <= closes_at:
            raise InvalidInput("error_polls.date_too_soon", closes_at=closes_at)
        texts = [str(self._context.texts("poll.date_answer", at=moment)) for moment in moments]
        none = str(self._context.texts("poll.fixed.dates.none"))
        found = answers([*rules.checked_answers(texts, rules.MOST_ANSWERS - 1), none])
        for option, moment in zip(found, moments, strict=False):  # that none fits stands last, without one
            option.starts_at = moment
        return found


def _whole(text: str, least: int, most: int, problem: str) -> int:
    """Read a whole number between two others. Raises InvalidInput."""
    try:
        number = int(text.strip())
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise InvalidInput(problem, least=least, most=most)
    return number
