"""Keep the server in order: at the start, when somebody has changed it, and when asked; never twice at once.

When Discord is out of reach the server stays marked as out of order, and the next round takes it up again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zlib import crc32

from bot.delivery.dispatcher import PermanentFailure, TransientFailure
from bot.delivery.pace import patiently
from bot.delivery.provisioner import GuildGateway, provision, strip_member, sync_member, sync_members
from bot.domain.errors import Conflict
from bot.domain.guild_plan import PlanError
from bot.domain.guild_steps import CreateChannel
from bot.messages.message import Message
from bot.services.places import WELCOME
from bot.services.registry import Services

log = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(seconds=10)


class Upkeep:
    """One server's caretaker."""

    def __init__(self, gateway: GuildGateway, services: Services) -> None:
        self._gateway, self._services = gateway, services
        self.on_needed: Callable[[], None] = lambda: None
        self._needed = self._stopping = False

    def needed(self) -> None:
        """Have the server looked over soon: many calls in a row cost one look."""
        self._needed = True
        self.on_needed()

    def stop(self) -> None:
        """Take no further step."""
        self._stopping = True

    async def begin(self) -> None:
        """Look the server over for the first time.

        Raises PlanError when the operator must mend something before there is anything to post in; a programme
        that runs goes on, and the secretariat is told.
        """
        try:
            await self._mend()
        except PlanError as error:
            if not await self._services.provisioning.known():
                raise
            await self._tell_of_block(error)

    async def mend(self) -> Message:
        """Look the server over now, tell the secretariat what was mended, and say how it went."""
        texts = self._services.context.texts
        try:
            said = await self._mend()
        except (PlanError, PermanentFailure) as error:
            said = await self._tell_of_block(error)
        return Message(said or texts("provisioning.later" if self._needed else "provisioning.nothing"))

    async def _tell_of_block(self, error: Exception) -> str:
        log.error("%s", error, extra={"action": "provision"})
        said = self._services.context.texts("provisioning.blocked", reason=str(error))
        today = self._services.context.now().date()
        once = f"notice:blocked:{today}:{crc32(said.encode()):08x}"  # a start that is tried again and again says it once
        await self._services.outbox.tell_secretariat(once, said)
        return said

    async def settle(self) -> datetime | None:
        """Look the server over if that is needed. Returns when to come back, if it could not be finished."""
        if self._needed and not self._stopping:
            await self.mend()
        return self._services.context.now() + AGAIN_AFTER if self._needed else None

    async def see_to_invitation(self) -> None:
        """Have an invitation to the welcome channel stand, made anew when it is gone.

        When Discord refuses or is out of reach, the one we know of stays.
        """
        invitation = self._services.invitation
        welcome = (await self._services.places.channel_ids()).get(WELCOME)
        if welcome is None:
            return
        try:
            await invitation.keep(await self._gateway.invitation(welcome))
        except (TransientFailure, PermanentFailure) as error:
            log.warning("no look at the invitation: %s", error, extra={"action": "invitation"})

    async def refresh_member(self, user_id: int) -> None:
        """Give and take the roles of one person at once; when that cannot be, the next round does it."""
        try:
            await sync_member(self._gateway, self._services.provisioning, user_id)
        except (TransientFailure, PermanentFailure) as error:
            log.warning("roles of one person wait: %s", error, extra={"action": "member_roles"})
            self.needed()

    async def release_member(self, user_id: int) -> None:
        """Take every role of ours from somebody who is to be erased, while we still know who it is.

        Raises Conflict when Discord is out of reach. When Discord refuses, the secretariat is asked to do it.
        """
        try:
            await strip_member(self._gateway, self._services.provisioning, user_id)
        except TransientFailure as error:
            raise Conflict("error_people.discord_away") from error
        except PermanentFailure as error:
            log.warning("roles not taken: %s", error, extra={"action": "member_roles"})
            said = self._services.context.texts("people.roles_left", account=f"<@{user_id}>")
            once = f"notice:roles_left:{self._services.context.now().isoformat()}"  # a key is kept: it names nobody
            await self._services.outbox.tell_secretariat(once, said)

    async def _mend(self) -> str | None:
        self._needed = False
        provisioning, outbox = self._services.provisioning, self._services.outbox
        try:
            with patiently():
                report = await provision(self._gateway, provisioning, stopping=lambda: self._stopping)
                self._needed = report.interrupted
                if not report.interrupted:
                    await sync_members(self._gateway, provisioning)
        except TransientFailure as error:
            log.warning("the server waits to be looked over: %s", error, extra={"action": "provision"})
            self._needed = True
            return None
        again = [step.key for step in report.done if isinstance(step, CreateChannel) and step.again]
        if again:
            await self._services.lasting_posts.replant(again)
        said = provisioning.account(report.done, [failure.step for failure in report.failed], report.plan)
        if said is not None:
            now = self._services.context.now()
            await outbox.tell_secretariat(f"notice:provisioning:{now.isoformat()}", said)
        await outbox.unpark()
        return said
