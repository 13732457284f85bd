"""What fails around the bot while it broadcasts: it keeps running, and every post stands once."""

import asyncio
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from bot.cli.run import read_shards
from bot.client import Shards
from bot.domain.errors import StartupError
from tests.support.databases import postgresql_server, restart
from tests.wire.houses import SEND, House, house
from tests.wire.loopback import Loopback
from tests.wire.ordeals import Copies
from tests.wire.process import Running
from tests.wire.programmes import many_villages
from tests.wire.troubles import Trouble

VILLAGES = 30  # more than a bot claims at once
STOPS_WITHIN = 10.0
UNWELL = {Trouble.ERROR_500: 0.4, Trouble.ERROR_502: 0.2, Trouble.ERROR_503: 0.4}
Houses = Callable[[str], Awaitable[House]]


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    """A PostgreSQL server that nobody else uses."""
    with postgresql_server() as uri:
        yield uri


@pytest.fixture(scope="module")
def originals(
    tmp_path_factory: pytest.TempPathFactory, content: Path, postgresql: str, own_server: str
) -> dict[str, Copies]:
    """A filled database on each backend, and one on a server that may be restarted."""
    folder = tmp_path_factory.mktemp("originals")
    found = {
        "sqlite": Copies(folder / "sqlite", content),
        "postgresql": Copies(folder / "pg", content, postgresql),
        "own server": Copies(folder / "own", content, own_server),
    }

    async def fill() -> None:
        await asyncio.gather(*(each.fill(many_villages(VILLAGES)) for each in found.values()))

    asyncio.run(fill())
    return found


@pytest.fixture
async def houses(originals: dict[str, Copies], tmp_path: Path) -> AsyncIterator[Houses]:
    """A maker of houses on one backend or the other."""
    made: list[House] = []
    async with AsyncExitStack() as stack:

        async def make(backend: str) -> House:
            world = await stack.enter_async_context(Loopback())
            made.append(house(world, originals[backend], tmp_path / f"house-{len(made)}"))
            return made[-1]

        yield make
        for each in made:
            print(each.machine.close())  # pytest shows it when a test fails
            each.ledger.close()
            assert each.world.gaps == []


async def test_discord_the_machine_and_the_database_fail_for_a_while_and_nothing_is_lost_or_doubled(
    houses: Houses,
) -> None:
    made = [await houses(backend) for backend in ("sqlite", "sqlite", "own server", "postgresql")]
    stories = (discord_is_away, the_file_cannot_be_written, the_server_restarts, two_side_by_side)
    await asyncio.gather(*(story(place) for story, place in zip(stories, made, strict=True)))


async def discord_is_away(house: House) -> None:
    """The network is gone, Discord is unwell, the gateway drops and will not resume."""
    bot = await house.at_work()
    await house.under_way()
    house.world.begin_outage()
    await asyncio.sleep(2)
    house.world.end_outage()
    await house.settled()

    before = house.world.gateway.identified
    house.world.gateway.refuses_resume = True
    house.world.gateway.drop()
    await house.under_way()
    house.world.unlucky(UNWELL, *SEND)
    await asyncio.sleep(2)
    house.world.unlucky({})
    await house.settled()
    await house.world.until(lambda: house.world.gateway.identified > before, 30)
    assert await house.answers()
    assert bot.code() is None and house.accounted()


async def the_file_cannot_be_written(house: House) -> None:
    """Somebody else writes for long, a second bot is started by mistake, the disk is full."""
    bot = await house.at_work()
    second = house.machine.start("run")
    await house.under_way()
    with closing(sqlite3.connect(house.machine.home / "blup.sqlite3", isolation_level=None)) as writer:
        await locked(writer)
        await asyncio.sleep(3)
        writer.execute("COMMIT")
    await house.settled()
    end = await second.ended(30)
    (line,) = end.err.splitlines()
    assert end.code == 2 and line.startswith("blup: another `blup run` works with "), line

    await house.under_way()
    writes_at_most(bot, 4096)
    await asyncio.sleep(3)
    assert house.ledger.waiting(), "the disk was full in the middle of it"
    writes_at_most(bot, resource.RLIM_INFINITY)
    await house.settled()
    assert bot.code() is None and house.accounted()


async def locked(writer: sqlite3.Connection) -> None:
    """Begin to write as soon as nobody else does."""
    while True:
        try:
            writer.execute("PRAGMA busy_timeout = 0")
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            await asyncio.sleep(0.002)
        else:
            return


def writes_at_most(bot: Running, size: int) -> None:
    """Let no file of this process grow beyond so many bytes."""
    assert bot.process.pid is not None
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def the_server_restarts(house: House) -> None:
    """PostgreSQL ends every connection, then restarts; then the bot is told to stop in the middle of a broadcast."""
    bot = await house.at_work()
    await house.under_way()
    end_connections(house)
    await house.settled()
    await house.under_way()
    await asyncio.to_thread(restart, house.url)
    await house.settled()
    assert bot.code() is None
    assert await house.answers()

    await house.under_way()
    began = asyncio.get_running_loop().time()
    bot.stop()
    assert (await bot.ended(STOPS_WITHIN)).code == 0
    assert asyncio.get_running_loop().time() - began < STOPS_WITHIN
    rest = house.ledger.ask(
        "SELECT state, attempts FROM delivery WHERE key LIKE 'test:%' AND state != 'sent'"
    )
    assert rest and set(rest) == {("pending", 0)}
    house.world.forget_nonces()
    again = house.machine.start("run", "--shards", "0,1/4")
    await house.settled()
    assert again.code() is None and house.accounted()


def end_connections(house: House) -> None:
    """End what the bots have open, also the connection that holds their locks."""
    ended = house.ledger.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    assert len(ended) >= 2


async def two_side_by_side(house: House) -> None:
    """The one that listens is killed, and the other takes over; that one sleeps, and a third takes its posts."""
    first = await house.at_work()
    second = house.machine.start("run")
    await house.world.until(lambda: "stands by" in second.said("err"), 60)
    assert house.world.gateway.identified == 1
    await both_have_posts(house, first, second)
    first.stop(signal.SIGKILL)
    await first.ended()
    house.ledger.shorten(in_hand(house, first), 1)
    await house.world.until(lambda: house.world.gateway.identified == 2, 30)
    assert await house.answers()
    third = house.machine.start("run")
    await house.settled()
    assert house.accounted()

    await both_have_posts(house, second, third)
    await falls_asleep_in_a_transaction(house, second)
    await asyncio.to_thread(house.ledger.shorten, in_hand(house, second), 1)
    house.world.forget_nonces()
    await house.settled()
    second.stop(signal.SIGCONT)
    await house.under_way()
    await asyncio.sleep(1)  # what it had in the air when it fell asleep has come to an end
    await house.settled()
    assert second.code() is None and third.code() is None and house.accounted()


async def falls_asleep_in_a_transaction(house: House, bot: Running) -> None:
    """Suspend a bot while others wait for what it holds. Raises TimeoutError."""
    async with asyncio.timeout(60):
        while True:
            bot.stop(signal.SIGSTOP)
            await asyncio.sleep(0.2)
            if held_open(house) and in_hand(house, bot):
                return
            bot.stop(signal.SIGCONT)
            await both_have_posts(house, bot)


def held_open(house: House) -> bool:
    """Tell whether somebody has begun a transaction and does not go on with it."""
    return bool(
        house.ledger.ask(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '0.15 s'"
        )
    )


def in_hand(house: House, bot: Running) -> list[int]:
    """Return the posts that this bot has claimed."""
    return [
        number for number, hand in house.ledger.claims().items() if hand.startswith(f"{bot.process.pid}-")
    ]


async def both_have_posts(house: House, *bots: Running) -> None:
    """Broadcast until each of them has something to send. Raises TimeoutError."""

    def found() -> bool:
        if all(in_hand(house, bot) for bot in bots):
            return True
        if house.ledger.waiting() < VILLAGES:
            house.broadcast()
        return False

    await house.world.until(found, 60)


def test_shards_are_read_and_nonsense_is_refused() -> None:
    assert read_shards("0,1/4") == Shards((0, 1), 4)
    for nonsense in ("", "4/4", "0,0/4", "-1/4", "0", "a/b", "0/0", "/4"):
        with pytest.raises(StartupError, match="--shards"):
            read_shards(nonsense)
