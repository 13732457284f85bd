"""A letter to every village: our dispatcher, a plain loop and `gather`, each against Discord's own limit."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import aiohttp
import discord
from sqlalchemy import func, select

from bot.app import App
from bot.cli.run import use_server
from bot.delivery.pace import LIMIT_PER_SECOND
from bot.discord_render import payload
from bot.messages.message import Button, Message
from bot.storage.models import Delivery
from tests.bench.programme import LETTER, SECRETARIAT, programme
from tests.bench.server import Server, lost_and_doubled, serving

FAULTS = {"ERROR_500": 0.01, "ERROR_503": 0.01, "DROP_BEFORE": 0.02, "DROP_AFTER": 0.02}
BEGINS = "**Nyhedsbrev"
LOOKS_EVERY = 0.05


@dataclass
class Run:
    """How a way of sending fared; `ratio_to_limit` is 1 at the highest pace that Discord allows."""

    seconds: float
    ratio_to_limit: float
    r429: int
    lost: int
    doubled: int


async def broadcast(channels: int, guilds: int, latency_ms: float, *, faults: bool) -> dict[str, Any]:
    """Send with each way in turn, in front of the same server. Returns the figures."""
    async with serving(channels=channels, guilds=guilds, latency_ms=latency_ms) as server:
        use_server(server.address)
        runs: dict[str, Any] = {}
        for name, way in (("ours", _ours), ("loop", _loop), ("gather", _gather)):
            await server.reset()
            await server.unlucky(FAULTS if faults else {})
            seconds = await way(server)
            await server.unlucky({})
            account = await server.account()
            lost, doubled = lost_and_doubled(account, server.channel_ids, BEGINS)
            limit = channels / LIMIT_PER_SECOND
            runs[name] = asdict(
                Run(round(seconds, 2), round(limit / seconds, 3), account["answers_429"], lost, doubled)
            )
    return {"channels": channels, "guilds": guilds, "latency_ms": latency_ms, "faults": faults,
            "limit_seconds": round(channels / LIMIT_PER_SECOND, 2), **runs}  # fmt: skip


async def _ours(server: Server) -> float:
    async with programme(server.channel_ids) as (app, cohort_id):
        bot = app.bot()
        await bot.login(server.token)
        try:
            await app.services.newsletters.send(SECRETARIAT, cohort_id, LETTER)
            begun = perf_counter()
            await app.stand_by(bot)
            while await _waiting(app):  # noqa: ASYNC110 - the ledger is what counts
                await asyncio.sleep(LOOKS_EVERY)
            return perf_counter() - begun
        finally:
            await bot.close()


async def _waiting(app: App) -> int:
    """Count the letters that have no receipt yet."""
    async with app.database.transaction() as session:
        open_states = Delivery.state.in_(("pending", "claimed"))
        return await session.scalar(select(func.count()).select_from(Delivery).where(open_states)) or 0


async def _loop(server: Server) -> float:
    async def one_by_one(send: Callable[[int], Awaitable[object]]) -> None:
        for channel_id in server.channel_ids:
            try:
                await send(channel_id)
            except (discord.DiscordException, aiohttp.ClientError, OSError):
                continue

    return await _plainly(server, one_by_one)


async def _gather(server: Server) -> float:
    async def all_at_once(send: Callable[[int], Awaitable[object]]) -> None:
        await asyncio.gather(*map(send, server.channel_ids), return_exceptions=True)

    return await _plainly(server, all_at_once)


async def _plainly(
    server: Server, run: Callable[[Callable[[int], Awaitable[object]]], Awaitable[None]]
) -> float:
    """Let a bot of few lines send a letter of the same kind; it keeps no account of what failed."""
    text = BEGINS + " 1: Hvem skal med?**\n" + "Kære alle. Vi ses tirsdag. " * 50
    message = Message(text[:1500], (Button("Jeg kommer", "rsvp", (1, 1), "success"),))
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(server.token)

        async def send(channel_id: int) -> object:
            return await client.get_partial_messageable(channel_id).send(**payload(message, 1))

        begun = perf_counter()
        await run(send)
        return perf_counter() - begun
