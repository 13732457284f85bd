"""Build the menus of a poll's rules: those of one draft, and those a village sets once for all its polls."""

from collections.abc import Iterable, Mapping

from bot.content.templates import Ready
from bot.domain.poll_rules import CHOICES, VillageRules
from bot.domain.poll_view import PollView
from bot.messages.message import Button, Choice, Menu, Message
from bot.messages.poll_parts import say
from bot.messages.polls import decided_by
from bot.messages.texts import Texts

OF_ASKING, OF_DECIDING = ("voters", "secrecy", "rule"), ("quorum", "extend", "tie")
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll_rules.*": _NONE,
    "poll_rules.line": frozenset({"asked", "chosen"}),
}


def rules_button(texts: Texts) -> Button:
    """Return the button that shows a village's rules."""
    return Button(texts("poll_rules.button.all"), "rules_show")


def draft_rules(texts: Texts, view: PollView) -> Message:
    """Show what a draft takes to decide, with menus for what happens when it is not enough."""
    back = Button(texts("poll_rules.button.back"), "draft_back", (view.id,), "primary")
    if not view.binding:
        text = f"{say(texts, 'heading', view)}\n{texts('poll_rules.advisory')}"
        return Message(text, (back, rules_button(texts)))
    lines = [say(texts, "heading", view), *decided_by(texts, view)]
    menus = tuple(_menu(texts, "draft_decide", name, (view.id, name)) for name in OF_DECIDING)
    return Message("\n".join(lines), (back, rules_button(texts)), menus)


def village_rules(texts: Texts, rules: VillageRules, names: Iterable[str], *, may_change: bool) -> Message:
    """Show a village's rules in words, with menus for some of them to whoever may change them."""
    lines = [texts("poll_rules.heading"), *(_line(texts, rules, name) for name in CHOICES)]
    if not may_change:
        return Message("\n".join(lines))
    shown = tuple(names)
    menus = tuple(_menu(texts, "rules_set", name, (name,)) for name in shown)
    other = "deciding" if shown == OF_ASKING else "asking"
    return Message("\n".join(lines), (Button(texts(f"poll_rules.button.{other}"), f"rules_{other}"),), menus)


def page_of(name: str) -> tuple[str, ...]:
    """Return the rules that stand in menus together with this one."""
    return OF_ASKING if name in OF_ASKING else OF_DECIDING


def _line(texts: Texts, rules: VillageRules, name: str) -> Ready:
    key = _key(name)
    return texts("poll_rules.line", asked=texts(f"{key}.prompt"), chosen=texts(f"{key}.{rules.chosen[name]}"))


def _menu(texts: Texts, action: str, name: str, args: tuple[int | str, ...]) -> Menu:
    key = _key(name)
    choices = tuple(Choice(value, texts(f"{key}.{value}")) for value in CHOICES[name])
    return Menu(action, choices, args, texts(f"{key}.prompt"))


def _key(name: str) -> str:
    return f"poll_{'draft' if name in OF_ASKING else 'rules'}.{name}"
