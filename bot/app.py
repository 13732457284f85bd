"""The composition root: the only place where the parts are put together."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord

from bot.client import CompanionBot, ShardedBot, Shards
from bot.content.load import Content, content_folder, load
from bot.delivery.alarm import Alarm
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.gateway import DiscordMessages
from bot.delivery.guild_gateway import DiscordGuildGateway
from bot.delivery.mailer import Mailer, MailServer
from bot.delivery.pace import Pace, Reserve, SharedPace, paced
from bot.delivery.rehearsal import Rehearsal
from bot.delivery.rounds import Rounds
from bot.delivery.scheduled_events import DiscordEvents, EventKeeper
from bot.delivery.upkeep import Upkeep
from bot.delivery.web import Web, health
from bot.delivery.web_calendar import calendar_feed
from bot.delivery.web_guests import GuestPages
from bot.delivery.web_unsubscribe import unsubscribe
from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import StartupError
from bot.messages.texts import Texts
from bot.services.context import Context, Facts
from bot.services.registry import Services, services_on
from bot.settings import Settings
from bot.storage.database import Connect, Database, is_away
from bot.storage.locks import AdvisoryLocks, Locks, OneProcess, serves_several
from bot.storage.repositories import pace as pace_slots
from bot.storage.seal import Seal

log = logging.getLogger(__name__)
LOOK_OFTEN = timedelta(seconds=2)  # where other processes may have planned something
AWAY_SECONDS = 2.0  # until a start that the database broke off is tried again


@dataclass
class App:
    """The bot and everything it needs, built but not started."""

    database: Database
    services: Services
    guild_id: int | None = None
    shards: Shards | None = None
    rehearsal: Rehearsal | None = None
    look_every: timedelta = timedelta(minutes=5)
    locks: Locks = field(default_factory=OneProcess)
    alarm: Alarm | None = None
    dispatcher: Dispatcher | None = None
    rounds: Rounds | None = None
    upkeep: Upkeep | None = None
    beginning: asyncio.Task[None] | None = None
    stopping: bool = False
    pace: Pace = field(default_factory=Pace)
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    mail_server: MailServer | None = None
    mailer: Mailer | None = None
    mail_alarm: Alarm | None = None
    web: Web | None = None

    def bot(self) -> CompanionBot:
        """Make a bot that provisions, plans and posts as soon as it is connected."""
        options: dict[str, Any] = {"when_ready": self._begin, "http_trace": paced(self.pace)}
        if self.shards is None:
            return CompanionBot(self.services, **options)
        ids, count = self.shards.ids, self.shards.count
        return ShardedBot(self.services, shard_ids=list(ids), shard_count=count, **options)

    async def serve_pages(self, host: str, port: int) -> None:
        """Start the web server. Raises StartupError when the port is not to be had."""
        off_the_list = unsubscribe(self.services.context, self.services.mail_lists)
        routes = [health(self.services), calendar_feed(self.services.feeds), *off_the_list]
        routes += GuestPages(self.services.context, self.services.guests).routes()
        web = Web(routes, host, port)
        try:
            await web.start()
        except OSError as error:
            raise StartupError(f"BLUP_HTTP_PORT: cannot listen on {host}:{port}: {error.strerror}") from error
        self.web = web

    def gateway_locks(self) -> list[str]:
        """Return the locks that a process must hold to listen on the gateway: Discord tells every listener all."""
        shards = self.shards or Shards((0,), 1)
        return [f"gateway:{number}/{shards.count}" for number in sorted(shards.ids)]

    async def stand_by(self, bot: CompanionBot) -> None:
        """Deliver what is due without listening on the gateway; `bot` is logged in."""
        if self.stopping:
            return
        self._work(bot)
        self._start_alarms()

    def _start_alarms(self) -> None:
        for alarm in (self.alarm, self.mail_alarm):
            if alarm is not None:
                alarm.start()

    def _work(self, bot: CompanionBot) -> None:
        if self.rounds is not None:
            return
        clock = self.services.context.clock
        messages, rehearsal = DiscordMessages(bot), self.rehearsal
        self.dispatcher = Dispatcher(
            self.services.outbox, rehearsal.messages(messages) if rehearsal else messages, clock
        )
        self.rounds = Rounds(self.services, self.dispatcher, self.locks)
        work = rehearsal.round_of(self.rounds, self.services) if rehearsal else self.rounds.run
        self.alarm = Alarm(work, self.rounds.next_moment, clock, self.look_every)
        sender = self.services.context.facts.mail_from
        if self.mail_server is not None and sender is not None and rehearsal is None:
            outbox = self.services.mail_outbox
            self.mailer = Mailer(outbox, self.mail_server, sender)
            self.mail_alarm = Alarm(self.mailer.send_due, outbox.next_moment, clock, self.look_every)
        self.database.on_planned = self._wake

    def _wake(self) -> None:
        for alarm in (self.alarm, self.mail_alarm):
            if alarm is not None:
                alarm.wake()

    async def _begin(self, bot: CompanionBot) -> None:
        self.beginning = asyncio.current_task()
        try:
            while not await self._has_begun(bot):
                pass
        except Exception as error:
            self.failure = error  # whoever started the bot raises it
            self.failed.set()

    async def _has_begun(self, bot: CompanionBot) -> bool:
        """Start, or stop starting; when the database breaks it off, wait a moment and tell that it is to be done again."""
        try:
            await self._start_work(bot)
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("the database is away: %s", str(error).split("\n", 1)[0], extra={"action": "start"})
            await asyncio.sleep(AWAY_SECONDS)
            return self.stopping
        return True

    async def _start_work(self, bot: CompanionBot) -> None:
        self._work(bot)
        assert self.alarm is not None and self.rounds is not None
        if self.shards is None or self._is_here(bot):
            guild = the_guild(bot, self.guild_id)
            bot.tree.copy_global_to(guild=guild)
            await bot.tree.sync(guild=guild)
            self.upkeep = bot.caretaker = Upkeep(DiscordGuildGateway(guild), self.services)
            if not self.stopping:
                await self.upkeep.begin()
            self.upkeep.on_needed = self.alarm.wake
            await self.services.planning.refresh()
            await self.services.lasting_posts.welcome()
            self.rounds.events = EventKeeper(
                DiscordEvents(guild), self.services.scheduled_events, self.services.context
            )
        self.rounds.upkeep = self.upkeep
        if not self.stopping:
            self._start_alarms()

    def _is_here(self, bot: CompanionBot) -> bool:
        """Tell whether our shards tell of the server; other shards are other processes' business."""
        return bool(bot.guilds) if self.guild_id is None else bot.get_guild(self.guild_id) is not None

    async def stop(self) -> None:
        """Finish what is in the air, leave the rest for the next start, close the database."""
        self.stopping = True
        for part in (self.upkeep, self.dispatcher, self.mailer):
            if part is not None:
                part.stop()
        if self.web is not None:
            await self.web.stop()
        if self.beginning is not None:
            await asyncio.wait([self.beginning])
        for alarm in (self.alarm, self.mail_alarm):
            if alarm is not None:
                await alarm.stop()
        await self.let_go()

    async def let_go(self) -> None:
        """Leave the database as it is: all that is left to do when there is no time to finish."""
        await self.locks.close()
        await self.database.close()


def the_guild(client: discord.Client, guild_id: int | None) -> discord.Guild:
    """Return the server a connected bot works in. Raises StartupError when that is not clear."""
    guild = client.get_guild(pick_guild([guild.id for guild in client.guilds], guild_id))
    assert guild is not None, "it is among the client's own"
    return guild


def pick_guild(joined: Sequence[int], wanted: int | None) -> int:
    """Return the id of the server to work in: the wanted one, or the only one. Raises StartupError."""
    if wanted is not None and wanted not in joined:
        raise StartupError(f"BLUP_GUILD_ID: the bot is not a member of server {wanted}; invite it first")
    if wanted is None and len(joined) != 1:
        raise StartupError(
            f"BLUP_GUILD_ID: the bot is in {len(joined)} servers; set BLUP_GUILD_ID to the one it shall serve"
        )
    return joined[0] if wanted is None else wanted


def content_of(override: Path | None) -> Content:
    """Load the content folder. Raises ContentError."""
    return load(content_folder(override))


def build(
    database_url: str,
    content: Content,
    facts: Facts,
    clock: Clock | None = None,
    guild_id: int | None = None,
    connect: Connect | None = None,
    shards: Shards | None = None,
    seal: Seal | None = None,
) -> App:
    """Put the bot together around a database, a content folder and a clock; without a `seal` no mail list works."""
    database = Database(database_url, connect)
    programme = content.programme
    texts = Texts(content.texts, programme.language, programme.timezone)
    context = Context(database, clock or SystemClock(), content, texts, facts, seal or Seal())
    app = App(database, services_on(context), guild_id, shards)
    if serves_several(database_url):
        app.locks, app.pace = AdvisoryLocks(database_url), SharedPace(_common_pace(database, "requests"))
        app.look_every = LOOK_OFTEN
    return app


def _common_pace(database: Database, name: str) -> Reserve:
    async def reserve(seconds: float) -> float:
        async with database.transaction() as session:
            return await pace_slots.reserve(session, name, seconds)

    return reserve


def facts_of(settings: Settings, content: Content) -> Facts:
    """Return what only the operator knows; without a number, people are sent to the secretariat's own phone."""
    phone = settings.help_phone or str(content.texts["help"]["no_phone"])
    mail_from = settings.mail_from if settings.smtp_url is not None else None
    return Facts(phone, settings.controller, settings.privacy_url, settings.public_url, mail_from)
