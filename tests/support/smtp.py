"""A mail server of our own on a real socket: it takes mails, and refuses or breaks off where a story wants it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class SmtpHouse:
    """What came in, and what the server shall answer: a code by address, or hanging up after so many bytes taken in."""

    port: int = 0
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    says: str = "about"
    data_code: int = 250
    hangs_up_after_data: bool = False
    took_one: asyncio.Event = field(default_factory=asyncio.Event)

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to one address."""
        return [mail for to, mail in self.taken if to == address]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 mail.example ready")
        to = ""
        while line := (await reader.readline()).decode("ascii").strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb == "RCPT":
                to = line[line.index("<") + 1 : line.index(">")]
                code = self.codes.get(to, 250)
                await say(f"{code} {self.says} <{to}>")
            elif verb == "DATA":
                await say("354 go on")
                whole = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                if self.data_code == 250:
                    mail = message_from_bytes(whole.replace(b"\r\n..", b"\r\n."), policy=default)
                    assert isinstance(mail, EmailMessage)
                    self.taken.append((to, mail))
                    self.took_one.set()
                if self.hangs_up_after_data:
                    return
                await say(f"{self.data_code} that was for <{to}>")
            elif verb == "QUIT":
                await say("221 bye")
                return
            else:
                await say("250 fine")


@asynccontextmanager
async def smtp_house() -> AsyncIterator[SmtpHouse]:
    """Run a mail server on a port of its own."""
    house = SmtpHouse()
    server = await asyncio.start_server(house.serve, "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    async with server:
        yield house
