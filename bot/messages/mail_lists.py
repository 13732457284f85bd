"""Build what those who keep a mail list see: the list, one address, and the form to write addresses in."""

from collections.abc import Mapping

from bot.content.templates import Ready
from bot.domain.mail_addresses import Listed, MailList
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.texts import Texts

PAGE = 25
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    "mail_list.shown": frozenset({"name", "count", "bounced", "off"}),
    "mail_list.one": frozenset({"address", "consent", "added_at", "bounced_at"}),
    "mail_list.prompt": frozenset({"first", "last"}),
    "mail_list.returned": frozenset({"address"}),
    "mail_list.added": frozenset({"count"}),
    **{f"mail_list.button.{name}": _NONE for name in ("open", "add", "remove", "came_back", "list", "more")},
    "mail_list.label.title": _NONE,
    "mail_list.label.addresses": _NONE,
    "mail_list.label.consent": _NONE,
}


def list_button(texts: Texts, cohort_id: int, scope_key: str) -> Button:
    """Return the button that opens a mail list."""
    return Button(texts("mail_list.button.open"), "mail_list", (cohort_id, scope_key))


def mail_list(
    texts: Texts, shown: MailList, *, is_on: bool, first: int = 0, added: int | None = None
) -> Message:
    """Show a list: how many, a menu of the addresses, a button to write more in."""
    text = texts(
        "mail_list.shown",
        name=shown.name,
        count=len(shown.listed),
        bounced=sum(entry.bounced_at is not None for entry in shown.listed),
        off=not is_on,
    )
    if added is not None:
        text = Ready(f"{texts('mail_list.added', count=added)}\n{text}")
    here = (shown.cohort_id, shown.scope_key)
    buttons = [Button(texts("mail_list.button.add"), "mail_add", here, "primary")] if is_on else []
    if len(shown.listed) > PAGE:
        after = first + PAGE if first + PAGE < len(shown.listed) else 0
        buttons.append(Button(texts("mail_list.button.more"), "mail_list", (*here, after)))
    part = shown.listed[first : first + PAGE]
    choices = tuple(Choice(str(entry.id), _label(texts, entry)) for entry in part)
    prompt = texts("mail_list.prompt", first=first + 1, last=first + len(part))
    return Message(text, tuple(buttons), (Menu("mail_one", choices, here, prompt),) if choices else ())


def _label(texts: Texts, entry: Listed) -> str:
    if entry.bounced_at is None:
        return entry.address
    return texts("mail_list.returned", address=Ready(entry.address))


def one(texts: Texts, shown: MailList, entry: Listed) -> Message:
    """Show one address: who said yes and when, and what can be done with it."""
    text = texts("mail_list.one", address=entry.address, consent=entry.consent, added_at=entry.added_at,
                 bounced_at=entry.bounced_at)  # fmt: skip
    buttons = [Button(texts("mail_list.button.remove"), "mail_remove", (entry.id,), "danger")]
    if entry.bounced_at is None:
        buttons.append(Button(texts("mail_list.button.came_back"), "mail_came_back", (entry.id,)))
    buttons.append(Button(texts("mail_list.button.list"), "mail_list", (shown.cohort_id, shown.scope_key)))
    return Message(text, tuple(buttons))


def form(texts: Texts, cohort_id: int, scope_key: str) -> Form:
    """Ask for addresses, and for how their owners said yes."""
    fields = (
        Field("addresses", texts("mail_list.label.addresses"), long=True, longest=2000),
        Field("consent", texts("mail_list.label.consent"), longest=200),
    )
    return Form("mail_add", texts("mail_list.label.title"), fields, (cohort_id, scope_key))
