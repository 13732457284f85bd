"""Whatever stands in a content file, its fault is named with file and line, and nothing falls over."""

import shutil
from pathlib import Path

import pytest

from bot.content.check import check
from bot.content.load import load
from bot.content.source import ContentError
from tests.content.folder import Folder
from tests.support.short_programme import short_programme


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short_programme(tmp_path_factory.mktemp("sound") / "content")


def faults_of(folder: Path) -> list[str]:
    try:
        return [str(fault) for fault in check(load(folder)).faults]
    except ContentError as error:
        return [str(fault) for fault in error.faults]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("programme.yaml", None, "", "programme.yaml:1: (file): must hold keys"),
        ("calendar.yaml", None, "- 1\n", "calendar.yaml:1: (file): must hold keys"),
        ("polls.yaml", None, "polls: 5\n", "polls.yaml:1: polls: must be a list"),
        ("polls.yaml", "\npolls:\n", "\nfoo: 1\npolls:\n", "foo: is not a known key"),
        ("programme.yaml", "\ncircle_defaults:\n", "\ncircle_defaults:\nx:\n", "circle_defaults"),
        ("programme.yaml", "\n  posts:\n", "\n  mails:\n", "blackouts: posts is missing"),
        ("programme.yaml", "'{start}-{end_short}'", '"{strt}"', "there is no {strt} to fill in here"),
        ("programme.yaml", "'{start}-{end_short}'", '"hold"', "needs {start}"),
        ("programme.yaml", "'{start}-{end_short}'", '"{start"', "is no pattern"),
    ],
)
def test_a_fault_in_the_form_is_named(
    sound: Path, tmp_path: Path, file: str, old: str | None, new: str, said: str
) -> None:
    folder = Folder(Path(shutil.copytree(sound, tmp_path / "content")))
    text = (folder.path / file).read_text("utf-8")
    if old is None:
        (folder.path / file).write_text(new, "utf-8")
    else:
        assert old in text, text[:1500]
        (folder.path / file).write_text(text.replace(old, new, 1), "utf-8")
    found = faults_of(folder.path)
    assert any(said in fault for fault in found), found
    assert all(fault.startswith(tuple("abcdefghijklmnopqrstuvwxyz")) and ":" in fault for fault in found)


def test_the_sound_one_has_no_fault(sound: Path) -> None:
    assert faults_of(sound) == []
