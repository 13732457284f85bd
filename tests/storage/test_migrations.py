"""Migrations make exactly the tables the code knows, and take them away again, on both databases."""

from sqlalchemy import text

from bot.services.decision_chain import verify
from bot.storage import upgrade as migrations
from bot.storage.database import Database, open_engine


async def test_migrating_up_leaves_no_drift_and_down_leaves_nothing(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        assert await migrations.current(engine) is None
        await migrations.upgrade(engine)
        assert await migrations.current(engine) == migrations.newest()
        assert await migrations.drift(engine) == []
        await migrations.upgrade(engine)
        await migrations.downgrade(engine, "base")
        assert await migrations.current(engine) is None
        assert [step for step in await migrations.drift(engine) if step[0] == "remove_table"] == []  # type: ignore[index]
        await migrations.upgrade(engine)
        assert await migrations.drift(engine) == []
    finally:
        await engine.dispose()


_BEFORE_THE_CHAIN = """
INSERT INTO cohort (id, code, title, start_year, programme_id, created_at)
    VALUES (1, '2027-28', 'BLUP', 2027, 'blup', '2027-08-01 00:00:00');
INSERT INTO municipality (id, name, key) VALUES (1, 'Næstved', 'næstved');
INSERT INTO coordinator_group (id, cohort_id, name, key, created_at)
    VALUES (1, 1, 'Koordinatorer', '', '2027-08-01 00:00:00');
INSERT INTO village (id, cohort_id, municipality_id, coordinator_group_id, name, key, state, open_to_coordinator,
    created_at) VALUES (1, 1, 1, 1, 'Sønder Ørslev', 'sønder ørslev', 'invited', false, '2027-08-01 00:00:00');
INSERT INTO decision (id, cohort_id, village_id, scope_key, number, kind, title, text, how, decided_on, replaces_id,
    recorded_by_role, recorded_at) VALUES
    (1, 1, 1, 'village:1', 1, 'decision', 'Telt', 'Et telt.', 'Enighed', '2027-12-31', NULL, 'steering_lead',
     '2027-12-31 22:30:00+00:00'),
    (2, 1, 1, 'village:1', 2, 'correction', 'To telte', 'To telte.', 'Enighed', '2027-12-31', 1, 'steering_lead',
     '2027-12-31 23:30:00+00:00')
"""


async def test_decisions_from_before_the_chain_get_numbers_by_year_and_a_chain_that_holds(
    database_url: str,
) -> None:
    database = Database(database_url)
    try:
        await migrations.upgrade(database.engine, "0009")
        async with database.transaction() as session:
            for statement in _BEFORE_THE_CHAIN.split(";"):
                await session.execute(text(statement))
        await migrations.upgrade(database.engine)
        async with database.transaction() as session:
            verdict = await verify(session, "village:1", "Sønder Ørslev")
            years = (await session.scalars(text("SELECT year FROM decision ORDER BY id"))).all()
            letters = await session.scalar(text("SELECT letters FROM register"))
        assert (verdict.entries, verdict.broken, list(years), letters) == (4, None, [2027, 2028], "SØND")
    finally:
        await database.close()


_BEFORE_THE_ANSWERS = """
INSERT INTO event (id, cohort_id, code, scope_key, starts_at, ends_at, picked)
    VALUES (1, 1, 'VC01', 'cohort', '2027-10-26 17:00:00+00:00', '2027-10-26 18:30:00+00:00', false);
INSERT INTO person (id, display_name, created_at) VALUES (1, 'Ida', '2027-08-01 00:00:00'),
    (2, 'Bo', '2027-08-01 00:00:00');
INSERT INTO rsvp (id, person_id, event_id, coming, answered_at) VALUES
    (1, 1, 1, true, '2027-10-14 08:00:00+00:00'), (2, 2, 1, false, '2027-10-14 08:00:00+00:00')
"""


async def test_answers_to_meetings_keep_their_yes_and_no_on_the_way_up_and_down(database_url: str) -> None:
    database = Database(database_url)
    try:
        await migrations.upgrade(database.engine, "0013")
        async with database.transaction() as session:
            for statement in (_BEFORE_THE_CHAIN.split(";", maxsplit=1)[0] + ";" + _BEFORE_THE_ANSWERS).split(
                ";"
            ):
                await session.execute(text(statement))
        await migrations.upgrade(database.engine)
        async with database.transaction() as session:
            answers = await session.execute(text("SELECT answer, people FROM rsvp ORDER BY id"))
            assert [tuple(row) for row in answers] == [("yes", 1), ("no", 1)]
            await session.execute(text("UPDATE rsvp SET answer = 'maybe' WHERE id = 1"))
        await migrations.downgrade(database.engine, "0013")
        async with database.transaction() as session:
            coming = await session.scalars(text("SELECT coming FROM rsvp ORDER BY id"))
            assert [bool(value) for value in coming] == [False, False], "a maybe is no yes"
    finally:
        await database.close()
