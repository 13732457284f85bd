"""Build what people outside Discord see on their page, and what the secretariat sees of them (S62)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.content.templates import Ready
from bot.domain.poll_view import shortened
from bot.domain.seats import MOST_PEOPLE
from bot.messages.menu_pages import on_page, turn_buttons
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_parts import LONGEST
from bot.messages.texts import Texts
from bot.printing.web import page

_NONE: frozenset[str] = frozenset()
_ROOMS = (80, 40, 25, 12, 6)  # characters of a name; with the last even the longest list fits
SUPPLIES: Mapping[str, frozenset[str]] = {
    "guest.when": frozenset({"starts_at", "ends_at"}),
    "guest.where": frozenset({"venue", "phone"}),
    "guest.left": frozenset({"left"}),
    "guest.consent": frozenset({"controller"}),
    "guest.phone": frozenset({"phone"}),
    "guest.mine": frozenset({"name", "title", "starts_at", "people", "number", "off"}),
    "guest.keep": _NONE,
    "guest.people": frozenset({"people"}),
    **{f"guest.label.{name}": _NONE for name in ("name", "people", "village", "no_village")},
    **{f"guest.button.{name}": _NONE for name in ("come", "back_out", "list", "add", "remove")},
    **{
        f"guest.{name}": frozenset({"phone"}) for name in ("unknown", "gone", "busy", "away", "closed", "off")
    },
    "guest.list": frozenset({"title", "starts_at", "guests", "people", "waiting", "address"}),
    "guest.line": frozenset({"name", "people", "village", "waits"}),
    "guest.form": _NONE,
}


@dataclass(frozen=True, slots=True)
class Invited:
    """A public meeting as its page shows it; `left` are the seats still free, None for enough.

    `key` is the secret of whoever fills the form in now.
    """

    event_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    left: int | None
    open: bool
    called_off: bool
    villages: Sequence[tuple[int, str]]
    key: str


@dataclass(frozen=True, slots=True)
class GuestPage:
    """A guest's own answer; `waits_as` is the number in the waiting list."""

    title: str
    starts_at: datetime
    venue: str
    name: str
    people: int
    waits_as: int | None
    called_off: bool
    open: bool


@dataclass(frozen=True, slots=True)
class GuestEntry:
    """A guest in the secretariat's list."""

    id: int
    name: str
    people: int
    waits: bool
    village: str


@dataclass(frozen=True, slots=True)
class GuestList:
    """A meeting's guests without an account, and the address where they sign up, if there is one."""

    event_id: int
    title: str
    starts_at: datetime
    address: str | None
    open: bool
    guests: Sequence[GuestEntry]


@dataclass(frozen=True, slots=True)
class Operator:
    """What the page says of whoever runs it, and in which language."""

    controller: str
    phone: str
    language: str


def sign_up_page(
    texts: Texts, found: Invited, by: Operator, written: Mapping[str, str] | None = None, problem: str = ""
) -> str:
    """Build the page with the form; `written` is what somebody wrote that has a `problem`."""
    rows = [texts("guest.when", starts_at=found.starts_at, ends_at=found.ends_at),
            texts("guest.where", venue=Ready(found.venue), phone=by.phone)]  # fmt: skip
    if found.left is not None and found.open:
        rows.append(texts("guest.left", left=found.left))
    if not found.open:
        rows.append(texts("guest.off" if found.called_off else "guest.closed", phone=by.phone))
    known = {"name": "", "people": "1", "village": "", **(written or {})}
    return page(
        "guest", language=by.language, title=found.title, rows=rows, problem=problem, open=found.open,
        written=known, key=found.key, villages=found.villages, press="",
        sizes=[(str(people), texts("guest.people", people=people)) for people in range(1, MOST_PEOPLE + 1)],
        label={name: texts(f"guest.label.{name}") for name in ("name", "people", "village", "no_village")},
        consent=texts("guest.consent", controller=by.controller), send=texts("guest.button.come"),
        by_phone=texts("guest.phone", phone=by.phone),
    )  # fmt: skip


def own_page(texts: Texts, found: GuestPage, by: Operator) -> str:
    """Build a guest's own page, with the button that takes the answer back."""
    mine = texts("guest.mine", name=Ready(found.name), title=Ready(found.title), starts_at=found.starts_at,
                 people=found.people, number=found.waits_as, off=found.called_off)  # fmt: skip
    where = texts("guest.where", venue=Ready(found.venue), phone=by.phone)
    rows = [mine, *([] if found.called_off else [where]), *([texts("guest.keep")] if found.open else [])]
    press = texts("guest.button.back_out") if found.open else ""
    return _plain_page(texts, by, found.title, rows, press)


def plain_page(texts: Texts, state: str, by: Operator) -> str:
    """Build a page that only says something: "unknown", "gone" (deleted), "busy" (too many), "away" (the database)."""
    return _plain_page(texts, by, "BLUP", [texts(f"guest.{state}", phone=by.phone)])


def _plain_page(texts: Texts, by: Operator, title: str, rows: Sequence[str], press: str = "") -> str:
    return page("guest", language=by.language, title=title, rows=rows, problem="", open=False, press=press,
                by_phone=texts("guest.phone", phone=by.phone))  # fmt: skip


def guests_button(texts: Texts, event_id: int) -> Button:
    """Return the button on a public meeting's card that shows the secretariat its guests."""
    return Button(texts("guest.button.list"), "guests", (event_id, 0))


def guest_list(texts: Texts, found: GuestList, number: int = 0) -> Message:
    """List a page of the guests by name; one can be deleted in the menu, and one who rang be written in.

    Names are shortened where all that people have written is more than a message holds.
    """
    choices = [Choice(str(guest.id), guest.name[:100]) for guest in found.guests]
    shown = {choice.value for choice in on_page(choices, number)}
    heading = texts(
        "guest.list", title=found.title, starts_at=found.starts_at, guests=len(found.guests),
        people=sum(guest.people for guest in found.guests if not guest.waits),
        waiting=sum(guest.people for guest in found.guests if guest.waits),
        address=Ready(found.address or ""),
    )  # fmt: skip
    on_this = [guest for guest in found.guests if str(guest.id) in shown]
    said = next(said for room in _ROOMS if len(said := _lines(texts, heading, on_this, room)) <= LONGEST)
    buttons = turn_buttons(texts, choices, number, "guests", (found.event_id,))
    if found.open:
        buttons = (*buttons, Button(texts("guest.button.add"), "guest_add", (found.event_id,)))
    remove = Menu("guest_remove", on_page(choices, number), (found.event_id,), texts("guest.button.remove"))
    return Message(said, buttons, (remove,) if choices else ())


def _lines(texts: Texts, heading: str, guests: Sequence[GuestEntry], room: int) -> Ready:
    """Write the list with names of so many characters at most."""
    rows = [
        texts("guest.line", name=shortened(guest.name, room), people=guest.people,
              village=shortened(guest.village, room), waits=guest.waits)
        for guest in guests
    ]  # fmt: skip
    return Ready("\n".join([heading, *rows]))


def guest_form(texts: Texts, event_id: int) -> Form:
    """Ask for a guest who rang."""
    fields = (
        Field("name", texts("guest.label.name"), longest=80),
        Field("people", texts("guest.label.people"), longest=2, value="1"),
    )
    return Form("guest_add", texts("guest.form"), fields, (event_id,))
