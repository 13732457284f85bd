"""Record decisions, correct and withdraw them: always a new record, never a changed one (S22, S30, S43, S49).

Recording a standard decision settles its milestones (CALENDAR section 7). What becomes of a record afterwards is in
decision_objections and decision_follow_up.
"""

from dataclasses import replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import decisions as rules
from bot.domain.access import Action, Actor, Role, may, may_or_holds, require
from bot.domain.decisions import DecisionPage, DecisionView, Kind, Proposal, Rights, Status
from bot.domain.errors import Conflict, InvalidInput, NotFound
from bot.domain.milestones import milestones_of
from bot.domain.poll_view import CLOSED
from bot.domain.register import OBJECTIONS_FOR, Entry
from bot.services import decision_milestones as milestones
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.decision_chain import append, number_of, register_of
from bot.services.decision_follow_up import looked_after
from bot.services.decision_proposal import local_date, proposal
from bot.services.decision_register import (
    decided_by,
    decision_view,
    found,
    full_number_of,
    hold,
    newest_of,
    page_of,
    told_at,
    views_of,
)
from bot.services.outbox import DECISION_POST
from bot.services.places import SECRETARIAT, Place, place_of
from bot.services.poll_closing import close_if_over
from bot.services.poll_life import must_be_decidable
from bot.services.poll_results import template_of, view_of
from bot.storage.models import Decision, Poll, Village
from bot.storage.repositories.deliveries import Post, plan


class Decisions:
    """The use-cases of the register."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def record(
        self,
        actor: Actor,
        place: Place,
        *,
        title: str,
        text: str,
        decided_on: date,
        how: str,
        milestone: str | None = None,
        code: str | None = None,
        poll_id: int | None = None,
    ) -> DecisionView:
        """Write a decision down under the place's next number, settle its milestones and tell the channel.

        What a village's poll leads to can be written down from the secretariat's channel: the village may have none.
        Raises NotPermitted, InvalidInput, NotFound, Conflict (the poll is open, or already written down).
        """
        place = await self.written_in(place, poll_id)
        if place.village is None and place.group is None:
            raise NotFound("error_polls.decision_place")
        programme = self._context.programme
        milestones.check(programme, place, code, milestone)
        role = require(actor, milestones.right_needed(programme, place, code, milestone), place.where)
        milestones.must_confirm(programme, actor, place, code, milestone)
        if decided_on > local_date(self._context, self._context.now()):
            raise InvalidInput("error_polls.decided_later")
        template = programme.decisions.get(code or "")
        row = Decision(
            kind=Kind.DECISION,
            title=rules.checked_title(title),
            text=rules.checked_text(text),
            how=rules.checked_how(how),
            decided_on=decided_on,
            code=code,
            milestone=milestone or (template.milestone if template else None),
            poll_id=poll_id,
        )
        async with self._context.database.transaction() as session:
            owner = await hold(session, place)
            if poll_id is not None:
                await self._check_poll(session, place, poll_id)
            await self._add(session, actor, role, place, row)
            settled = milestones_of(programme, code, milestone)
            opened = False
            if isinstance(owner, Village):
                opened = await milestones.settle(session, self._context, owner, settled, decided_on)
            view = await decision_view(session, row, settled if isinstance(owner, Village) else ())
            return replace(view, village_opened=opened)

    async def written_in(self, place: Place, poll_id: int | None) -> Place:
        """Return whose register a decision goes into: in the secretariat's channel that of the poll's village.

        Raises NotFound.
        """
        if place.key != SECRETARIAT or not poll_id:
            return place
        async with self._context.database.transaction() as session:
            poll = await session.get(Poll, poll_id)
            if poll is None:
                raise NotFound("error_polls.not_found")
            return await place_of(session, poll.scope_key)

    async def correct(self, actor: Actor, decision_id: int, title: str, text: str) -> DecisionView:
        """Replace a decision by a new record. Raises NotFound, NotPermitted, InvalidInput, Conflict."""
        return await self._replace(
            actor, decision_id, Kind.CORRECTION, rules.checked_title(title), rules.checked_text(text)
        )

    async def withdraw(self, actor: Actor, decision_id: int, reason: str) -> DecisionView:
        """Take a decision back by a new record that says why. Raises NotFound, NotPermitted, Conflict.

        What it settled stays settled: only the secretariat may reopen a milestone (DOMAIN section 4).
        """
        if not reason.strip():
            raise InvalidInput("error_polls.reason_missing")
        return await self._replace(actor, decision_id, Kind.WITHDRAWAL, None, rules.checked_text(reason))

    async def list_of(
        self, place: Place, search: str | None = None, page: int = 1, actor: Actor | None = None
    ) -> DecisionPage:
        """Return one page of a place's decisions, newest first; letter case makes no difference.

        In the secretariat's channel the secretariat sees those of every place in the programme.
        """
        async with self._context.database.transaction() as session:
            views = await views_of(session, place)
            if place.key == SECRETARIAT and actor and may(actor, Action.SEE_ALL_VILLAGES, place.where):
                for key in await looked_after(session, self._context, place):
                    views += await views_of(session, await place_of(session, key))
            return page_of(place, views, search, page)

    async def show(self, actor: Actor, place: Place, decision_id: int) -> DecisionView:
        """Return one decision of a place; the secretariat's channel shows every place's to the secretariat.

        Raises NotFound, also for another place's.
        """
        async with self._context.database.transaction() as session:
            if place.key == SECRETARIAT and may(actor, Action.SEE_ALL_VILLAGES, place.where):
                place = await place_of(session, (await found(session, decision_id)).scope_key)
            views = {view.id: view for view in await views_of(session, place)}
            if decision_id not in views:
                raise NotFound("error_polls.decision_missing")
            return views[decision_id]

    async def rights(self, actor: Actor, view: DecisionView) -> Rights:
        """Return what somebody may do with a record now."""
        async with self._context.database.transaction() as session:
            place = await place_of(session, view.place_key)
        right = milestones.right_needed(self._context.programme, place, view.code, view.milestone)
        open_now = view.status is Status.PROPOSED and self._context.now() < view.open_until
        finish = Action.FINISH_DECISION if place.village else Action.RECORD_GROUP_DECISION
        object_ = Action.OBJECT if place.village else Action.OBJECT_IN_GROUP
        recorder, undone = may(actor, right, place.where), view.holds and view.done_at is None
        renews = may_or_holds(actor, right, place.where, view.details.responsible) is not None
        return Rights(
            record=view.holds and recorder,
            again=view.kind is Kind.WITHDRAWAL and recorder,
            object=open_now and may(actor, object_, place.where),
            finish=undone and may(actor, finish, place.where),
            renew=undone and view.status is Status.FINAL and renews,
        )

    async def proposal_from_poll(self, actor: Actor, poll_id: int) -> Proposal:
        """Return what the form for a closed poll's decision begins with.

        Raises NotFound, NotPermitted, Conflict (the poll is open, or already written down).
        """
        async with self._context.database.transaction() as session:
            poll = await session.get(Poll, poll_id)
            if poll is None:
                raise NotFound("error_polls.not_found")
            place = await place_of(session, poll.scope_key)
            template = template_of(self._context.programme, poll.code)
            code = template.decision if template else None
            programme = self._context.programme
            require(actor, milestones.right_needed(programme, place, code, None), place.where)
            await self._check_poll(session, place, poll_id)
            return proposal(self._context, await view_of(session, programme, poll))

    async def _replace(
        self, actor: Actor, decision_id: int, kind: Kind, title: str | None, text: str
    ) -> DecisionView:
        async with self._context.database.transaction() as session:
            old = await found(session, decision_id)
            place = await place_of(session, old.scope_key)
            programme = self._context.programme
            role = require(
                actor, milestones.right_needed(programme, place, old.code, old.milestone), place.where
            )
            await hold(session, place)
            newest = await newest_of(session, old)
            letters = (await register_of(session, place)).letters
            number = number_of(letters, old)
            if newest.id != old.id:
                newer = number_of(letters, newest)
                raise Conflict("error_polls.decision_replaced", number=number, newer=newer)
            if old.kind == Kind.WITHDRAWAL:
                raise Conflict("error_polls.decision_withdrawn", number=number)
            old.objections_until = None
            row = Decision(
                kind=kind,
                title=title or old.title,
                text=text,
                how=old.how,
                decided_on=old.decided_on,
                code=old.code,
                milestone=old.milestone,
                replaces_id=old.id,
            )
            await self._add(session, actor, role, place, row)
            return await decision_view(session, row)

    async def _add(
        self, session: AsyncSession, actor: Actor, role: Role, place: Place, row: Decision
    ) -> None:
        """Give a record its number, keep who wrote it, chain it, and plan the post, in the caller's transaction.

        Members may object for two days; a withdrawal is final at once.
        """
        now = self._context.now()
        row.year, row.scope_key = local_date(self._context, now).year, place.key
        same = (Decision.scope_key == place.key, Decision.year == row.year)
        row.number = (await session.scalar(select(func.max(Decision.number)).where(*same)) or 0) + 1
        row.cohort_id = place.where.cohort_id or 0
        row.village_id = place.village.id if place.village else None
        row.coordinator_group_id = place.group.id if place.group else None
        row.recorded_by_id, row.recorded_by_role = actor.person_id, str(role)
        row.recorded_at = now
        row.objections_until = None if row.kind == Kind.WITHDRAWAL else now + OBJECTIONS_FOR
        session.add(row)
        await session.flush()
        await append(session, self._context, place, row, Entry.RECORDED, str(role))
        if row.kind == Kind.WITHDRAWAL:
            await append(session, self._context, place, row, Entry.FINAL, str(role))
        post = Post(
            f"decision:{row.id}",
            told_at(place),
            DECISION_POST,
            row.recorded_at,
            urgent=True,
            cohort_id=row.cohort_id,
            decision_id=row.id,
        )
        await plan(session, [post])
        await audit(session, self._context, actor, f"decision.{row.kind}", f"decision:{row.id}")

    async def _check_poll(self, session: AsyncSession, place: Place, poll_id: int) -> None:
        poll = await session.get(Poll, poll_id, with_for_update=True)
        if poll is None:
            raise NotFound("error_polls.not_found")
        if poll.scope_key != place.key:
            raise InvalidInput("error_polls.poll_elsewhere")
        await close_if_over(session, poll, self._context.now(), self._context.programme)
        await must_be_decidable(session, poll, self._context.programme)
        if poll.state != CLOSED:
            raise Conflict("error_polls.poll_still_open", closes_at=poll.closes_at)
        before = await decided_by(session, poll_id)
        if before is not None:
            number = await full_number_of(session, before)
            raise Conflict("error_polls.decision_from_poll_before", number=number)
