"""A programme that is not BLUP: two phases, other counts and names, and every text in a language of its own.

It is made from the real content, so that it always has every text the code asks for: phases are cut away, and
each text is marked, so that a test can see that nobody reads a word from anywhere else.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.world import CONTENT

MARK = "¤"
PHASES = ("p0", "m1")
_yaml = YAML()
_yaml.width = 10_000
_yaml.allow_unicode = True


def short_programme(folder: Path) -> Path:
    """Make the programme's folder. Returns it."""
    shutil.copytree(CONTENT, folder, ignore=shutil.ignore_patterns("dictionary"))
    _change(folder / "programme.yaml", _programme)
    _change(folder / "tone.yaml", lambda tone: tone.clear())
    kept = _cut_calendar(folder)
    _change(folder / "polls.yaml", lambda data: _keep(data, "polls", lambda row: row.get("phase") in PHASES))
    _change(
        folder / "decisions.yaml", lambda data: _keep(data, "decisions", lambda row: row["phase"] in PHASES)
    )
    _change(folder / "milestones.yaml", lambda data: _keep(data, "milestones", _in_phase))
    _forget_what_is_gone(folder)
    for letter in (folder / "newsletters").iterdir():
        if letter.name.split(".")[0] not in kept:
            letter.unlink()
        else:
            letter.write_text(_renamed(letter.read_text("utf-8")), "utf-8")
    (folder / "texts" / "da").rename(folder / "texts" / "en")
    for texts in (folder / "texts" / "en").glob("*.yaml"):
        _change(texts, _mark_all)
    return folder


def _programme(data: Any) -> None:
    data["id"], data["name"], data["language"] = "short", "Short course", "en"
    data["discord"]["welcome_channel"], data["discord"]["secretariat_role"] = "start-here", "Office"
    rules = data["rules"]
    rules["one_gathering_per_phase"] = ["m1"]
    rules["circle_count_ok"] = {"village": [1, 3], "coordinator": [1, 3]}


def _cut_calendar(folder: Path) -> set[str]:
    kept: set[str] = set()

    def cut(data: Any) -> None:
        _keep(data, "phases", lambda row: row["id"] in PHASES)
        for part in ("events", "village_circles", "coordinator_circles"):
            _keep(data, part, lambda row: row["phase"] in PHASES)
        for part in ("village_circles", "coordinator_circles"):
            kept.update(row["newsletter"] for row in data[part])

    _change(folder / "calendar.yaml", cut)
    return kept


def _in_phase(row: Any) -> bool:
    return row.get("phase") in (*PHASES, None) or row["id"].startswith("PR-")


def _forget_what_is_gone(folder: Path) -> None:
    """Take away references to polls and decisions of the phases that were cut."""
    ids = {
        row["id"]
        for name in ("polls", "decisions", "milestones")
        for row in _yaml.load((folder / f"{name}.yaml").read_text("utf-8"))[name]
    }

    def forget(node: Any) -> None:
        if isinstance(node, dict):
            for key in list(node):
                value = node[key]
                if isinstance(value, list):
                    node[key] = [v for v in value if not _is_gone(v, ids)]
                    for inner in node[key]:
                        forget(inner)
                elif _is_gone(value, ids):
                    del node[key]
                else:
                    forget(value)

    def forget_in_all(data: Any) -> None:
        for rows in data.values():
            for row in rows:
                forget(row)

    for name in ("calendar", "polls", "decisions", "milestones"):
        _change(folder / f"{name}.yaml", forget_in_all)


def _is_gone(value: object, ids: set[str]) -> bool:
    pattern = r"(P[LCX]\d\d|D\d\d|(OP|PR|M\d)-\d\d)"
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None and value not in ids


def _keep(data: Any, part: str, wanted: Callable[[Any], bool]) -> None:
    data[part] = [row for row in data[part] if wanted(row)]


def _mark_all(node: Any, inside_command: bool = False) -> None:
    for key, value in node.items():
        if isinstance(value, dict):
            _mark_all(value, inside_command or key == "command")
        elif isinstance(value, str):
            named = inside_command and key == "name"
            node[key] = f"x{value}" if named else f"{MARK}{_renamed(value)}"


def _renamed(text: str) -> str:
    """Call the commands that a text mentions by their new names."""
    return re.sub(r"(?<![\w/])/([a-zæøå-]+)(?: (ret|link|registrer|start)\b)?", _new_name, text)


def _new_name(found: re.Match[str]) -> str:
    return "/" + " ".join(f"x{word}" for word in found.groups() if word)


def _change(path: Path, change: Callable[[Any], object]) -> None:
    data = _yaml.load(path.read_text("utf-8"))
    change(data)
    with path.open("w", encoding="utf-8") as file:
        _yaml.dump(data, file)
