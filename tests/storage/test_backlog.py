"""What the ledger costs as it grows: due's question uses an index, and planning again only compares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, insert, select, text, update

from bot.domain.clock import FixedClock
from bot.services.context import Context
from bot.services.registry import services_on
from bot.services.village_list import VillageRow
from bot.storage.database import Database
from bot.storage.models import Delivery
from bot.storage.repositories import deliveries
from tests.support.world import START

STATEMENTS_PER_THOUSAND = 5  # two parts of 500 posts, and what is asked once
STATEMENTS_ONCE = 20


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[list[tuple[str, Any]]]:
    """Keep every statement that is executed meanwhile."""
    said: list[tuple[str, Any]] = []
    engine: Engine = database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("question", ["due", "next_moment"])
async def test_what_is_due_is_found_by_an_index(database: Database, question: str) -> None:
    rows: list[dict[str, Any]] = [
        {
            "key": f"k:{number}", "place_key": f"village:{number % 50}", "kind": "reminder", "payload": {},
            "due_at": START + timedelta(minutes=number - 5000), "state": "sent" if number < 4950 else "pending",
        }
        for number in range(5100)
    ]  # fmt: skip
    async with database.transaction() as session:
        await session.execute(insert(Delivery), rows)
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE delivery"))
        await connection.commit()
    async with listening(database) as said, database.transaction() as session:
        if question == "due":
            assert len(await deliveries.due(session, START, 25)) == 25
        else:
            assert await deliveries.next_moment(session, START) is not None
    [(statement, parameters)] = [one for one in said if "FROM delivery" in one[0]]
    how = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else "EXPLAIN"
    async with database.engine.connect() as connection:
        plan = [str(row[-1]) for row in await connection.exec_driver_sql(f"{how} {statement}", parameters)]
    whole = ("SCAN delivery", "Seq Scan on delivery")
    assert [line for line in plan if any(word in line for word in whole)] == []
    assert [line for line in plan if "SEARCH delivery" in line and "USING" not in line] == []
    assert any("ix_delivery_state_due_at" in line for line in plan)


@pytest.fixture
async def planned(context: Context) -> Context:
    services = services_on(context)
    await services.cohorts.import_villages(
        [VillageRow(n + 2, "Næstved", f"Landsby {n}") for n in range(15)], 2027
    )
    await services.planning.refresh()
    return context


async def everything(context: Context) -> list[Any]:
    async with context.database.transaction() as session:
        return [tuple(row) for row in await session.execute(select(Delivery.__table__).order_by(Delivery.id))]


async def test_planning_again_changes_nothing_and_asks_little(planned: Context) -> None:
    before = await everything(planned)
    async with listening(planned.database) as said:
        assert await services_on(planned).planning.refresh() == 0
    assert await everything(planned) == before
    assert len(before) > 2000
    assert len(said) <= STATEMENTS_ONCE + STATEMENTS_PER_THOUSAND * len(before) / 1000
    assert [one for one, _ in said if one.startswith(("INSERT", "UPDATE", "DELETE"))] == []


async def test_planning_again_mends_what_was_changed_and_leaves_what_was_sent(planned: Context) -> None:
    before = await everything(planned)
    async with planned.database.transaction() as session:
        ids = (await session.scalars(select(Delivery.id).order_by(Delivery.id).limit(4))).all()
        for id, state in zip(ids, ("pending", "cancelled", "sent", "parked"), strict=True):
            row = await session.get_one(Delivery, id)
            row.state, row.payload, row.due_at = state, {"odd": 1}, row.due_at + timedelta(days=1)
    assert await services_on(planned).planning.refresh() == 2
    async with planned.database.transaction() as session:
        rows = {row.id: row for row in await session.scalars(select(Delivery).where(Delivery.id.in_(ids)))}
        count = await session.scalar(select(func.count()).select_from(Delivery))
    assert [rows[id].state for id in ids] == ["pending", "pending", "sent", "parked"]
    assert [rows[id].payload == {"odd": 1} for id in ids] == [False, False, True, True]
    assert count == len(before)


async def test_a_cohort_that_is_long_over_is_not_planned_again(planned: Context) -> None:
    clock, planning = planned.clock, services_on(planned).planning
    assert isinstance(clock, FixedClock)
    async with planned.database.transaction() as session:
        await session.execute(update(Delivery).values(state="cancelled"))
    clock.at = START + timedelta(days=365 + 60 + 92)
    async with listening(planned.database) as said:
        assert await planning.refresh() == 0
    assert [one for one, _ in said if "FROM delivery" in one] == []
