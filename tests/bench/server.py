"""The loopback Discord in a process of its own, as a benchmark sees it."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
A_NEW_SECOND = 1.2  # so long after a run Discord's limit counts from nothing again


@dataclass
class Server:
    """Where it is, what is there, and what may be asked of it."""

    address: str
    token: str
    guild_ids: list[int]
    channel_ids: list[int]
    session: aiohttp.ClientSession

    async def account(self) -> dict[str, Any]:
        """Return what has happened since the last reset."""
        async with self.session.get(f"{self.address}/control/account") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def tell(self, what: str, **said: object) -> dict[str, Any]:
        """Tell it something."""
        async with self.session.post(f"{self.address}/control/{what}", json=said) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def reset(self) -> None:
        """Begin anew, with no messages and no requests behind us."""
        await asyncio.sleep(A_NEW_SECOND)
        await self.tell("reset")

    async def unlucky(self, chances: Mapping[str, float]) -> None:
        """Let messages meet troubles with these chances, the same in each run."""
        await self.tell("unlucky", chances=chances, method="POST", path="/channels/*/messages", seed=1)


@asynccontextmanager
async def serving(**options: float) -> AsyncIterator[Server]:
    """Start it, with options of `python -m tests.wire.serve`."""
    said = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.wire.serve", *said, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**22,
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    try:
        made = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield Server(session=session, **made)
    finally:
        process.stdin.close()
        await process.wait()


def lost_and_doubled(account: Mapping[str, Any], channel_ids: Sequence[int], starts: str) -> tuple[int, int]:
    """Return how many channels lack the message that begins so, and how many stand there too often."""
    counts = Counter(
        int(channel)
        for channel, messages in account["messages"].items()
        for message in messages
        if message["content"].startswith(starts)
    )
    lost = sum(counts[channel] == 0 for channel in channel_ids)
    return lost, sum(count - 1 for count in counts.values())
