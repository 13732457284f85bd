"""Letters by e-mail, on their way: claimed with a lease, written when they are sent, settled.

A mail goes out at least once, always with the same Message-ID (docs/adr): SMTP cannot promise more. Nothing kept
here holds an address, and of a mail server's answer only its number.
"""

import hashlib
import logging
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
from bot.services import mail_letters
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.mail_letters import MailLetters
from bot.services.mail_planning import comes_anyway
from bot.services.outbox import Composer, tell_secretariat
from bot.storage.database import one_at_a_time
from bot.storage.models import Delivery, Mail, MailRecipient
from bot.storage.repositories import edits, mails
from bot.storage.repositories.deliveries import LETTERS
from bot.storage.seal import SealBroken

log = logging.getLogger(__name__)
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
    """A claimed mail, ready to be sent. `message_id` is the same at every try.

    `follows` is the id of the mail that it corrects or takes back. A `first` try comes after none that was unsure.
    """

    id: int
    key: str
    claim: str
    to: str
    message_id: str
    text: MailText
    at: datetime
    follows: str | None = None
    first: bool = True


class MailOutbox:
    """Claim and settle mails."""

    def __init__(self, context: Context, letters: Letters, composer: Composer) -> None:
        self._context, self._composer = context, composer
        self._letters = MailLetters(context, letters)

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
        reader = await _reader_of(session, row, now)
        if reader is None:
            return None
        try:
            address = self._context.seal.open(reader.address)
        except SealBroken:  # another process may have a newer key
            log.error("BLUP_PRIVATE_KEY does not open an address", extra={"action": "mail", "key": row.key})
            row.state, row.due_at, row.lease_until = "pending", now + LEASE, None
            return None
        if not await self._letters.may_go(session, row):
            # until somebody has approved it; a mail that was tried before may have a draft's words by now
            row.state, row.claimed_by, row.lease_until = "held", None, None
            return None
        original = None
        if row.lines is None and await comes_anyway(session, row, reader):
            row.state = "not_needed"
            return None
        if mails.is_following(row) and (original := await _original_of(session, row, now)) is None:
            return None
        try:
            message, lines = await self._compose(session, row, reader, original)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one that cannot be written must not keep all others
            row.state, row.last_error = "refused", f"not written: {type(error).__name__}"
            return None
        if message is None:
            row.state = "not_needed"
            return None
        first = row.lines is None
        if not first and row.lines != lines and row.kind in LETTERS:
            await self._say_later(session, row, now)
        row.state, row.claimed_by, row.lease_until = "claimed", claim, now + LEASE
        row.attempts += 1
        row.lines = lines if first else row.lines
        follows = self._message_id(original) if original is not None else None
        text = self._text(row, reader, message)
        return OutgoingMail(row.id, row.key, claim, address, self._message_id(row), text, now, follows, first)

    def _text(self, row: Mail, reader: MailRecipient, message: Message) -> MailText:
        context, facts = self._context, self._context.facts
        sender = Sender(facts.controller, facts.phone, context.programme.language)
        invites = row.event_id is not None and row.kind != edits.WITHDRAWAL
        return written(context.texts, message, sender, _unsubscribe(context, reader), invites=invites)

    async def _compose(
        self, session: AsyncSession, row: Mail, reader: MailRecipient, original: Mail | None
    ) -> tuple[Message | None, list[str] | None]:
        """Write what a post says, or what is said of a letter, with hashes of the lines its reader then has."""
        if row.kind not in mail_letters.KINDS:
            return await self._composer.compose(session, _as_delivery(row)), None
        found = await self._letters.compose(session, row, reader, original)
        return (found.message, found.lines) if found is not None else (None, None)

    async def _say_later(self, session: AsyncSession, row: Mail, now: datetime) -> None:
        """Let a correction follow a letter whose first try may have arrived with other words: the id is the same."""
        if not await mails.awaits_change(session, row.id):
            await mails.follow(session, edits.CORRECTION, [row], now, now)

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
                if row.kind == edits.CORRECTION:
                    original = await session.get_one(Mail, row.follows_id)
                    original.lines = row.lines

    async def refused(self, mail: OutgoingMail, code: int, *, no_such_address: bool) -> None:
        """Note that a server will never take a mail; an address that it does not know gets no more of them."""
        async with self._context.database.transaction() as session:
            row = await _in_hand(session, mail)
            if row is None:
                return
            row.state = "bounced" if no_such_address else "refused"
            row.lines = None if mail.first else row.lines
            row.last_error, row.lease_until, row.claimed_by = str(code), None, None
            if no_such_address and row.recipient_id is not None:
                reader = await session.get(MailRecipient, row.recipient_id)
                if reader is not None:
                    reader.bounced_at = self._context.now()

    async def failed(self, mail: OutgoingMail, why: str, *, unsure: bool = False) -> None:
        """Let a mail wait with growing patience and be tried again. `why` may hold no address.

        One with an `unsure` end may have arrived.
        """
        async with self._context.database.transaction() as session:
            row = await _in_hand(session, mail)
            if row is not None:
                wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 9), LONGEST_WAIT)
                row.last_error, row.lease_until = why[:100], self._context.now() + wait
                if mail.first and not unsure:
                    row.lines = None

    async def give_back(self, batch: Sequence[OutgoingMail]) -> None:
        """Give back what was claimed and not begun: whoever comes next takes it at once."""
        async with self._context.database.transaction() as session:
            for mail in batch:
                row = await _in_hand(session, mail)
                if row is not None:
                    row.state, row.claimed_by, row.lease_until = "pending", None, None
                    row.attempts -= 1
                    row.lines = None if mail.first else row.lines

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


async def _reader_of(session: AsyncSession, row: Mail, now: datetime) -> MailRecipient | None:
    """Return who a mail goes to; None when it is too late, or whoever read it is gone."""
    if row.useful_until is not None and now >= row.useful_until:
        row.state = "stale"
        return None
    reader = await session.get(MailRecipient, row.recipient_id) if row.recipient_id else None
    if reader is None or reader.bounced_at is not None:
        row.state = "cancelled"
        return None
    return reader


async def _original_of(session: AsyncSession, row: Mail, now: datetime) -> Mail | None:
    """Return the mail that a mail corrects or takes back; None when it must wait, or that never went out."""
    original = await mails.may_follow(session, row)
    if original is None:
        row.state, row.due_at, row.lease_until = "pending", now + LEASE, None
        return None
    if original.state != "sent" and original.lines is None:
        row.state = "not_needed"
        return None
    return original


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
