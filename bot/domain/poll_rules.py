"""The rules a village agrees on once: who votes, how, what it takes, and what happens when it is not enough (S30).

Knows no database and no prose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.ballots import NO, YES, Count, Kind, Majority, Why
from bot.domain.errors import InvalidInput
from bot.domain.polls import ADVISORY, ASKABLE, HALF, NUMBERS, SHARES

OPENLY, AT_THE_END, SECRET = "open", "at_the_end", "secret"  # whether, and when, answers can be seen
NO_QUORUM = "none"
MONTHLY = (4, 8, 12, 0)  # questions a month; 0 is as many as one likes
EXTENSIONS = (0, 3, 7, 14)  # days more, once, when too few have voted
LONGEST_RUN_OFF_DAYS = 7


class Tie(StrEnum):
    """What happens when the first places are equal."""

    NOTHING = "nothing"  # nothing is decided
    AGAIN = "again"  # a new vote between them, at once
    LEAD = "lead"  # the steering lead decides


CHOICES: Mapping[str, tuple[str, ...]] = {
    "voters": ASKABLE,
    "secrecy": (OPENLY, AT_THE_END, SECRET),
    "why": tuple(Why),
    "monthly": tuple(map(str, MONTHLY)),
    "rule": (ADVISORY, *Majority),
    "quorum": (*SHARES, *NUMBERS, NO_QUORUM),
    "extend": tuple(map(str, EXTENSIONS)),
    "tie": tuple(Tie),
}


@dataclass(frozen=True, slots=True)
class VillageRules:
    """What new polls of a village begin with. `quorum`, `extend_days` and `tie` hold for what binds.

    `running` tells whether an open poll's numbers can be seen before it closes; a secret one's never can.
    `monthly` is how many advisory questions people may ask the village in a month, 0 for any number.
    """

    voters: str = "all"
    secret: bool = False
    rule: str = ADVISORY
    quorum: str | None = HALF
    extend_days: int = 0
    tie: Tie = Tie.NOTHING
    monthly: int = 8
    running: bool = True
    why: Why = Why.NONE

    @property
    def chosen(self) -> Mapping[str, str]:
        """Return each rule as it stands in a menu."""
        return {
            "voters": self.voters,
            "secrecy": seen(secret=self.secret, running=self.running),
            "why": self.why,
            "rule": self.rule,
            "quorum": self.quorum or NO_QUORUM,
            "extend": str(self.extend_days),
            "tie": self.tie,
            "monthly": str(self.monthly),
        }


def seen(*, secret: bool, running: bool) -> str:
    """Return the choice that says whether, and when, answers can be seen."""
    return SECRET if secret else OPENLY if running else AT_THE_END


def out_of_reach(quorum: str | None, entitled: int) -> bool:
    """Tell whether a number of people must vote that is larger than those who may."""
    return quorum in NUMBERS and int(quorum or 0) > entitled


def checked_rule(name: str, value: str) -> str:
    """Return a choice that a menu offers. Raises InvalidInput for any other."""
    if value not in CHOICES.get(name, ()):
        raise InvalidInput("error_polls.unknown_answer")
    return value


_WITH_A_FIRST = (Kind.CHOICE, Kind.DATES, Kind.POINTS, Kind.RATING, Kind.RANKED)


def has_ties(kind: Kind, majority: Majority, pick: int) -> bool:
    """Tell whether a tie rule can be of use: where one answer is to win by having most, or yes stands against no."""
    if kind is Kind.YES_NO:
        return majority in (Majority.MOST, Majority.VOTING)
    if kind is Kind.CHOICE and pick != 1:
        return False
    return majority is Majority.MOST and kind in _WITH_A_FIRST


def tied(kind: Kind, majority: Majority, pick: int, result: Count) -> tuple[int, ...]:
    """Return the positions that share the first place, none when one is ahead; blank votes weigh nothing."""
    if not has_ties(kind, majority, pick):
        return ()
    if kind is Kind.YES_NO:
        yes, no = result.votes.get(YES, 0), result.votes.get(NO, 0)
        return (YES, NO) if yes == no and yes else ()
    return result.winners if len(result.winners) > 1 else ()
