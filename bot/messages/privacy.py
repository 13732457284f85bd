"""Build what a person reads about their own data: the privacy text, the list of what is held, the erasure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.content.templates import Ready
from bot.domain.seats import Answer
from bot.messages.message import Button, File, Message
from bot.messages.private_reminders import reminder_button
from bot.messages.texts import Texts

Records = list[dict[str, object]]
LEFT = ("secret_votes", "messages", "documents", "contact")
WORDS = {"role": "people.roles", "purpose": "people.purposes", "answer": "people.answers"}
ROLES_SHOWN = 5
LETTER_KEYS = ("letters_written", "letters_approved", "code", "written_at", "approved_at")
DATA_KEYS = (
    "name", "account", "since", "roles", "consents", "meeting_answers", "feeds", "open_votes", "polls_started",
    "decisions_recorded", "objections", "mail_list", "letters_written", "letters_approved",
    "code", "written_at", "approved_at", "log", "role", "village", "municipality", "until", "purpose", "text_version",
    "given_at", "withdrawn_at", "starts_at", "answer", "people", "place", "answered_at",
    "waiting_since", "asked_again_at", "title", "question", "choice", "mark", "reason",
    "opens_at", "decided_on", "at", "action", "subject", "secret_votes", "reminders", "reminders_private",
    "reminders_channel",
)  # fmt: skip
SUPPLIES: Mapping[str, frozenset[str]] = {
    "people.privacy": frozenset({"phone", "controller"}),
    "people.my_data": frozenset({"name", "since_at", "roles", "answers", "votes"}),
    "people.erase_ask": frozenset(),
    "people.erase_kept": frozenset(),
    "people.erased": frozenset(),
    **{f"people.left.{key}": frozenset() for key in LEFT},
    **{
        f"people.data.{key}": frozenset()
        for key in (*DATA_KEYS, *LETTER_KEYS, "file", "file_about", "role_line_none", "more")
    },
    **{f"people.answers.{answer}": frozenset() for answer in Answer},
    "people.data.role_line": frozenset({"role", "place"}),
    **{f"people.button.{key}": frozenset() for key in ("accept", "read_all", "erase_yes", "erase_no")},
}


@dataclass(frozen=True, slots=True)
class MyData:
    """Everything held about one person: sections of rows, each row from a field's name to its value."""

    name: str
    discord_user_id: int
    since_at: datetime
    records: Mapping[str, Records]
    reminded_privately: bool = False


def privacy(texts: Texts, values: Mapping[str, str], privacy_url: str | None = None) -> Message:
    """Build the privacy text that stands before the first button (PRIVACY section 7)."""
    buttons = [Button(texts("people.button.accept"), "accept_privacy", style="primary")]
    if privacy_url:
        buttons.append(Button(texts("people.button.read_all"), url=privacy_url))
    return Message(texts("people.privacy", **values), tuple(buttons))


def my_data(texts: Texts, data: MyData) -> Message:
    """Build the answer to /mine-data: a short summary, and the whole list as a file."""
    text = texts(
        "people.my_data",
        name=data.name,
        since_at=data.since_at,
        roles=_role_lines(texts, data.records.get("roles", [])),
        answers=len(data.records.get("meeting_answers", [])),
        votes=len(data.records.get("open_votes", [])),
    )
    file = File(texts("people.data.file"), _as_json(texts, data), texts("people.data.file_about"))
    choice = reminder_button(texts, privately=not data.reminded_privately)
    return Message(text, (choice,), files=(file,))


def _role_lines(texts: Texts, roles: Sequence[Mapping[str, object]]) -> Ready:
    held = [row for row in roles if row.get("until") is None]
    lines = []
    for row in held[:ROLES_SHOWN]:
        role, place = texts(f"people.roles.{row['role']}"), row.get("village") or row.get("municipality")
        lines.append(texts("people.data.role_line", role=role, place=str(place)) if place else role)
    if len(held) > ROLES_SHOWN:
        lines.append(texts("people.data.more"))
    return Ready(", ".join(lines) or texts("people.data.role_line_none"))


def _as_json(texts: Texts, data: MyData) -> bytes:
    def word(key: str) -> str:
        return texts(f"people.data.{key}")

    def shown(key: str, value: object) -> object:
        if key in WORDS and texts.has(f"{WORDS[key]}.{value}"):
            return texts(f"{WORDS[key]}.{value}")
        return value.isoformat() if isinstance(value, date) else value

    whole: dict[str, object] = {
        word("name"): data.name,
        word("account"): str(data.discord_user_id),
        word("since"): data.since_at.isoformat(),
    }
    whole[word("reminders")] = word(f"reminders_{'private' if data.reminded_privately else 'channel'}")
    for section, rows in data.records.items():
        whole[word(section)] = [{word(key): shown(key, value) for key, value in row.items()} for row in rows]
    whole[word("secret_votes")] = texts("people.left.secret_votes")
    return json.dumps(whole, ensure_ascii=False, indent=2).encode()


def erase_ask(texts: Texts) -> Message:
    """Build the question before an erasure."""
    yes = Button(texts("people.button.erase_yes"), "erase_yes", style="danger")
    return Message(texts("people.erase_ask"), (yes, Button(texts("people.button.erase_no"), "erase_no")))


def erase_kept(texts: Texts) -> Message:
    """Build the answer to somebody who decides not to be erased."""
    return Message(texts("people.erase_kept"))


def erased(texts: Texts, left: Sequence[str]) -> Message:
    """Build the receipt of an erasure; `left` are the keys of what could not be erased."""
    return Message(Ready("\n".join([texts("people.erased"), *(texts(f"people.left.{key}") for key in left)])))
