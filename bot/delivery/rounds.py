"""One round of work: mend the server, open and close polls, send what is due, tell of what came too late."""

from datetime import datetime

from bot.delivery.dispatcher import Dispatcher
from bot.delivery.upkeep import Upkeep
from bot.services.registry import Services


class Rounds:
    """What the alarm clock wakes."""

    def __init__(self, services: Services, dispatcher: Dispatcher, upkeep: Upkeep) -> None:
        self._services, self._dispatcher, self._upkeep = services, dispatcher, upkeep

    async def run(self) -> datetime | None:
        """Do all that is due now. Returns when the next thing is due, if anything is."""
        moments = (await self._upkeep.settle(), await self._posts_and_polls())
        return min((moment for moment in moments if moment is not None), default=None)

    async def _posts_and_polls(self) -> datetime | None:
        outbox, now = self._services.outbox, self._services.context.now()
        next_at = await outbox.next_moment()
        if next_at is None or next_at > now:
            return next_at
        missed = (await self._services.polls.turn(now)).missed
        stale = await self._dispatcher.send_due()
        for name, late in (("stale", stale), ("missed_polls", missed)):
            if late:
                said = self._services.context.texts(f"notice.{name}", count=len(late))
                await outbox.tell_secretariat(f"notice:{name}:{now.isoformat()}", said)
        if stale or missed:
            await self._dispatcher.send_due()
        return await outbox.next_moment()
