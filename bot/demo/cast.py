"""The people of the demo: a steering group, a panel and a neighbour in every village, coordinators, the secretariat."""

from dataclasses import dataclass, field

from simcord.actors import MemberActor

FIRST = (
    "Karen", "Erik", "Mette", "Jens", "Anne", "Ole", "Gitte", "Poul", "Inge", "Hans", "Bodil", "Svend", "Lone",
    "Per", "Ruth", "Niels", "Åse", "Bjørn", "Sørine", "Aksel",
)  # fmt: skip
LAST = ("Holm", "Dam", "Bæk", "Åkjær", "Krog", "Rønne", "Sø", "Lind", "Toft", "Bro", "Mose", "Gran", "Skov")
PARTS = (
    "steering_lead", "steering_secretary", "steering", "steering", "steering", "panel", "panel", "villager",
)  # fmt: skip
"""Five in the steering group: fewer could not vote in secret."""


def name_of(number: int) -> str:
    """Return a person's name; the same number always gives the same one."""
    return f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"


@dataclass
class VillageCast:
    """A village's people by the part they play, and the channel they meet in."""

    village_id: int
    name: str
    municipality: str
    municipality_id: int
    channel_id: int
    group_id: int
    people: list[tuple[str, MemberActor]] = field(default_factory=list)

    def who(self, *parts: str) -> list[MemberActor]:
        """Return the people who play one of these parts."""
        return [actor for part, actor in self.people if part in parts]

    @property
    def lead(self) -> MemberActor:
        """The one who leads the steering group."""
        return self.who("steering_lead")[0]

    @property
    def secretary(self) -> MemberActor:
        """The one who keeps the minutes."""
        return self.who("steering_secretary")[0]

    def voters(self, wanted: tuple[str, ...]) -> list[MemberActor]:
        """Return those who may vote in a poll for these bodies."""
        bodies = {
            "steering": {"steering_lead", "steering_secretary", "steering"},
            "panel": {"panel"},
            "villager": set(PARTS),
            "all": set(PARTS),
        }
        parts = set().union(*(bodies.get(body, set()) for body in wanted))
        return [actor for part, actor in self.people if part in parts]


@dataclass
class GroupCast:
    """The coordinators of a group and their channel."""

    group_id: int
    channel_id: int
    people: list[MemberActor] = field(default_factory=list)
