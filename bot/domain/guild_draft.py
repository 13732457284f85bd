"""A plan while it is being made: what has been found on the server, and the steps collected so far."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from bot.domain.guild import BOT, EVERYONE, ActualGuild, Overwrite
from bot.domain.guild_steps import Adopt, Kind, Plan, Rename, Step, Twin


class _Thing(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Thing)


@dataclass
class Draft:
    """What is known and decided so far; `ids` holds what stands, by place key."""

    actual: ActualGuild
    known: Mapping[str, int]
    ids: dict[str, int] = field(default_factory=dict)
    adopt: list[Step] = field(default_factory=list)
    create: list[Step] = field(default_factory=list)
    close: list[Step] = field(default_factory=list)
    channels: list[Step] = field(default_factory=list)
    move: list[Step] = field(default_factory=list)
    rename: list[Step] = field(default_factory=list)
    topic: list[Step] = field(default_factory=list)
    twins: list[Twin] = field(default_factory=list)

    def find(
        self, kind: Kind, key: str, present: Iterable[T], is_ours: Callable[[T], bool]
    ) -> tuple[T | None, list[T]]:
        """Return what stands under a key, taken over if its id was lost, and others that look like it.

        What belongs to another key is never taken; of several lost ones the oldest is.
        """
        here = {thing.id: thing for thing in present}
        taken = {*self.known.values(), *self.ids.values()}
        alike = sorted((t for t in here.values() if t.id not in taken and is_ours(t)), key=lambda t: t.id)
        found = here.get(self.known.get(key, 0))
        if found is None and alike:
            found = alike.pop(0)
            self.adopt.append(Adopt(key, kind, found.name, found.id))
        if found is not None:
            self.ids[key] = found.id
        return found, alike

    def name(self, kind: Kind, key: str, before: str, name: str) -> None:
        """Have a thing renamed if it does not bear its name."""
        if before != name:
            self.rename.append(Rename(key, kind, before, name))

    def resolved(self, overwrites: Mapping[str, Overwrite]) -> dict[int | None, Overwrite]:
        """Return overwrites by Discord id; None stands for a role that is yet to be made."""
        return {self._id_of(target): overwrite for target, overwrite in overwrites.items()}

    def _id_of(self, target: str) -> int | None:
        if target == EVERYONE:
            return self.actual.id
        if target == BOT:
            return self.actual.bot_id
        kind, _, number = target.partition(":")
        return int(number) if kind == "member" else self.ids.get(target)

    def plan(self) -> Plan:
        """Return the plan: doors close early; renames and topics come last, for Discord makes them wait."""
        steps = (
            *self.adopt,
            *self.create,
            *self.close,
            *self.channels,
            *self.move,
            *self.rename,
            *self.topic,
        )
        return Plan(steps, tuple(self.twins))
