"""A whole Discord inside the process, on which the real bot lives through a year.

It knows simcord and discord.py, and nothing of the programme. How to use it:

    async with EmbeddedDiscord(start_at=datetime(2027, 1, 4, 6, tzinfo=UTC)) as world:
        guild, owner = await world.create_guild("Landsbyer", permissions=needed)
        anna = world.add_member(guild, "Anna")
        bot = build_bot(clock=world.clock)            # the production composition
        await world.start_bot(bot)
        await owner.slash(world.channel(channel_id), "landsby opret", navn="Sønder Nørby")
        await world.advance_to(datetime(2027, 2, 1, tzinfo=UTC))
        for record in world.messages(channel_id):     # plain and cheap
            await anna.click(world.clickable(record), custom_id=record.custom_ids[0])
        await world.stop_bot()                        # killed: nothing is closed or said
        await world.advance_to(datetime(2027, 2, 9, tzinfo=UTC))
        await world.start_bot(build_bot(clock=world.clock))
        world.raise_errors()

Four rules. Every act waits until the bot is at rest, whatever its database does; an idle
`await event.wait()` of the bot's own is never at rest, so let timers wake it. Time moves in
`advance_to` only. Whoever calls the bot's own services from outside does it inside
`with world.inside_bot():`, or what it leaves running is not waited for. Only one act at a time:
take `async with world.exclusive():` where others act too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

import discord

from bot.demo import _private, strict
from bot.demo.scenery import Scenery
from bot.demo.simulated_time import SimulatedClock, scheduler_reads
from bot.demo.unhandled_errors import UnhandledErrors

_STEP = timedelta(days=1)


class EmbeddedDiscord(Scenery):
    """One virtual Discord, its clock and the bot that is attached to it."""

    def __init__(
        self,
        *,
        start_at: datetime,
        bot_name: str = "Blup",
        settle_timeout: float = 120.0,
    ) -> None:
        """Prepare a world that begins at `start_at` (aware, not before 2026).

        `settle_timeout` is in real seconds, for one act or one simulated day.
        """
        _private.verify()
        self._start_at = start_at.astimezone(UTC)
        super().__init__(_private.SimulatedEnv(_idle_client(), settle_timeout=settle_timeout))
        self.env.backend.bot_user.name = bot_name
        self.clock = SimulatedClock(self.env)
        self._errors = UnhandledErrors()
        self._errors_seen = 0
        self._lock = asyncio.Lock()
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the world, without a bot, at its first moment."""
        async with AsyncExitStack() as stack:
            await self.env.start()
            stack.push_async_callback(self.env.shutdown)
            stack.enter_context(scheduler_reads(self.env, self.inside_bot))
            stack.enter_context(strict.enforce(self.env.backend))
            self._errors.install()
            stack.callback(self._errors.uninstall)
            before = (self._start_at - self.now()).total_seconds()
            await self.env.advance_time(before)  # nobody is there yet: no day needs a step of its own
            self._exits = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """End the world; what the bot left unhandled is raised unless something else was."""
        await self._exits.aclose()
        if exc[0] is None:
            self.raise_errors()

    # The bot ------------------------------------------------------------------------------

    async def start_bot(self, bot: discord.Client) -> None:
        """Attach a bot, let it log in, and wait until it is at rest."""
        await self.env.restart_bot(bot)
        with self.env._bot_scope():
            for guild in bot.guilds:
                if bot.intents.members and not guild.chunked:
                    await guild.chunk()
        await self.settle()

    async def restart(self, bot: discord.Client) -> None:
        """Kill the bot that runs and start `bot` in its place."""
        await self.stop_bot()
        await self.start_bot(bot)

    async def stop_bot(self, *, close: bool = False) -> None:
        """Take the bot away; time can pass without it.

        It is killed: its tasks and timers end where they are. With `close` it is asked to
        close first. What it holds outside Discord (a database) stays the caller's to close.
        """
        if close:
            with self.env._bot_scope():
                await self.env.bot.close()
        await self.env.restart_bot(_idle_client())

    @contextmanager
    def inside_bot(self) -> Iterator[None]:
        """Count what the block starts (tasks, timers) as the bot's own work."""
        with self.env._bot_scope():
            yield

    # Time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the simulated moment, aware and in UTC."""
        return self.clock.now()

    async def advance_to(self, at: datetime) -> None:
        """Let time pass until `at`; all that falls due on the way is done to its end.

        Raises `ValueError` for the past, and `TimeoutError` when the bot is not at rest
        within `settle_timeout` real seconds of a simulated day.
        """
        if at < self.now():
            raise ValueError(f"time does not run backwards: {at} is before {self.now()}")
        while (now := self.now()) < at:
            await self.env.advance_time(min(at - now, _STEP).total_seconds())
            self.env.world.forget_private()
        await self.settle()

    async def settle(self) -> None:
        """Wait until the bot has done all it can do at this moment."""
        await self.env.settle(idle=_private.POLL_EVERY)

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Wait for the turn to act and hold it: simcord takes one act at a time.

        What the block does, it does in its own task; it does not take another turn within.
        """
        async with self._lock, _private.turn(self.env):
            yield

    def raise_errors(self) -> None:
        """Raise what the bot logged as unhandled since last time, as an `ExceptionGroup`."""
        for error in self.env.errors_since(self._errors_seen):
            self._errors.add(error)
        self._errors_seen = self.env.error_cursor
        if caught := self._errors.take():
            raise ExceptionGroup(f"the bot left {len(caught)} error(s) unhandled", caught)


def _idle_client() -> discord.Client:
    return discord.Client(intents=discord.Intents.default())
