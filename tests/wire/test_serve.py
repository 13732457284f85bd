"""The loopback Discord in a process of its own, and what whoever started it may ask and tell."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).parents[2]
BUTTON = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Ja", "custom_id": "b:ja:7"}]}


class Served:
    """What the process said, and the way to it."""

    def __init__(self, process: asyncio.subprocess.Process, said: dict[str, Any], http: Any) -> None:
        self.process, self.http = process, http
        self.address, self.token = said["address"], said["token"]
        self.guilds, self.channels = said["guild_ids"], said["channel_ids"]

    async def bot(self, method: str, path: str, body: object = None) -> int:
        url, headers = f"{self.address}/api/v10{path}", {"Authorization": f"Bot {self.token}"}
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return int(answer.status)

    async def account(self) -> dict[str, Any]:
        async with self.http.get(f"{self.address}/control/account") as answer:
            return dict(await answer.json())

    async def tell(self, what: str, **body: object) -> dict[str, Any]:
        async with self.http.post(f"{self.address}/control/{what}", json=body) as answer:
            return dict(await answer.json())


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    pipe = asyncio.subprocess.PIPE
    arguments = ("-m", "tests.wire.serve", "--guilds", "2", "--channels", "103")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        said = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        async with aiohttp.ClientSession() as http:
            yield Served(process, said, http)
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_serves_what_was_asked_for_gives_account_of_it_and_ends_with_its_input(
    served: Served,
) -> None:
    assert (len(served.guilds), len(set(served.channels))) == (2, 103)
    channel, other = served.channels[0], served.channels[-1]
    post = {"content": "Kommer du?", "components": [BUTTON], "nonce": "n-1", "enforce_nonce": True}
    for _ in range(2):
        assert await served.bot("POST", f"/channels/{channel}/messages", post) == 200
    await served.tell("forget-nonces")
    assert await served.bot("POST", f"/channels/{channel}/messages", post) == 200
    account = await served.account()
    assert (account["requests"], account["answers_429"], account["gaps"]) == (3, 0, [])
    told = account["messages"].pop(str(channel))
    assert [(message["content"], message["custom_ids"]) for message in told] == [
        ("Kommer du?", ["b:ja:7"])
    ] * 2
    assert account["messages"] == {}

    await served.tell("unlucky", chances={"ERROR_503": 1.0}, path=f"/channels/{other}/*")
    assert await served.bot("POST", f"/channels/{other}/messages", {"content": "Hej"}) == 503
    await served.tell("unlucky", chances={})
    assert await served.bot("POST", f"/channels/{other}/messages", {"content": "Hej"}) == 200
    await served.tell("reset")
    account = await served.account()
    assert (account["requests"], account["messages"]) == (0, {})


async def test_new_people_press_many_at_once_and_each_answer_is_timed(served: Served) -> None:
    channel = served.channels[0]
    await served.bot("POST", f"/channels/{channel}/messages", {"content": "?", "components": [BUTTON]})
    clicks = [{"person": f"Anna {n}", "channel_id": channel, "custom_id": "b:ja:7"} for n in range(20)]
    missing = {"person": "Bo", "channel_id": channel, "custom_id": "b:nej:7"}
    gateway = served.address.replace("http", "ws") + "/gateway"
    async with served.http.ws_connect(gateway) as socket:
        await socket.send_json({"op": 2, "d": {"token": served.token, "intents": 1}})
        while (await socket.receive_json())["t"] != "READY":
            pass
        pressed = (await served.tell("press", presses=[*clicks, missing]))["interactions"]
        heard: list[dict[str, Any]] = []
        while len(heard) < len(clicks):
            event = await asyncio.wait_for(socket.receive_json(), 5)
            if event["t"] == "INTERACTION_CREATE":
                heard.append(event["d"])
    assert [int(interaction["id"]) for interaction in heard] == pressed[:-1]
    assert pressed[-1] is None
    assert len({interaction["member"]["user"]["id"] for interaction in heard}) == len(clicks)
    assert heard[0]["message"]["content"] == "?"

    first = heard[0]
    path = f"/interactions/{first['id']}/{first['token']}/callback"
    assert await served.bot("POST", path, {"type": 6}) == 200
    assert await served.bot("POST", path, {"type": 6}) == 400
    account = await served.account()
    assert account["acknowledged"] == 1
    sent, acknowledged = account["interactions"][first["id"]]
    assert 0 < acknowledged - sent < 5000
    assert account["interactions"][heard[1]["id"]][1] is None
