"""One round of work: mend the server, open and close polls, send what is due, tell of what came too late."""

from datetime import date, datetime
from typing import Protocol

from bot.delivery.dispatcher import Dispatcher
from bot.delivery.scheduled_events import EventKeeper
from bot.delivery.upkeep import Upkeep
from bot.services.registry import Services

CALENDAR = "calendar"  # the lock of the one process that opens and closes polls


class Locks(Protocol):
    """Whoever tells which process does what."""

    async def hold(self, name: str) -> bool:
        """Take a lock if it is free, and tell whether it is ours."""
        ...


class Rounds:
    """What the alarm clock wakes."""

    def __init__(self, services: Services, dispatcher: Dispatcher, locks: Locks) -> None:
        self._services, self._dispatcher, self._locks = services, dispatcher, locks
        self.upkeep: Upkeep | None = None  # who listens on the gateway also keeps the server in order
        self.events: EventKeeper | None = None  # and its list of events
        self._come_back_at: datetime | None = None
        self._leads = False
        self._forgot_on: date | None = None

    async def run(self) -> None:
        """Do all that is due now."""
        if self.upkeep is not None:
            self._come_back_at = await self.upkeep.settle()
        if self.events is not None:
            again_at = await self.events.settle()
            self._come_back_at = min((at for at in (self._come_back_at, again_at) if at), default=None)
        outbox = self._services.outbox
        self._leads = await self._locks.hold(CALENDAR)
        next_at = await outbox.next_moment(with_polls=self._leads)
        await self._daily()
        # asked afterwards: a lease that has run out counts as due at the moment of the question
        now = self._services.context.now()
        if next_at is None or next_at > now:
            return
        missed = (await self._services.polls.turn(now)).missed if self._leads else []
        if self._leads:
            await self._services.objections.turn(now)
        stale = await self._dispatcher.send_due()
        for name, late in (("stale", stale), ("missed_polls", missed)):
            if late:
                said = self._services.context.texts(f"notice.{name}", count=len(late))
                await outbox.tell_secretariat(f"notice:{name}:{now.isoformat()}", said)
        if stale or missed:
            await self._dispatcher.send_due()

    async def _daily(self) -> None:
        """Delete what has been kept long enough, and give out seats that were kept for others, once a day."""
        now = self._services.context.now()
        if self._leads and self._forgot_on != now.date():
            self._forgot_on = now.date()
            await self._services.forgetting.turn(now)
            await self._services.seating.turn(now)

    @property
    def finished(self) -> bool:
        """Whether the last round left nothing of the server to be mended later."""
        return self._come_back_at is None

    async def next_moment(self) -> datetime | None:
        """Return when the next thing is due, if anything is."""
        moments = (self._come_back_at, await self._services.outbox.next_moment(with_polls=self._leads))
        return min((moment for moment in moments if moment is not None), default=None)
