"""`blup run` over real sockets: the unmodified bot in a process of its own, on the loopback Discord."""

import asyncio
import signal
import socket

import aiohttp
import discord
import pytest

from bot.cli.run import call_on_stop
from bot.delivery.guild_gateway import required_permissions
from tests.wire.conftest import Scene, Scenes
from tests.wire.hands import Person
from tests.wire.process import Finished
from tests.wire.programmes import PHONE
from tests.wire.troubles import Trouble

STOPS_WITHIN = 10.0
PATIENCE = 60.0  # for a machine that has much else to do
MAKE = ("POST", "/guilds/*/channels")
SEND = ("POST", "/channels/*/messages")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def is_one_plain_line(end: Finished) -> bool:
    complaints = [line for line in end.err.splitlines() if line.startswith("blup: ")]
    return len(complaints) == 1 and "Traceback" not in end.err


async def test_where_a_loop_knows_no_signals_as_on_windows_being_told_to_stop_is_heard_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", unknown)
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    told = asyncio.Event()
    try:
        call_on_stop(told.set)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(told.wait(), 5)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


async def test_killed_without_a_receipt_and_started_again_it_posts_no_second_time_and_answers(
    scene: Scene,
) -> None:
    anna = scene.server()
    scene.discord.go_wrong(*SEND, Trouble.HOLD)
    bot = scene.machine.start("run")
    post = await scene.welcome()
    channels = scene.channels()
    assert {"velkommen", "sekretariat", "nørre-åby", "sct-jørgens"} <= set(channels)
    bot.stop(signal.SIGKILL)
    assert (await bot.ended()).code == -signal.SIGKILL
    assert not scene.settled()
    scene.ledger("UPDATE delivery SET lease_until = '2026-01-01 00:00:00' WHERE state = 'claimed'")

    port = free_port()
    again = scene.machine.start("run", settings={"BLUP_HTTP_PORT": str(port)})
    await scene.discord.until(scene.settled, PATIENCE)
    async with aiohttp.request("GET", f"http://127.0.0.1:{port}/health") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
    assert (len(scene.welcomes()), scene.channels()) == (1, channels)
    assert PHONE in (await anna.slash("velkommen", "hjælp")).content
    assert "/slet-mig" in (await anna.press(post, "start")).content
    again.stop()
    end = await again.ended(STOPS_WITHIN)
    assert (end.code, end.out) == (0, "")
    assert "Traceback" not in end.err


async def test_what_goes_wrong_on_the_way_is_tried_again_and_each_post_stands_once(scene: Scene) -> None:
    scene.server()
    scene.ledger(
        "INSERT INTO delivery (key, place_key, kind, due_at, urgent, at_once, state, attempts, payload)"
        " SELECT 'test:' || id, 'village:' || id, 'notice', '2026-01-01 00:00:00', 1, 1, 'pending', 0,"
        """ '{"said": "Hej ' || id || '"}' FROM village"""
    )
    troubles = (Trouble.ERROR_500, Trouble.ERROR_503, Trouble.DROP_BEFORE, Trouble.DROP_AFTER)
    accidents = [scene.discord.go_wrong(*SEND, trouble) for trouble in troubles]
    accidents.append(scene.discord.go_wrong(*MAKE, Trouble.DROP_AFTER))
    bot = scene.machine.start("run")
    await scene.discord.until(lambda: scene.settled() and scene.welcomes(), PATIENCE)
    assert all(accident.met for accident in accidents)
    said = [m.content for held in scene.discord.backend.messages.values() for m in held.values()]
    assert sorted(text for text in said if text.startswith("Hej ")) == ["Hej 1", "Hej 2", "Hej 3"]
    assert len(scene.welcomes()) == 1
    assert scene.channels().count("velkommen") == 1
    assert "Traceback" not in bot.said("err"), "a broken connection is nothing that nobody expected"


async def test_stopped_in_the_middle_of_a_request_it_finishes_what_is_in_the_air_and_ends_in_time(
    scenes: Scenes,
) -> None:
    async def stop_at(method: str, path: str) -> tuple[Scene, Finished]:
        scene = await scenes()
        scene.server()
        accident = scene.discord.go_wrong(method, path, Trouble.HOLD)
        bot = scene.machine.start("run", installed=path == SEND[1])
        await scene.discord.until(lambda: accident.met, PATIENCE)
        bot.stop()
        await asyncio.sleep(0.5)  # it has heard; now the answer comes
        accident.over.set()
        return scene, await bot.ended(STOPS_WITHIN)

    played = await asyncio.gather(*(stop_at(*moment) for moment in (("GET", "/users/@me"), MAKE, SEND)))
    assert [(end.code, end.out, "Traceback" in end.err) for _, end in played] == [(0, "", False)] * 3
    sending = played[-1][0]
    assert len(sending.welcomes()) == 1
    assert sending.ledger("SELECT state FROM delivery WHERE kind = 'welcome'") == [("sent",)]


async def test_what_an_operator_can_mend_ends_with_code_2_and_one_plain_line(scenes: Scenes) -> None:
    async def end_of(rights: list[discord.Permissions], *, gateway: bool = True, **settings: str) -> Finished:
        scene = await scenes()
        for held in rights:
            scene.server(held)
        scene.discord.gateway.refuses = not gateway
        return await scene.machine.blup("run", settings=settings)

    enough, fewer = required_permissions(), required_permissions()
    fewer.update(manage_roles=False, manage_messages=False)
    wrong, silent, deaf, two, lacking, nowhere = ends = await asyncio.gather(
        end_of([enough], DISCORD_TOKEN="MTIz.another.token"),
        end_of([enough], BLUP_DISCORD_API="http://127.0.0.1:9"),
        end_of([enough], gateway=False),
        end_of([enough, enough]),
        end_of([fewer]),
        end_of([enough], BLUP_DATABASE_URL="sqlite:////dev/null/blup.sqlite3"),
    )
    assert [end.code for end in ends] == [2] * len(ends)
    assert all(is_one_plain_line(end) for end in ends)
    assert "DISCORD_TOKEN" in wrong.err
    assert "Discord cannot be reached" in silent.err
    assert "Discord cannot be reached" in deaf.err
    assert "BLUP_GUILD_ID" in two.err
    assert "Manage Messages, Manage Roles" in lacking.err
    assert "BLUP_DATABASE_URL: /dev/null/blup.sqlite3 cannot be used" in nowhere.err


async def test_provisioning_by_hand_plans_then_makes_then_finds_nothing_to_change(scene: Scene) -> None:
    anna = scene.server()
    bo = Person(scene.discord, anna.guild_id, "Bo")
    for number, person in enumerate((anna, bo), 1):
        at = "'2026-01-01 00:00:00'"
        scene.ledger(
            f"INSERT INTO person (id, discord_user_id, created_at) VALUES ({number}, {person.id}, {at})"
        )
        scene.ledger(
            "INSERT INTO role_assignment (person_id, role, scope_key, village_id, since)"
            f" VALUES ({number}, 'villager', 'village:1', 1, {at})"
        )
    planned, health = await asyncio.gather(
        scene.machine.blup("provision", "--plan"), scene.machine.blup("doctor")
    )
    assert (health.code, "MEND" in health.out) == (0, False)
    assert (planned.code, scene.channels()) == (0, [])
    made = await scene.machine.blup("provision")
    assert (made.code, made.err) == (0, "")
    assert made.out.splitlines()[:-1] == planned.out.splitlines()[:-1]
    assert {"velkommen", "sekretariat", "nørre-åby", "sct-jørgens"} <= set(scene.channels())
    assert (anna.roles(), bo.roles()) == (1, 1)
    again = await scene.machine.blup("provision")
    assert (again.code, again.out) == (0, "nothing to change\n")
