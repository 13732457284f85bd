"""The page where people outside Discord sign up for a public meeting, and the page each of them has then.

No cookie and no script. A form that another site sends on somebody's behalf is refused, and so are more than people
can send: the address is public. Nothing is kept about who looks; of who sends a form a fingerprint of the network
address, in memory and for a minute, so that one machine cannot keep all others out.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from aiohttp import web

from bot.domain.errors import CompanionError, NotFound
from bot.messages.guests import Operator, own_page, plain_page, sign_up_page
from bot.services.context import Context
from bot.services.guests import OWN_PATH, PATH, Guests
from bot.storage.database import is_away

log = logging.getLogger(__name__)
MOST, SECONDS = 30, 60.0  # forms that are taken in so many seconds
MOST_OF_ONE = 20  # of them from one network address; a village hall has one, too
SLOWEST = 20.0  # seconds that a form may take to come
_OURS = ("same-origin", "none")
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Turnstile:
    """Lets so many through in a while, and fewer of them for one and the same."""

    def __init__(
        self,
        most: int = MOST,
        of_one: int = MOST_OF_ONE,
        seconds: float = SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._of_one, self._seconds, self._clock = most, of_one, seconds, clock
        self._salt = secrets.token_hex(16)
        self._passed: deque[tuple[float, int]] = deque()

    def passes(self, who: str) -> bool:
        """Tell whether one more may pass now; nobody knows who "" is, it may be many."""
        now, mark = self._clock(), hash((self._salt, who))
        while self._passed and now - self._passed[0][0] >= self._seconds:
            self._passed.popleft()
        same = sum(known == mark for _, known in self._passed) if who else 0
        if len(self._passed) >= self._most or same >= self._of_one:
            return False
        self._passed.append((now, mark))
        return True


class GuestPages:
    """The pages of public meetings."""

    def __init__(self, context: Context, guests: Guests, turnstile: Turnstile | None = None) -> None:
        self._texts, self._guests, self._turnstile = context.texts, guests, turnstile or Turnstile()
        facts = context.facts
        self._reached = facts.public_url is not None
        self._by = Operator(facts.controller, facts.phone, context.programme.language)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the pages; none while people cannot reach them."""
        if not self._reached:
            return []
        return [
            web.get(OWN_PATH, self._there(self._own)),
            web.post(OWN_PATH, self._there(self._back_out)),
            web.get(PATH, self._there(self._ask)),
            web.post(PATH, self._there(self._sign_up)),
        ]

    def _there(self, handler: Handler) -> Handler:
        """Say in plain words that the database is away."""

        async def answer(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("a page waits for the database", extra={"action": "web"})
                return self._plain("away", 503)

        return answer

    async def _ask(self, request: web.Request) -> web.Response:
        found = await self._guests.invited(_number(request))
        if found is None:
            return self._plain("unknown", 404)
        return _page(sign_up_page(self._texts, found, self._by))

    async def _sign_up(self, request: web.Request) -> web.Response:
        _refuse_other_sites(request)
        if not self._turnstile.passes(_from(request)):
            return self._plain("busy", 429)
        filled = await _filled(request)
        event_id, key = _number(request), filled.get("key", "")
        try:
            await self._guests.sign_up(
                event_id, key, filled.get("name", ""), filled.get("people", ""), filled.get("village", "")
            )
        except NotFound:
            return self._plain("unknown", 404)
        except CompanionError as error:
            return await self._again(event_id, filled, error)
        raise web.HTTPSeeOther(OWN_PATH.format(token=key))

    async def _again(self, event_id: int, filled: Mapping[str, str], error: CompanionError) -> web.Response:
        """Show the form anew with what was written, and say what is wrong."""
        found = await self._guests.invited(event_id)
        if found is None:
            return self._plain("unknown", 404)
        problem = self._texts(error.key, **{"phone": self._by.phone, **error.values})
        return _page(sign_up_page(self._texts, found, self._by, filled, problem), 400)

    async def _own(self, request: web.Request) -> web.Response:
        found = await self._guests.own(request.match_info["token"])
        return _page(own_page(self._texts, found, self._by)) if found else self._plain("unknown", 404)

    async def _back_out(self, request: web.Request) -> web.Response:
        _refuse_other_sites(request)
        done = await self._guests.back_out(request.match_info["token"])
        return self._plain("gone", 200) if done else self._plain("unknown", 404)

    def _plain(self, state: str, status: int) -> web.Response:
        return _page(plain_page(self._texts, state, self._by), status)


def _page(html: str, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(status=status, text=html, content_type="text/html", headers=headers)


def _number(request: web.Request) -> int:
    written = request.match_info["event_id"]
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else 0


async def _filled(request: web.Request) -> dict[str, str]:
    """Return what a form holds. Raises HTTPBadRequest for what is none, HTTPRequestTimeout for one that does not come."""
    try:
        async with asyncio.timeout(SLOWEST):
            found = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, LookupError, web.RequestPayloadError):
        raise web.HTTPBadRequest from None
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _from(request: web.Request) -> str:
    """Return the network address that the nearest proxy says a form comes from; "" where none says."""
    return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()


def _refuse_other_sites(request: web.Request) -> None:
    """Raise HTTPForbidden for a form that another site's page sends; browsers of today say where it comes from."""
    if request.headers.get("Sec-Fetch-Site", "none") not in _OURS:
        raise web.HTTPForbidden
