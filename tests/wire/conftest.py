"""Machines with a database of three villages whose programme year is under way, each with a Discord of its own."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from discord import Permissions
from simcord.backend.models import Message

from bot.delivery.guild_gateway import required_permissions
from tests.wire.hands import Person
from tests.wire.loopback import Loopback
from tests.wire.process import Machine
from tests.wire.programmes import PHONE, fill, light_content, settings

VILLAGES = "kommune;landsby\nAssens;Nørre Åby\nMiddelfart;Nørre Åby\nAssens;Sct. Jørgens\n"


@dataclass
class Scene:
    """One Discord, and one machine whose bot is to serve it."""

    discord: Loopback
    machine: Machine

    def server(self, rights: Permissions | None = None) -> Person:
        """Make a server where the bot has these rights (or all it asks for). Returns somebody who is there."""
        guild = self.discord.add_guild("Landsbyer", rights or required_permissions())
        return Person(self.discord, guild.id, "Anna")

    def channels(self) -> list[str]:
        """Return the names of all channels and categories."""
        return sorted(channel.name or "" for channel in self.discord.backend.channels.values())

    def welcomes(self) -> list[Message]:
        """Return the posts in the welcome channel."""
        return [message for message in self.discord.messages("velkommen") if PHONE in message.content]

    async def welcome(self, seconds: float = 60.0) -> Message:
        """Wait for the post in the welcome channel. Raises TimeoutError."""
        return (await self.discord.until(self.welcomes, seconds))[0]

    def ledger(self, sql: str) -> list[tuple[object, ...]]:
        """Look into the bot's database, or change it."""
        with closing(sqlite3.connect(self.machine.home / "blup.sqlite3", timeout=10)) as database, database:
            return database.execute(sql).fetchall()

    def settled(self) -> bool:
        """Tell whether every post that was due has a receipt."""
        due = "state IN ('pending', 'claimed') AND due_at <= datetime('now')"
        found = self.ledger(
            f"SELECT sum({due}), sum(state = 'sent' AND message_id IS NOT NULL) FROM delivery"
        )
        return not found[0][0] and bool(found[0][1])


Scenes = Callable[[], Awaitable[Scene]]


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programme's content without the rules of its voice, which every process would apply anew."""
    return light_content(tmp_path_factory.mktemp("content") / "content")


@pytest.fixture(scope="session")
def programme(tmp_path_factory: pytest.TempPathFactory, content: Path) -> Path:
    """A database that `blup db upgrade` made and `blup villages import` filled."""
    home = tmp_path_factory.mktemp("programme")
    database = home / "blup.sqlite3"
    asyncio.run(fill(home, f"sqlite:///{database}", content, VILLAGES))
    return database


@pytest.fixture
async def scenes(tmp_path: Path, programme: Path, content: Path) -> AsyncIterator[Scenes]:
    """A maker of scenes: each has its own machine, database and Discord, so that several play at once."""
    made: list[Scene] = []
    one_at_a_time = asyncio.Lock()  # the strict rules are taken away in the order they came
    async with AsyncExitStack() as stack:

        async def make() -> Scene:
            async with one_at_a_time:
                world = await stack.enter_async_context(Loopback())
            home = tmp_path / f"machine-{len(made)}"
            home.mkdir()
            shutil.copyfile(programme, home / "blup.sqlite3")
            env = settings(f"sqlite:///{home}/blup.sqlite3", content)
            env |= {"BLUP_DISCORD_API": world.address, "DISCORD_TOKEN": world.token}
            scene = Scene(world, Machine(home, env))
            made.append(scene)
            return scene

        yield make
        for scene in made:
            said = scene.machine.close()
            print(said)  # pytest shows it when a test fails
            assert scene.discord.gaps == []
            assert scene.discord.token not in said


@pytest.fixture
async def scene(scenes: Scenes) -> Scene:
    """One scene."""
    return await scenes()
