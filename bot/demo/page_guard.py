"""Keeps other web pages away from the demo's page.

The page acts without a login, so it must not be reachable through a person's browser from
elsewhere: a foreign `Host` is a rebound DNS name, a foreign `Origin` another site's form.
"""

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CSP_NONCE = web.RequestKey("csp_nonce", str)


def _is_ours(request: web.Request) -> bool:
    transport = request.transport
    address = transport.get_extra_info("sockname") if transport else None
    if not address:
        return False
    hosts = {f"127.0.0.1:{address[1]}", f"localhost:{address[1]}"}
    origin = request.headers.get("Origin")
    return (
        request.headers.get("Host") in hosts
        and (origin is None or origin in {f"http://{host}" for host in hosts})
        and request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}
    )


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign requests with 403 and forbid the answer to load anything from elsewhere."""
    if not _is_ours(request):
        raise web.HTTPForbidden(text="Only from this machine's own page.")
    nonce = request[CSP_NONCE] = secrets.token_urlsafe(16)
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        answer.headers.update(_headers(nonce))
        raise
    response.headers.update(_headers(nonce))
    return response


def _headers(nonce: str) -> dict[str, str]:
    return {
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; "
            f"img-src data:; script-src 'nonce-{nonce}'; base-uri 'none'; "
            # A channel opens by a form that is redirected to the preview's own port.
            "form-action 'self' http://127.0.0.1:*; frame-ancestors 'none'"
        ),
    }
