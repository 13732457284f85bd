"""Build what is said around letters that go out: the questions before it, and what stands where a letter was changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from bot.content.templates import Ready, plain
from bot.domain.audience import Forecast
from bot.messages.message import Button, Field, File, Form, Message, Style
from bot.messages.names import NAMED
from bot.messages.poll_parts import LONGEST
from bot.messages.posts import calendar_button
from bot.messages.texts import Texts

OF = ("letter", "correction", "withdrawal")  # what a receipt may be of
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter.corrected": frozenset({"at"}),
    "letter.withdrawn": frozenset({"title", "at", "phone"}),
    "letter_sending.correct": frozenset({"title", "count", "waiting", "mailed"}),
    "letter_sending.correct_button": frozenset(),
    "letter_sending.withdraw": frozenset({"title", "count", "waiting", "mailed"}),
    "letter_sending.withdraw_button": frozenset(),
    "letter_sending.changing": frozenset({"title", "done", "total", "mailed"}),
    "letter_sending.called_off": frozenset({"title", "count", "mailed"}),
    "letter_sending.account_correction": frozenset({"title"}),
    "letter_sending.account_withdrawal": frozenset({"title"}),
    "letter_sending.receipt_letter": frozenset({"title", "done", "failed", "mailed"}),
    **{f"letter_sending.receipt_{of}": frozenset({"title", "done", "failed"}) for of in OF[1:]},
    "letter_sending.receipt_button": frozenset(),
    "letter_sending.forecast": frozenset(
        {"title", "count", "people", "minutes", "have_it", "missing", "begins_at", "may_go"}
    ),
    "letter_sending.forecast_by_mail": frozenset({"by_mail"}),
    "letter_sending.forecast_more": frozenset({"count"}),
    "letter_sending.forecast_file": frozenset(),
    "letter_sending.forecast_about": frozenset(),
    "letter_sending.only_a_trial": frozenset(),
    "letter_sending.open_button": frozenset(),
    "letter_sending.send_button": frozenset(),
    "letter_sending.plan_button": frozenset(),
    "letter_sending.cancel_button": frozenset(),
    "letter_sending.planned": frozenset({"title", "at", "later"}),
    "letter_sending.cancelled": frozenset({"title", "stopped", "gone"}),
    "letter_sending.extra_title": frozenset(),
    **{f"letter_sending.label.{field}": frozenset() for field in ("title", "body", "at")},
}


_ROOM = 1900
TITLE_LONGEST, BODY_LONGEST = 100, 4000


def with_note(texts: Texts, text: str, at: datetime) -> str:
    """Say under a letter when it was corrected, where there is room for it."""
    noted = f"{text}\n\n{texts('letter.corrected', at=at)}"
    return noted if len(noted) <= LONGEST else text


def withdrawn(texts: Texts, title: str, at: datetime, phone: str) -> Message:
    """Build the line that stands where a letter was taken back."""
    return Message(texts("letter.withdrawn", title=title, at=at, phone=phone), (calendar_button(texts),))


def ask_first(
    texts: Texts, change: str, title: str, out: int, waiting: int, mailed: int, args: tuple[int | str, ...]
) -> Message:
    """Ask before a letter is corrected ("correct") or taken back ("withdraw") everywhere."""
    style: Style = "danger" if change == "withdraw" else "success"
    button = Button(texts(f"letter_sending.{change}_button"), f"{change}_letter", args, style)
    text = texts(f"letter_sending.{change}", title=title, count=out, waiting=waiting, mailed=mailed)
    return Message(text, (button,))


def changing(texts: Texts, title: str, done: int, total: int, mailed: int) -> Message:
    """Say how far the change of a letter has come, and how many get a mail about it."""
    return Message(texts("letter_sending.changing", title=title, done=done, total=total, mailed=mailed))


def called_off(texts: Texts, title: str, count: int, mailed: int) -> Message:
    """Say that a letter that stood in no channel yet goes nowhere, and how many who have it by e-mail are told."""
    return Message(texts("letter_sending.called_off", title=title, count=count, mailed=mailed))


def of_change(texts: Texts, of: str, title: str) -> str:
    """Return what the account of a letter, or of a change of it, is called."""
    return title if of == OF[0] else texts(f"letter_sending.account_{of}", title=title)


def receipt(
    texts: Texts, of: str, title: str, done: int, failed: int, mailed: int, args: tuple[int | str, ...]
) -> Message:
    """Say in the secretariat's channel that a letter has reached all it goes to, or how many it has not."""
    button = Button(texts("letter_sending.receipt_button"), "letter_receipt", (*args, of))
    by_mail = {"mailed": mailed} if of == OF[0] else {}
    text = texts(f"letter_sending.receipt_{of}", title=title, done=done, failed=failed, **by_mail)
    return Message(text, (button,), silent=True)


def forecast(
    texts: Texts,
    title: str,
    seen: Forecast,
    buttons: tuple[Button, ...],
    others: tuple[Button, ...] = (),
    *,
    later: bool = False,
) -> Message:
    """Say before a letter goes out which channels it goes to, how many read there, and how long it takes.

    Only a letter that may go gets `buttons`. The channels stand one on a line; when there are too many for a
    message, all of them stand in a file.
    """
    head = texts(
        "letter_sending.forecast", title=title, count=len(seen.channels), people=seen.people,
        minutes=ceil(seen.lasts / timedelta(minutes=1)), have_it=len(seen.have_it),
        missing=", ".join(seen.no_channel[:NAMED]), begins_at=seen.begins_at if later else None, may_go=seen.may_go,
    )  # fmt: skip
    if seen.by_mail:
        head = Ready(f"{head}\n{texts('letter_sending.forecast_by_mail', by_mail=seen.by_mail)}")
    buttons = (*(buttons if seen.may_go else ()), *others)
    lines = [f"- {plain(name)}" for name in seen.channels]
    whole = "\n".join([head, *lines])
    if len(whole) <= _ROOM:
        return Message(Ready(whole), buttons)
    more = texts("letter_sending.forecast_more", count=len(lines) - NAMED)
    file = File(
        texts("letter_sending.forecast_file"), ("\n".join(seen.channels) + "\n").encode("utf-8-sig"),
        texts("letter_sending.forecast_about"),
    )  # fmt: skip
    return Message(Ready("\n".join([head, *lines[:NAMED], more])), buttons, files=(file,))


def inert(message: Message) -> Message:
    """Return a message as people will get it, whose buttons only say that it is a trial."""
    buttons = tuple(replace(button, action="letter_tried", args=(number,), url=None)
                    for number, button in enumerate(message.buttons))  # fmt: skip
    return replace(message, buttons=buttons, menus=(), silent=True)


def extra_form(texts: Texts, args: tuple[int | str, ...]) -> Form:
    """Ask for a letter outside the calendar; `args` say whom it is for."""
    label = {name: texts(f"letter_sending.label.{name}") for name in ("title", "body", "at")}
    fields = (
        Field("title", label["title"], longest=TITLE_LONGEST),
        Field("body", label["body"], long=True, longest=BODY_LONGEST),
        Field("at", label["at"], required=False, longest=40),
    )
    return Form("letter_extra_save", texts("letter_sending.extra_title"), fields, args)


def extra_buttons(
    texts: Texts, args: tuple[int | str, ...], *, later: bool
) -> tuple[tuple[Button, ...], tuple[Button, ...]]:
    """Return what lets an extra letter go, and the way back to it."""
    go = texts("letter_sending.plan_button" if later else "letter_sending.send_button")
    back = Button(texts("letter_sending.open_button"), "letter_open", args)
    return (Button(go, "send_extra", args, "success"),), (back,)


def planned(texts: Texts, title: str, at: datetime, args: tuple[int | str, ...], *, later: bool) -> Message:
    """Say when a letter goes out, with the way to stop it and to see how far it has come."""
    buttons = (
        Button(texts("letter_sending.cancel_button"), "letter_cancel", args),
        Button(texts("letter_sending.receipt_button"), "letter_receipt", (*args, OF[0])),
    )
    return Message(texts("letter_sending.planned", title=title, at=at, later=later), buttons)


def cancelled(texts: Texts, title: str, stopped: int, gone: int) -> Message:
    """Say how many do not get a letter that was stopped, and how many had it."""
    return Message(texts("letter_sending.cancelled", title=title, stopped=stopped, gone=gone))
