"""Turn our plain messages into Discord's own parts; the only place that does.

Every button carries `b:action:args:mark`, every menu `m:…`. The mark is the delivery's number: it stays readable
in the channel's history, so a post can be recognised after a crash.
"""

import io
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import discord

from bot.messages.message import Button, Choice, Field, File, Form, Menu, Message
from bot.printing.picture import png

DESCRIBED = 1024  # characters of a file's description
STYLES = {
    "primary": discord.ButtonStyle.primary,
    "secondary": discord.ButtonStyle.secondary,
    "success": discord.ButtonStyle.success,
    "danger": discord.ButtonStyle.danger,
}
_REST = r":(?P<action>[a-z_]+):(?P<args>[^:]*):(?P<mark>\d*)"
_PART, _FORM = re.compile("[bm]" + _REST), re.compile("f" + _REST)
_ESCAPED = str.maketrans({"%": "%25", ",": "%2C", ":": "%3A"})  # what separates the parts of an id


def custom_id(action: str, args: tuple[int | str, ...], mark: int | None = None, kind: str = "b") -> str:
    """Return the id of a button ("b"), menu ("m") or form ("f"). Raises ValueError when Discord would refuse it."""
    found = f"{kind}:{action}:{','.join(str(arg).translate(_ESCAPED) for arg in args)}:{mark or ''}"
    if len(found) > 100:
        raise ValueError(f"{found!r} cannot be a custom id")
    return found


def arguments(text: str) -> list[int | str]:
    """Return what was put into a custom id: whole numbers as numbers, all else as text."""
    parts = [unquote(part) for part in text.split(",")] if text else []
    return [int(part) if re.fullmatch(r"-?\d{1,18}", part, re.ASCII) else part for part in parts]


def payload(message: Message, mark: int | None = None) -> dict[str, Any]:
    """Return the arguments of a send; nobody is ever pinged."""
    found: dict[str, Any] = {"content": str(message.text), "allowed_mentions": discord.AllowedMentions.none()}
    if message.buttons or message.menus:
        found["view"] = view(message, mark)
    if message.files or message.pictures:
        drawn = [File(p.name, png(p.template, **p.values), p.description) for p in message.pictures]
        found["files"] = [
            discord.File(io.BytesIO(file.data), file.name, description=file.description[:DESCRIBED] or None)
            for file in (*message.files, *drawn)
        ]
    return found


def view(message: Message, mark: int | None = None) -> discord.ui.View:
    """Return the buttons and menus of a message; they answer after a restart too (see cogs._base)."""
    found = discord.ui.View(timeout=None)
    for entry in message.menus:
        found.add_item(select_of(entry, mark))
    for button in message.buttons:
        found.add_item(button_of(button, mark))
    found.stop()  # nothing of it is kept in memory: presses are found by their custom id
    return found


def button_of(button: Button, mark: int | None) -> discord.ui.Button[Any]:
    """Return one button."""
    if button.url:
        return discord.ui.Button(label=button.label, url=button.url)
    return discord.ui.Button(
        label=str(button.label)[:80],
        style=STYLES[button.style],
        custom_id=custom_id(button.action, button.args, mark),
    )


def select_of(menu: Menu, mark: int | None) -> discord.ui.Select[Any]:
    """Return one menu."""
    return discord.ui.Select(
        custom_id=custom_id(menu.action, menu.args, mark, "m"),
        placeholder=str(menu.prompt)[:150] or None,
        min_values=menu.at_least,
        max_values=min(menu.at_most, len(menu.choices)),
        options=_options(menu.choices),
    )


def _options(choices: Iterable[Choice]) -> list[discord.SelectOption]:
    return [discord.SelectOption(label=str(c.label)[:100], value=c.value, default=c.chosen) for c in choices]


def modal(form: Form) -> discord.ui.Modal:
    """Return a form for the screen. Nothing of it is kept in memory: see `filled_form`."""
    found = discord.ui.Modal(
        title=str(form.title)[:45], custom_id=custom_id(form.action, form.args, kind="f")
    )
    for entry in form.fields:
        found.add_item(discord.ui.Label(text=str(entry.label)[:45], component=_part_of_form(entry)))
    found.stop()
    return found


def _part_of_form(entry: Field) -> discord.ui.TextInput[Any] | discord.ui.Select[Any]:
    if entry.choices:
        return discord.ui.Select(
            custom_id=entry.key, required=entry.required, options=_options(entry.choices)
        )
    return discord.ui.TextInput(
        custom_id=entry.key,
        style=discord.TextStyle.paragraph if entry.long else discord.TextStyle.short,
        required=entry.required,
        max_length=entry.longest,
        default=entry.value or None,
    )


def acted(interaction: discord.Interaction[Any]) -> tuple[str, list[int | str], dict[str, str]] | None:
    """Return what was pressed, chosen from or filled in: its action, arguments, and boxes by key; None if not ours.

    Their own ids say all that is needed, so that they count after a restart, whatever else a person has open.
    """
    data: dict[str, Any] = dict(interaction.data or {})
    is_form = interaction.type is discord.InteractionType.modal_submit
    found = (_FORM if is_form else _PART).fullmatch(str(data.get("custom_id", "")))
    if found is None:
        return None
    boxes = [label.get("component", {}) for label in data.get("components", ())] if is_form else []
    filled = {
        str(box.get("custom_id")): str(box.get("value") or "").strip() for box in boxes if "values" not in box
    }
    return found["action"], arguments(found["args"]), filled


def marked(custom_ids: Iterable[str], mark: int) -> bool:
    """Tell whether a message's buttons and menus carry a delivery's mark."""
    return mark_of(custom_ids) == mark


def mark_of(custom_ids: Iterable[str]) -> int | None:
    """Return the delivery's mark that a message's buttons and menus carry, or None."""
    for found in custom_ids:
        kind, mark = found.split(":")[0], found.rsplit(":", 1)[-1]
        if kind in ("b", "m") and re.fullmatch(r"\d+", mark, re.ASCII):
            return int(mark)
    return None
