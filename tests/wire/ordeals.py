"""Several worlds at once in which bots are killed, on copies of one database."""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.delivery.guild_gateway import required_permissions
from tests.support.databases import new_postgresql_database, postgresql_server
from tests.wire.ledgers import Ledger
from tests.wire.loopback import Loopback
from tests.wire.ordeal import Account, Ordeal
from tests.wire.process import Machine
from tests.wire.programmes import fill, light_content, many_villages, settings


def plain_url(url: str) -> str:
    """Return a database's address as an operator writes it."""
    return url.replace("postgresql+psycopg", "postgresql")


class Copies:
    """Databases like one that was filled once, on one backend."""

    def __init__(self, folder: Path, content: Path, server_uri: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._content, self._server = folder, content, server_uri
        if server_uri:
            self._original = new_postgresql_database(server_uri)
        else:
            self._original = f"sqlite:///{folder / 'original.sqlite3'}"

    async def fill(self, villages: str) -> None:
        """Make and fill the original."""
        await fill(self._folder, plain_url(self._original), self._content, villages)

    def copy(self, home: Path) -> str:
        """Return the address of a new copy."""
        if self._server:
            return plain_url(new_postgresql_database(self._server, like=self._original))
        shutil.copyfile(self._folder / "original.sqlite3", home / "blup.sqlite3")
        return f"sqlite:///{home / 'blup.sqlite3'}"

    def machine(self, home: Path, world: Loopback) -> tuple[Machine, str]:
        """Return a machine with a copy, whose bot is to serve a world; and the copy's address."""
        home.mkdir()
        url = self.copy(home)
        env = settings(url, self._content) | {
            "BLUP_DISCORD_API": world.address,
            "DISCORD_TOKEN": world.token,
        }
        return Machine(home, env), url


def _told_if_failed(machine: Machine, failed: object, *_: object) -> None:
    said = machine.close()
    if failed:
        print(said[-4000:])


@dataclass(frozen=True)
class Story:
    """What is to happen: `forgotten` is the share of kills after which Discord knows no nonce any more."""

    kills: int
    processes: int
    worlds: int
    forgotten: float = 0.5
    true_every: int = 3
    seed: int = 1


async def played(story: Story, copies: Copies, folder: Path) -> Account:
    """Play a story in several worlds at once, and return the account of all together."""
    total = Account()
    async with AsyncExitStack() as stack:
        ordeals, playing = [], []
        for number in range(story.worlds):
            world = await stack.enter_async_context(Loopback())
            world.add_guild("Landsbyer", required_permissions())
            machine, url = copies.machine(folder / f"machine-{number}", world)
            stack.push(partial(_told_if_failed, machine))
            ordeal = Ordeal(world, machine, Ledger(url), story.seed * 1000 + number)
            stack.callback(ordeal.ledger.close)
            ordeals.append(ordeal)
            share = story.kills // story.worlds + (number < story.kills % story.worlds)
            if story.processes == 1:
                playing.append(ordeal.alone(share, story.forgotten))
            else:
                playing.append(ordeal.side_by_side(share, story.forgotten, story.true_every))
        await asyncio.gather(*playing)
        for ordeal in ordeals:
            assert ordeal.world.gaps == []
            total.add(ordeal.account)
    return total


async def told(story: Story, database: str, channels: int) -> Account:
    """Play a story on a database of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blup-kills-")))
        server_uri = stack.enter_context(postgresql_server()) if database == "postgresql" else ""
        copies = Copies(folder, light_content(folder / "content"), server_uri)
        await copies.fill(many_villages(channels))
        return await played(story, copies, folder)
