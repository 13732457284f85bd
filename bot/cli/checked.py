"""Check content against the code it will be used by: the texts that builders fill, the commands that exist."""

import gc
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import bot.messages
import bot.services
import cogs
from bot.app import content_of
from bot.content.check import Report, check
from bot.content.load import Content
from bot.content.source import ContentError
from bot.messages.posts import POST_VALUES
from cogs._base import CompanionCog, command_marks, command_texts


def cog_classes() -> Iterator[type[CompanionCog]]:
    """Yield every topic of the bot."""
    for module in pkgutil.iter_modules(cogs.__path__):
        found = importlib.import_module(f"cogs.{module.name}")
        for value in vars(found).values():
            if (
                isinstance(value, type)
                and issubclass(value, CompanionCog)
                and value.__module__ == found.__name__
            ):
                yield value


def wanted_texts(content: Content) -> dict[str, frozenset[str]]:
    """Return every text the code uses, with the values it is filled with."""
    wanted: dict[str, frozenset[str]] = {}
    for package in (bot.messages, bot.services):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            wanted.update(getattr(importlib.import_module(module.name), "SUPPLIES", {}))
    for reminders in content.programme.reminders.values():
        wanted.update({f"post.{reminder.text}": POST_VALUES for reminder in reminders})
    wanted = {key: names | {"phone"} if key.startswith("error") else names for key, names in wanted.items()}
    for cog in cog_classes():
        wanted.update({key: frozenset() for key in command_texts(cog)})
    return wanted


def command_names(content: Content) -> frozenset[str]:
    """Return the commands people can write, as the content names them: "/næste", "/dato flyt"."""
    names: set[str] = set()
    for cog in cog_classes():
        for mark, _ in command_marks(cog):
            parts = mark.key.split(".")
            words = [
                str(_text(content, ".".join(["command", *parts[: i + 1], "name"]))) for i in range(len(parts))
            ]
            names |= {"/" + " ".join(words[: i + 1]) for i in range(len(words))}
    return frozenset(names)


def _text(content: Content, key: str) -> object:
    node: object = content.texts
    for part in key.split("."):
        node = node.get(part, "") if hasattr(node, "get") else ""
    return node


def report_on(content: Content) -> Report:
    """Check a loaded content folder."""
    return check(content, supplies=wanted_texts(content), commands=command_names(content))


def sound_content(folder: Path | None) -> Content:
    """Load the content, for as long as the process lives, and refuse it when it is faulty. Raises ContentError."""
    content = content_of(folder)
    report = report_on(content)
    if report.faults:
        raise ContentError(report.faults)
    gc.freeze()
    return content
