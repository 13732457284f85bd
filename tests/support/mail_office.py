"""A village whose first letter is due, and a mail server that takes what is sent to its readers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select

from bot.delivery.mailer import Mailer, SmtpServer
from bot.services.context import Context
from bot.services.registry import Services, services_on
from bot.storage.models import Cohort, Mail, MailRecipient
from tests.support.approval import approve_all
from tests.support.polls_world import PollsWorld, polls_world
from tests.support.smtp import SmtpHouse, smtp_house

LETTER_COMES = datetime(2027, 10, 14, 8, tzinfo=UTC)
SENDER, YES = "brev@blup.example", "sagt ja på borgermødet"
IDA, BO, KAJ = "ida@example.dk", "bo@example.dk", "kaj@example.dk"


@dataclass
class Office:
    """A village whose first letter is due, and whoever sends its mails."""

    world: PollsWorld
    services: Services
    house: SmtpHouse
    cohort_id: int

    @property
    def scope(self) -> str:
        return self.world.village.key

    def address(self, row: MailRecipient) -> str:
        """Return the address of a row, opened."""
        return self.world.context.seal.open(row.address)

    async def add(self, *addresses: str) -> int:
        lists = self.services.mail_lists
        added = await lists.add(
            await self.world.lead(), self.cohort_id, self.scope, "\n".join(addresses), YES
        )
        await self.services.planning.refresh(self.cohort_id)
        return added

    async def send(self) -> None:
        server = SmtpServer(f"smtp://127.0.0.1:{self.house.port}", SENDER)
        await Mailer(self.services.mail_outbox, server, SENDER).send_due()

    async def states(self) -> dict[str, int]:
        async with self.world.context.database.transaction() as session:
            rows = await session.scalars(select(Mail).where(Mail.due_at <= self.world.now))
            found: dict[str, int] = {}
            for row in rows:
                found[row.state] = found.get(row.state, 0) + 1
                assert "@" not in f"{row.key} {row.last_error}", "no address is kept beside a mail"
            return found


@asynccontextmanager
async def mail_office(context: Context) -> AsyncIterator[Office]:
    """Open the office on a database."""
    facts = replace(context.facts, mail_from=SENDER, public_url="https://blup.example")
    context = replace(context, facts=facts)
    world = await polls_world(context)
    async with context.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
    await approve_all(context, cohort.id)
    world.at(LETTER_COMES)
    async with smtp_house() as house:
        yield Office(world, services_on(context), house, cohort.id)
