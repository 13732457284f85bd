"""The server's own list of events: what should stand in it, what does, and the steps between; pure.

Discord knows no mark for an event of ours, so one that was made and not noted, because the bot was killed, is known
again by what it says; whatever else our own account has made there and nobody knows of goes away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MOST = 90  # Discord takes 100 that are to come; people may have some of their own
NAME_LONGEST, LOCATION_LONGEST, DESCRIPTION_LONGEST = 100, 100, 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """An event as everybody on the server sees it."""

    name: str
    starts_at: datetime
    ends_at: datetime
    location: str
    description: str


@dataclass(frozen=True, slots=True)
class Make:
    """Put a meeting in the list."""

    event_id: int
    what: Listed


@dataclass(frozen=True, slots=True)
class Note:
    """Keep the id of what stands already."""

    event_id: int
    discord_id: int


@dataclass(frozen=True, slots=True)
class Change:
    """Let what stands say something else."""

    discord_id: int
    what: Listed


@dataclass(frozen=True, slots=True)
class Remove:
    """Take something off the list: it was called off, or nobody knows it."""

    discord_id: int


Step = Make | Note | Change | Remove


def steps(wanted: Mapping[int, Listed], known: Mapping[int, int], stands: Mapping[int, Listed]) -> list[Step]:
    """Return what to do. `known` are the ids by meeting, `stands` what our account has made that is yet to come."""
    found: list[Step] = []
    loose = {number: what for number, what in stands.items() if number not in known.values()}
    for event_id, what in sorted(wanted.items(), key=lambda item: (item[1].starts_at, item[0]))[:MOST]:
        number = known.get(event_id)
        if number in stands:
            assert number is not None
            if stands[number] != what:
                found.append(Change(number, what))
            continue
        same = next((number for number, other in loose.items() if other == what), None)
        if same is None:
            found.append(Make(event_id, what))
        else:
            del loose[same]
            found.append(Note(event_id, same))
    gone = [number for event_id, number in known.items() if event_id not in wanted and number in stands]
    return [*(Remove(number) for number in (*gone, *loose)), *found]
