"""Standard polls that are asked at a meeting of the prelude, where a village has no channel yet (S13, S16).

The secretariat asks, and enters the totals from its task for the meeting. They are a closed poll of the village's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, Where, require
from bot.domain.ballots import Kind, by_sums
from bot.domain.errors import Conflict, NotFound
from bot.domain.hand_votes import Part, Way
from bot.domain.milestones import settled_by_decision
from bot.domain.poll_view import CLOSED, PollView
from bot.domain.programme import PollTemplate, Programme
from bot.services.audit import audit
from bot.services.cohorts import alphabetical, village_in, where
from bot.services.context import Context
from bot.services.decision_register import decided_by
from bot.services.hand_written import part_written
from bot.services.places import village_key
from bot.services.poll_results import view_of
from bot.storage.models import Event, Poll, PollOption, Village
from bot.storage.repositories.milestones import reached


@dataclass(frozen=True, slots=True)
class AskedThere:
    """What is asked at a meeting, and each village with whether its answers are written down."""

    event_id: int
    question: str
    villages: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """A village's answers; `view` is None before they are written down.

    `ticks` are the milestones that can be ticked now, by code and title; an agreement settles others, if `decidable`.
    """

    event_id: int
    village_id: int
    village: str
    question: str
    answers: tuple[str, ...]
    view: PollView | None = None
    ticks: tuple[tuple[str, str], ...] = field(default=())
    decidable: bool = False


class MeetingPolls:
    """The use-cases of the secretariat."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def asked(self, actor: Actor, event_id: int) -> AskedThere:
        """Return the villages whose answers belong to a meeting. Raises NotPermitted, NotFound."""
        require(actor, Action.SEE_ALL_VILLAGES, Where())
        async with self._context.database.transaction() as session:
            event, template = await self._found(session, event_id)
            query = select(Village).where(Village.cohort_id == event.cohort_id)
            villages = sorted(await session.scalars(query), key=lambda village: alphabetical(village.name))
            keys = [village_key(village.id) for village in villages]
            written = select(Poll.scope_key).where(Poll.scope_key.in_(keys), Poll.code == template.id)
            done = set(await session.scalars(written))
            return AskedThere(
                event_id,
                template.question,
                tuple((v.id, v.name, village_key(v.id) in done) for v in villages),
            )

    async def totals(self, actor: Actor, event_id: int, village_id: int) -> Totals:
        """Return what a village answered. Raises NotPermitted, NotFound."""
        async with self._context.database.transaction() as session:
            return await self._totals(session, event_id, await self._of(session, actor, village_id))

    async def enter(
        self, actor: Actor, event_id: int, village_id: int, turnout: str, lines: Sequence[str]
    ) -> Totals:
        """Keep what a village answered, a line of numbers for each answer; written again, it is corrected.

        Raises NotPermitted, NotFound, InvalidInput (as for votes on paper), Conflict (the agreement is written down).
        """
        async with self._context.database.transaction() as session:
            village = await self._of(session, actor, village_id)
            event, template = await self._found(session, event_id)
            poll = await _poll_of(session, village, template)
            if poll is None:
                poll = await self._closed_poll(session, event, template, village)
            elif await decided_by(session, poll.id):
                raise Conflict("error_paper.decided")
            _fill(poll, part_written(poll, Way.HAND, turnout, lines))
            session.add(poll)
            await session.flush()
            await audit(session, self._context, actor, "meeting_poll.enter", f"poll:{poll.id}")
            return await self._totals(session, event_id, village)

    async def _of(self, session: AsyncSession, actor: Actor, village_id: int) -> Village:
        village = await village_in(session, village_id)
        require(actor, Action.RECORD_AGREEMENT, where(village))
        return village

    async def _found(self, session: AsyncSession, event_id: int) -> tuple[Event, PollTemplate]:
        event = await session.get(Event, event_id)
        asked = asked_at(self._context.programme, event.code) if event else []
        if event is None or not asked:
            raise NotFound("error_people.meeting_gone")
        return event, asked[0]

    async def _totals(self, session: AsyncSession, event_id: int, village: Village) -> Totals:
        programme = self._context.programme
        event, template = await self._found(session, event_id)
        if village.cohort_id != event.cohort_id:
            raise NotFound("error_people.village_gone")
        poll = await _poll_of(session, village, template)
        answers = tuple(option.text for option in poll.options) if poll else template.options
        totals = Totals(event_id, village.id, village.name, template.question, answers)
        if poll is None:
            return totals
        done = await reached(session, village_key(village.id)) | settled_by_decision(programme)
        open_ones = (programme.milestones[code] for code in template.milestones if code not in done)
        return Totals(
            event_id, village.id, village.name, template.question, answers,
            view=await view_of(session, programme, poll),
            ticks=tuple((milestone.id, milestone.title) for milestone in open_ones),
            decidable=template.decision is not None and not await decided_by(session, poll.id),
        )  # fmt: skip

    async def _closed_poll(
        self, session: AsyncSession, event: Event, template: PollTemplate, village: Village
    ) -> Poll:
        """Return the poll that stands for the meeting: it was open while the village's own one lasted."""
        query = select(Event).where(Event.code == event.code, Event.village_id == village.id)
        own = await session.scalar(query) or event
        now = self._context.now()
        closes_at = min(own.ends_at, now)
        options = [PollOption(position=n, text=text) for n, text in enumerate(template.options, start=1)]
        return Poll(
            cohort_id=village.cohort_id, village_id=village.id, scope_key=village_key(village.id),
            code=template.id, question=template.question, kind=str(Kind.CHOICE),
            voters=",".join(template.voters), secret=template.ballot == "secret", binding=False,
            pick=template.pick, fewest=1, points=0, state=CLOSED,
            opens_at=closes_at - (own.ends_at - own.starts_at), closes_at=closes_at, closed_at=now,
            options=options,
        )  # fmt: skip


def asked_at(programme: Programme, meeting: str) -> list[PollTemplate]:
    """Return the standard polls that are asked at a meeting itself."""
    polls = programme.polls.values()
    return [poll for poll in polls if poll.where == "meeting" and poll.opens.meeting == meeting]


async def _poll_of(session: AsyncSession, village: Village, template: PollTemplate) -> Poll | None:
    key = village_key(village.id)
    query = select(Poll).where(Poll.scope_key == key, Poll.code == template.id, Poll.series == 0)
    return await session.scalar(query)


def _fill(poll: Poll, part: Part) -> None:
    """Keep totals as the count of a closed poll."""
    count = by_sums(Kind.CHOICE, part.votes, part.given, part.turnout)
    poll.turnout = poll.entitled = part.turnout
    for option in poll.options:
        standing = count.standings[option.position]
        option.votes, option.given, option.place = standing.votes, standing.given, standing.place
