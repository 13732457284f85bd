"""Keep the server's own list of events in step with the calendar: a few steps a round, so that posts never wait.

The right to it is optional: on a server that does not give it, nothing is said and nothing is tried.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import discord

from bot.delivery.dispatcher import PermanentFailure, TransientFailure
from bot.delivery.guild_translation import failures
from bot.domain.scheduled_events import Change, Listed, Make, Note, Remove, Step, steps
from bot.services.context import Context
from bot.services.scheduled_events import ScheduledEvents

T = TypeVar("T")
log = logging.getLogger(__name__)
A_ROUND = 5  # steps
STEP_SECONDS = 5.0
AGAIN_AFTER = timedelta(seconds=10)
SOON = timedelta(minutes=10)  # what is to begin so soon is only called off: Discord takes no past moment


class EventList(Protocol):
    """The list of events of a server. Everything raises TransientFailure and PermanentFailure."""

    def allowed(self) -> bool:
        """Tell whether the bot may keep the list."""
        ...

    async def read(self) -> dict[int, Listed]:
        """Return what our own account has put there that is yet to come."""
        ...

    async def make(self, what: Listed) -> int:
        """Put something there and return its id."""
        ...

    async def change(self, discord_id: int, what: Listed) -> None:
        """Let something say something else."""
        ...

    async def remove(self, discord_id: int) -> None:
        """Call something off."""
        ...


class EventKeeper:
    """Whoever looks after the list."""

    def __init__(self, gateway: EventList, service: ScheduledEvents, context: Context) -> None:
        self._gateway, self._service, self._context = gateway, service, context
        self._wanted: dict[int, Listed] | None = None
        self._finished = False  # with what is wanted
        self._refused: set[Step] = set()  # on the way to it: not tried again until something else is wanted

    async def settle(self) -> datetime | None:
        """Take some steps if the calendar has changed. Returns when to come back, if it is not finished.

        Raises nothing: posts must go out whatever becomes of the list.
        """
        if not self._gateway.allowed():
            return None
        try:
            return await self._settle(self._context.now())
        except TransientFailure as error:
            log.info("the list of events waits: %s", error, extra={"action": "events"})
            return self._context.now() + AGAIN_AFTER
        except PermanentFailure as error:
            log.warning("the list of events is left alone: %s", error, extra={"action": "events"})
        except Exception:
            log.exception("the list of events is left alone", extra={"action": "events"})
        self._finished = True
        return None

    async def _settle(self, now: datetime) -> datetime | None:
        wanted = await self._service.wanted(now)
        if wanted != self._wanted:
            self._wanted, self._finished, self._refused = wanted, False, set()
        if self._finished:
            return None
        read = await _within(self._gateway.read())
        stands = {number: what for number, what in read.items() if what.starts_at > now}
        found = steps(wanted, await self._service.known(), stands)
        left = [step for step in found if step not in self._refused and not _too_late(step, now)]
        for step in left[:A_ROUND]:
            await self._take(step)
        self._finished = len(left) <= A_ROUND
        return None if self._finished else now + AGAIN_AFTER

    async def _take(self, step: Step) -> None:
        try:
            await self._do(step)
        except PermanentFailure as error:
            log.warning("an event stays as it is: %s", error, extra={"action": "events"})
            self._refused.add(step)

    async def _do(self, step: Step) -> None:
        match step:
            case Make():
                await self._service.note(step.event_id, await _within(self._gateway.make(step.what)))
            case Note():
                await self._service.note(step.event_id, step.discord_id)
            case Change():
                await _within(self._gateway.change(step.discord_id, step.what))
            case Remove():
                await _within(self._gateway.remove(step.discord_id))
                await self._service.forget(step.discord_id)


def _too_late(step: Step, now: datetime) -> bool:
    return isinstance(step, Make | Change) and step.what.starts_at <= now + SOON


async def _within(request: Coroutine[Any, Any, T]) -> T:
    """Give up on a request that Discord keeps waiting: it is taken up again in a later round."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            return await request
    except TimeoutError as error:
        raise TransientFailure("Discord keeps us waiting") from error


class DiscordEvents:
    """The list of one server, through discord.py."""

    def __init__(self, guild: discord.Guild) -> None:
        self._guild = guild

    def allowed(self) -> bool:
        """Tell whether the bot has been given one of the two rights."""
        rights = self._guild.me.guild_permissions
        return rights.manage_events or rights.create_events

    async def read(self) -> dict[int, Listed]:
        """Return what our own account has put there that is yet to come."""
        with failures():
            found = await self._guild.fetch_scheduled_events(with_counts=False)
        return {
            event.id: Listed(event.name, event.start_time, event.end_time or event.start_time,
                             event.location or "", event.description or "")
            for event in found
            if event.creator_id == self._guild.me.id and event.status is discord.EventStatus.scheduled
        }  # fmt: skip

    async def make(self, what: Listed) -> int:
        """Put something there and return its id."""
        with failures():
            made = await self._guild.create_scheduled_event(
                name=what.name, start_time=what.starts_at, end_time=what.ends_at, location=what.location,
                description=what.description, entity_type=discord.EntityType.external,
                privacy_level=discord.PrivacyLevel.guild_only,
            )  # fmt: skip
        return made.id

    async def change(self, discord_id: int, what: Listed) -> None:
        """Let something say something else."""
        with failures():
            event = await self._guild.fetch_scheduled_event(discord_id, with_counts=False)
            await event.edit(name=what.name, start_time=what.starts_at, end_time=what.ends_at,
                             location=what.location, description=what.description)  # fmt: skip

    async def remove(self, discord_id: int) -> None:
        """Call something off: Discord shows it to nobody any more. What is gone already is well so."""
        with failures(), suppress(discord.NotFound):
            event = await self._guild.fetch_scheduled_event(discord_id, with_counts=False)
            await event.edit(status=discord.EventStatus.cancelled)
