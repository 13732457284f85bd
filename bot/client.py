"""The bot on Discord: finds its cogs, and is the one place where a person's action can fail and be answered.

It knows how to ask services who acts and where, but no rule of the programme.
"""

import asyncio
import importlib
import logging
import pkgutil
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.caretaker import Caretaker, NotYet
from bot.content.templates import Ready
from bot.desk import Desk
from bot.discord_render import acted, modal, payload
from bot.domain.access import Actor
from bot.domain.errors import CompanionError
from bot.messages.message import Button, Form, Message
from bot.services.places import Place
from bot.services.registry import Services

log = logging.getLogger(__name__)
Handler = Callable[..., Awaitable[None]]
HOLD_SECONDS = 3.0  # after that Discord has given up on the click
PATIENCE_SECONDS = 2.0  # Discord waits 3 s for the first answer
LONGEST = 2000  # characters of a message
_SAID_BACK = 300
_BY_ID = (discord.InteractionType.component, discord.InteractionType.modal_submit)


class Ask:
    """One action of one person: who, where, and how to answer. Answers are private unless said otherwise."""

    def __init__(
        self,
        bot: "CompanionBot",
        interaction: discord.Interaction[Any],
        filled: Mapping[str, str] | None = None,
    ) -> None:
        self.bot, self.interaction, self.filled = bot, interaction, filled or {}
        self.services: Services = bot.services
        self._first_answer = asyncio.Lock()  # of our patience and the real answer only one can be first
        self._holding: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Wait for one's turn, and tell Discord that an answer is on its way when it takes longer than a moment.

        Discord gives up after 3 s: when there is a line already, it is told at once.
        """
        timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._begin_hold)
        try:
            if self.bot.desk.busy:
                await self.bot.desk.tell(self._hold())
            async with self.bot.desk.turn():
                yield
        finally:
            timer.cancel()
            if self._holding is not None:
                await asyncio.wait([self._holding])

    def _begin_hold(self) -> None:
        self._holding = asyncio.create_task(self._hold())

    async def _hold(self) -> None:
        async with self._first_answer:
            if not self.interaction.response.is_done():
                try:
                    async with asyncio.timeout(HOLD_SECONDS):
                        await self.interaction.response.defer(ephemeral=True, thinking=True)
                except (TimeoutError, discord.HTTPException, aiohttp.ClientError, OSError) as error:
                    log.warning("Discord was not told to wait: %s", error, extra={"action": "answer"})

    async def actor(self) -> Actor:
        """Return the person who acts."""
        user, guild = self.interaction.user, self.interaction.guild
        owner = guild is not None and guild.owner_id == user.id
        return await self.services.people.actor(user.id, user.display_name, is_owner=owner)

    async def place(self) -> Place:
        """Return the village, group or common channel it happens in. Raises NotFound elsewhere."""
        parent = getattr(self.interaction.channel, "parent_id", None)  # in a thread of ours
        return await self.services.places.of_channel(self.interaction.channel_id or 0, parent)

    async def reply(self, message: Message) -> None:
        """Answer so that only the person sees it."""
        response = self.interaction.response
        async with self._first_answer:
            if not response.is_done():
                await response.send_message(**payload(message), ephemeral=True)
                return
        await self.interaction.followup.send(**payload(message), ephemeral=True)

    async def tell(self, message: Message) -> None:
        """Say something to all in the thread of the post that was pressed; in its channel where it has none."""
        pressed, here = self.interaction.message, self.interaction.channel_id or 0
        in_thread = isinstance(self.interaction.channel, discord.Thread)
        thread = here if in_thread or pressed is None else pressed.id  # a thread has its first post's number
        try:
            await self.bot.get_partial_messageable(thread).send(**payload(message))
        except discord.NotFound:
            await self.bot.get_partial_messageable(here).send(**payload(message))

    async def say(self, key: str, **values: object) -> None:
        """Answer with a text that needs no buttons."""
        await self.reply(Message(self.bot.texts(key, **values)))

    async def update(self, message: Message) -> None:
        """Put a new message in the place of the private one that was pressed."""
        parts = payload(message)
        async with self._first_answer:
            if not self.interaction.response.is_done():
                await self.interaction.response.edit_message(
                    content=parts["content"],
                    view=parts.get("view"),
                    allowed_mentions=parts["allowed_mentions"],
                )
                return
        await self.reply(message)

    async def edit(self, message: Message) -> None:
        """Change the answer that was given, as long as Discord lets us (15 minutes)."""
        parts = payload(message)
        await self.interaction.edit_original_response(
            content=parts["content"], view=parts.get("view"), attachments=parts.get("files", [])
        )

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on with something slow that needs no place at the desk; what fails is told as always."""
        self.bot.keep(self._go_on(work))

    async def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            await self.bot.answer_failure(self, error)

    async def form(self, form: Form, action: str, *args: int | str) -> None:
        """Show a form; what is filled in comes to the handler of the form's own action.

        Discord takes a form as the first answer only: after a wait, a button with this action opens it.
        """
        async with self._first_answer:
            if not self.interaction.response.is_done():
                await self.interaction.response.send_modal(modal(form))
                return
        button = Button(self.bot.texts("people.button.open_form"), action, args, "primary")
        await self.reply(Message(self.bot.texts("people.form_ready"), (button,)))

    @property
    def values(self) -> list[str]:
        """What was chosen in a menu, or in the menu of a form."""
        data: dict[str, Any] = dict(self.interaction.data or {})
        parts = [data, *(label.get("component", {}) for label in data.get("components", ()))]
        return [str(value) for part in parts for value in part.get("values", ())]


class CompanionTree(app_commands.CommandTree["CompanionBot"]):
    """Slash commands with the same error boundary and patience as buttons."""

    async def on_error(
        self, interaction: discord.Interaction["CompanionBot"], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer a command that failed."""
        await self.client.answer_failure(Ask(self.client, interaction), getattr(error, "original", error))


class CompanionBot(commands.Bot):
    """The companion; what it needs outside a channel its caretaker does."""

    def __init__(
        self, services: Services, *, when_ready: Callable[["CompanionBot"], Awaitable[None]], **options: Any
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            tree_cls=CompanionTree,
            help_command=None,
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.services = services
        self.texts = services.context.texts
        self.handlers: dict[str, Handler] = {}
        self.desk = Desk()
        self.caretaker: Caretaker = NotYet()
        self._when_ready, self._started = when_ready, False
        self._kept: set[asyncio.Task[None]] = set()  # asyncio itself forgets a task that nobody holds

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside what people ask for."""
        task = asyncio.create_task(work)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)

    async def setup_hook(self) -> None:
        """Load every cog by its name."""
        for module in pkgutil.iter_modules(importlib.import_module("cogs").__path__):
            if not module.name.startswith("_"):
                await self.load_extension(f"cogs.{module.name}")

    async def on_ready(self) -> None:
        """Get to work once; a reconnect needs nothing."""
        if not self._started:
            self._started = True
            await self._when_ready(self)

    async def on_guild_channel_delete(self, _channel: discord.abc.GuildChannel) -> None:
        """Have a channel of ours made anew when somebody deletes it."""
        self.caretaker.needed()

    async def on_guild_channel_update(
        self, _was: discord.abc.GuildChannel, _is: discord.abc.GuildChannel
    ) -> None:
        """Have a channel of ours put right when somebody changes it."""
        self.caretaker.needed()

    async def on_guild_role_delete(self, _role: discord.Role) -> None:
        """Have a role of ours made anew when somebody deletes it."""
        self.caretaker.needed()

    async def on_guild_role_update(self, _was: discord.Role, _is: discord.Role) -> None:
        """Have a role of ours put right when somebody changes it."""
        self.caretaker.needed()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take what was pressed, chosen or filled in by its own id; commands have a way of their own."""
        if interaction.type in _BY_ID and (found := acted(interaction)) is not None:
            await self.handle(interaction, *found)

    async def handle(
        self,
        interaction: discord.Interaction[Any],
        action: str,
        args: Sequence[int | str],
        filled: Mapping[str, str] | None = None,
    ) -> None:
        """Let a cog act on a button, menu or form; every failure ends in a kind private answer."""
        handler = self.handlers.get(action)
        ask = Ask(self, interaction, filled)
        try:
            async with ask.patience():
                if handler is None:
                    raise CompanionError("error.old_button")
                await handler(ask, *args)
        except Exception as error:
            await self.answer_failure(ask, error)

    async def answer_failure(self, ask: Ask, error: BaseException) -> None:
        """Tell the person what happened, in plain words; what nobody expected is logged with a reference.

        What was written in a form is given back, so that nobody has to write it twice.
        """
        text = self._explain(error)
        if ask.filled:
            written = self.texts("error.you_wrote", written="\n".join(ask.filled.values()))
            text = Ready(f"{text}\n{written}"[:LONGEST])
        try:
            await ask.reply(Message(text))
        except discord.HTTPException as failed:
            log.warning("answer not delivered: %s", failed.text, extra={"action": "answer"})

    def _explain(self, error: BaseException) -> Ready:
        facts = self.services.context.facts
        if isinstance(error, CompanionError):
            key = error.key if self.texts.has(error.key) else error.key.rsplit(".", 1)[0] + ".other"
            if self.texts.has(key):
                values = {name: _short(value) for name, value in error.values.items()}
                return self.texts(key, **{"phone": facts.phone, **values})
        if isinstance(error, app_commands.CheckFailure):
            return self.texts("error.not_allowed.other", phone=facts.phone)
        code = secrets.token_hex(3).upper()
        log.error("an action failed, reference %s", code, exc_info=error,
                  extra={"action": "failure", "reference": code})  # fmt: skip
        return self.texts("error.technical", phone=facts.phone, code=code)


@dataclass(frozen=True, slots=True)
class Shards:
    """The part of the gateway that a process listens on: these shards out of so many."""

    ids: tuple[int, ...]
    count: int


class ShardedBot(CompanionBot, commands.AutoShardedBot):
    """The companion on some of the gateway's shards."""


def _short(value: object) -> object:
    """Return what somebody wrote, short enough to be said back."""
    return f"{value[:_SAID_BACK]}…" if isinstance(value, str) and len(value) > _SAID_BACK else value
