"""Build a mail out of a post: plain text for every reader, and the same as a quiet page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from bot.content.templates import Ready
from bot.domain.letter_blocks import Block, blocks_of, plain_of
from bot.messages.message import File, Message
from bot.messages.texts import Texts
from bot.printing.web import page

SUBJECT = 120  # characters of a subject
MOST_NEW = 6  # lines of a letter that are said to be new; more of them, and it is read anew
SUPPLIES: Mapping[str, frozenset[str]] = {
    "mail.villages": frozenset({"names"}),
    "mail.corrected": frozenset({"title", "new", "less", "body"}),
    "mail.withdrawn": frozenset({"title", "phone"}),
    "mail.no_buttons": frozenset({"phone"}),
    "mail.why": frozenset({"controller"}),
    "mail.unsubscribe": frozenset(),
    "mail.unsubscribe_by_phone": frozenset({"phone"}),
    "mail.server_refuses": frozenset(),
    "mail.page.title": frozenset(),
    **{f"mail.page.{name}": frozenset() for name in ("ask", "press", "done")},
    "mail.page.unknown": frozenset({"phone"}),
}


@dataclass(frozen=True, slots=True)
class Sender:
    """What a mail says of whoever sends it, and in which language."""

    controller: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail's words. `unsubscribe` is an address of ours, or None where people cannot reach our pages."""

    subject: str
    plain: str
    html: str
    sender: str
    unsubscribe: str | None
    files: tuple[File, ...] = ()


def letter(text: str) -> Message:
    """Return a letter as a mail brings it: no buttons."""
    return Message(Ready(text))


def names(texts: Texts, villages: Sequence[str]) -> str:
    """Return the names of several villages as they stand in a sentence."""
    return texts("mail.villages", names=villages)


def corrected(texts: Texts, text: str, new: Sequence[str], *, less: bool) -> Message:
    """Say what is new in a letter that its reader has, and give the whole of it; `less` when lines only went out."""
    heading, _, body = text.partition("\n")
    lines = [Ready(re.sub(r"^(?:[-*]|\d+\.)\s+", "", line)) for line in new if line != heading.strip()]
    shown = lines if len(lines) <= MOST_NEW else []
    said = texts(
        "mail.corrected",
        title=Ready(heading.strip().strip("*")),
        new=shown,
        less=less,
        body=Ready(body.strip()),
    )
    return Message(said)


def withdrawn(texts: Texts, title: str, phone: str) -> Message:
    """Say to somebody who has a letter by mail that it was taken back."""
    return Message(texts("mail.withdrawn", title=title, phone=phone))


def written(
    texts: Texts, message: Message, sender: Sender, unsubscribe: str | None, *, invites: bool = True
) -> MailText:
    """Write a post out as a mail; its first bold line is the subject, links of its buttons stand as addresses.

    One that `invites` says how to answer without buttons.
    """
    blocks = [_headed(block) for block in blocks_of(message.text)]
    heading = "".join(run.text for run in blocks[0].lines[0])
    links = [(str(button.label), button.url) for button in message.buttons if button.url]
    ending = [texts("mail.why", controller=sender.controller)]
    if invites:
        ending.insert(0, texts("mail.no_buttons", phone=sender.phone))
    if unsubscribe is None:
        ending.append(texts("mail.unsubscribe_by_phone", phone=sender.phone))
    label = texts("mail.unsubscribe")
    plain = [plain_of(blocks), *(f"{name}: {url}" for name, url in links), "--", *ending]
    if unsubscribe is not None:
        plain.append(f"{label}: {unsubscribe}")
    html = page("mail", title=heading, language=sender.language, blocks=blocks, links=links, ending=ending,
                unsubscribe=unsubscribe, unsubscribe_label=label)  # fmt: skip
    return MailText(
        shorten(heading, SUBJECT, placeholder=" …"),
        "\n\n".join(plain) + "\n",
        html,
        sender.controller,
        unsubscribe,
        message.files,
    )


def _headed(block: Block) -> Block:
    """Let a paragraph that is one bold line alone be a heading."""
    alone = block.kind == "paragraph" and len(block.lines) == 1 and all(run.bold for run in block.lines[0])
    return replace(block, kind="heading") if alone else block


def unsubscribe_page(texts: Texts, state: str, phone: str, language: str) -> str:
    """Build the page behind an unsubscribe link: "ask", "done", or "unknown" for one that leads nowhere."""
    said = texts(f"mail.page.{state}", **({"phone": phone} if state == "unknown" else {}))
    press = texts("mail.page.press") if state == "ask" else ""
    return page("unsubscribe", title=texts("mail.page.title"), language=language, said=said, press=press)
