"""Read what a content file lists: known keys only, and ids that are unique and short enough."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.content.source import ContentError, Fault, Source, typed

T = TypeVar("T")
ID = re.compile(r"\w[\w.-]{0,29}")  # ids stand in keys of posts and in Discord's ids of buttons
NO_ID = "must be 1 to 30 letters, digits, full stops, hyphens and underscores"


def known_keys(source: Source, known: set[str]) -> None:
    """Have a file hold these keys and no other. Raises ContentError."""
    faults = [source.fault([key], "is not a known key") for key in source.data if key not in known]
    faults += [
        Fault(source.file, 1, key, "is missing")
        for key in known
        if key != "schema" and key not in source.data
    ]
    if faults:
        raise ContentError(faults)


def entries(source: Source, key: str, kind: type[T], id_key: str = "id") -> dict[Any, T]:
    """Read a list of entries with unique ids. Raises ContentError."""
    if not isinstance(source.data, Mapping) or key not in source.data:
        raise ContentError([Fault(source.file, 1, key, "is missing")])
    if not isinstance(source.data[key], list | None):
        raise ContentError([source.fault([key], "must be a list")])
    faults, found = [], {}
    adapter = TypeAdapter(kind)
    for index, row in enumerate(source.data[key] or ()):
        try:
            entry = typed(source, adapter, row, [key, index])
        except ContentError as error:
            faults.extend(error.faults)
            continue
        name = getattr(entry, id_key)
        if id_key == "id" and not ID.fullmatch(name):
            faults.append(source.fault([key, index, id_key], NO_ID))
        if name in found:
            faults.append(source.fault([key, index], f"the id {name} is used twice"))
        found[name] = entry
    if faults:
        raise ContentError(faults)
    return found
