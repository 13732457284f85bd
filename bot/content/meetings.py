"""Read the year's meetings and study circles; a circle has what it does not say itself from its kind."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from bot.content.rows import entries
from bot.content.source import ContentError, Fault, Source, typed
from bot.domain.programme import COORDINATOR_CIRCLE, VILLAGE_CIRCLE, Meeting, Position, Scope

_NO_CIRCLE = {"id": "-", "phase": "-", "title": "-"}
_OF_THE_LIST = ("kind", "scope", "window", "default")  # a circle has the first two from the list it stands in
_CIRCLES = {
    "village_circles": (VILLAGE_CIRCLE, Scope.VILLAGE, "village"),
    "coordinator_circles": (COORDINATOR_CIRCLE, Scope.COORDINATOR_GROUP, "coordinator"),
}


def meetings(head: Source, calendar: Source) -> dict[str, Meeting]:
    """Return every meeting by its id. Raises ContentError."""
    found: dict[str, Meeting] = dict(entries(calendar, "events", Meeting))
    faults: list[Fault] = []
    for index, meeting in enumerate(found.values()):
        given = meeting.at is not None, meeting.window is not None, meeting.default is not None
        if given not in ((True, False, False), (False, True, True)):
            faults.append(calendar.fault(["events", index], "needs either at, or a window with a default"))
        elif meeting.position.day is None or meeting.position.time is None:
            key = "at" if meeting.at is not None else "default"
            faults.append(calendar.fault(["events", index, key], "needs a day and a time"))
    for key, (kind, scope, defaults_key) in _CIRCLES.items():
        defaults = _circle_defaults(head, defaults_key)
        day, at = defaults.pop("day"), defaults.pop("time")
        rows = _with_defaults(calendar, key, defaults, {"day": day, "time": at})
        for index, (name, circle) in enumerate(entries(rows, key, Meeting).items()):
            if name in found:
                faults.append(calendar.fault([key, index], f"the id {name} is used twice"))
            own = [word for word in _OF_THE_LIST if word in calendar.data[key][index]]
            faults += [
                calendar.fault([key, index, word], "cannot be given to a study circle") for word in own
            ]
            if circle.at is None:
                faults.append(calendar.fault([key, index], "needs at"))
                continue
            found[name] = replace(circle, kind=kind, scope=scope)
    if faults:
        raise ContentError(faults)
    return found


def _circle_defaults(head: Source, kind: str) -> dict[str, Any]:
    """Return what circles of a kind share. Raises ContentError when day or time is missing."""
    where = ["circle_defaults"]
    found = typed(head, TypeAdapter(dict[str, dict[str, Any]]), head.data.get("circle_defaults"), where)
    if kind not in found:
        raise ContentError([head.fault(where, f"{kind} is missing")])
    missing = [key for key in ("day", "time") if key not in found[kind]]
    if missing:
        raise ContentError([head.fault([*where, kind], f"{key} is missing") for key in missing])
    strange = [word for word in found if word not in {words[2] for words in _CIRCLES.values()}]
    if strange:
        raise ContentError([head.fault([*where, word], "is no kind of circle") for word in strange])
    # Tried on a circle that has nothing of its own, so that a fault is named once and where it stands.
    shared = dict(found[kind])
    at = {"pw": 1, "day": shared.pop("day"), "time": shared.pop("time")}
    typed(head, TypeAdapter(Position), at, [*where, kind])
    typed(head, TypeAdapter(Meeting), {**_NO_CIRCLE, **shared}, [*where, kind])
    return found[kind]


def _with_defaults(calendar: Source, key: str, defaults: Mapping[str, Any], at: Mapping[str, Any]) -> Source:
    """Return a view of one list where each row has the defaults it does not set itself; lines stay."""
    if key not in calendar.data:
        raise ContentError([Fault(calendar.file, 1, key, "is missing")])
    for index, row in enumerate(calendar.data[key] or ()):
        if not isinstance(row, dict):
            raise ContentError([calendar.fault([key, index], "must hold keys and their values")])
        for name, value in defaults.items():
            row.setdefault(name, value)
        for name, value in at.items():
            if isinstance(row.get("at"), dict):
                row["at"].setdefault(name, value)
    return calendar
