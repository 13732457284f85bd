"""The page behind an address that somebody's calendar asks every few hours."""

from aiohttp import web

from bot.services.feeds import PATH, Feeds


def calendar_feed(feeds: Feeds) -> web.RouteDef:
    """Return the route of the feeds. What has not changed is not sent again (ETag)."""

    async def serve(request: web.Request) -> web.Response:
        page = await feeds.read(request.match_info["token"])
        if page is None:
            raise web.HTTPNotFound
        headers = {"ETag": f'"{page.etag}"', "Cache-Control": "private, no-cache"}
        if any(known.value in (page.etag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=page.body, content_type="text/calendar", charset="utf-8", headers=headers)

    return web.get(PATH, serve)
