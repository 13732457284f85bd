"""What cogs share: commands named by the content, and buttons, menus and forms that find their handler by name.

Command names and descriptions are texts of the programme's language, so commands are built when a cog
is loaded, not when its file is read. Buttons work after a restart: their custom id says what they do.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Ask, CompanionBot
from bot.messages.message import Message
from bot.messages.texts import Texts

Method = Callable[..., Awaitable[None]]
F = TypeVar("F", bound=Method)
Suggestions = list[tuple[str, str]]
_LOOK_SECONDS = 1.0
_LOOKS = 600


@dataclass(frozen=True)
class CommandMark:
    """What a method says of itself as a slash command: `key` is "next", or "poll.start" inside a group."""

    key: str
    suggest: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def command(
    key: str,
    *,
    suggest: Mapping[str, str] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> Callable[[F], F]:
    """Make a method a slash command; `suggest` names the method that proposes values for an option."""

    def mark(method: F) -> F:
        method.__command__ = CommandMark(key, suggest or {}, choices or {})  # type: ignore[attr-defined]
        return method

    return mark


def handles(action: str) -> Callable[[F], F]:
    """Make a method what a button, menu or form with this action does."""

    def mark(method: F) -> F:
        method.__handles__ = action  # type: ignore[attr-defined]
        return method

    return mark


def command_marks(cog: type["CompanionCog"]) -> Iterator[tuple[CommandMark, Method]]:
    """Yield the slash commands of a cog class."""
    for _, method in inspect.getmembers(cog, inspect.isfunction):
        if found := getattr(method, "__command__", None):
            yield found, method


def option_names(method: Method) -> list[str]:
    """Return the options of a slash command's method."""
    return list(inspect.signature(method).parameters)[2:]


def command_texts(cog: type["CompanionCog"]) -> set[str]:
    """Return the key of every text that a cog's commands need."""
    keys: set[str] = set()
    for mark, method in command_marks(cog):
        at = f"command.{mark.key}"
        group = at.rsplit(".", 1)[0]
        for place in {at, group} - {"command"}:
            keys |= {f"{place}.name", f"{place}.description"}
        for name in option_names(method):
            keys |= {f"{at}.options.{name}.name", f"{at}.options.{name}.description"}
        keys |= {f"{at}.choices.{value}" for values in mark.choices.values() for value in values}
    return keys


class CompanionCog(commands.Cog):
    """A topic; its commands and handlers are known to the bot while it is loaded."""

    def __init__(self, bot: CompanionBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Build the commands and register the handlers. Raises ValueError when two cogs claim one action."""
        for mark, method in command_marks(type(self)):
            self._add(mark, method)
        for _, method in inspect.getmembers(self, inspect.ismethod):
            action = getattr(method, "__handles__", None)
            if action is not None and action in self.bot.handlers:
                raise ValueError(f"two cogs handle {action}")
            if action is not None:
                self.bot.handlers[action] = method

    def _add(self, mark: CommandMark, method: Method) -> None:
        texts, at = self.bot.texts, f"command.{mark.key}"
        callback = self._callback(method)
        names = option_names(method)
        if names:
            app_commands.describe(**{n: texts(f"{at}.options.{n}.description") for n in names})(callback)
            app_commands.rename(**{n: texts(f"{at}.options.{n}.name") for n in names})(callback)
        for option, values in mark.choices.items():
            offered = [
                app_commands.Choice(name=texts(f"{at}.choices.{value}"), value=value) for value in values
            ]
            app_commands.choices(**{option: offered})(callback)
        for option, source in mark.suggest.items():
            app_commands.autocomplete(**{option: self._suggestions(source)})(callback)
        built = app_commands.Command[Any, Any, None](
            name=texts(f"{at}.name"), description=texts(f"{at}.description"), callback=callback
        )
        group, _, _ = mark.key.rpartition(".")
        if not group:
            built.guild_only = True
            self.bot.tree.add_command(built)
        else:
            self._group(texts, group).add_command(built)

    def _group(self, texts: Texts, key: str) -> app_commands.Group:
        name = str(texts(f"command.{key}.name"))
        found = self.bot.tree.get_command(name)
        if not isinstance(found, app_commands.Group):
            description = texts(f"command.{key}.description")
            found = app_commands.Group(name=name, description=description, guild_only=True)
            self.bot.tree.add_command(found)
        return found

    def _callback(self, method: Method) -> Callable[..., Any]:
        async def callback(interaction: discord.Interaction[Any], **options: Any) -> None:
            ask = Ask(self.bot, interaction)
            async with ask.patience():
                await method(self, ask, **options)

        options = list(inspect.signature(method).parameters.values())[2:]
        first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        callback.__signature__ = inspect.Signature([first, *options])  # type: ignore[attr-defined]
        return callback

    def _suggestions(self, source: str) -> Callable[..., Any]:
        async def suggest(
            interaction: discord.Interaction[Any], current: str
        ) -> list[app_commands.Choice[str]]:
            found: Suggestions = await getattr(self, source)(Ask(self.bot, interaction), current)
            return [app_commands.Choice(name=label[:100], value=value) for label, value in found[:25]]

        return suggest

    async def suggest_villages(self, ask: Ask, typed: str) -> Suggestions:
        """Propose villages by name."""
        villages = await ask.services.cohorts.villages()
        labels = {f"{v.name}, {v.municipality.name}" for v in villages}
        return [(label, label) for label in sorted(labels) if typed.casefold() in label.casefold()]

    async def suggest_municipalities(self, ask: Ask, typed: str) -> Suggestions:
        """Propose municipalities by name."""
        names = {v.municipality.name for v in await ask.services.cohorts.villages()}
        return [(name, name) for name in sorted(names) if typed.casefold() in name.casefold()]

    async def follow(
        self, ask: Ask, left: Callable[[], Awaitable[int]], shown: Callable[[int], Message]
    ) -> None:
        """Show in the answer how much of something is left, until nothing is or ten minutes have passed."""
        for _ in range(_LOOKS):
            await asyncio.sleep(_LOOK_SECONDS)
            count = await left()
            if count == 0:
                return
            await ask.edit(shown(count))

    async def suggest_letters(self, ask: Ask, typed: str) -> Suggestions:
        """Propose the calendar's letters by number or title."""
        return _fitting(ask.services.letter_titles.of_calendar(), typed)

    async def suggest_all_letters(self, ask: Ask, typed: str) -> Suggestions:
        """Propose letters by number or title, also those written outside the calendar."""
        return _fitting(await ask.services.letter_titles.all(await ask.actor()), typed)


def _fitting(titles: Mapping[str, str], typed: str) -> Suggestions:
    return [
        (title, code) for code, title in titles.items() if typed.casefold() in f"{code} {title}".casefold()
    ]
