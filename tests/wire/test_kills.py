"""Killed in the middle of a broadcast, on either database and beside others: every post stands once."""

import asyncio

import pytest

from tests.support.databases import new_postgresql_database
from tests.wire.kills import POSTGRESQL, SQLITE, Outcome, told

VILLAGES, KILLS = 20, 2


async def test_whoever_is_killed_and_wherever_nothing_is_lost_or_doubled(
    request: pytest.FixtureRequest,
) -> None:
    server = str(request.getfixturevalue("postgresql"))

    def address() -> str:
        return new_postgresql_database(server).replace("postgresql+psycopg", "postgresql")

    outcomes: tuple[Outcome, ...] = await asyncio.gather(
        told(SQLITE, "", KILLS, 1, VILLAGES, seed=1),
        told(POSTGRESQL, address(), KILLS, 1, VILLAGES, seed=2),
        told(POSTGRESQL, address(), KILLS, 2, VILLAGES, seed=3),
    )
    for outcome in outcomes:
        assert outcome.posts == VILLAGES * KILLS
        assert (outcome.lost, outcome.doubled, outcome.without_receipt) == (0, 0, 0), outcome
        assert outcome.answers_429 == 0
    assert outcomes[2].take_over > 0, "the other process has taken over what the dead one held"
