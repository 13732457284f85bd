"""The steps from the actual to the desired server: each is plain data and prints as one line of English."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.guild import Overwrite


class Kind(StrEnum):
    """What a place is on Discord."""

    ROLE = "role"
    CATEGORY = "category"
    CHANNEL = "channel"


def shown(kind: Kind, name: str) -> str:
    """Return a name as an operator knows it."""
    return f"{kind} {_bare(kind, name)}"


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over what we made but never wrote down, because the answer was lost."""

    key: str
    kind: Kind
    name: str
    discord_id: int

    def __str__(self) -> str:
        return f"take over {shown(self.kind, self.name)} ({self.discord_id}) as {self.key}"


@dataclass(frozen=True, slots=True)
class CreateRole:
    """Make a role without rights; `again` when it stood before."""

    key: str
    name: str
    again: bool = False
    kind: Kind = field(default=Kind.ROLE, init=False)

    def __str__(self) -> str:
        return f"create {shown(self.kind, self.name)}{_again(self.again)}"


@dataclass(frozen=True, slots=True)
class CreateCategory:
    """Make a category; `again` when it stood before."""

    key: str
    name: str
    again: bool = False
    kind: Kind = field(default=Kind.CATEGORY, init=False)

    def __str__(self) -> str:
        return f"create {shown(self.kind, self.name)}{_again(self.again)}"


@dataclass(frozen=True, slots=True)
class CreateChannel:
    """Make a text channel with topic and overwrites at once, so that it is never open or without its mark."""

    key: str
    name: str
    topic: str
    category_key: str
    category_name: str
    overwrites: Mapping[str, Overwrite]
    again: bool = False
    kind: Kind = field(default=Kind.CHANNEL, init=False)

    def __str__(self) -> str:
        return f'create {shown(self.kind, self.name)} in "{self.category_name}"{_again(self.again)}'


@dataclass(frozen=True, slots=True)
class SetOverwrites:
    """Let a channel be seen by exactly those who should."""

    key: str
    name: str
    overwrites: Mapping[str, Overwrite]
    kind: Kind = field(default=Kind.CHANNEL, init=False)

    def __str__(self) -> str:
        return f"set who may see {shown(self.kind, self.name)}"


@dataclass(frozen=True, slots=True)
class Move:
    """Put a channel in its category."""

    key: str
    name: str
    category_key: str
    category_name: str
    kind: Kind = field(default=Kind.CHANNEL, init=False)

    def __str__(self) -> str:
        return f'move {shown(self.kind, self.name)} to "{self.category_name}"'


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a role, category or channel its name."""

    key: str
    kind: Kind
    before: str
    name: str

    def __str__(self) -> str:
        return f"rename {shown(self.kind, self.before)} to {_bare(self.kind, self.name)}"


@dataclass(frozen=True, slots=True)
class SetTopic:
    """Write a channel's topic."""

    key: str
    name: str
    topic: str
    kind: Kind = field(default=Kind.CHANNEL, init=False)

    def __str__(self) -> str:
        return f"set the topic of {shown(self.kind, self.name)}"


Step = Adopt | CreateRole | CreateCategory | CreateChannel | SetOverwrites | Move | Rename | SetTopic


@dataclass(frozen=True, slots=True)
class Twin:
    """A second channel that carries the mark of one of ours; people must choose, for we never delete."""

    key: str
    name: str
    discord_id: int

    def __str__(self) -> str:
        return (
            f"note: #{self.name} ({self.discord_id}) is a second channel for {self.key}; delete one by hand"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in a safe order (empty when nothing has drifted), and what only people can mend."""

    steps: tuple[Step, ...] = ()
    twins: tuple[Twin, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether the server is as it should be."""
        return not self.steps

    def lines(self) -> list[str]:
        """Return the plan for an operator, a line for each step and note."""
        return [str(item) for item in (*self.steps, *self.twins)] or ["nothing to change"]


def _bare(kind: Kind, name: str) -> str:
    return f"#{name}" if kind is Kind.CHANNEL else f'"{name}"'


def _again(again: bool) -> str:
    return " again" if again else ""
