"""The docs keep up with the code: paths, commands, records, roles and every line of the seed text."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML

from bot.cli import app
from bot.content.load import content_folder, load
from bot.domain.access import Role

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCS]
SEED_LINES = 64
SEED_SHA256 = "22a3929a1db7c895a1e7dc370c008778445ee1061d34e30226390b6bae0e186f"
STEP = r"later \((?:polls and decisions|letters and meetings|after that)\): [^;]+"
STATUS = re.compile(rf"works(?: (?:as|for) [^;]+)?(?:; {STEP})*|{STEP}(?:; {STEP})*")
TOP_LEVEL = ("bot/", "cogs/", "content/", "docs/", "tests/", ".ci/")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _in_backticks(text: str) -> list[str]:
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.findall(r"`([^`\n]+)`", without_blocks)


def _rows(name: str) -> list[list[str]]:
    lines = [line for line in _text(ROOT / "docs" / name).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _cli_commands() -> set[str]:
    """Return every command of the CLI: "run", "db upgrade" …"""
    return set(_commands_of(app, ""))


def _commands_of(group: typer.Typer, before: str) -> Iterator[str]:
    for command in group.registered_commands:
        yield f"{before}{command.name}"
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        callback = inner.typer_instance.registered_callback
        if callback is not None and callback.invoke_without_command is True:
            yield f"{before}{inner.name}"
        yield from _commands_of(inner.typer_instance, f"{before}{inner.name} ")


def _slash_commands() -> set[str]:
    """Return every slash command of the content: "/næste", "/dato flyt" …"""
    texts = YAML(typ="safe").load(ROOT / "content/texts/da/commands.yaml")["command"]
    return set(_slash(texts, "/"))


def _slash(group: dict[str, dict[str, object]], before: str) -> Iterator[str]:
    for entry in group.values():
        name = f"{before}{entry['name']}"
        inner = {
            key: value
            for key, value in entry.items()
            if key not in ("options", "choices") and isinstance(value, dict)
        }
        if inner:
            yield from _slash(inner, f"{name} ")
        else:
            yield name


def test_the_trace_has_a_row_for_every_line_of_the_seed_in_order() -> None:
    rows = [row for row in _rows("traceability.md") if re.fullmatch(r"S\d\d", row[0])]
    assert [row[0] for row in rows] == [f"S{n:02}" for n in range(1, SEED_LINES + 1)]
    quoted = "\n".join(row[1] for row in rows)
    assert hashlib.sha256(quoted.encode()).hexdigest() == SEED_SHA256, "a line of the seed was changed"


def test_every_line_of_the_trace_has_a_place_a_use_and_a_status() -> None:
    rows = [row for row in _rows("traceability.md") if re.fullmatch(r"S\d\d", row[0])]
    assert [row[0] for row in rows if len(row) != 5 or not all(row)] == []
    assert [(row[0], row[4]) for row in rows if not STATUS.fullmatch(row[4])] == []


def test_the_trace_names_only_ids_that_the_content_has() -> None:
    programme = load(content_folder()).programme
    known = {
        *programme.meetings, *programme.polls, *programme.decisions, *programme.newsletters,
        *programme.milestones, *programme.reminders, *(phase.id for phase in programme.phases),
    }  # fmt: skip
    text = _text(ROOT / "docs/traceability.md")
    named = set(re.findall(r"\b(?:EV-[A-Z0-9-]+|NL-[VC]\d\d|P[LCX]\d\d|D\d\d|[VC]C\d\d)\b", text))
    assert named - known == set()
    assert len(named) > 40


@pytest.mark.parametrize("name", NAMES)
def test_every_path_the_docs_name_exists(name: str) -> None:
    named = [word.split("#")[0] for word in _in_backticks(_text(ROOT / name)) if word.startswith(TOP_LEVEL)]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_the_docs_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", _text(ROOT / name))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not ((ROOT / name).parent / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_line_the_docs_show_exists(name: str) -> None:
    known = _cli_commands()
    shown = re.findall(r"(?:^|`|[\\/])blup +([a-z]+(?: [a-z]+)?)", _text(ROOT / name), flags=re.M)
    assert [words for words in shown if words not in known and words.split(" ")[0] not in known] == []


def test_every_command_of_the_command_line_is_in_the_docs() -> None:
    everything = "\n".join(_text(path) for path in DOCS)
    assert [command for command in sorted(_cli_commands()) if f"blup {command}" not in everything] == []


def test_every_slash_command_is_described_and_no_other() -> None:
    described = {row[0].strip("`") for row in _rows("commands.md") if row[0].startswith("`/")}
    assert described == _slash_commands()


@pytest.mark.parametrize("name", [*NAMES, "content/programme.yaml"])
def test_every_slash_command_the_docs_mention_exists(name: str) -> None:
    known = _slash_commands()
    groups = {command.split(" ")[0] for command in known}
    mentioned = [word for word in _in_backticks(_text(ROOT / name)) if word.startswith("/")]
    assert [word for word in mentioned if word not in known | groups] == []


def test_every_decision_about_the_house_is_listed_and_has_its_three_parts() -> None:
    records = sorted(path for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    listed = re.findall(r"\]\(([^)]+)\)", _text(ROOT / "docs/adr/README.md"))
    assert listed == [path.name for path in records]
    assert [path.name[:4] for path in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    parts = ["Context", "Decision", "Consequence"]
    assert [path.name for path in records if re.findall(r"^## (\w+)", _text(path), re.M) != parts] == []


def test_every_record_that_the_code_refers_to_exists() -> None:
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]
    named = {number for path in sources for number in re.findall(r"docs/adr/(\d{4})", _text(path))}
    assert named <= {path.name[:4] for path in (ROOT / "docs/adr").glob("[0-9]*.md")}
    assert named


def test_the_glossary_has_every_role() -> None:
    assert [role for role in Role if f"role `{role}`" not in _text(ROOT / "docs/glossary.md")] == []


@pytest.mark.parametrize(
    ("file", "under"),
    [
        ("programme.yaml", ()),
        ("programme.yaml", ("rules",)),
        ("tone.yaml", ()),
        ("calendar.yaml", ("phases", 0)),
        ("calendar.yaml", ("events", 0)),
        ("calendar.yaml", ("village_circles", 0)),
        ("polls.yaml", ("polls", 0)),
        ("decisions.yaml", ("decisions", 0)),
        ("milestones.yaml", ("milestones", 0)),
        ("global_goals.yaml", ("global_goals", 0)),
    ],
)
def test_every_key_of_the_content_is_explained(file: str, under: tuple[str | int, ...]) -> None:
    node = YAML(typ="safe").load(ROOT / "content" / file)
    for step in under:
        node = node[step]
    explained = _text(ROOT / "docs/content.md")
    assert [key for key in node if f"`{key}`" not in explained] == []


def test_every_table_is_named_in_the_privacy_page() -> None:
    from bot.storage.models import Base

    page = _text(ROOT / "docs/privacy.md")
    assert [table for table in sorted(Base.metadata.tables) if f"`{table}`" not in page] == []


def test_the_pictures_of_the_readme_are_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", _text(ROOT / "README.md"))
    assert pictures
    assert [name for name in pictures if (ROOT / name).stat().st_size > 300_000] == []
