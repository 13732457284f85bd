"""Letters by e-mail, on their way: planned beside the posts, claimed with a lease, written when they are sent.

A mail goes out at least once, always with the same Message-ID (docs/adr): SMTP cannot promise more. Nothing kept
here holds an address, and of a mail server's answer only its number.
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages.mail import MailText, Sender, written
from bot.messages.message import Message
from bot.services.context import Context
from bot.services.letters import Letters
from bot.services.outbox import Composer
from bot.services.places import group_key, place_of, village_key
from bot.storage.database import PLANNED
from bot.storage.models import Delivery, Mail, MailRecipient, Village
from bot.storage.repositories import letters as letters_table
from bot.storage.repositories.deliveries import Post

LEASE = timedelta(minutes=5)
AT_ONCE = 5  # so many are claimed together: each is sent, or given up, within a minute
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_OF_CALENDAR = ("newsletter", "reminder")  # kinds that follow the calendar
_MOVABLE = ("pending", "held", "cancelled", "stale")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads a place's posts by e-mail; one of a municipality reads what is common, not a village's own."""

    recipient_id: int
    of_municipality: bool
    since: datetime

    def reads(self, post: Post, own_events: Collection[int]) -> bool:
        """Tell whether a post is for this reader; who comes late still gets the letter, but no old reminders."""
        if self.of_municipality and post.event_id in own_events:
            return False
        return post.kind == "newsletter" or post.due_at >= self.since


Readers = Mapping[str, Sequence[Reader]]


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
    """Plan, claim and settle mails."""

    def __init__(self, context: Context, letters: Letters, composer: Composer) -> None:
        self._context, self._letters, self._composer = context, letters, composer

    async def readers(self, session: AsyncSession, cohort_id: int) -> Readers:
        """Return who reads which place's posts by e-mail.

        A municipality's readers get the letters of its villages once, with the first of them, and those of its
        coordinators' group.
        """
        query = select(MailRecipient).where(
            MailRecipient.cohort_id == cohort_id, MailRecipient.bounced_at.is_(None)
        )
        found: dict[str, list[Reader]] = defaultdict(list)
        rows = (await session.scalars(query.order_by(MailRecipient.id))).all()
        for row in rows:
            if row.scope_key.startswith("village:"):
                found[row.scope_key].append(Reader(row.id, False, row.added_at))
                continue
            villages = await _agreed(session, cohort_id, int(row.scope_key.split(":")[1]))
            if villages:
                for key in (village_key(villages[0].id), group_key(villages[0].coordinator_group_id)):
                    found[key].append(Reader(row.id, True, row.added_at))
        return found

    async def plan(
        self,
        session: AsyncSession,
        cohort_id: int,
        readers: Readers,
        posts: Iterable[Post],
        own_events: Collection[int],
        place_key: str | None = None,
    ) -> int:
        """Let there be a mail for every post and reader; what has been sent is never touched. Returns how many changed.

        `own_events` are meetings of one village alone, which are no business of a municipality's readers.
        """
        now = self._context.now()
        query = select(Mail).where(Mail.cohort_id == cohort_id)
        if place_key is not None:
            query = query.where(Mail.place_key == place_key)
        known = {row.key: row for row in await session.scalars(query)}
        wanted = {
            f"{post.key}:mail:{reader.recipient_id}": (post, reader.recipient_id)
            for post in posts
            for reader in readers.get(post.place_key, ())
            if reader.reads(post, own_events)
        }
        changes = 0
        for key, (post, recipient_id) in wanted.items():
            useless = post.useful_until is not None and post.useful_until <= now
            row = known.get(key)
            if row is None and not useless:
                session.add(_mail(key, post, recipient_id, cohort_id))
                changes += 1
            elif row is not None and _follows(row, post):
                row.due_at, row.useful_until = post.due_at, post.useful_until
                row.state = "cancelled" if useless else "pending"
                changes += 1
        for key, row in known.items():
            if row.state in ("pending", "held") and row.kind in _OF_CALENDAR and key not in wanted:
                row.state = "cancelled"
                changes += 1
        if changes:
            session.info[PLANNED] = True
        return changes

    async def claim(self, worker: str) -> list[OutgoingMail]:
        """Take a few mails that are due; drop those that are too late or whose reader is gone."""
        claim = f"{worker}:{uuid.uuid4().hex[:12]}"
        async with self._context.database.transaction() as session:
            now = self._context.now()
            ready = []
            for row in await _due(session, now):
                out = await self._prepare(session, row, now, claim)
                if out is not None:
                    ready.append(out)
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
        try:
            message = await self._compose(session, row, reader)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one that cannot be written must not keep all others
            row.state, row.last_error = "refused", f"not written: {type(error).__name__}"
            return None
        if message is None:
            row.state = row.state if row.state == "held" else "not_needed"
            return None
        row.state, row.claimed_by, row.lease_until = "claimed", claim, now + LEASE
        row.attempts += 1
        context = self._context
        facts = context.facts
        sender = Sender(facts.controller, facts.phone, context.programme.language)
        text = written(context.texts, message, sender, _unsubscribe(context, reader))
        return OutgoingMail(row.id, row.key, claim, reader.address, self._message_id(row), text, now)

    async def _compose(self, session: AsyncSession, row: Mail, reader: MailRecipient) -> Message | None:
        """Write what a post says; a letter to a municipality names all its villages."""
        if row.kind != "newsletter":
            return await self._composer.compose(session, _as_delivery(row))
        standing = await letters_table.find(session, row.cohort_id, str(row.payload["newsletter"]))
        if standing is not None and standing.withdrawn_at is not None:
            return None
        code = str(row.payload["newsletter"])
        if row.state != "claimed" and not await self._letters.may_go(session, row.cohort_id, code):
            row.state = "held"  # nobody has approved it; looked at again when somebody does
            return None
        place = await place_of(session, row.place_key)
        letter = await self._letters.current(session, row.cohort_id, str(row.payload["newsletter"]))
        named = ""
        if place.village is not None and reader.scope_key.startswith("municipality:"):
            villages = await _agreed(session, row.cohort_id, place.village.municipality_id)
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
            if row is not None and row.state in ("claimed", "cancelled"):
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

    async def next_moment(self) -> datetime | None:
        """Return when the next mail is due, or the next lease runs out."""
        async with self._context.database.transaction() as session:
            pending = await session.scalar(select(func.min(Mail.due_at)).where(Mail.state == "pending"))
            leases = await session.scalar(select(func.min(Mail.lease_until)).where(Mail.state == "claimed"))
        return min((moment for moment in (pending, leases) if moment is not None), default=None)


async def _agreed(session: AsyncSession, cohort_id: int, municipality_id: int) -> Sequence[Village]:
    query = select(Village).where(Village.cohort_id == cohort_id, Village.agreed_at.is_not(None))
    return (
        await session.scalars(query.where(Village.municipality_id == municipality_id).order_by(Village.id))
    ).all()


async def _due(session: AsyncSession, now: datetime) -> Sequence[Mail]:
    """Return mails that are due, or whose lease has run out, oldest first, locked; others skip what is locked."""
    ready = or_(
        and_(Mail.state.in_(("pending", "held")), Mail.due_at <= now),
        and_(Mail.state == "claimed", Mail.lease_until <= now),
    )
    # what is held must not keep others waiting: it is looked at last
    query = select(Mail).where(ready).order_by(Mail.state == "held", Mail.due_at, Mail.id).limit(AT_ONCE)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def _in_hand(session: AsyncSession, mail: OutgoingMail) -> Mail | None:
    query = select(Mail).where(Mail.id == mail.id, Mail.state == "claimed", Mail.claimed_by == mail.claim)
    found: Mail | None = await session.scalar(query.with_for_update())
    return found


def _follows(row: Mail, post: Post) -> bool:
    if row.state not in _MOVABLE:
        return False
    moved = (row.due_at, row.useful_until) != (post.due_at, post.useful_until)
    return moved or row.state == "cancelled"


def _mail(key: str, post: Post, recipient_id: int, cohort_id: int) -> Mail:
    return Mail(
        key=key, recipient_id=recipient_id, cohort_id=cohort_id, place_key=post.place_key, kind=post.kind,
        event_id=post.event_id, payload=post.payload, due_at=post.due_at, useful_until=post.useful_until,
    )  # fmt: skip


def _as_delivery(row: Mail) -> Delivery:
    return Delivery(key=row.key, cohort_id=row.cohort_id, place_key=row.place_key, kind=row.kind,
                    event_id=row.event_id, payload=row.payload, due_at=row.due_at)  # fmt: skip


def _unsubscribe(context: Context, reader: MailRecipient) -> str | None:
    """Return where the reader of a mail takes themselves off the list, when people can reach our pages."""
    base = context.facts.public_url
    return f"{base}/afmeld/{reader.token}" if base else None
