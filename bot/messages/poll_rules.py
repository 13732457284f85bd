"""Build the menus of a poll's rules: those of one draft, and those a village sets once for all its polls."""

from collections.abc import Iterable, Mapping

from bot.content.templates import Ready
from bot.domain.ballots import Kind
from bot.domain.poll_repeats import NEVER, Repeat
from bot.domain.poll_rules import CHOICES, VillageRules
from bot.domain.poll_view import PollView
from bot.messages.message import Button, Choice, Field, Form, Menu, Message
from bot.messages.poll_drafts import comes_again, too_few
from bot.messages.poll_parts import say
from bot.messages.polls import decided_by
from bot.messages.texts import Texts

_DAY_LONGEST = 20
_OF_A_DRAFT, _OF_WHAT_BINDS = ("voters", "secrecy", "why", "rule"), ("quorum", "extend", "tie")
OF_ASKING, OF_DECIDING = ("voters", "secrecy", "why", "monthly"), ("rule", *_OF_WHAT_BINDS)
_NONE: frozenset[str] = frozenset()
SUPPLIES: Mapping[str, frozenset[str]] = {
    "poll_rules.*": _NONE,
    "poll_rules.out_of_reach": frozenset({"entitled"}),
    "poll_rules.line": frozenset({"asked", "chosen"}),
}


def rules_button(texts: Texts) -> Button:
    """Return the button that shows a village's rules."""
    return Button(texts("poll_rules.button.all"), "rules_show")


def draft_rules(texts: Texts, view: PollView) -> Message:
    """Show what a draft takes to decide, with menus for what happens when it is not enough."""
    back = Button(texts("poll_rules.button.back"), "draft_back", (view.id,), "primary")
    buttons = (back,) if view.is_group else (back, rules_button(texts))
    advice = () if view.is_group else (texts("poll_rules.advisory"),)
    told = decided_by(texts, view) + too_few(texts, view.quorum, view.entitled) if view.binding else advice
    lines = [say(texts, "heading", view), *told, *comes_again(texts, view)]
    menus = [_menu(texts, "draft_decide", name, (view.id, name)) for name in _OF_WHAT_BINDS if view.binding]
    if view.kind is not Kind.DATES:
        often = tuple(Choice(how, texts(f"poll_rules.repeat.{how}")) for how in (NEVER, *Repeat))
        menus.append(Menu("draft_repeat", often, (view.id,), texts("poll_rules.repeat.prompt")))
    return Message("\n".join(lines), buttons, tuple(menus))


def repeat_form(texts: Texts, poll_id: int, how: str) -> Form:
    """Return the form that asks until when a poll comes again."""
    until = Field("until", texts("poll_rules.repeat.label"), longest=_DAY_LONGEST)
    return Form("draft_repeat", texts("poll_rules.repeat.title"), (until,), (poll_id, how))


def village_rules(
    texts: Texts, rules: VillageRules, names: Iterable[str], *, steering: int, may_change: bool
) -> Message:
    """Show a village's rules in words, with menus for some of them to whoever may change them.

    `steering` is how many the steering group has, who alone decide: more of them cannot be asked for.
    """
    lines = [texts("poll_rules.heading"), *(_line(texts, rules, name) for name in CHOICES)]
    lines += too_few(texts, rules.quorum, steering)
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
    return f"poll_{'draft' if name in _OF_A_DRAFT else 'rules'}.{name}"
