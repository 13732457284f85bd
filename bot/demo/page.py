"""The demo's page in the browser: the channels, the year to travel through, and its account.

It listens on this machine only. It knows the story through the `Story` protocol and nothing of
the programme; its Danish stands in `page.html.j2`.

    async with DemoPage(story, port=8000) as page:
        print(page.url)
        await page.serve_forever()
"""

import asyncio
import logging
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.demo import page_view
from bot.demo.page_guard import CSP_NONCE, guard
from bot.demo.page_story import Mark, Story
from bot.demo.preview_window import NotShown, PreviewWindow

__all__ = ["DemoPage", "Mark", "Story"]

_log = logging.getLogger(__name__)


_BOLD = re.compile(r"\*\*(.+?)\*\*")


def bold(text: str) -> Markup:
    """Show what stands between two pairs of stars as Discord does; all else stays as it was written."""
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(text))))


class DemoPage:
    """A web server for one story."""

    def __init__(self, story: Story, *, port: int = 0) -> None:
        """Prepare to listen on `port` of 127.0.0.1; 0 lets the system choose."""
        self._story = story
        self._port = port
        self._window = PreviewWindow(story)
        self._journeys: set[asyncio.Task[None]] = set()
        self._bound_for: datetime | None = None
        self._failure: str | None = None
        self._runner: web.AppRunner | None = None
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["bold"] = bold
        self._template = environment.get_template("page.html.j2")

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self._port}/"

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        app = web.Application(middlewares=[guard])
        app.router.add_get("/", self._page)
        app.router.add_get("/status", self._status)
        app.router.add_post("/travel", self._travel)
        app.router.add_post("/open/{channel_id:[0-9]+}", self._open)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop listening, and end a journey that is under way where it is."""
        for journey in self._journeys:
            journey.cancel()
        await asyncio.gather(*self._journeys, return_exceptions=True)
        await self._window.close()
        if self._runner:
            await self._runner.cleanup()

    async def serve_forever(self) -> None:
        """Wait until the task is cancelled, by Ctrl-C for instance."""
        await asyncio.Event().wait()

    async def settled(self) -> None:
        """Wait until no journey is under way."""
        while self._journeys:
            await asyncio.wait(self._journeys)

    # What is shown ------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        discord, now = self._story.discord, self._story.discord.now()
        today = now.astimezone(page_view.COPENHAGEN).date()
        try:
            day = min(date.fromisoformat(request.query.get("dag", "")), today)
        except ValueError:
            day = today
        marks = self._story.timeline()
        categories = [category for guild in discord.guilds() for category in discord.categories(guild)]
        html = self._template.render(
            now=page_view.moment_label(now),
            week=today.isocalendar().week,
            today=today.isoformat(),
            track=page_view.track(marks, now),
            next_day=page_view.next_day(now).isoformat(),
            next_mark=page_view.next_mark(marks, now),
            moment_label=page_view.moment_label,
            under_way=bool(self._journeys),
            bound_for=self._bound_for and page_view.moment_label(self._bound_for),
            failure=self._failure,
            notice=request.query.get("besked"),
            categories=categories,
            day=page_view.day_of_posts(discord, categories, day),
            account=page_view.account_rows(self._story.account()),
            nonce=request[CSP_NONCE],
        )
        return web.Response(text=html, content_type="text/html")

    async def _status(self, _request: web.Request) -> web.Response:
        now = self._story.discord.now()
        state: dict[str, Any] = {
            "under_way": bool(self._journeys),
            "now": page_view.moment_label(now),
            "percent": page_view.track(self._story.timeline(), now).now,
        }
        return web.json_response(state)

    # What is done -------------------------------------------------------------------------

    async def _open(self, request: web.Request) -> web.Response:
        async with self._story.discord.exclusive():
            try:
                address = await self._window.show(int(request.match_info["channel_id"]))
            except NotShown as error:
                _log.info("a channel could not be shown: %s", error)
                address = "/?besked=kanal"
        raise web.HTTPSeeOther(address)

    async def _travel(self, request: web.Request) -> web.Response:
        wanted = (await request.post()).get("to")
        try:
            to = datetime.fromisoformat(str(wanted))
        except ValueError:
            raise web.HTTPBadRequest(text="`to` must be a moment") from None
        if to.tzinfo is None:
            raise web.HTTPBadRequest(text="`to` must have a time zone")
        journey = asyncio.create_task(self._journey(to))
        self._journeys.add(journey)
        journey.add_done_callback(self._journeys.discard)
        await asyncio.wait({journey}, timeout=0.5)  # most are over before the page is drawn
        raise web.HTTPSeeOther("/")

    async def _journey(self, to: datetime) -> None:
        """Travel when it is our turn; journeys that were asked for later wait their turn."""
        try:
            async with self._story.discord.exclusive():
                if to <= self._story.discord.now():
                    return
                self._bound_for, self._failure = to, None
                await self._story.travel_to(to)
                await self._window.refresh()
        except Exception as error:
            _log.exception("the journey did not reach its end")
            self._failure = f"{type(error).__name__}: {error}"
        finally:
            self._bound_for = None
