"""The bot's own web server, for what has no place on Discord: calendars to subscribe to, pages behind a letter's link.

It serves the routes that the app gives it and knows nothing of what they show. Their addresses may be secrets,
so neither a path nor a query is ever logged, and every address that leads nowhere gets the same answer.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.services.registry import Services
from bot.storage.database import is_away

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
STOP_SECONDS = 2.0  # for answers that are under way
LONGEST_BODY = 64 * 1024  # bytes
_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}


def health(services: Services) -> web.RouteDef:
    """Return the route that tells a watching machine whether the bot can reach its database."""

    async def tell(_: web.Request) -> web.Response:
        try:
            await services.outbox.next_moment(with_polls=False)
        except Exception as error:
            if not is_away(error):
                raise
            return web.Response(status=503, text="the database is away\n")
        return web.Response(text="ok\n")

    return web.get("/health", tell)


class Web:
    """A web server for some routes."""

    def __init__(self, routes: Sequence[web.RouteDef], host: str, port: int) -> None:
        """Prepare to listen; port 0 lets the system choose."""
        self._routes, self._host, self._port = routes, host, port
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the port is not to be had."""
        app = web.Application(middlewares=[_guarded], client_max_size=LONGEST_BODY)
        app.add_routes(self._routes)
        # a packed body could be a thousand times as long; nobody of ours sends one
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=STOP_SECONDS, auto_decompress=False
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        log.info("pages are served on port %d", self._port, extra={"action": "web"})

    async def stop(self) -> None:
        """Stop listening; answers that are under way get two seconds."""
        if self._runner is not None:
            await self._runner.cleanup()


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        answer = await handler(request)
    except web.HTTPException as other:
        if other.status < 400:
            other.headers.update({**_HEADERS, "Cache-Control": "no-store"})
            raise
        answer = _plain(other.status)
        answer.headers.update({name: other.headers[name] for name in ("Allow",) if name in other.headers})
    except Exception:
        log.exception("a page failed", extra={"action": "web", "route": _route(request)})
        answer = _plain(500)
    answer.headers.update(_HEADERS)
    return answer


def _plain(status: int) -> web.Response:
    """Refuse, in the same words whatever was asked for."""
    return web.Response(status=status, text=f"{status}\n")


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"  # "/kalender/{token}", never the address itself
