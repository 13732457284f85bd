"""The loopback Discord itself: it refuses, forgets, breaks and resumes as the true one does."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest

from bot.cli.run import use_server
from tests.wire.loopback import Loopback
from tests.wire.troubles import Trouble

ALL = discord.Permissions.all()
ALL.administrator = False
LIMIT = "X-RateLimit-"


@dataclass
class Answer:
    status: int
    headers: Any
    body: Any


class Caller:
    """A bot that asks without manners: it neither waits nor tries again."""

    def __init__(self, discord: Loopback, http: aiohttp.ClientSession) -> None:
        self.discord, self._http = discord, http
        self.guild = discord.add_guild("Landsbyer", ALL)
        self.channel, self.other = (self._channel(name) for name in ("nyheder", "snak"))

    def _channel(self, name: str) -> str:
        return f"/channels/{self.discord.backend.create_channel(self.guild.id, name).id}"

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """Raises aiohttp.ClientError when the connection breaks."""
        headers = {"Authorization": f"Bot {self.discord.token}"}
        url = f"{self.discord.address}/api/v10{path}"
        async with self._http.request(method, url, json=body, headers=headers, **more) as answer:
            return Answer(answer.status, answer.headers, await answer.json())

    async def say(self, content: str, nonce: str | None = None, where: str | None = None) -> Answer:
        body = {"content": content} | ({"nonce": nonce, "enforce_nonce": True} if nonce else {})
        return await self.ask("POST", f"{where or self.channel}/messages", body)

    def said(self) -> list[str]:
        return [message.content for message in self.discord.messages("nyheder")]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Loopback() as world, aiohttp.ClientSession() as http:
        yield Caller(world, http)
        assert world.gaps == []


# Rate limits ----------------------------------------------------------------------------------


async def test_of_sixty_requests_in_a_second_ten_are_refused_and_the_next_second_is_free(
    caller: Caller,
) -> None:
    answers = await asyncio.gather(*(caller.ask("GET", "/users/@me") for _ in range(60)))
    assert Counter(answer.status for answer in answers) == {200: 50, 429: 10}
    assert caller.discord.answers_429 == 10
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.body["global"] is True and 0 < refused.body["retry_after"] <= 1
    told = ("Retry-After", f"{LIMIT}Global", f"{LIMIT}Scope", "Via")
    assert [refused.headers[name] for name in told] == ["1", "true", "global", "1.1 google"]

    answered = await caller.ask("POST", "/interactions/1/token/callback", {"type": 1})
    assert (answered.status, answered.body["code"]) == (404, 10062)  # looked at, not counted
    assert (await caller.ask("GET", "/webhooks/1/token/messages/@original")).status == 404
    caller.discord.let_pass(1)
    assert (await caller.ask("GET", "/users/@me")).status == 200


async def test_the_sixth_message_of_a_channel_is_refused_until_five_seconds_have_passed(
    caller: Caller,
) -> None:
    first, *others = [await caller.say(f"nr. {number}") for number in range(5)]
    assert [answer.headers[f"{LIMIT}Remaining"] for answer in (first, *others)] == ["4", "3", "2", "1", "0"]
    sixth = await caller.say("nr. 6")
    assert (sixth.status, sixth.body["global"]) == (429, False)
    assert 0 < sixth.body["retry_after"] <= 5
    assert f"{LIMIT}Global" not in sixth.headers
    assert sixth.headers[f"{LIMIT}Limit"] == "5" and sixth.headers["Via"]
    assert sixth.headers[f"{LIMIT}Bucket"] == first.headers[f"{LIMIT}Bucket"]
    wait = float(sixth.headers[f"{LIMIT}Reset-After"])
    assert wait == pytest.approx(float(sixth.headers[f"{LIMIT}Reset"]) - time.time(), abs=1)
    assert (await caller.say("et andet sted", where=caller.other)).status == 200
    caller.discord.let_pass(5)
    assert (await caller.say("nr. 6")).status == 200
    assert len(caller.said()) == 6


async def test_a_channel_is_renamed_twice_in_ten_minutes_and_edited_otherwise_as_one_likes(
    caller: Caller,
) -> None:
    edits: list[dict[str, Any]] = [
        {"name": "et"},
        {"topic": "to"},
        {"name": "tre"},
        {"rate_limit_per_user": 5},
    ]
    answers = [await caller.ask("PATCH", caller.channel, edit) for edit in edits]
    assert [answer.status for answer in answers] == [200, 200, 429, 200]
    assert answers[2].body["retry_after"] > 590
    assert int(answers[2].headers[f"{LIMIT}Remaining"]) > 0  # no header warns of it
    caller.discord.let_pass(600)
    assert (await caller.ask("PATCH", caller.channel, {"name": "tre"})).status == 200


# Nonces ---------------------------------------------------------------------------------------


async def test_a_repeated_nonce_gives_the_first_message_until_it_is_forgotten(caller: Caller) -> None:
    first, again = [await caller.say("Hej", "n-1") for _ in range(2)]
    assert (first.body["id"], first.body["nonce"]) == (again.body["id"], "n-1")
    elsewhere = await caller.say("Hej", "n-1", where=caller.other)
    assert elsewhere.body["id"] != first.body["id"]
    history = await caller.ask("GET", f"{caller.channel}/messages")
    assert [message.get("nonce") for message in history.body] == [None]

    caller.discord.let_pass(299)
    assert (await caller.say("Hej", "n-1")).body["id"] == first.body["id"]
    caller.discord.let_pass(2)
    assert (await caller.say("Hej", "n-1")).body["id"] != first.body["id"]
    caller.discord.forget_nonces()
    await caller.say("Hej", "n-1")
    assert caller.said() == ["Hej"] * 3


async def test_a_nonce_is_refused_when_it_is_too_long_or_its_message_is_gone(caller: Caller) -> None:
    assert (await caller.say("Hej", "n" * 25)).status == 200
    too_long = await caller.say("Hej", "n" * 26)
    assert (too_long.status, too_long.body["code"]) == (400, 50035)
    message = caller.discord.messages("nyheder")[0]
    caller.discord.backend.delete_message(message.channel_id, message.id)
    gone = await caller.say("Hej", "n" * 25)
    assert (gone.status, gone.body["code"]) == (404, 10008)


async def test_how_long_nonces_are_remembered_is_for_the_test_to_say() -> None:
    async with Loopback(nonce_seconds=10) as world, aiohttp.ClientSession() as http:
        caller = Caller(world, http)
        await caller.say("Hej", "n-1")
        world.let_pass(11)
        await caller.say("Hej", "n-1")
        assert caller.said() == ["Hej", "Hej"]


# Troubles -------------------------------------------------------------------------------------


async def test_each_trouble_meets_the_next_request_that_fits_in_turn(caller: Caller) -> None:
    errors = (Trouble.ERROR_429, Trouble.ERROR_500, Trouble.ERROR_502, Trouble.ERROR_503)
    for trouble in errors:
        caller.discord.go_wrong("POST", f"{caller.channel}/messages", trouble)
    answers = [await caller.say("Hej") for _ in errors]
    assert [answer.status for answer in answers] == [429, 500, 502, 503]
    assert answers[0].headers["Via"] and answers[0].body["retry_after"] > 0
    assert caller.said() == []

    for trouble, stands in ((Trouble.DROP_BEFORE, []), (Trouble.DROP_AFTER, ["Hej"])):
        caller.discord.go_wrong("POST", f"{caller.other}/messages", trouble)
        with pytest.raises(aiohttp.ClientError):
            await caller.say("Hej", where=caller.other)
        assert [message.content for message in caller.discord.messages("snak")] == stands


async def test_bad_luck_comes_by_its_chances_and_the_same_for_the_same_seed(caller: Caller) -> None:
    async def draws(seed: int) -> list[int]:
        chances = {Trouble.ERROR_500: 0.3, Trouble.ERROR_503: 0.3}
        caller.discord.unlucky(chances, "GET", "/users/*", seed)
        found = []
        for _ in range(40):
            found.append((await caller.ask("GET", "/users/@me")).status)
            assert (await caller.ask("GET", f"{caller.channel}/messages")).status == 200  # does not fit
            caller.discord.let_pass(1)
        return found

    first, again, other = await draws(1), await draws(1), await draws(2)
    assert first == again != other
    assert set(first) == {200, 500, 503}
    assert 12 <= 40 - first.count(200) <= 36
    caller.discord.unlucky({})
    assert [(await caller.ask("GET", "/users/@me")).status for _ in range(20)] == [200] * 20


async def test_every_answer_takes_as_long_as_its_way(caller: Caller) -> None:
    caller.discord.latency = 0.08
    began = time.monotonic()
    await asyncio.gather(*(caller.ask("GET", "/users/@me") for _ in range(10)))
    assert 0.08 <= time.monotonic() - began < 0.6  # side by side, not one after the other


async def test_in_an_outage_nobody_is_answered_and_nothing_happens(caller: Caller) -> None:
    caller.discord.begin_outage()
    for _ in range(3):
        with pytest.raises(aiohttp.ClientError):
            await caller.say("Hej")
    caller.discord.end_outage()
    assert caller.said() == []
    assert (await caller.say("Hej")).status == 200


async def test_a_files_description_comes_with_it(caller: Caller) -> None:
    about = '{"content": "Hej", "attachments": [{"id": 0, "description": "En bænk ved søen"}]}'
    sending = aiohttp.FormData({"payload_json": about})
    sending.add_field("files[0]", b"billede", filename="billede.png")
    sent = await caller.ask("POST", f"{caller.channel}/messages", data=sending)
    assert [file["description"] for file in sent.body["attachments"]] == ["En bænk ved søen"]


# Rights ---------------------------------------------------------------------------------------


async def test_what_the_bots_own_role_lacks_it_can_neither_do_nor_give(caller: Caller) -> None:
    fewer = discord.Permissions(ALL.value)
    fewer.update(attach_files=False, mention_everyone=False)
    guild = caller.discord.add_guild("Færre rettigheder", fewer)
    guild.everyone_role.permissions &= ~discord.Permissions(attach_files=True).value
    channel = caller.discord.backend.create_channel(guild.id, "her")

    with_file = aiohttp.FormData({"payload_json": '{"content": "Hej"}'})
    with_file.add_field("files[0]", b"billede", filename="billede.png")
    sent = await caller.ask("POST", f"/channels/{channel.id}/messages", data=with_file)
    assert (sent.status, sent.body["code"]) == (403, 50013)

    def overwrites(**rights: bool) -> dict[str, Any]:
        allow, deny = discord.PermissionOverwrite(**rights).pair()
        entry = {"id": str(guild.id), "type": 0, "allow": str(allow.value), "deny": str(deny.value)}
        return {"permission_overwrites": [entry]}

    held, lacking = overwrites(send_messages=False), overwrites(mention_everyone=True)
    make, edit = f"/guilds/{guild.id}/channels", f"/channels/{channel.id}"
    statuses = [
        (await caller.ask("POST", make, {"name": "ny", "type": 0} | wanted)).status
        for wanted in (held, lacking)
    ] + [(await caller.ask("PATCH", edit, wanted)).status for wanted in (held, lacking)]
    assert statuses == [200, 403, 200, 403]
    fewer.update(manage_roles=False)
    bots = next(role for role in guild.roles.values() if role.managed)
    caller.discord.backend.edit_role(guild.id, bots.id, {"permissions": fewer.value})
    opened = await caller.ask("PATCH", edit, overwrites(send_messages=True))
    assert (opened.status, opened.body["code"]) == (403, 50013)


# Gateway --------------------------------------------------------------------------------------


class Listener(discord.Client):
    """A client of discord.py that remembers what it heard, and does not wait before it identifies again."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True), guild_ready_timeout=0.1)
        self.heard: list[str] = []

    async def on_message(self, message: discord.Message) -> None:
        channel = message.channel
        assert isinstance(channel, discord.TextChannel)
        self.heard.append(f"{channel.name} {message.id}")

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass


@pytest.fixture
async def listener(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda _: 0.05)
    use_server(caller.discord.address)
    async with Listener() as client:
        running = asyncio.create_task(client.start(caller.discord.token))
        await client.wait_until_ready()
        yield client
        await client.close()
        await running


async def test_after_a_broken_connection_a_bot_resumes_and_hears_once_what_it_missed(
    caller: Caller, listener: Listener
) -> None:
    world = caller.discord
    sent = [await caller.say("før")]
    await world.until(lambda: listener.heard)
    world.gateway.refuses = True
    world.gateway.drop()
    await world.until(lambda: not world.gateway.connected())
    sent += [await caller.say("imens"), await caller.say("imens igen")]
    world.gateway.refuses = False
    await world.until(lambda: world.gateway.resumed)
    sent.append(await caller.say("efter"))
    await world.until(lambda: len(listener.heard) >= 4)
    assert listener.heard == [f"nyheder {answer.body['id']}" for answer in sent]
    assert (world.gateway.identified, world.gateway.resumed) == (1, 1)


async def test_an_outage_breaks_the_gateway_too_and_a_bot_comes_back_after_it(
    caller: Caller, listener: Listener
) -> None:
    world = caller.discord
    world.begin_outage()
    await world.until(lambda: not world.gateway.connected())
    await asyncio.sleep(0.2)  # it tries again meanwhile
    assert not world.gateway.connected()
    world.end_outage()
    await world.until(lambda: world.gateway.resumed)


async def test_discord_py_waits_out_the_global_limit_and_gets_every_answer(
    caller: Caller, listener: Listener
) -> None:
    answers = await asyncio.gather(*(listener.application_info() for _ in range(70)))
    assert len(answers) == 70
    assert caller.discord.answers_429 > 0  # it met the limit, and took it for no ban


async def test_a_bot_that_may_not_resume_identifies_anew_and_has_missed_what_was_said(
    caller: Caller, listener: Listener
) -> None:
    world = caller.discord
    world.gateway.refuses = world.gateway.refuses_resume = True
    world.gateway.drop()
    await world.until(lambda: not world.gateway.connected())
    await caller.say("imens")
    world.gateway.refuses = False
    await world.until(lambda: world.gateway.identified == 2)
    after = await caller.say("efter")
    await world.until(lambda: listener.heard)
    assert listener.heard == [f"nyheder {after.body['id']}"]
    assert (world.gateway.resumed, world.gateway.connected()) == (0, 1)


async def test_a_bot_that_says_goodbye_leaves_no_session_behind_one_that_breaks_off_does(
    caller: Caller,
) -> None:
    gateway = caller.discord.gateway
    for code, left in ((4000, 1), (1000, 1)):
        async with aiohttp.ClientSession() as http, http.ws_connect(gateway.address) as socket:
            await socket.send_json({"op": 2, "d": {"token": caller.discord.token, "intents": 1}})
            await caller.discord.until(gateway.connected)
            await socket.close(code=code)
            await caller.discord.until(lambda: not gateway.connected())
        assert len(gateway.sessions) == left
