"""Build the programme from a content folder; says what is there, not whether it reads well (see check)."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.content.source import ContentError, Fault, Source, parse_yaml, read_text, read_yaml, typed
from bot.domain.programme import (
    COORDINATOR_CIRCLE,
    VILLAGE_CIRCLE,
    Blackout,
    CohortNames,
    DecisionTemplate,
    DiscordNames,
    GlobalGoal,
    Meeting,
    MilestoneTemplate,
    Newsletter,
    Phase,
    PollTemplate,
    Position,
    Programme,
    Reminder,
    Rules,
    Scope,
)

T = TypeVar("T")
SCHEMA = 1
_ID = re.compile(r"\w[\w.-]{0,29}")  # ids stand in keys of posts and in Discord's ids of buttons
_NO_ID = "must be 1 to 30 letters, digits, full stops, hyphens and underscores"
_NO_CIRCLE = {"id": "-", "phase": "-", "title": "-"}
_OF_THE_LIST = ("kind", "scope", "window", "default")  # a circle has the first two from the list it stands in
_CIRCLES = {
    "village_circles": (VILLAGE_CIRCLE, Scope.VILLAGE, "village"),
    "coordinator_circles": (COORDINATOR_CIRCLE, Scope.COORDINATOR_GROUP, "coordinator"),
}


@dataclass
class Content:
    """A loaded programme with the sources its faults can be traced to."""

    programme: Programme
    texts: Mapping[str, Any]
    tone: Mapping[str, Any]
    folder: Path
    sources: Mapping[str, Source]

    def text_fault(self, key: str, problem: str) -> Fault:
        """Return a fault at a text's dotted key, in the file that holds its topic."""
        path = key.split(".")
        for source in self.sources.values():
            if source.file.startswith("texts/") and path[0] in (source.data or {}):
                return source.fault(path, problem)
        return Fault(f"texts/{self.programme.language}", 1, key, problem)

    def fault(self, file: str, path: Sequence[str | int], problem: str) -> Fault:
        """Return a fault at a key of one of the files."""
        return self.sources[file].fault(path, problem)


_KEYS = {
    "calendar.yaml": {"phases", "events", "village_circles", "coordinator_circles"},
    "polls.yaml": {"polls"},
    "decisions.yaml": {"decisions"},
    "milestones.yaml": {"milestones"},
    "global_goals.yaml": {"global_goals"},
}


def content_folder(override: Path | None = None) -> Path:
    """Return the folder to read: the given one, the one beside the package, or the one inside it."""
    if override is not None:
        return override
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / "content"
    return beside if (beside / "programme.yaml").is_file() else package / "_content"


def load(folder: Path) -> Content:
    """Load a content folder. Raises ContentError listing every fault found in its form."""
    faults: list[Fault] = []

    def attempt(step: Callable[[], Any], fallback: Any) -> Any:
        try:
            return step()
        except ContentError as error:
            faults.extend(error.faults)
            return fallback

    names = ("programme.yaml", "calendar.yaml", "polls.yaml", "decisions.yaml", "milestones.yaml", "global_goals.yaml",
             "tone.yaml")  # fmt: skip
    sources = {name: attempt(lambda n=name: read_yaml(folder, n), Source(name, {})) for name in names}  # type: ignore[misc]
    for name in names:
        if name != "tone.yaml":
            attempt(lambda n=name: _check_form(sources[n]), None)  # type: ignore[misc]
    if faults:
        raise ContentError(faults)
    head, calendar = sources["programme.yaml"], sources["calendar.yaml"]
    parts: dict[str, Any] = {
        "phases": attempt(lambda: tuple(_list(calendar, "phases", Phase).values()), ()),
        "meetings": attempt(lambda: _meetings(head, calendar), {}),
        "newsletters": attempt(lambda: _newsletters(folder, sources), {}),
        "polls": attempt(lambda: _list(sources["polls.yaml"], "polls", PollTemplate), {}),
        "decisions": attempt(lambda: _list(sources["decisions.yaml"], "decisions", DecisionTemplate), {}),
        "milestones": attempt(lambda: _list(sources["milestones.yaml"], "milestones", MilestoneTemplate), {}),
        "global_goals": attempt(
            lambda: tuple(_list(sources["global_goals.yaml"], "global_goals", GlobalGoal, "n").values()), ()
        ),
    }  # fmt: skip
    top = attempt(lambda: _head(head), {})
    texts = attempt(lambda: _texts(folder, top["language"], sources), {}) if top else {}
    faults += _strays(folder)
    if faults:
        raise ContentError(faults)
    programme = Programme(**top, **parts, checksum=_checksum(folder))
    return Content(programme, texts, sources["tone.yaml"].data, folder, sources)


def _check_form(source: Source) -> None:
    """Refuse a file that holds no keys, or one that nobody knows. Raises ContentError."""
    if not isinstance(source.data, Mapping):
        raise ContentError([Fault(source.file, 1, "(file)", "must hold keys and their values")])
    known = _KEYS.get(source.file)
    if known is None:
        return
    faults = [source.fault([key], "is not a known key") for key in source.data if key not in known]
    if faults:
        raise ContentError(faults)


def _texts(folder: Path, language: str, sources: dict[str, Source]) -> dict[str, Any]:
    """Merge the text files of a language: each top-level key stands in one file."""
    paths = sorted((folder / "texts" / language).glob("*.yaml"))
    if not paths:
        raise ContentError(
            [Fault(f"texts/{language}", 1, "(folder)", "holds no texts for the programme's language")]
        )
    merged: dict[str, Any] = {}
    for path in paths:
        name = f"texts/{language}/{path.name}"
        source = sources[name] = read_yaml(folder, name)
        _check_form(source)
        for key, value in source.data.items():
            if key in merged:
                raise ContentError([source.fault([key], "this topic already stands in another text file")])
            merged[key] = value
    return merged


def _strays(folder: Path) -> Iterator[Fault]:
    """Yield a fault for every file that lies among letters or texts and is read by nobody: a wrong ending, mostly."""
    for part, ending in (("newsletters", ".md.j2"), ("texts", ".yaml")):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(ending):
                name = path.relative_to(folder).as_posix()
                yield Fault(name, 1, "(file)", f"is not read: its name must end in {ending}")


def _head(source: Source) -> dict[str, Any]:
    data = source.data
    _known_keys(source, {"schema", "id", "name", "language", "timezone", "cohort", "discord", "rules", "blackouts",
                         "circle_defaults", "reminders"})  # fmt: skip
    if data.get("schema", SCHEMA) != SCHEMA:
        raise ContentError([source.fault(["schema"], f"must be {SCHEMA}, the form this version reads")])
    blackouts = tuple[Blackout, ...]
    off = typed(source, TypeAdapter(dict[str, Any]), data["blackouts"], ["blackouts"])
    missing = [key for key in ("meetings", "posts") if key not in off]
    if missing:
        raise ContentError([source.fault(["blackouts"], f"{key} is missing") for key in missing])
    found: dict[str, Any] = {
        "id": typed(source, TypeAdapter(str), data["id"], ["id"]),
        "name": typed(source, TypeAdapter(str), data["name"], ["name"]),
        "language": typed(source, TypeAdapter(str), data["language"], ["language"]),
        "timezone": typed(source, TypeAdapter(str), data["timezone"], ["timezone"]),
        "cohort": typed(source, TypeAdapter(CohortNames), data["cohort"], ["cohort"]),
        "discord": typed(source, TypeAdapter(DiscordNames), data["discord"], ["discord"]),
        "rules": typed(source, TypeAdapter(Rules), data["rules"], ["rules"]),
        "meeting_blackouts": typed(
            source, TypeAdapter(blackouts), data["blackouts"]["meetings"], ["blackouts", "meetings"]
        ),
        "post_blackouts": typed(
            source, TypeAdapter(blackouts), data["blackouts"]["posts"], ["blackouts", "posts"]
        ),
        "reminders": typed(
            source, TypeAdapter(dict[str, tuple[Reminder, ...]]), data["reminders"], ["reminders"]
        ),
    }
    faults = [] if _ID.fullmatch(found["id"]) else [source.fault(["id"], _NO_ID)]
    for name, row in found["reminders"].items():
        for index, reminder in enumerate(row):
            if not _ID.fullmatch(reminder.id):
                faults.append(source.fault(["reminders", name, index, "id"], _NO_ID))
    if faults:
        raise ContentError(faults)
    return found


def _known_keys(source: Source, known: set[str]) -> None:
    faults = [source.fault([key], "is not a known key") for key in source.data if key not in known]
    faults += [
        Fault(source.file, 1, key, "is missing")
        for key in known
        if key != "schema" and key not in source.data
    ]
    if faults:
        raise ContentError(faults)


def _list(source: Source, key: str, kind: type[T], id_key: str = "id") -> dict[Any, T]:
    """Read a list of entries with unique ids."""
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
        if id_key == "id" and not _ID.fullmatch(name):
            faults.append(source.fault([key, index, id_key], _NO_ID))
        if name in found:
            faults.append(source.fault([key, index], f"the id {name} is used twice"))
        found[name] = entry
    if faults:
        raise ContentError(faults)
    return found


def _meetings(head: Source, calendar: Source) -> dict[str, Meeting]:
    found: dict[str, Meeting] = dict(_list(calendar, "events", Meeting))
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
        for index, (name, circle) in enumerate(_list(rows, key, Meeting).items()):
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


def _newsletters(folder: Path, sources: dict[str, Source]) -> dict[str, Newsletter]:
    found: dict[str, Newsletter] = {}
    faults: list[Fault] = []
    for path in sorted((folder / "newsletters").glob("*.md.j2")):
        name = f"newsletters/{path.name}"
        letter_id = path.name.removesuffix(".md.j2")
        try:
            source, body = split_front_matter(name, read_text(folder, name))
            sources[name] = source
            _check_form(source)
            own = [key for key in ("id", "body") if key in source.data]
            if own:
                raise ContentError([source.fault([key], "is not a known key") for key in own])
            data = {"id": letter_id, "body": body, **source.data}
            found[letter_id] = typed(source, TypeAdapter(Newsletter), data)
        except ContentError as error:
            faults.extend(error.faults)
    if faults:
        raise ContentError(faults)
    return found


def split_front_matter(name: str, text: str) -> tuple[Source, str]:
    """Split a letter in its YAML head and its body. Raises ContentError when there is no head."""
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise ContentError(
            [Fault(name, 1, "(front matter)", "the file must begin with a head between two lines of ---")]
        )
    head, body = text[4:].split("\n---\n", 1)
    return parse_yaml(name, head + "\n", offset=1), body.strip() + "\n"


def _checksum(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> Iterable[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in {".yaml", ".j2"})
