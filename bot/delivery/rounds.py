"""One round of work: mend the server, open and close polls, send what is due, tell of what came too late."""

from datetime import datetime

from bot.delivery.dispatcher import Dispatcher
from bot.delivery.upkeep import Upkeep
from bot.services.registry import Services


class Rounds:
    """What the alarm clock wakes."""

    def __init__(self, services: Services, dispatcher: Dispatcher, upkeep: Upkeep) -> None:
        self._services, self._dispatcher, self._upkeep = services, dispatcher, upkeep
        self._come_back_at: datetime | None = None

    async def run(self) -> None:
        """Do all that is due now."""
        self._come_back_at = await self._upkeep.settle()
        outbox = self._services.outbox
        next_at = await outbox.next_moment()
        # asked afterwards: a lease that has run out counts as due at the moment of the question
        now = self._services.context.now()
        if next_at is None or next_at > now:
            return
        missed = (await self._services.polls.turn(now)).missed
        stale = await self._dispatcher.send_due()
        for name, late in (("stale", stale), ("missed_polls", missed)):
            if late:
                said = self._services.context.texts(f"notice.{name}", count=len(late))
                await outbox.tell_secretariat(f"notice:{name}:{now.isoformat()}", said)
        if stale or missed:
            await self._dispatcher.send_due()

    @property
    def finished(self) -> bool:
        """Whether the last round left nothing of the server to be mended later."""
        return self._come_back_at is None

    async def next_moment(self) -> datetime | None:
        """Return when the next thing is due, if anything is."""
        moments = (self._come_back_at, await self._services.outbox.next_moment())
        return min((moment for moment in moments if moment is not None), default=None)
