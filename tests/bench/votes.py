"""Clicks on a secret poll as fast as they come: how soon each is acknowledged, beside a bot that does nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from statistics import median, quantiles
from time import monotonic
from typing import Any

import discord
from sqlalchemy import func, select

from bot.app import App
from bot.cli.run import use_server
from bot.domain.access import Actor, Role, RoleHeld
from bot.services.places import Place, place_of, village_key
from bot.storage.models import Ballot, Person, Poll, RoleAssignment
from tests.bench.programme import LETTER, SECRETARIAT, programme
from tests.bench.server import Server, serving

STORMS = 3
STEADY = 200  # clicks a second
STEADY_SECONDS = 5
BATCH = 20  # clicks that come at the same moment
LATE_MS = 3000.0
VOTES = "b:vote:"
OPEN_FOR = timedelta(hours=2)
ONE, MANY = "Skal vi plante træer?", "Skal vi plante flere træer?"


@dataclass
class Figures:
    """How fast clicks were acknowledged in a storm, and how long each waited at a steady load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    over_3s: int


async def votes(clicks: int, channels: int, polls: int) -> dict[str, Any]:
    """Let many people click at once, steadily, during a broadcast, and in many open polls. Returns the figures."""
    async with serving(channels=channels, guilds=4 if channels > 400 else 1) as server:
        use_server(server.address)
        async with _acknowledging(server) as press:
            ack_only, _ = await _measured(server, press, clicks)
        await server.reset()
        async with _ours(server, clicks) as village:
            press = await village.asked(1)
            ours, sent = await _measured(server, press, clicks)
            counted = await _counted(village.app, clicks)
            await server.tell("unlucky", chances={})
            await village.app.services.newsletters.send(SECRETARIAT, village.cohort_id, LETTER)
            broadcasting = await _steadily(server, press, sent)
            await _served(server)
            many = await _in_many_polls(server, village, polls, clicks, sent + STEADY * STEADY_SECONDS)
    ratio = round(ours.per_second / ack_only.per_second, 2)
    return {"clicks": clicks, "ours": asdict(ours), "ack_only": asdict(ack_only), "ratio": ratio,
            "votes_counted": counted, "under_broadcast": broadcasting, "broadcast_posts": channels,
            "many_polls": many}  # fmt: skip


class Press:
    """Clicks of so many people on the buttons of one message, each person in turn."""

    def __init__(
        self, server: Server, people: Sequence[str], channel_id: int, custom_ids: Sequence[str]
    ) -> None:
        self._server, self._people, self._channel_id = server, people, channel_id
        self._custom_ids, self._next = custom_ids, 0
        self.voted: set[tuple[str, str]] = set()  # who, in which poll

    async def __call__(self, count: int) -> None:
        """Let the next people click, all at the same moment."""
        presses = []
        for _ in range(count):
            number, self._next = self._next, self._next + 1
            person = self._people[number % len(self._people)]
            custom_id = self._custom_ids[number % len(self._custom_ids)]
            self.voted.add((person, custom_id.split(":")[2].split(",")[0]))
            presses.append({"person": person, "channel_id": self._channel_id, "custom_id": custom_id})
        made = await self._server.tell("press", presses=presses)
        assert None not in made["interactions"], "there is nothing to click on"


async def _in_many_polls(
    server: Server, village: "Village", polls: int, clicks: int, before: int
) -> dict[str, Any]:
    """Open many polls at once, let people click on all of them, and close them all in one turn."""
    press = await village.asked(polls)
    await press(clicks)
    waits = await _acknowledged(server, before, clicks)
    storm = (max(end for _, end in waits) - min(begin for begin, _ in waits)) / 1000
    late = sum(end - begin > LATE_MS for begin, end in waits)
    await _served(server)
    steady = await _steadily(server, press, before + clicks)
    await _served(server)
    services, began = village.app.services, monotonic()
    await services.polls.turn(services.context.now() + 2 * OPEN_FOR)
    closing = monotonic() - began
    async with village.app.database.transaction() as session:
        turnout = select(func.sum(Poll.turnout)).where(Poll.question == MANY)
        counted = await session.scalar(turnout) or 0
    return {"polls": polls, "per_second": round(clicks / storm, 1), "p50_ms": steady["p50_ms"],
            "p99_ms": steady["p99_ms"], "over_3s": late + steady["over_3s"],
            "close_s": round(closing, 2), "voted": len(press.voted), "counted": counted}  # fmt: skip


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


@dataclass
class Village:
    """A village of the programme in which so many people may vote."""

    server: Server
    app: App
    cohort_id: int
    place: Place
    names: Sequence[str]

    async def _as_often_as_one_likes(self) -> None:
        """Let the village's rules allow any number of questions a month."""
        village = self.place.village
        assert village is not None
        lead = Actor(None, "Tovholder", frozenset({RoleHeld(Role.STEERING_LEAD, village_id=village.id)}))
        await self.app.services.poll_rules.change(lead, self.place, "monthly", "0")

    async def asked(self, polls: int) -> Press:
        """Start so many secret polls, wait until they stand in the channel, and return the clicks on them."""
        assert self.place.village is not None
        asker = Actor(
            None, "Styregruppen", frozenset({RoleHeld(Role.STEERING, village_id=self.place.village.id)})
        )
        await self._as_often_as_one_likes()
        begun = [
            await self.app.services.polls.start(
                asker,
                self.place,
                question=ONE if polls == 1 else MANY,
                options=("Ja", "Nej"),
                secret=True,
                voters="panel",
                hours=OPEN_FOR / timedelta(hours=1),
            )
            for _ in range(polls)
        ]
        wanted = {f"{VOTES}{view.id}," for view in begun}
        while True:
            for channel, messages in (await self.server.account())["messages"].items():
                ids = [custom_id for message in messages for custom_id in message["custom_ids"]]
                found = [one for one in ids if one.split(",")[0] + "," in wanted]
                if len(found) >= 2 * polls:
                    return Press(self.server, self.names, int(channel), found)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _ours(server: Server, people: int) -> AsyncIterator[Village]:
    """The bot at work, and so many people who may vote in the first village."""
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
        yield Village(server, app, cohort_id, place, names)
        await _served(server)
        await bot.close()
        await asyncio.gather(listening, return_exceptions=True)


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
