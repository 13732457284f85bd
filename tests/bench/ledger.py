"""Fill a database with a ledger of so many deliveries: `python -m tests.bench.ledger URL ROWS`; prints its moment.

The newest cohort is imported and planned by the product, then earlier ones are copied from it in bulk SQL, each
with villages of its own. What was due is sent, but for 50 posts; a cohort of 450 villages has about 60,000.
"""

import asyncio
import sys
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import App, build, content_of
from bot.domain.clock import FixedClock
from bot.services.context import Facts
from bot.services.village_list import VillageRow
from bot.storage import upgrade as migrations

START_YEAR = 2027
BEGINS = datetime(START_YEAR, 8, 2, 8, tzinfo=UTC)
NOW = datetime(START_YEAR + 1, 2, 1, 10, tzinfo=UTC)  # the middle of the newest cohort's year
MOST_VILLAGES = 450
POSTS_A_VILLAGE = 160
DUE = 50
FACTS = Facts("12 34 56 78", "BLUP-sekretariatet")
OFFSET = 1_000_000  # between the ids of one cohort and those of the one before it

COHORT = """INSERT INTO cohort (id, code, title, start_year, programme_id, created_at)
    SELECT id + {off}, code || '-{k}', title, start_year - {k}, programme_id, {created_at} FROM cohort WHERE id = 1"""
GROUPS = """INSERT INTO coordinator_group (id, cohort_id, name, key, created_at)
    SELECT id + {off}, cohort_id + {off}, name, key, {created_at} FROM coordinator_group WHERE cohort_id = 1"""
VILLAGES = """INSERT INTO village (id, cohort_id, municipality_id, coordinator_group_id, name, key, state, agreed_at,
    open_to_coordinator, created_at) SELECT id + {off}, cohort_id + {off}, municipality_id, coordinator_group_id + {off},
    name, key, state, {agreed_at}, open_to_coordinator, {created_at} FROM village WHERE cohort_id = 1"""
EVENTS = """INSERT INTO event (id, cohort_id, village_id, code, scope_key, starts_at, ends_at, picked)
    SELECT id + {off}, cohort_id + {off}, village_id + {off}, code,
    CASE WHEN village_id IS NULL THEN scope_key ELSE 'village:' || (village_id + {off}) END,
    {starts_at}, {ends_at}, picked FROM event WHERE cohort_id = 1"""
DELIVERIES = """INSERT INTO delivery (id, key, cohort_id, place_key, kind, event_id, payload, due_at, useful_until, urgent,
    at_once, state, attempts, sent_at, sent_on, channel_id, message_id)
    SELECT id + {off}, key || ':{k}', cohort_id + {off},
    CASE WHEN place_key = 'secretariat' THEN place_key ELSE
    substr(place_key, 1, {colon}) || (CAST(substr(place_key, {colon} + 1) AS INTEGER) + {off}) END,
    kind, event_id + {off}, payload, {due_at}, {useful_until}, urgent, at_once, 'sent', 1, {due_at}, {due_on}, 1, id + {off}
    FROM delivery WHERE cohort_id = 1 ORDER BY id LIMIT {left}"""
SENT = """UPDATE delivery SET state = 'sent', attempts = 1, sent_at = due_at, sent_on = {on}, channel_id = 1, message_id = id
    WHERE due_at <= :now"""
LEFT = """UPDATE delivery SET state = 'pending', attempts = 0, sent_at = NULL, sent_on = NULL, channel_id = NULL,
    message_id = NULL, useful_until = NULL WHERE id IN
    (SELECT id FROM delivery WHERE state = 'sent' AND cohort_id = 1 ORDER BY due_at DESC, id LIMIT :due)"""
TURNED = """UPDATE poll SET state = CASE WHEN closes_at <= :now THEN 'closed' ELSE 'open' END,
    closed_at = CASE WHEN closes_at <= :now THEN closes_at END WHERE opens_at <= :now"""


async def filled(url: str, rows: int) -> int:
    """Fill an empty database. Returns how many deliveries are on record."""
    app = build(url, content_of(None), FACTS, FixedClock(BEGINS))
    await migrations.upgrade(app.database.engine)
    await _newest(app, min(MOST_VILLAGES, max(3, rows // POSTS_A_VILLAGE)))
    async with app.database.engine.begin() as connection:
        await _send(connection, app.database.engine.dialect.name)
        count = await _count(connection)
        cohort = 0
        while count < rows:
            cohort += 1
            await _copy(connection, cohort, rows - count)
            count = await _count(connection)
    async with app.database.engine.connect() as connection:  # as autovacuum does on a server that runs
        await connection.execute(text("ANALYZE"))
        await connection.commit()
    await app.stop()
    return count


async def _newest(app: App, villages: int) -> None:
    rows = [
        VillageRow(number + 2, f"Kommune {number // 48}", f"Landsby {number}") for number in range(villages)
    ]
    await app.services.cohorts.import_villages(rows, START_YEAR)
    await app.services.planning.refresh()


async def _send(connection: AsyncConnection, dialect: str) -> None:
    now = NOW.replace(tzinfo=None) if dialect == "sqlite" else NOW
    moment = now.strftime("%Y-%m-%d %H:%M:%S.%f") if dialect == "sqlite" else now
    on = "date(due_at)" if dialect == "sqlite" else "CAST(due_at AS DATE)"
    await connection.execute(text(SENT.format(on=on)), {"now": moment})
    await connection.execute(text(LEFT), {"due": DUE})
    await connection.execute(text(TURNED), {"now": moment})


async def _copy(connection: AsyncConnection, cohort: int, left: int) -> None:
    sqlite = connection.dialect.name == "sqlite"
    names = ("created_at", "agreed_at", "starts_at", "ends_at", "due_at", "useful_until")
    days = 365 * cohort
    if sqlite:
        moments = {name: f"strftime('%Y-%m-%d %H:%M:%f', {name}, '-{days} days') || '000'" for name in names}
    else:
        moments = {name: f"{name} - INTERVAL '{days} days'" for name in names}
    moments["due_on"] = f"date({moments['due_at']})" if sqlite else f"CAST({moments['due_at']} AS DATE)"
    colon = "instr(place_key, ':')" if sqlite else "strpos(place_key, ':')"
    for statement in (COHORT, GROUPS, VILLAGES, EVENTS, DELIVERIES):
        said = statement.format(off=cohort * OFFSET, k=cohort, left=left, colon=colon, **moments)
        await connection.exec_driver_sql(said)


async def _count(connection: AsyncConnection) -> int:
    return int(await connection.scalar(text("SELECT count(*) FROM delivery")) or 0)


if __name__ == "__main__":
    print(asyncio.run(filled(sys.argv[1], int(sys.argv[2]))), NOW.isoformat())
