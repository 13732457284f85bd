"""A broadcast whose bot is killed again and again: `python -m tests.wire.kills --kills 50 --database sqlite`.

The bot is the unmodified `blup run`. Each round plans a post for every village; the bot is killed with SIGKILL at a
random moment among them and started again, half of the times after Discord has forgotten its nonces. At the end every
post must stand once in its channel and have its receipt.
"""

import argparse
import asyncio
import random
import signal
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from bot.delivery.guild_gateway import required_permissions
from tests.support.databases import new_postgresql_database, postgresql_server
from tests.wire.loopback import Loopback
from tests.wire.process import Machine, Running

MINE = "key LIKE 'kill:%'"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
LONG_AGO = {SQLITE: "'2026-01-01 00:00:00'", POSTGRESQL: "timestamptz '2026-01-01 00:00:00+00'"}
SAID = {SQLITE: "json_object", POSTGRESQL: "json_build_object"}
LOOKS_EVERY = 0.1
PATIENCE = 180.0


@dataclass(frozen=True)
class Outcome:
    """What became of every post; `take_over` are the seconds until a dead process's posts had gone out."""

    kills: int
    posts: int
    lost: int
    doubled: int
    without_receipt: int
    answers_429: int
    take_over: float


@dataclass
class Broadcast:
    """A programme with its processes, on one loopback Discord and one database."""

    discord: Loopback
    machine: Machine
    backend: str
    address: str
    running: list[Running] = field(default_factory=list)
    rounds: int = 0

    def sql(self, text: str) -> Sequence[tuple[Any, ...]]:
        """Look into the bot's database, or change it."""
        if self.backend == SQLITE:
            file = self.address.removeprefix("sqlite:///")
            with closing(sqlite3.connect(file, timeout=20)) as database, database:
                return database.execute(text).fetchall()
        with psycopg.connect(self.address, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchall() if cursor.description else ()

    def count(self, where: str) -> int:
        """Count the posts of the story that are so."""
        return int(self.sql(f"SELECT count(*) FROM delivery WHERE {MINE} AND {where}")[0][0])

    def plan(self) -> None:
        """Plan one more post for every village, due at once."""
        self.rounds += 1
        said = f"{SAID[self.backend]}('said', 'Hej ' || village.id || '/{self.rounds}')"
        self.sql(
            "INSERT INTO delivery"
            " (key, place_key, kind, due_at, urgent, at_once, state, attempts, payload)"
            f" SELECT 'kill:{self.rounds}:' || id, 'village:' || id, 'notice', {LONG_AGO[self.backend]},"
            f" true, true, 'pending', 0, {said} FROM village"
        )

    async def until(self, where: str, at_most: int, seconds: float = PATIENCE) -> None:
        """Wait until no more posts than this are so. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.count(where) > at_most:  # noqa: ASYNC110 - the ledger is another process's
                await asyncio.sleep(LOOKS_EVERY)

    async def kill_one(self, chance: random.Random) -> float:
        """Kill a process in the middle of the broadcast and start another. Returns when, on the monotonic clock."""
        self.plan()
        await self.until("state <> 'sent'", self.count("state <> 'sent'") - 1)
        await asyncio.sleep(chance.uniform(0, 1))
        victim = self.running.pop(chance.randrange(len(self.running)))
        victim.stop(signal.SIGKILL)
        await victim.ended()
        if chance.random() < 0.5:
            self.discord.forget_nonces()
        if not self.running:  # nobody else can hold a lease, so nobody need wait for it
            self.sql(f"UPDATE delivery SET lease_until = {LONG_AGO[self.backend]} WHERE state = 'claimed'")
        self.running.append(self.machine.start("run"))
        return monotonic()

    def held(self) -> str:
        """Return a condition for the posts that somebody has in hands now."""
        ids = [str(row[0]) for row in self.sql("SELECT id FROM delivery WHERE state = 'claimed'")]
        return f"id IN ({', '.join(ids) or '0'}) AND state <> 'sent'"

    def outcome(self, kills: int, take_over: float) -> Outcome:
        """Hold what stands in the channels against the ledger."""
        texts = Counter(
            message.content
            for standing in self.discord.backend.messages.values()
            for message in standing.values()
            if message.content.startswith("Hej ")
        )
        posts = self.count("true")
        return Outcome(
            kills, posts, posts - len(texts), texts.total() - len(texts),
            self.count("(state <> 'sent' OR message_id IS NULL)"), self.discord.answers_429, take_over,
        )  # fmt: skip


@asynccontextmanager
async def broadcasting(backend: str, address: str, villages: int, processes: int) -> AsyncIterator[Broadcast]:
    """Give a programme of so many villages whose channels stand and whose processes run."""
    with tempfile.TemporaryDirectory(prefix="blup-kills-") as folder:
        home = Path(folder)
        address = address or f"sqlite:///{home / 'blup.sqlite3'}"
        async with Loopback(latency=0.02) as discord:
            discord.add_guild("Landsbyer", required_permissions())
            settings = {
                "BLUP_DATABASE_URL": address, "BLUP_DISCORD_API": discord.address,
                "DISCORD_TOKEN": discord.token, "BLUP_HELP_PHONE": "12 34 56 78",
            }  # fmt: skip
            story = Broadcast(discord, Machine(home, settings), backend, address)
            rows = "\n".join(f"Kommune {number // 20};Landsby {number}" for number in range(villages))
            (home / "villages.csv").write_text(f"kommune;landsby\n{rows}\n", "utf-8")
            for words in (("db", "upgrade"), ("villages", "import", str(home / "villages.csv"))):
                done = await story.machine.blup(*words)
                assert done.code == 0, done
            try:
                story.running.append(story.machine.start("run"))
                await discord.until(lambda: _standing(discord) == villages, PATIENCE)
                story.running += [story.machine.start("run") for _ in range(processes - 1)]
                yield story
            finally:
                story.machine.close()


def _standing(discord: Loopback) -> int:
    return sum((channel.name or "").startswith("landsby") for channel in discord.backend.channels.values())


async def kill_again_and_again(story: Broadcast, kills: int, seed: int, wait_every: int = 10) -> Outcome:
    """Kill so many times; with several processes, see now and then how long a dead one's posts wait."""
    chance, longest = random.Random(seed), 0.0
    for number in range(kills):
        killed_at = await story.kill_one(chance)
        if len(story.running) > 1 and number % wait_every == 0:
            await story.until(story.held(), 0)
            longest = max(longest, monotonic() - killed_at)
    await story.until("state <> 'sent'", 0)
    for process in story.running:
        process.stop()
    for process in story.running:
        await process.ended(15)
    return story.outcome(kills, round(longest, 1))


async def told(backend: str, address: str, kills: int, processes: int, villages: int, seed: int) -> Outcome:
    """Tell the whole story on one database."""
    async with broadcasting(backend, address, villages, processes) as story:
        return await kill_again_and_again(story, kills, seed)


def main() -> None:
    """Tell the story that was asked for, and print its outcome."""
    parsed = argparse.ArgumentParser(prog="python -m tests.wire.kills", description=__doc__)
    parsed.add_argument("--kills", type=int, default=50)
    parsed.add_argument("--database", choices=(SQLITE, POSTGRESQL), default=SQLITE)
    parsed.add_argument("--processes", type=int, default=1)
    parsed.add_argument("--villages", type=int, default=60)
    parsed.add_argument("--seed", type=int, default=1)
    asked = parsed.parse_args()
    words = (asked.kills, asked.processes, asked.villages, asked.seed)
    if asked.database == SQLITE:
        print(asyncio.run(told(SQLITE, "", *words)))
        return
    with postgresql_server() as server:
        address = new_postgresql_database(server).replace("postgresql+psycopg", "postgresql")
        print(asyncio.run(told(POSTGRESQL, address, *words)))


if __name__ == "__main__":
    main()
