"""Letters by e-mail, on their way: claimed with a lease, written when they are sent, settled.

A mail goes out at least once, always with the same Message-ID (docs/adr): SMTP cannot promise more. Nothing kept
here holds an address, and of a mail server's answer only its number.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages.mail import MailText, Sender, written
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.mail_planning import agreed
from bot.services.outbox import Composer, tell_secretariat
from bot.services.places import place_of
from bot.storage.database import one_at_a_time
from bot.storage.models import Delivery, Mail, MailRecipient
from bot.storage.repositories import letters as letters_table

LEASE = timedelta(minutes=5)
AT_ONCE = 5  # so many are claimed together: each is sent, or given up, within a minute
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_MAY_BE_SENT = (
    "claimed",
    "pending",
    "held",
    "cancelled",
    "withdrawn",
)  # in somebody's hands, or just taken out of them


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A claimed mail, ready to be sent. `message_id` is the same at every try."""

    id: int
    key: str
    claim: str
    to: str
    message_id: str
    text: MailText
    at: datetime


class MailOutbox:
    """Claim and settle mails."""

    def __init__(self, context: Context, letters: Letters, composer: Composer) -> None:
        self._context, self._letters, self._composer = context, letters, composer

    async def claim(self, worker: str) -> list[OutgoingMail]:
        """Take a few mails that are due; drop those that are too late or whose reader is gone."""
        claim = f"{worker}:{uuid.uuid4().hex[:12]}"
        async with self._context.database.transaction() as session:
            await one_at_a_time(session, "mails")  # nobody approves meanwhile what is held here
            now = self._context.now()
            ready: list[OutgoingMail] = []
            while not ready and (rows := await _due(session, now)):  # past those that are not to be sent
                for row in rows:
                    out = await self._prepare(session, row, now, claim)
                    if out is not None:
                        ready.append(out)
                await session.flush()
            return ready

    async def _prepare(
        self, session: AsyncSession, row: Mail, now: datetime, claim: str
    ) -> OutgoingMail | None:
        if row.useful_until is not None and now >= row.useful_until:
            row.state = "stale"
            return None
        reader = await session.get(MailRecipient, row.recipient_id) if row.recipient_id else None
        if reader is None or reader.bounced_at is not None:
            row.state = "cancelled"
            return None
        if not await self._may_go(session, row):
            # until somebody has approved it; a mail that was tried before may have a draft's words by now
            row.state, row.claimed_by, row.lease_until = "held", None, None
            return None
        try:
            message = await self._compose(session, row, reader)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one that cannot be written must not keep all others
            row.state, row.last_error = "refused", f"not written: {type(error).__name__}"
            return None
        if message is None:
            row.state = "not_needed"
            return None
        row.state, row.claimed_by, row.lease_until = "claimed", claim, now + LEASE
        row.attempts += 1
        context = self._context
        facts = context.facts
        sender = Sender(facts.controller, facts.phone, context.programme.language)
        text = written(context.texts, message, sender, _unsubscribe(context, reader))
        return OutgoingMail(row.id, row.key, claim, reader.address, self._message_id(row), text, now)

    async def _may_go(self, session: AsyncSession, row: Mail) -> bool:
        """Tell whether somebody has approved what a mail says, where that is needed."""
        if row.kind != "newsletter":
            return True
        return await self._letters.may_go(session, row.cohort_id, str(row.payload["newsletter"]))

    async def _compose(self, session: AsyncSession, row: Mail, reader: MailRecipient) -> Message | None:
        """Write what a post says; a letter to a municipality names all its villages."""
        if row.kind != "newsletter":
            return await self._composer.compose(session, _as_delivery(row))
        code = str(row.payload["newsletter"])
        standing = await letters_table.find(session, row.cohort_id, code)
        if standing is not None and standing.withdrawn_at is not None:
            return None
        place = await place_of(session, row.place_key)
        letter = await self._letters.current(session, row.cohort_id, code)
        named = ""
        if place.village is not None and reader.scope_key.startswith("municipality:"):
            villages = await agreed(session, row.cohort_id, place.village.municipality_id)
            named = self._context.texts("mail.villages", names=[village.name for village in villages])
        return Message(await self._letters.text(session, letter, place, named))

    def _message_id(self, row: Mail) -> str:
        _, _, domain = (self._context.facts.mail_from or "").rpartition("@")
        named = hashlib.sha256(f"{self._context.programme.id}:{row.id}:{row.key}".encode()).hexdigest()[:32]
        return f"<{named}@{domain or 'blup.invalid'}>"

    async def sent(self, mail: OutgoingMail) -> None:
        """Keep the receipt of a mail that its server has taken."""
        async with self._context.database.transaction() as session:
            row = await session.get(Mail, mail.id)
            if row is not None and row.state in _MAY_BE_SENT:
                row.state, row.sent_at = "sent", self._context.now()
                row.claimed_by = row.lease_until = row.last_error = None

    async def refused(self, mail: OutgoingMail, code: int, *, no_such_address: bool) -> None:
        """Note that a server will never take a mail; an address that it does not know gets no more of them."""
        async with self._context.database.transaction() as session:
            row = await _in_hand(session, mail)
            if row is None:
                return
            row.state = "bounced" if no_such_address else "refused"
            row.last_error, row.lease_until, row.claimed_by = str(code), None, None
            if no_such_address and row.recipient_id is not None:
                reader = await session.get(MailRecipient, row.recipient_id)
                if reader is not None:
                    reader.bounced_at = self._context.now()

    async def failed(self, mail: OutgoingMail, why: str) -> None:
        """Let a mail wait with growing patience and be tried again. `why` may hold no address."""
        async with self._context.database.transaction() as session:
            row = await _in_hand(session, mail)
            if row is not None:
                wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 9), LONGEST_WAIT)
                row.last_error, row.lease_until = why[:100], self._context.now() + wait

    async def give_back(self, mails: Sequence[OutgoingMail]) -> None:
        """Give back what was claimed and not begun: whoever comes next takes it at once."""
        async with self._context.database.transaction() as session:
            for mail in mails:
                row = await _in_hand(session, mail)
                if row is not None:
                    row.state, row.claimed_by, row.lease_until = "pending", None, None
                    row.attempts -= 1

    async def tell_unwelcome(self) -> None:
        """Tell the secretariat, once a day, that the mail server takes nothing from us."""
        context = self._context
        async with context.database.transaction() as session:
            now = context.now()
            day = now.astimezone(ZoneInfo(context.programme.timezone)).date()
            said = context.texts("mail.server_refuses")
            await tell_secretariat(session, now, f"notice:mail_refused:{day}", said)

    async def next_moment(self) -> datetime | None:
        """Return when the next mail is due, or the next lease runs out."""
        async with self._context.database.transaction() as session:
            pending = await session.scalar(select(func.min(Mail.due_at)).where(Mail.state == "pending"))
            leases = await session.scalar(select(func.min(Mail.lease_until)).where(Mail.state == "claimed"))
        return min((moment for moment in (pending, leases) if moment is not None), default=None)


async def _due(session: AsyncSession, now: datetime) -> Sequence[Mail]:
    """Return mails that are due, or whose lease has run out, oldest first, locked; others skip what is locked.

    After them come those that were held until they are of no use any more.
    """
    ready = or_(
        and_(Mail.state == "pending", Mail.due_at <= now),
        and_(Mail.state == "claimed", Mail.lease_until <= now),
    )
    query = select(Mail).where(ready).order_by(Mail.due_at, Mail.id).limit(AT_ONCE)
    found = (await session.scalars(query.with_for_update(skip_locked=True))).all()
    late = select(Mail).where(Mail.state == "held", Mail.useful_until <= now).order_by(Mail.id).limit(AT_ONCE)
    return [*found, *await session.scalars(late.with_for_update(skip_locked=True))]


async def _in_hand(session: AsyncSession, mail: OutgoingMail) -> Mail | None:
    query = select(Mail).where(Mail.id == mail.id, Mail.state == "claimed", Mail.claimed_by == mail.claim)
    found: Mail | None = await session.scalar(query.with_for_update())
    return found


def _as_delivery(row: Mail) -> Delivery:
    return Delivery(key=row.key, cohort_id=row.cohort_id, place_key=row.place_key, kind=row.kind,
                    event_id=row.event_id, payload=row.payload, due_at=row.due_at)  # fmt: skip


def _unsubscribe(context: Context, reader: MailRecipient) -> str | None:
    """Return where the reader of a mail takes themselves off the list, when people can reach our pages."""
    base = context.facts.public_url
    return f"{base}/afmeld/{reader.token}" if base else None
