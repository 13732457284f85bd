"""Clicks on a secret poll as fast as they come: how soon each is acknowledged, beside a bot that does nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from time import monotonic
from typing import Any

import discord
from sqlalchemy import func, select

from bot.app import App
from bot.cli.run import use_server
from bot.domain.access import Actor, Role, RoleHeld
from bot.services.places import Place, place_of, village_key
from bot.storage.models import Ballot, Person, RoleAssignment
from tests.bench.programme import LETTER, SECRETARIAT, programme
from tests.bench.server import Server, serving

STORMS = 3
STEADY = 200  # clicks a second
STEADY_SECONDS = 5
BATCH = 20  # clicks that come at the same moment
LATE_MS = 3000.0
VOTES = "b:vote:"


@dataclass
class Figures:
    """How fast clicks were acknowledged in a storm, and how long each waited at a steady load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    over_3s: int


async def votes(clicks: int, channels: int) -> dict[str, Any]:
    """Let many people click at once, then steadily, then during a broadcast. Returns the figures."""
    async with serving(channels=channels, guilds=4 if channels > 400 else 1) as server:
        use_server(server.address)
        async with _acknowledging(server) as press:
            ack_only, _ = await _measured(server, press, clicks)
        await server.reset()
        async with _ours(server, clicks) as (app, press, cohort_id):
            ours, sent = await _measured(server, press, clicks)
            counted = await _counted(app, clicks)
            await server.tell("unlucky", chances={})
            await app.services.newsletters.send(SECRETARIAT, cohort_id, LETTER)
            broadcasting = await _steadily(server, press, sent)
    ratio = round(ours.per_second / ack_only.per_second, 2)
    return {"clicks": clicks, "ours": asdict(ours), "ack_only": asdict(ack_only), "ratio": ratio,
            "votes_counted": counted, "under_broadcast": broadcasting, "broadcast_posts": channels}  # fmt: skip


class Press:
    """Clicks of so many people on the buttons of one message, each person in turn."""

    def __init__(
        self, server: Server, people: Sequence[str], channel_id: int, custom_ids: Sequence[str]
    ) -> None:
        self._server, self._people, self._channel_id = server, people, channel_id
        self._custom_ids, self._next = custom_ids, 0

    async def __call__(self, count: int) -> None:
        """Let the next people click, all at the same moment."""
        presses = []
        for _ in range(count):
            number, self._next = self._next, self._next + 1
            presses.append({
                "person": self._people[number % len(self._people)], "channel_id": self._channel_id,
                "custom_id": self._custom_ids[number % len(self._custom_ids)],
            })  # fmt: skip
        made = await self._server.tell("press", presses=presses)
        assert None not in made["interactions"], "there is nothing to click on"


async def _measured(server: Server, press: Press, clicks: int) -> tuple[Figures, int]:
    """Return the figures of some storms (the middle one's pace) and of a steady load; and how many clicks there were."""
    paces, late = [], 0
    for storm in range(STORMS):
        await press(clicks)
        waits = await _acknowledged(server, storm * clicks, clicks)
        paces.append(clicks / (max(end for _, end in waits) - min(begin for begin, _ in waits)) * 1000)
        late += sum(end - begin > LATE_MS for begin, end in waits)
        await _served(server)
    steady = await _steadily(server, press, STORMS * clicks)
    figures = Figures(round(median(paces), 1), steady["p50_ms"], steady["p99_ms"], late + steady["over_3s"])
    return figures, STORMS * clicks + STEADY * STEADY_SECONDS


async def _steadily(server: Server, press: Press, before: int) -> dict[str, Any]:
    """Let people click at a steady load, and return how long they waited."""
    begun = monotonic()
    for turn in range(STEADY * STEADY_SECONDS // BATCH):
        await asyncio.sleep(max(0.0, begun + turn * BATCH / STEADY - monotonic()))
        await press(BATCH)
    waits = await _acknowledged(server, before, STEADY * STEADY_SECONDS)
    durations = sorted(end - begin for begin, end in waits)
    cuts = quantiles(durations, n=100)
    return {"p50_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1),
            "over_3s": sum(wait > LATE_MS for wait in durations)}  # fmt: skip


async def _acknowledged(server: Server, before: int, count: int) -> list[tuple[float, float]]:
    """Wait until these clicks have been acknowledged. Returns when each was made and acknowledged, in ms."""
    async with asyncio.timeout(120):
        while True:
            account = await server.account()
            waits = list(account["interactions"].values())[before : before + count]
            if len(waits) == count and all(end is not None for _, end in waits):
                return [(begin, end) for begin, end in waits]
            await asyncio.sleep(0.2)


@asynccontextmanager
async def _acknowledging(server: Server) -> AsyncIterator[Press]:
    """A bot that acknowledges and does nothing else, and a message to click on."""
    client = discord.Client(intents=discord.Intents(guilds=True))

    async def on_interaction(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

    client.event(on_interaction)
    await client.login(server.token)
    working = asyncio.create_task(client.connect())
    await client.wait_until_ready()
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Ja", custom_id="b:nothing:1:"))
    view.stop()
    channel_id = server.channel_ids[0]
    await client.get_partial_messageable(channel_id).send("Hvad siger du?", view=view)
    yield Press(server, [f"klikker-{n}" for n in range(1000)], channel_id, ["b:nothing:1:"])
    await client.close()
    await asyncio.gather(working, return_exceptions=True)


@asynccontextmanager
async def _ours(server: Server, people: int) -> AsyncIterator[tuple[App, Press, int]]:
    """The bot at work, with a secret poll in the first village and so many people who may vote in it."""
    async with programme(server.channel_ids) as (app, cohort_id):
        names = [f"borger-{number}" for number in range(people)]
        ids = await server.tell("people", guild_id=server.guild_ids[0], names=names)
        village = (await app.services.cohorts.villages())[0]
        now = app.services.context.now()
        async with app.database.transaction() as session:
            persons = [Person(display_name=name, discord_user_id=ids[name], created_at=now) for name in names]
            session.add_all(persons)
            await session.flush()
            session.add_all(
                RoleAssignment(person_id=person.id, role=str(Role.PANEL), scope_key=village_key(village.id),
                               village_id=village.id, since=now)
                for person in persons
            )  # fmt: skip
            place = await place_of(session, village_key(village.id))
        bot = app.bot()
        await bot.login(server.token)
        listening = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        await app.stand_by(bot)
        yield app, await _polled(server, app, place, names), cohort_id
        await _served(server)
        await bot.close()
        await asyncio.gather(listening, return_exceptions=True)


async def _polled(server: Server, app: App, place: Place, names: Sequence[str]) -> Press:
    assert place.village is not None
    lead = Actor(None, "Tovholder", frozenset({RoleHeld(Role.STEERING, village_id=place.village.id)}))
    await app.services.polls.start(
        lead,
        place,
        question="Skal vi plante træer?",
        options=("Ja", "Nej"),
        secret=True,
        voters="panel",
        hours=2,
    )
    while True:
        for channel, messages in (await server.account())["messages"].items():
            found = [c for message in messages for c in message["custom_ids"] if c.startswith(VOTES)]
            if found:
                return Press(server, names, int(channel), found)
        await asyncio.sleep(0.1)


async def _served(server: Server) -> None:
    """Wait until everybody in line has got an answer: nothing more is asked of Discord."""
    before = -1
    while (requests := (await server.account())["requests"]) != before:
        before = requests
        await asyncio.sleep(1)


async def _counted(app: App, people: int) -> int:
    """Return how many votes are in the ballot box, when all of these people's are."""
    async with asyncio.timeout(120):
        while True:
            async with app.database.transaction() as session:
                found = await session.scalar(select(func.count()).select_from(Ballot)) or 0
            if found >= people:
                return found
            await asyncio.sleep(0.2)
