""" "Er det rigtigt forstået?": members object to what was written down, the minute-taker answers, then it is final.

A record stands open for two days. Without an unanswered objection the calendar makes it final, once; with one it waits
for the minute-taker, who keeps, corrects or withdraws it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, require
from bot.domain.decisions import DecisionView, Status, checked_reason
from bot.domain.errors import Conflict, NotPermitted
from bot.domain.register import Entry
from bot.services import decision_milestones as milestones
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.decision_chain import append
from bot.services.decision_register import decision_view, found, held
from bot.services.places import SECRETARIAT, Place, place_of
from bot.storage.models import Decision, RegisterEntry
from bot.storage.repositories.deliveries import Post, plan

OBJECTION_POST, WAITING_POST = "decision_objection", "decision_waiting"
MEMBER = "member"  # whoever objects: a role that only one person has would be a name
CALENDAR = "calendar"  # who writes what time alone brings


class Objections:
    """The use-cases between recorded and final."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def may_object(self, actor: Actor, decision_id: int) -> DecisionView:
        """Return the record one may object to now. Raises NotFound, NotPermitted, Conflict when it is too late."""
        async with self._context.database.transaction() as session:
            row = await found(session, decision_id)
            place = await place_of(session, row.scope_key)
            return await self._open(session, actor, row, place)

    async def object(self, actor: Actor, decision_id: int, reason: str) -> DecisionView:
        """Attach an objection and tell the minute-taker; the register shows it without a name.

        Raises NotFound, NotPermitted, InvalidInput, Conflict (too late, or one's last one is not answered yet).
        """
        words = checked_reason(reason)
        async with self._context.database.transaction() as session:
            row, place = await held(session, decision_id)
            view = await self._open(session, actor, row, place)
            if await self._has_objected(session, actor, row, view):
                raise Conflict("error_register.objected_before", number=view.ref)
            require(actor, _right(place), place.where)
            entry = await append(
                session, self._context, place, row, Entry.OBJECTION, MEMBER,
                person_id=actor.person_id, words=words,
            )  # fmt: skip
            await plan(session, [self._post(OBJECTION_POST, row, place, entry.position)])
            await audit(session, self._context, actor, "decision.objection", f"decision:{row.id}")
            return await decision_view(session, row)

    async def keep(self, actor: Actor, decision_id: int) -> DecisionView:
        """Answer the objections by keeping the record; after its two days it is final at once.

        Raises NotFound, NotPermitted, Conflict when there is nothing to answer.
        """
        async with self._context.database.transaction() as session:
            row, place = await held(session, decision_id)
            right = milestones.right_needed(self._context.programme, place, row.code, row.milestone)
            role = require(actor, right, place.where)
            view = await decision_view(session, row)
            if view.status is not Status.PROPOSED or not view.unanswered:
                raise Conflict("error_register.nothing_to_answer", number=view.ref)
            await append(session, self._context, place, row, Entry.ANSWERED, str(role))
            if self._context.now() >= view.open_until:
                await append(session, self._context, place, row, Entry.FINAL, str(role))
                row.objections_until = None
            await audit(session, self._context, actor, "decision.kept", f"decision:{row.id}")
            return await decision_view(session, row)

    async def turn(self, now: datetime) -> list[int]:
        """Make final what nobody objects to any more, once; with objections, ask the minute-taker. Returns whose."""
        async with self._context.database.transaction() as session:
            query = select(Decision.id).where(Decision.objections_until <= now).order_by(Decision.id)
            due = list(await session.scalars(query))
        return [id for id in due if await self._look(id, now)]

    async def _look(self, decision_id: int, now: datetime) -> bool:
        async with self._context.database.transaction() as session:
            row, place = await held(session, decision_id)
            if row.objections_until is None or row.objections_until > now:
                return False
            row.objections_until = None
            view = await decision_view(session, row)
            if view.unanswered:
                await plan(session, [self._post(WAITING_POST, row, place, 0)])
                return False
            await append(session, self._context, place, row, Entry.FINAL, CALENDAR)
            return True

    async def _open(self, session: AsyncSession, actor: Actor, row: Decision, place: Place) -> DecisionView:
        """Return the record if it is open to objections from this person."""
        require(actor, _right(place), place.where)
        if actor.person_id is None:
            raise NotPermitted("error.not_allowed.object")
        view = await decision_view(session, row)
        if view.replaced_by is not None:
            raise Conflict("error_polls.decision_replaced", number=view.ref, newer=view.replaced_by)
        if view.status is not Status.PROPOSED or self._context.now() >= view.open_until:
            raise Conflict("error_register.too_late", number=view.ref, until=view.open_until)
        return view

    async def _has_objected(
        self, session: AsyncSession, actor: Actor, row: Decision, view: DecisionView
    ) -> bool:
        query = select(RegisterEntry.at).where(
            RegisterEntry.decision_id == row.id,
            RegisterEntry.kind == str(Entry.OBJECTION),
            RegisterEntry.person_id == actor.person_id,
        )
        mine = set(await session.scalars(query))
        return any(objection.at in mine for objection in view.unanswered)

    def _post(self, kind: str, row: Decision, place: Place, number: int) -> Post:
        told = SECRETARIAT if place.village and not place.village.on_discord else place.key
        return Post(
            f"{kind}:{row.id}:{number}", told, kind, self._context.now(),
            urgent=True, cohort_id=row.cohort_id, decision_id=row.id, payload={"entry": number},
        )  # fmt: skip


def _right(place: Place) -> Action:
    return Action.OBJECT if place.village else Action.OBJECT_IN_GROUP
