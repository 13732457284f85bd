"""Tell the secretariat, in a few lines, what was mended on the server. Plain creation is no news."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.content.templates import Ready
from bot.domain.guild_steps import (
    CreateCategory,
    CreateChannel,
    CreateRole,
    Kind,
    Move,
    Plan,
    Rename,
    SetOverwrites,
    SetTopic,
    Step,
)
from bot.messages.texts import Texts

_LINES = ("restored", "access", "moved", "renamed", "topic")
SUPPLIES: Mapping[str, frozenset[str]] = {
    "provisioning.topic.village": frozenset({"village", "municipality"}),
    "provisioning.topic.group": frozenset({"title"}),
    "provisioning.topic.secretariat": frozenset({"programme"}),
    "provisioning.topic.welcome": frozenset({"programme"}),
    "provisioning.account.intro": frozenset(),
    "provisioning.nothing": frozenset(),
    "people.roles_left": frozenset({"account"}),
    "error_people.discord_away": frozenset(),
    "provisioning.later": frozenset(),
    "provisioning.blocked": frozenset({"reason"}),
    **{f"provisioning.account.{line}": frozenset({"names"}) for line in _LINES},
    "provisioning.account.failed": frozenset({"names", "phone"}),
    "provisioning.account.twin": frozenset({"names"}),
    "provisioning.account.and": frozenset({"names", "last"}),
    "provisioning.account.more": frozenset({"names", "count"}),
}
_NAMED = 3


def account(
    texts: Texts, phone: str, done: Iterable[Step], failed: Iterable[Step], plan: Plan
) -> Ready | None:
    """Return what the secretariat should know, or None when there is nothing to tell."""
    names: dict[str, list[str]] = defaultdict(list)
    for step in done:
        line = _line(step)
        if line:
            names[line].append(_shown(step.kind, step.name))
    mended = [
        texts(f"provisioning.account.{line}", names=_some(texts, names[line]))
        for line in _LINES
        if names[line]
    ]
    said = [texts("provisioning.account.intro"), *mended] if mended else []
    undone = [_shown(step.kind, step.name) for step in failed]
    if undone:
        said.append(texts("provisioning.account.failed", names=_some(texts, undone), phone=phone))
    if plan.twins:
        twins = [_shown(Kind.CHANNEL, twin.name) for twin in plan.twins]
        said.append(texts("provisioning.account.twin", names=_some(texts, twins)))
    return Ready("\n".join(said)) if said else None


def _shown(kind: Kind, name: str) -> str:
    return f"#{name}" if kind is Kind.CHANNEL else f"»{name}«"


def _line(step: Step) -> str | None:
    match step:
        case CreateRole(again=True) | CreateCategory(again=True) | CreateChannel(again=True):
            return "restored"
        case SetOverwrites():
            return "access"
        case Move():
            return "moved"
        case Rename():
            return "renamed"
        case SetTopic():
            return "topic"
        case _:
            return None


def _some(texts: Texts, names: Sequence[str]) -> str:
    """Name the first few and count the rest; each is named once."""
    unique = list(dict.fromkeys(names))
    if len(unique) > _NAMED:
        shown = ", ".join(unique[:_NAMED])
        return texts("provisioning.account.more", names=shown, count=len(unique) - _NAMED)
    if len(unique) > 1:
        return texts("provisioning.account.and", names=", ".join(unique[:-1]), last=unique[-1])
    return unique[0]
