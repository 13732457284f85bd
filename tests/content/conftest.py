"""Fixtures: a small content folder to break, and the real programme as it stands."""

import shutil
from pathlib import Path

import pytest

from bot.content.load import Content, content_folder, load
from tests.content.folder import OTHER, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A copy of the small programme in tests/support."""
    return Folder(Path(shutil.copytree(OTHER, tmp_path / "content")))


@pytest.fixture(scope="session")
def blup() -> Content:
    """The real programme."""
    return load(content_folder())
