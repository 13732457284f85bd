"""What may go wrong around a running bot, over real sockets: it goes on, or says plainly why it stops."""

import asyncio
import signal
import sqlite3
from contextlib import closing

import psycopg
import pytest

from tests.support.databases import new_postgresql_database
from tests.wire.conftest import Scene, Scenes
from tests.wire.kills import POSTGRESQL, broadcasting
from tests.wire.process import Finished

PATIENCE = 60.0
STOPS_WITHIN = 10.0
PLAN = (
    "INSERT INTO delivery (key, place_key, kind, due_at, urgent, at_once, state, attempts, payload)"
    " SELECT '{0}:' || id, 'village:' || id, 'notice', '2026-01-01 00:00:00', 1, 1, 'pending', 0,"
    """ '{{"said": "{0} ' || id || '"}}' FROM village"""
)


def plan(scene: Scene, word: str) -> None:
    """Plan a post for each of the three villages; the bot's steady watch, or another post, finds it."""
    scene.ledger(PLAN.format(word))


def said(scene: Scene, word: str) -> list[str]:
    """Return what stands in the channels and begins so."""
    standing = scene.discord.backend.messages.values()
    return sorted(m.content for held in standing for m in held.values() if m.content.startswith(word))


def expected(word: str) -> list[str]:
    return [f"{word} {number}" for number in (1, 2, 3)]


async def test_discord_away_and_back_and_a_session_that_cannot_be_resumed(scene: Scene) -> None:
    anna = scene.server()
    bot = scene.machine.start("run")
    post = await scene.welcome()
    await scene.discord.until(scene.settled, PATIENCE)
    plan(scene, "Ude")
    scene.discord.begin_outage()
    scene.discord.gateway.refuses_resume = True
    await asyncio.sleep(3)
    assert said(scene, "Ude") == []
    assert bot.code() is None, "it waits for Discord"
    scene.discord.end_outage()
    await scene.discord.until(lambda: scene.discord.gateway.connected() == 1, PATIENCE)
    assert scene.discord.gateway.identified >= 2
    assert "/slet-mig" in (await anna.press(post, "start")).content  # also wakes whoever sends
    bot.stop()
    assert (await bot.ended(STOPS_WITHIN)).code == 0
    again = scene.machine.start("run")
    await scene.discord.until(lambda: len(said(scene, "Ude")) == 3 and scene.settled(), PATIENCE)
    assert said(scene, "Ude") == expected("Ude")
    again.stop()
    assert "Traceback" not in (await again.ended(STOPS_WITHIN)).err


async def test_a_locked_database_is_waited_for_and_a_second_process_is_refused(scene: Scene) -> None:
    scene.server()
    plan(scene, "Hej")
    first = scene.machine.start("run")
    await scene.welcome()
    with closing(sqlite3.connect(scene.machine.home / "blup.sqlite3", timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(2)
        second = await scene.machine.blup("run")
        other.rollback()
    assert second.code == 2
    assert "SQLite serves one process" in second.err and "Traceback" not in second.err
    await scene.discord.until(lambda: len(said(scene, "Hej")) == 3 and scene.settled(), PATIENCE)
    assert said(scene, "Hej") == expected("Hej")
    first.stop()
    assert (await first.ended(STOPS_WITHIN)).code == 0


async def test_shards_that_are_none_are_refused(scenes: Scenes) -> None:
    scene = await scenes()

    async def refused(shards: str) -> Finished:
        return await scene.machine.blup("run", "--shards", shards)

    for end in await asyncio.gather(*map(refused, ("4/4", "0,0/2", "-1/2", "a/b", "1"))):
        assert end.code == 2
        assert "--shards" in end.err and "Traceback" not in end.err


async def test_told_to_stop_in_a_broadcast_it_gives_back_what_it_has_not_sent(
    request: pytest.FixtureRequest,
) -> None:
    server = str(request.getfixturevalue("postgresql"))
    address = new_postgresql_database(server).replace("postgresql+psycopg", "postgresql")
    async with broadcasting(POSTGRESQL, address, villages=40, processes=1) as story:
        (bot,) = story.running
        story.plan()
        story.plan()
        await story.until("state <> 'sent'", 70)
        bot.stop(signal.SIGTERM)
        assert (await bot.ended(STOPS_WITHIN)).code == 0
        assert story.count("state = 'claimed'") == 0
        left = story.count("state = 'pending' AND attempts = 0")
        assert left > 0 and left + story.count("state = 'sent'") == 80

        # Started again, the database forgets everybody who is connected, in the middle of the rest.
        story.running = [story.machine.start("run")]
        await story.until("state <> 'sent'", left - 5)
        with psycopg.connect(address, autocommit=True) as chief:
            chief.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await story.until("state <> 'sent'", 0)
        outcome = story.outcome(0, 0.0)
        assert (outcome.lost, outcome.doubled, outcome.without_receipt) == (0, 0, 0)


async def test_of_two_on_postgresql_one_listens_and_the_other_takes_over(
    request: pytest.FixtureRequest,
) -> None:
    server = str(request.getfixturevalue("postgresql"))
    address = new_postgresql_database(server).replace("postgresql+psycopg", "postgresql")
    async with broadcasting(POSTGRESQL, address, villages=2, processes=2) as story:
        gateway = story.discord.gateway
        listening, other = story.running
        await story.discord.until(lambda: "stands by" in other.said("err"), PATIENCE)
        assert (gateway.connected(), gateway.identified) == (1, 1)
        listening.stop(signal.SIGKILL)
        await listening.ended()
        await story.discord.until(lambda: gateway.identified == 2 and gateway.connected() == 1, PATIENCE)
        other.stop()
        assert (await other.ended(STOPS_WITHIN)).code == 0
