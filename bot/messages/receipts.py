"""Build the account of a letter: how it fared in every channel, first where something is amiss; all of it as a file."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from bot.content.templates import Ready
from bot.domain.receipts import FAILED, SENT, WAITING, MailCount, PostReceipt, Trouble
from bot.messages.message import File, Message
from bot.messages.texts import Texts

STATES = (SENT, *WAITING, *FAILED, "cancelled", "not_needed", "withdrawn")
COLUMNS = ("place", "state", "due", "sent", "message", "tries", "trouble", "error")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "letter_desk.account": frozenset({"title", "sent", "waiting", "failed"}),
    "letter_desk.account_mail": frozenset({"sent", "waiting", "failed"}),
    "letter_desk.account_none": frozenset({"title"}),
    "letter_desk.account_failed": frozenset({"place", "reason", "due_at", "tries"}),
    "letter_desk.account_waiting": frozenset({"place", "reason", "due_at", "tries"}),
    "letter_desk.account_sent": frozenset({"place", "sent_at", "link"}),
    "letter_desk.account_unneeded": frozenset({"place"}),
    "letter_desk.account_more": frozenset({"count"}),
    "letter_desk.file": frozenset(),
    "letter_desk.file_about": frozenset(),
    **{f"letter_desk.state.{state}": frozenset() for state in STATES},
    **{f"letter_desk.trouble.{trouble}": frozenset() for trouble in Trouble},
    **{f"letter_desk.column.{column}": frozenset() for column in COLUMNS},
}
_ROOM = 1900


def account(
    texts: Texts, title: str, receipts: Sequence[PostReceipt], guild_id: int | None, by_mail: MailCount
) -> Message:
    """Say how every channel fared: what failed, what waits, and, when there is room, what arrived; mails in numbers."""
    failed = [row for row in receipts if row.state in FAILED]
    waiting = [row for row in receipts if row.state in WAITING]
    others = [row for row in receipts if row.state not in (*FAILED, *WAITING)]
    if not receipts and not by_mail:
        return Message(texts("letter_desk.account_none", title=title))
    sent = sum(row.state == SENT for row in others)
    head = texts("letter_desk.account", title=title, sent=sent, waiting=len(waiting), failed=len(failed))
    if by_mail:
        mailed = texts("letter_desk.account_mail", **asdict(by_mail))
        head = Ready(f"{head}\n{mailed}")
    lines = [_line(texts, row, guild_id) for row in (*failed, *waiting, *others)]
    file = File(
        texts("letter_desk.file"), _as_csv(texts, receipts, guild_id), texts("letter_desk.file_about")
    )
    return Message(_fitted(texts, head, lines, len(failed) + len(waiting)), files=(file,))


def _fitted(texts: Texts, head: str, lines: Sequence[str], urgent: int) -> Ready:
    """Return all lines when there is room for them, else as many of the urgent first ones as there is room for."""
    whole = "\n".join([head, *lines])
    if len(whole) <= _ROOM:
        return Ready(whole)
    shown, left = [head], _ROOM - len(head)
    for line in lines[:urgent]:
        left -= len(line) + 1
        if left < 0:
            break
        shown.append(line)
    return Ready("\n".join([*shown, texts("letter_desk.account_more", count=len(lines) + 1 - len(shown))]))


def _line(texts: Texts, row: PostReceipt, guild_id: int | None) -> str:
    if row.state == SENT:
        link = Ready(_link(row, guild_id))
        return texts("letter_desk.account_sent", place=row.place, sent_at=row.sent_at, link=link)
    if row.state not in (*FAILED, *WAITING):
        return texts("letter_desk.account_unneeded", place=row.place)
    key = "letter_desk.account_failed" if row.state in FAILED else "letter_desk.account_waiting"
    return texts(key, place=row.place, reason=_reason(texts, row), due_at=row.due_at, tries=row.tries)


def _reason(texts: Texts, row: PostReceipt) -> str:
    return texts(f"letter_desk.trouble.{row.trouble}") if row.trouble else Ready("")


def _link(row: PostReceipt, guild_id: int | None) -> str:
    if row.message_id is None:
        return ""
    return f"https://discord.com/channels/{guild_id}/{row.channel_id}/{row.message_id}"


def _as_csv(texts: Texts, receipts: Sequence[PostReceipt], guild_id: int | None) -> bytes:
    """Write every row as a spreadsheet opens it: semicolons, and a mark that says UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([texts(f"letter_desk.column.{column}") for column in COLUMNS])
    for row in receipts:
        writer.writerow(
            [
                row.place, texts(f"letter_desk.state.{row.state}"), _moment(row.due_at), _moment(row.sent_at),
                _link(row, guild_id), row.tries, _reason(texts, row), row.last_error or "",
            ]
        )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
