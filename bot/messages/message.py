"""The plain data that a message, a form and their parts are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Style = Literal["primary", "secondary", "success", "danger"]


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: an action of a cog with its arguments, or a link."""

    label: str
    action: str = ""
    args: tuple[int | str, ...] = ()
    style: Style = "secondary"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu to choose one or several entries from (at most 25)."""

    action: str
    choices: tuple[Choice, ...]
    args: tuple[int | str, ...] = ()
    prompt: str = ""
    at_least: int = 1
    at_most: int = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file to go with a message; `description` is read aloud by screen readers."""

    name: str
    data: bytes
    description: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to go with a message, drawn when it is sent: a template of bot/printing and what it is filled with.

    `description` is read aloud by screen readers and says all that the picture shows.
    """

    name: str
    template: str
    values: Mapping[str, Any]
    description: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is shown; `silent` posts make no sound on phones, and `thread` is the name of one that is opened from it."""

    text: str
    buttons: tuple[Button, ...] = ()
    menus: tuple[Menu, ...] = ()
    files: tuple[File, ...] = field(default=())
    pictures: tuple[Picture, ...] = field(default=())
    silent: bool = False
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One line or box of a form; with choices it is a menu, of which one is chosen."""

    key: str
    label: str
    long: bool = False
    required: bool = True
    longest: int = 400
    value: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form to fill in (at most five fields)."""

    action: str
    title: str
    fields: tuple[Field, ...]
    args: tuple[int | str, ...] = ()
