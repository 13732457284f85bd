"""Look where a link leads, over HTTP, without being led to a machine that only we can reach.

The address that a name stands for is checked where it is used: the connection goes to that very address, so a name
that changes its mind between the two gets nowhere. Not reaching anything says nothing about the link.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.services.videos import Verdict

log = logging.getLogger(__name__)
LOOK_SECONDS = 4.0
_HOPS = 4
_GONE = (404, 410)
_MOVED = (301, 302, 303, 307, 308)


class InternalAddress(Exception):
    """A link leads to an address that is not on the open net."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a server answered: the status, and where it sends us on."""

    status: int
    location: str | None = None


Fetch = Callable[[str], Awaitable[Seen]]


class LinkCheck:
    """Looks at one link at a time, four seconds at most."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or _fetch

    async def look(self, url: str) -> Verdict:
        """Tell whether a link leads to something that everybody can see."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._follow(url)
        except InternalAddress:
            return Verdict.INTERNAL
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            log.info("a link could not be looked at: %s", type(error).__name__, extra={"action": "link"})
            return Verdict.UNKNOWN

    async def _follow(self, url: str) -> Verdict:
        for _ in range(_HOPS):
            require_open(url)
            seen = await self._fetch(url)
            if seen.status in _GONE:
                return Verdict.DEAD
            if seen.status not in _MOVED or not seen.location:
                return Verdict.ALIVE if 200 <= seen.status < 300 else Verdict.UNKNOWN
            url = urljoin(url, seen.location)
        return Verdict.UNKNOWN


def require_open(url: str) -> None:
    """Raise InternalAddress unless a link is https on the usual port, without a login, to no inner address."""
    parts = urlsplit(url)
    host = (URL(url).host or "").rstrip(".")  # as the connection will read it
    if (
        parts.scheme != "https"
        or parts.port not in (None, 443)
        or parts.username is not None
        or "." not in host
    ):
        raise InternalAddress
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not host.rpartition(".")[2][:1].isalpha():  # 127.1, 127.0.0.0x1: an address, oddly spelt
            raise InternalAddress from None
        return
    if not is_open(str(address)):
        raise InternalAddress


def is_open(address: str) -> bool:
    """Tell whether an address is one of the open net's."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    return found.is_global and not found.is_multicast


class OpenResolver(AbstractResolver):
    """Resolves names, and refuses those that stand for an inner address."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises InternalAddress when one of them is inner."""
        found = await self._inner.resolve(host, port, family)
        if not all(is_open(result["host"]) for result in found):
            raise InternalAddress
        return found

    async def close(self) -> None:
        """Give back what was taken."""
        await self._inner.close()


async def _fetch(url: str) -> Seen:
    """Ask for a page and read no more than its head; no cookies, no proxy, no following."""
    connector = aiohttp.TCPConnector(resolver=OpenResolver(), use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        return Seen(answer.status, answer.headers.get("Location"))
