"""Build the programme from a content folder; says what is there, not whether it reads well (see check)."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.content.meetings import meetings
from bot.content.rows import ID, NO_ID, entries, known_keys
from bot.content.source import ContentError, Fault, Source, parse_yaml, read_text, read_yaml, typed
from bot.domain.programme import (
    DecisionTemplate,
    GlobalGoal,
    MilestoneTemplate,
    Newsletter,
    Phase,
    PollTemplate,
    Programme,
    Reminder,
)
from bot.domain.programme_rules import Blackout, CohortNames, DiscordNames, Rules

T = TypeVar("T")
SCHEMA = 1


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
        "phases": attempt(lambda: tuple(entries(calendar, "phases", Phase).values()), ()),
        "meetings": attempt(lambda: meetings(head, calendar), {}),
        "newsletters": attempt(lambda: _newsletters(folder, sources), {}),
        "polls": attempt(lambda: entries(sources["polls.yaml"], "polls", PollTemplate), {}),
        "decisions": attempt(lambda: entries(sources["decisions.yaml"], "decisions", DecisionTemplate), {}),
        "milestones": attempt(lambda: entries(sources["milestones.yaml"], "milestones", MilestoneTemplate), {}),
        "global_goals": attempt(
            lambda: tuple(entries(sources["global_goals.yaml"], "global_goals", GlobalGoal, "n").values()), ()
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
    known_keys(source, {"schema", "id", "name", "language", "timezone", "cohort", "discord", "rules", "blackouts",
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
    faults = [] if ID.fullmatch(found["id"]) else [source.fault(["id"], NO_ID)]
    for name, row in found["reminders"].items():
        for index, reminder in enumerate(row):
            if not ID.fullmatch(reminder.id):
                faults.append(source.fault(["reminders", name, index, "id"], NO_ID))
    if faults:
        raise ContentError(faults)
    return found


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
