"""A world to vote in: one cohort, two villages, one coordinator group, and people with roles."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.access import Actor, Role, RoleHeld
from bot.domain.calendar import calendar_of
from bot.domain.errors import CompanionError
from bot.domain.poll_view import PollView
from bot.domain.programme import Scope
from bot.services.context import Context
from bot.services.places import Place, group_key, place_of, village_key
from bot.services.poll_rules import VillageRulesDesk
from bot.services.polls import Polls, Voters
from bot.storage.models import (
    Cohort,
    CoordinatorGroup,
    Delivery,
    Event,
    Municipality,
    Person,
    Poll,
    RoleAssignment,
    Village,
)
from tests.support.world import START, Stopped

VILLAGE_NAMES = ("Sønder Ørslev", "Ålby")
SECRETARY = Actor(None, "Sekretariatet", frozenset({RoleHeld(Role.SECRETARIAT)}))
YES_NO = ("Ja", "Nej")

FIRST_ACCOUNT = 7000


@dataclass(repr=False)  # it holds the whole content
class PollsWorld:
    """The world, and short ways to act in it."""

    context: Context
    polls: Polls
    village: Place
    neighbour: Place
    group: Place
    _people: dict[tuple[str, Role, str], Actor] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment it is."""
        return self.context.now()

    def at(self, moment: datetime) -> None:
        """Let it be that moment."""
        Stopped(self.context).set(moment)

    def after(self, **time: float) -> None:
        """Let some time pass."""
        self.at(self.now + timedelta(**time))

    async def turn(self) -> None:
        """Let the tick open and close what is due."""
        await self.polls.turn(self.now)

    async def person(self, name: str, role: Role, place: Place | None = None) -> Actor:
        """Return someone who has accepted the privacy text and holds a role; the same one every time."""
        place = place or self.village
        known = self._people.get((name, role, place.key))
        if known:
            return known
        village_id = place.village.id if place.village else None
        cohort_id = place.where.cohort_id
        async with self.context.database.transaction() as session:
            account = FIRST_ACCOUNT + len(self._people)
            person = Person(display_name=name, discord_user_id=account, created_at=self.now)
            session.add(person)
            await session.flush()
            session.add(
                RoleAssignment(
                    person_id=person.id,
                    role=str(role),
                    scope_key=place.key,
                    village_id=village_id,
                    cohort_id=None if village_id else cohort_id,
                    since=self.now,
                )
            )
        groups = frozenset({place.group.id} if place.group else ())
        held = RoleHeld(role, village_id=village_id, cohort_id=cohort_id, group_ids=groups)
        actor = Actor(person.id, name, frozenset({held}), account)
        self._people[name, role, place.key] = actor
        return actor

    async def people(self, count: int, role: Role = Role.STEERING, place: Place | None = None) -> list[Actor]:
        """Return several people with one role."""
        return [await self.person(f"{role} {number}", role, place) for number in range(count)]

    async def enough(self) -> None:
        """Let so many be in the steering group that it can vote in secret."""
        await self.people(self.context.programme.rules.secret_results.show_from_votes)

    async def any_number(self) -> None:
        """Let the village's rules allow any number of questions a month."""
        desk = VillageRulesDesk(self.context)
        await desk.change(await self.lead(), self.village, "monthly", "0")

    async def lead(self) -> Actor:
        """Return the village's steering lead."""
        return await self.person("Lis", Role.STEERING_LEAD)

    async def start(
        self,
        *,
        question: str = "Skal vi holde sommerfest?",
        options: Sequence[str] = YES_NO,
        secret: bool = False,
        voters: Voters = "steering",
        hours: float = 48,
        binding: bool = False,
        pick: int = 1,
    ) -> PollView:
        """Let the steering lead ask the village; a secret poll needs enough who may vote."""
        if secret:
            await self.enough()
        return await self.polls.start(
            await self.lead(),
            self.village,
            question=question,
            options=options,
            secret=secret,
            voters=voters,
            hours=hours,
            binding=binding,
            pick=pick,
        )

    async def deliveries(self, poll_id: int) -> dict[str, Delivery]:
        """Return a poll's posts by the last part of their keys, without the call to those reminded privately."""
        async with self.context.database.transaction() as session:
            posts = (Delivery.poll_id == poll_id) & (Delivery.kind != "poll_call")
            rows = await session.scalars(select(Delivery).where(posts))
            return {row.key.removeprefix(f"poll:{poll_id}:"): row for row in rows}

    async def plan(self) -> None:
        """Plan the standard polls from the meetings in the database."""
        async with self.context.database.transaction() as session:
            cohort = (await session.scalars(select(Cohort))).one()
            villages = (await session.scalars(select(Village))).all()
            groups = (await session.scalars(select(CoordinatorGroup))).all()
            events = (await session.scalars(select(Event))).all()
            await self.polls.plan_standard(session, cohort, villages, groups, events)

    async def standard(self, code: str, series: int = 0, place: Place | None = None) -> Poll:
        """Return a standard poll of a place."""
        key = (place or self.village).key
        async with self.context.database.transaction() as session:
            query = select(Poll).where(Poll.scope_key == key, Poll.code == code, Poll.series == series)
            return (await session.scalars(query)).one()

    async def all_polls(self) -> list[Poll]:
        """Return every poll."""
        async with self.context.database.transaction() as session:
            return list(await session.scalars(select(Poll).order_by(Poll.id)))

    async def move(self, code: str, starts_at: datetime, scope_key: str = "cohort") -> None:
        """Move a meeting."""
        async with self.context.database.transaction() as session:
            query = select(Event).where(Event.code == code, Event.scope_key == scope_key)
            event = (await session.scalars(query)).one()
            length = event.ends_at - event.starts_at
            event.starts_at, event.ends_at = starts_at, starts_at + length


async def polls_world(
    context: Context, *, agreed: bool = True, names: Sequence[str] = VILLAGE_NAMES
) -> PollsWorld:
    """Build the world, with the meetings of 2027/28 in it."""
    async with context.database.transaction() as session:
        cohort = Cohort(
            code="2027-28", title="BLUP 2027/28", start_year=2027, programme_id="blup", created_at=START
        )
        municipality = Municipality(name="Næstved", key="næstved")
        session.add_all([cohort, municipality])
        await session.flush()
        group = CoordinatorGroup(cohort_id=cohort.id, name="Koordinatorer", key="", created_at=START)
        session.add(group)
        await session.flush()
        villages = [
            Village(
                cohort_id=cohort.id,
                municipality_id=municipality.id,
                coordinator_group_id=group.id,
                name=name,
                key=name.casefold(),
                state="prelude",
                agreed_at=START if agreed else None,
                created_at=START,
            )
            for name in names
        ]
        session.add_all(villages)
        await session.flush()
        for dated in calendar_of(context.programme, 2027, context.off(2027)):
            own = dated.meeting.scope is Scope.VILLAGE and dated.meeting.window is not None
            scopes: list[Village | None] = [None, *villages] if own else [None]
            session.add_all(
                Event(
                    cohort_id=cohort.id,
                    village_id=village.id if village else None,
                    code=dated.meeting.id,
                    scope_key=village_key(village.id) if village else "cohort",
                    starts_at=dated.starts_at,
                    ends_at=dated.ends_at,
                )
                for village in scopes
            )
    async with context.database.transaction() as session:
        places = [await place_of(session, village_key(village.id)) for village in villages]
        group_place = await place_of(session, group_key(group.id))
    return PollsWorld(context, Polls(context), places[0], places[-1], group_place)


def utc(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return a moment in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


async def refused(problem: str, attempt: Awaitable[object]) -> None:
    """Await an attempt that must be refused with this text."""
    with pytest.raises(CompanionError) as told:
        await attempt
    assert told.value.key == f"error_polls.{problem}"
