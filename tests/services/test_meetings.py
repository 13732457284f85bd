"""Meetings of the calendar on SQLite and PostgreSQL: how they change, who comes, and what is said of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.context import Context
from bot.services.registry import Services, services_on
from bot.storage.models import Event
from tests.support.polls_world import SECRETARY, PollsWorld

CIRCLE, KICKOFF = "VC01", "EV-M1-OPSTART"


@pytest.fixture
def services(world: PollsWorld, context: Context) -> Services:
    return services_on(context)


async def meeting(world: PollsWorld, code: str, scope_key: str = "cohort") -> Event:
    async with world.context.database.transaction() as session:
        query = select(Event).where(Event.code == code, Event.scope_key == scope_key)
        return (await session.scalars(query)).one()


async def test_each_change_that_calendars_must_hear_of_is_counted_and_a_move_apart(
    services: Services, world: PollsWorld
) -> None:
    event = await meeting(world, CIRCLE)
    cohort_id, before = event.cohort_id, event.starts_at
    await services.planning.refresh(cohort_id)
    await services.planning.refresh(cohort_id)
    event = await meeting(world, CIRCLE)
    assert (event.sequence, event.moves) == (0, 0), "planning again changes nothing"
    await services.planning.move(SECRETARY, cohort_id, CIRCLE, before + timedelta(days=2))
    for _ in range(2):
        await services.calendar.set_link(SECRETARY, cohort_id, CIRCLE, "https://meet.example/1")
    event = await meeting(world, CIRCLE)
    assert (event.sequence, event.moves) == (2, 1), "the same link again is no change"
    day = services.calendar.choices(world.village.cohort, KICKOFF)[-1]  # type: ignore[arg-type]
    await services.planning.pick(await world.lead(), world.village, KICKOFF, day)
    own, other = [await meeting(world, KICKOFF, place.key) for place in (world.village, world.neighbour)]
    assert [(own.sequence, own.moves), (other.sequence, other.moves)] == [(1, 1), (0, 0)]
