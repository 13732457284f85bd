"""The rules a village sets once for its polls, from its rules of procedure: new drafts begin with them (S30).

The calendar's standard polls keep their own rules.
"""

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import Action, Actor, may, require
from bot.domain.ballots import Why
from bot.domain.errors import Conflict, NotFound
from bot.domain.poll_rules import AT_THE_END, NO_QUORUM, SECRET, Tie, VillageRules, checked_rule
from bot.domain.poll_view import CANCELLED, DRAFT, MISSED
from bot.services.audit import audit
from bot.services.context import Context
from bot.services.entitled import steering_count
from bot.services.places import Place
from bot.storage.models import Poll, PollRules


class VillageRulesDesk:
    """The use-cases of a village's rules for polls."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def steering(self, place: Place) -> int:
        """Return how many of a village can vote where something binds. Raises NotFound (no village)."""
        village_id = _village_of(place)
        async with self._context.database.transaction() as session:
            return await steering_count(session, village_id)

    async def show(self, actor: Actor, place: Place) -> VillageRules:
        """Return a village's rules. Raises NotFound (no village), NotPermitted."""
        _village_of(place)
        require(actor, Action.START_POLL, place.where)
        async with self._context.database.transaction() as session:
            return await rules_of(session, place)

    def may_change(self, actor: Actor, place: Place) -> bool:
        """Tell whether somebody may change a village's rules."""
        return place.village is not None and may(actor, Action.SET_POLL_RULES, place.where)

    async def change(self, actor: Actor, place: Place, name: str, value: str) -> VillageRules:
        """Choose one of a village's rules. Raises NotFound (no village), NotPermitted, InvalidInput."""
        village_id = _village_of(place)
        require(actor, Action.SET_POLL_RULES, place.where)
        async with self._context.database.transaction() as session:
            rules = chosen(await rules_of(session, place), name, checked_rule(name, value))
            query = select(PollRules).where(PollRules.village_id == village_id).with_for_update()
            row = await session.scalar(query)
            if row is None:
                row = PollRules(village_id=village_id)
                session.add(row)
            row.voters, row.secret, row.rule = rules.voters, rules.secret, rules.rule
            row.quorum, row.extend_days, row.tie = rules.quorum, rules.extend_days, rules.tie
            row.monthly, row.running, row.why = rules.monthly, rules.running, rules.why
            await audit(session, self._context, actor, f"poll.rules.{name}", place.key)
            return rules


def chosen(rules: VillageRules, name: str, value: str) -> VillageRules:
    """Return rules with one of them chosen anew; `value` is one that its menu offers."""
    if name == "secrecy":
        return replace(rules, secret=value == SECRET, running=value != AT_THE_END)
    if name == "quorum":
        return replace(rules, quorum=None if value == NO_QUORUM else value)
    if name == "extend":
        return replace(rules, extend_days=int(value))
    if name == "tie":
        return replace(rules, tie=Tie(value))
    if name == "monthly":
        return replace(rules, monthly=int(value))
    if name == "why":
        return replace(rules, why=Why(value))
    if name == "rule":
        return replace(rules, rule=value)
    return replace(rules, voters=value)


async def rules_of(session: AsyncSession, place: Place) -> VillageRules:
    """Return what a place's polls begin with: a village's own rules, or the usual ones."""
    if place.village is None:
        return VillageRules()
    row = await session.scalar(select(PollRules).where(PollRules.village_id == place.village.id))
    if row is None:
        return VillageRules()
    return VillageRules(
        row.voters, row.secret, row.rule, row.quorum, row.extend_days, Tie(row.tie), row.monthly,
        row.running, Why(row.why),
    )  # fmt: skip


async def must_not_ask_too_often(session: AsyncSession, context: Context, poll: Poll, place: Place) -> None:
    """Refuse one question more than a village wants to be asked in the month in which the poll opens.

    What binds, and what the calendar asks, is always asked. Raises Conflict, which names the day from when there is room.
    """
    most = (await rules_of(session, place)).monthly
    if place.village is None or poll.binding or not most:
        return
    zone = ZoneInfo(context.programme.timezone)
    first = poll.opens_at.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + timedelta(days=32)).replace(day=1)
    query = select(func.count()).where(
        Poll.scope_key == place.key,
        Poll.id != poll.id,
        Poll.code.is_(None),
        Poll.binding.is_(False),
        Poll.state.not_in((DRAFT, CANCELLED, MISSED)),
        Poll.opens_at >= first.astimezone(UTC),
        Poll.opens_at < after.astimezone(UTC),
    )
    if (await session.scalar(query) or 0) >= most:
        raise Conflict("error_polls.asked_enough", most=most, from_on=after.date())


def _village_of(place: Place) -> int:
    if place.village is None:
        raise NotFound("error_polls.wrong_place")
    return place.village.id
