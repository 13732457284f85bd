"""The page behind the link under every mail: one button takes its reader off the list.

Looking at it changes nothing: mail scanners look at every link. A mail program may press by itself (RFC 8058).
"""

from aiohttp import web

from bot.messages.mail import unsubscribe_page
from bot.services.context import Context
from bot.services.mail_lists import MailLists

ADDRESS = "/afmeld/{token}"


def unsubscribe(context: Context, lists: MailLists) -> list[web.RouteDef]:
    """Return the routes of the page."""

    def answer(state: str) -> web.Response:
        page = unsubscribe_page(context.texts, state, context.facts.phone, context.programme.language)
        status = 404 if state == "unknown" else 200
        headers = {"Cache-Control": "no-store"}
        return web.Response(status=status, text=page, content_type="text/html", headers=headers)

    async def ask(request: web.Request) -> web.Response:
        known = await lists.is_known(request.match_info["token"])
        return answer("ask" if known else "unknown")

    async def press(request: web.Request) -> web.Response:
        done = await lists.unsubscribe(request.match_info["token"])
        return answer("done" if done else "unknown")

    return [web.get(ADDRESS, ask), web.post(ADDRESS, press)]
