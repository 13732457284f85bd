"""Whom a letter goes to, as data that can be kept: all of a cohort, or a part of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.programme import Phase

COMPLETED = "completed"  # the state after the last gate


class Target(StrEnum):
    """What a letter may be meant for."""

    EVERYBODY = "everybody"
    VILLAGES = "villages"
    COORDINATORS = "coordinators"


@dataclass(frozen=True, slots=True)
class Audience:
    """A target; of its villages those of one municipality (its number), or that have come to one phase (its id)."""

    target: Target = Target.VILLAGES
    municipality_id: int | None = None
    phase: str | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {"target": str(self.target), "municipality_id": self.municipality_id, "phase": self.phase}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Audience":
        """Return what was kept."""
        return cls(Target(data["target"]), data["municipality_id"], data["phase"])

    @property
    def villages(self) -> bool:
        """Whether villages are among those it is meant for."""
        return self.target is not Target.COORDINATORS

    @property
    def groups(self) -> bool:
        """Whether coordinator groups are among those it is meant for."""
        return self.target in (Target.EVERYBODY, Target.COORDINATORS)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What sending would do: the channels by name, those that have it already or are missing, people and time.

    `may_go` tells whether the letter has what it needs to be sent; `by_mail` are those who get it by e-mail.
    """

    channels: Sequence[str]
    have_it: Sequence[str]
    no_channel: Sequence[str]
    people: int
    begins_at: datetime
    lasts: timedelta
    may_go: bool = True
    by_mail: int = 0


def own_phase(phases: Sequence[Phase], reached: Collection[str]) -> str:
    """Return the phase a village itself has come to: the first whose gate it has not reached, else the last.

    The calendar's phase is the same for a whole cohort; villages go through the gates at their own pace.
    """
    ordered = sorted(phases, key=lambda phase: phase.number)
    return next((phase.id for phase in ordered if phase.gate not in reached), ordered[-1].id)


def own_state(phases: Sequence[Phase], reached: Collection[str]) -> str:
    """Return the state of the phase a village has come to; COMPLETED when it is through every gate."""
    if all(phase.gate in reached for phase in phases):
        return COMPLETED
    own = own_phase(phases, reached)
    return next(phase.state for phase in phases if phase.id == own)


def states_of(phases: Sequence[Phase], phase_id: str) -> tuple[str, ...]:
    """Return the states of villages that have come to a phase; the last one keeps those that have completed it."""
    last = max(phases, key=lambda phase: phase.number)
    state = next(phase.state for phase in phases if phase.id == phase_id)
    return (state, COMPLETED) if phase_id == last.id else (state,)
