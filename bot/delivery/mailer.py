"""Bring due mails to the mail server, one after another over one connection, and keep what became of each."""

import asyncio
import logging
import os
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from mimetypes import guess_type
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.services.mail_outbox import MailOutbox, OutgoingMail

log = logging.getLogger(__name__)
WITHIN_SECONDS = 50.0  # a mail is taken, or given up, so soon: a few of them end before their lease does
CONNECT_SECONDS = 20.0
_FOR_GOOD = 500  # codes from here on will not change by waiting
_NO_SUCH_ADDRESS = frozenset({550, 551, 553})  # at RCPT, from servers that say no more than that
_ENHANCED = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463: subject and detail
_ADDRESS, _OURS = "1", frozenset({"7", "8"})  # 5.1.x is about the address; .7 and .8 about the sender's
Carry = Callable[[str, bytes], Awaitable[None]]


class MailRefused(Exception):
    """The server will never take this mail."""

    def __init__(self, code: int, *, no_such_address: bool) -> None:
        super().__init__(str(code))
        self.code, self.no_such_address = code, no_such_address


class AddressDoubted(Exception):
    """The server says no to an address, and not why: it may be gone, or nothing of ours be taken."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class MailLater(Exception):
    """The server may take it later; the text holds no address."""


class Unwelcome(MailLater):
    """The server takes nothing from us; somebody has to change how it, or we, are set up."""


class ServerAway(Exception):
    """There is no connection to the server; the text holds no address."""


class MailServer(Protocol):
    """Where mails go."""

    def connected(self) -> AbstractAsyncContextManager[Carry]:
        """Return a connection for some mails. Entering it raises ServerAway."""
        ...


class Mailer:
    """Send what is due."""

    def __init__(self, outbox: MailOutbox, server: MailServer, sender: str) -> None:
        self._outbox, self._server, self._sender = outbox, server, sender
        self._worker = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._stopping = False

    def stop(self) -> None:
        """Claim and begin nothing more."""
        self._stopping = True

    async def send_due(self) -> None:
        """Send everything that is due now; without a server it all waits."""
        batch = [] if self._stopping else await self._outbox.claim(self._worker)
        if not batch:
            return
        begun = False
        try:
            async with self._server.connected() as carry:
                begun = True
                while batch and not self._stopping:
                    await self._send_all(carry, batch)
                    if not self._stopping:
                        batch = await self._outbox.claim(self._worker)
        except ServerAway as away:
            log.warning("no mail server: %s", away, extra={"action": "mail"})
        if self._stopping:
            await self._outbox.give_back(batch)
            return
        for place, mail in enumerate(batch):
            await self._outbox.failed(mail, "no connection", unsure=begun and place == 0)

    async def _send_all(self, carry: Carry, batch: list[OutgoingMail]) -> None:
        """Send a batch, of which only what was not begun is left.

        A server that says no to every address without saying why refuses us, and not them all.
        """
        doubted: list[tuple[OutgoingMail, int]] = []
        welcome = False
        try:
            while batch and not self._stopping:
                no = await self._send(carry, batch[0])
                mail = batch.pop(0)
                if isinstance(no, AddressDoubted):
                    doubted.append((mail, no.code))
                welcome = welcome or no is None
        finally:
            for mail, code in doubted:
                if welcome:
                    await self._outbox.refused(mail, code, no_such_address=True)
                else:
                    await self._outbox.failed(mail, f"{code} for every address")
        if not batch and not welcome:
            await self._outbox.tell_unwelcome()

    async def _send(self, carry: Carry, mail: OutgoingMail) -> AddressDoubted | Unwelcome | None:
        """Send one mail and keep what became of it, but of one whose address is doubted."""
        try:
            whole = mime(mail, self._sender)
        except ValueError:
            log.error("a mail cannot be written", extra={"action": "mail", "key": mail.key})
            await self._outbox.refused(mail, 0, no_such_address=False)
            return None
        try:
            await carry(mail.to, whole)
        except AddressDoubted as doubted:
            log.warning("an address is refused: %d", doubted.code, extra={"action": "mail", "key": mail.key})
            return doubted
        except MailRefused as refused:
            log.warning("a mail is refused: %d", refused.code, extra={"action": "mail", "key": mail.key})
            await self._outbox.refused(mail, refused.code, no_such_address=refused.no_such_address)
        except MailLater as later:
            log.warning("a mail waits: %s", later, extra={"action": "mail", "key": mail.key})
            await self._outbox.failed(mail, str(later))
            return later if isinstance(later, Unwelcome) else None
        else:
            await self._outbox.sent(mail)
        return None


def mime(mail: OutgoingMail, sender: str) -> bytes:
    """Return a mail as it goes over the wire. Raises ValueError for a line break in its head."""
    found = EmailMessage(policy=WIRE)
    found["From"] = Address(mail.text.sender, addr_spec=sender)
    found["To"] = mail.to
    found["Subject"] = mail.text.subject
    found["Date"] = format_datetime(mail.at)
    found["Message-ID"] = mail.message_id
    if mail.follows is not None:
        found["In-Reply-To"] = found["References"] = mail.follows
    found["Auto-Submitted"] = "auto-generated"
    # not every server takes letters beyond ASCII as they are
    found.set_content(mail.text.plain, cte="quoted-printable")
    found.add_alternative(mail.text.html, subtype="html", cte="quoted-printable")
    for file in mail.text.files:
        maintype, _, subtype = (guess_type(file.name)[0] or "application/octet-stream").partition("/")
        found.add_attachment(file.data, maintype=maintype, subtype=subtype, filename=file.name)
    return _list_lines(mail.text.unsubscribe) + found.as_bytes()


def _list_lines(unsubscribe: str | None) -> bytes:
    """Return the lines by which a mail program offers to unsubscribe; the library would tear a long address."""
    if unsubscribe is None:
        return b""
    if re.search(r"[\s<>]", unsubscribe):
        raise ValueError("no address for a mail's head")
    lines = [f"List-Unsubscribe: <{unsubscribe}>"]
    if unsubscribe.startswith("https://"):
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


class SmtpServer:
    """A mail server by its address: smtps://name:password@host:465, or smtp://host:587.

    With smtp:// the connection is encrypted as soon as the server can; a password is never sent in the clear.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._at, self._sender = urlsplit(url), sender

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Carry]:
        """Connect, and give what carries a mail. Raises ServerAway."""
        at, own = self._at, self._sender.rpartition("@")[2]
        encrypted = at.scheme == "smtps"
        name = unquote(at.username) if at.username else None
        smtp = aiosmtplib.SMTP(
            hostname=at.hostname,
            port=at.port,
            username=name,
            password=unquote(at.password or "") if name else None,
            use_tls=encrypted,
            start_tls=None if encrypted or not name else True,
            local_hostname=own,
            timeout=CONNECT_SECONDS,
        )
        try:
            await smtp.connect()
        except aiosmtplib.SMTPResponseException as error:
            raise ServerAway(f"it answers {error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ServerAway(type(error).__name__) from None

        async def carry(to: str, mail: bytes) -> None:
            await _carry(smtp, self._sender, to, mail)

        try:
            yield carry
        finally:
            try:
                async with asyncio.timeout(2):
                    await smtp.quit()
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                smtp.close()


async def _carry(smtp: aiosmtplib.SMTP, sender: str, to: str, mail: bytes) -> None:
    """Hand one mail over. Raises what tells what became of it, or ServerAway; none of them quotes the server."""
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            await smtp.sendmail(sender, [to], mail)
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _said_of_address(error.recipients[0].code, error.recipients[0].message) from None
    except aiosmtplib.SMTPResponseException as error:
        if error.code >= _FOR_GOOD and isinstance(error, aiosmtplib.SMTPDataError):
            raise MailRefused(error.code, no_such_address=False) from None
        later = Unwelcome if error.code >= _FOR_GOOD else MailLater
        raise later(f"{error.code} from the server") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise ServerAway(type(error).__name__) from None


def _said_of_address(code: int, words: str) -> Exception:
    """Return what a server's no to an address means; what it says at length (RFC 2034) counts before its number."""
    if code < _FOR_GOOD:
        return MailLater(f"{code} for the address")
    told = _ENHANCED.match(words.strip())
    if told is not None and told[1] == _ADDRESS and told[2] not in _OURS:
        return MailRefused(code, no_such_address=True)
    if told is None and code in _NO_SUCH_ADDRESS:
        return AddressDoubted(code)
    return Unwelcome(f"{code} to us")
