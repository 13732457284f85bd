"""What is added to a decision until it is final, and what becomes of it: who, by when, done or late (S30, S43, S63)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import decisions as rules
from bot.domain.access import Action, Actor, Role, may, may_or_holds, require
from bot.domain.decisions import DecisionView, Status
from bot.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from bot.domain.register import Entry
from bot.messages.register import renewed
from bot.services import decision_milestones as milestones
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.decision_chain import append
from bot.services.decision_proposal import local_date
from bot.services.decision_register import decision_view, held, told_at, views_of
from bot.services.decision_reminders import reminders
from bot.services.places import SECRETARIAT, Place, group_key, place_of, running_cohorts, village_key
from bot.storage.models import Cohort, CoordinatorGroup, Decision, Village
from bot.storage.repositories.deliveries import Post, plan

RESPONSIBLE = (
    Role.STEERING, Role.STEERING_LEAD, Role.STEERING_SECRETARY, Role.PANEL, Role.VILLAGER,
    Role.LOCAL_COUNCIL_CONTACT, Role.COORDINATOR, Role.SECRETARIAT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How a place's decisions stand: open to objections or waiting for an answer, with a day to come, and late."""

    proposed: tuple[DecisionView, ...]
    coming: tuple[DecisionView, ...]
    late: tuple[DecisionView, ...]
    may_export: bool = False


class FollowUp:
    """The use-cases after recording that no objection is about."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def agree(
        self, actor: Actor, decision_id: int, responsible: str, deadline: date | None, review: date | None
    ) -> DecisionView:
        """Say which role sees to it, until when, and when to look again; the channel is reminded in time.

        Raises NotFound, NotPermitted, InvalidInput, Conflict when it is final.
        """
        if responsible not in RESPONSIBLE:
            raise InvalidInput("error_register.who_unfit")
        self._must_come(deadline, review)
        said = {"responsible": str(responsible), **_written(deadline, review)}
        async with self._context.database.transaction() as session:
            row, view = await self._add(session, actor, decision_id, Entry.FOLLOW_UP, said)
            await self._remind(session, row, view)
            return view

    async def _remind(self, session: AsyncSession, row: Decision, view: DecisionView) -> None:
        cohort = await session.get_one(Cohort, row.cohort_id)
        posts = reminders(self._context, row, view.details, cohort.start_year)
        await plan(session, posts, self._context.now())

    async def choose_goals(self, actor: Actor, decision_id: int, goals: Sequence[int]) -> DecisionView:
        """Say which global goals a decision serves. Raises as `agree` does."""
        known = {goal.n for goal in self._context.programme.global_goals}
        if not set(goals) <= known:
            raise InvalidInput("error_register.goal_unknown")
        async with self._context.database.transaction() as session:
            _, view = await self._add(session, actor, decision_id, Entry.GOALS, {"goals": sorted(set(goals))})
            return view

    async def explain(self, actor: Actor, decision_id: int, background: str, links: str) -> DecisionView:
        """Keep why it was decided, and where to read more. Raises as `agree` does."""
        said = {
            "background": rules.checked_background(background),
            "links": list(rules.checked_links(links)),
        }
        async with self._context.database.transaction() as session:
            _, view = await self._add(session, actor, decision_id, Entry.BACKGROUND, said)
            return view

    async def renewing(self, actor: Actor, decision_id: int) -> DecisionView:
        """Show a decision to whoever may give it new days. Raises as `renew`."""
        async with self._context.database.transaction() as session:
            row, place = await held(session, decision_id)
            view = await decision_view(session, row)
            self._renewer(actor, place, view)
            return view

    async def renew(
        self, actor: Actor, decision_id: int, deadline: date | None, review: date | None
    ) -> DecisionView:
        """Give a decision a new deadline, or a new day to look again; a day that is not given stays as it is.

        Who may write it down may do so, and whoever holds the role that sees to it, also when it is final. The channel
        is told, and reminded in time. Raises NotFound, NotPermitted, InvalidInput, Conflict (done, or it holds no more).
        """
        if deadline is None and review is None:
            raise InvalidInput("error_register.day_missing")
        self._must_come(deadline, review)
        async with self._context.database.transaction() as session:
            row, place = await held(session, decision_id)
            view = await decision_view(session, row)
            role, old = self._renewer(actor, place, view), view.details
            said = _written(deadline or old.deadline, review or old.review)
            entry = await append(session, self._context, place, row, Entry.RENEWED, str(role), said)
            await audit(session, self._context, actor, "decision.renewed", f"decision:{row.id}")
            view = await decision_view(session, row)
            await self._remind(session, row, view)
            told = Post(
                f"decision:{row.id}:renewed:{entry.position}", told_at(place), "notice", self._context.now(),
                at_once=True, cohort_id=row.cohort_id, payload={"said": renewed(self._context.texts, view)},
            )  # fmt: skip
            await plan(session, [told])
            return view

    def _renewer(self, actor: Actor, place: Place, view: DecisionView) -> Role:
        """Return the role that lets somebody give new days. Raises NotPermitted, Conflict."""
        right = milestones.right_needed(self._context.programme, place, view.code, view.milestone)
        role = may_or_holds(actor, right, place.where, view.details.responsible)
        if role is None:
            raise NotPermitted("error_register.not_to_renew")
        _must_hold(view)
        if view.done_at is not None:
            raise Conflict("error_register.done_before", number=view.ref)
        return role

    def _must_come(self, *days: date | None) -> None:
        today = local_date(self._context, self._context.now())
        if any(day is not None and day < today for day in days):
            raise InvalidInput("error_register.day_over")

    async def finish(self, actor: Actor, decision_id: int) -> DecisionView:
        """Mark what was decided as done. Raises NotFound, NotPermitted, Conflict (done, or it holds no more)."""
        async with self._context.database.transaction() as session:
            row, place = await held(session, decision_id)
            right = Action.FINISH_DECISION if place.village else Action.RECORD_GROUP_DECISION
            role = require(actor, right, place.where)
            view = await decision_view(session, row)
            _must_hold(view)
            if view.done_at is not None:
                raise Conflict("error_register.done_before", number=view.ref)
            await append(session, self._context, place, row, Entry.DONE, str(role))
            await audit(session, self._context, actor, "decision.done", f"decision:{row.id}")
            return await decision_view(session, row)

    async def standing(self, actor: Actor, place: Place) -> Standing:
        """Return how decisions stand here: a village's own; a group's and its villages' late ones; to the secretariat all.

        Raises NotFound where nobody decides, NotPermitted in the secretariat's channel.
        """
        if place.key == SECRETARIAT:
            require(actor, Action.SEE_ALL_VILLAGES, place.where)
        async with self._context.database.transaction() as session:
            if place.village is None and place.group is None and place.key != SECRETARIAT:
                raise NotFound("error_polls.decision_place")
            own = await views_of(session, place)
            below = [
                view
                for key in await looked_after(session, self._context, place)
                for view in await self._seen_from(session, place, key)
            ]
        today = local_date(self._context, self._context.now())
        late = [view for view in (*own, *below) if view.late(today)]
        if place.key == SECRETARIAT:
            own = below
        return Standing(
            proposed=tuple(view for view in own if view.holds and view.status is Status.PROPOSED),
            coming=tuple(sorted((view for view in own if _comes(view, today)), key=next_day)),
            late=tuple(sorted(late, key=next_day)),
            may_export=may_export(actor, place),
        )

    async def _seen_from(self, session: AsyncSession, place: Place, key: str) -> list[DecisionView]:
        """Return a village's decisions; without their titles to coordinators whom it has not let in."""
        village = await place_of(session, key)
        views = await views_of(session, village)
        hidden = (
            place.group is not None
            and village.village is not None
            and not village.village.open_to_coordinator
        )
        return [replace(view, title="") for view in views] if hidden else views

    async def _add(
        self, session: AsyncSession, actor: Actor, decision_id: int, kind: Entry, said: Mapping[str, Any]
    ) -> tuple[Decision, DecisionView]:
        row, place = await held(session, decision_id)
        right = milestones.right_needed(self._context.programme, place, row.code, row.milestone)
        role = require(actor, right, place.where)
        view = await decision_view(session, row)
        _must_hold(view)
        if view.status is not Status.PROPOSED:
            raise Conflict("error_register.final", number=view.ref)
        await append(session, self._context, place, row, kind, str(role), said)
        await audit(session, self._context, actor, f"decision.{kind}", f"decision:{row.id}")
        return row, await decision_view(session, row)


async def looked_after(session: AsyncSession, context: Context, place: Place) -> list[str]:
    """Return whose decisions are looked after from here, beside the place's own."""
    if place.village is not None:
        return []
    if place.group is not None:
        query = (
            select(Village.id).where(Village.coordinator_group_id == place.group.id).order_by(Village.name)
        )
        return [village_key(id) for id in await session.scalars(query)]
    ids = [cohort.id for cohort in await running_cohorts(session, context, upcoming=True)]
    villages = select(Village.id).where(Village.cohort_id.in_(ids)).order_by(Village.name)
    groups = select(CoordinatorGroup.id).where(CoordinatorGroup.cohort_id.in_(ids))
    return [
        *(village_key(id) for id in await session.scalars(villages)),
        *(group_key(id) for id in await session.scalars(groups)),
    ]


def export_right(place: Place) -> Action:
    """Return what taking a register out takes: a village's R and L, a group's K, the secretariat all."""
    return Action.RECORD_GROUP_DECISION if place.group else Action.EXPORT_REGISTER


def may_export(actor: Actor, place: Place) -> bool:
    """Tell whether somebody may take a place's register out."""
    return may(actor, export_right(place), place.where)


def next_day(view: DecisionView) -> date:
    """Return the first of a decision's days."""
    days = [day for day in (view.details.deadline, view.details.review) if day is not None]
    return min(days, default=date.max)


def _comes(view: DecisionView, today: date) -> bool:
    days = (view.details.deadline, view.details.review)
    waits = view.holds and view.done_at is None and not view.late(today)
    return waits and any(day is not None and day >= today for day in days)


def _written(deadline: date | None, review: date | None) -> dict[str, str | None]:
    """Return a decision's days as its chain keeps them."""
    return {
        "deadline": deadline.isoformat() if deadline else None,
        "review": review.isoformat() if review else None,
    }


def _must_hold(view: DecisionView) -> None:
    if view.replaced_by is not None:
        raise Conflict("error_polls.decision_replaced", number=view.ref, newer=view.replaced_by)
    if not view.holds:
        raise Conflict("error_polls.decision_withdrawn", number=view.ref)
