"""What is installed, locked and named; the README's and the docs' promises about it."""

import os
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MADE_BY_TOOLS = {".git", ".venv", "var", "dist", "build", "__pycache__", ".hypothesis"}
# composed, so that this file does not name them itself
REGISTRY_HOSTS = [
    ".".join(parts).encode()
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("rubygems", "org"),
    ]
]


def _files_of_the_project() -> list[Path]:
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [n for n in folders if n not in MADE_BY_TOOLS and not n.endswith("_cache")]
        found += [Path(folder, name) for name in names]
    return found


def _direct_dependencies() -> set[str]:
    requirements = [
        *PYPROJECT["project"]["dependencies"],
        *PYPROJECT["project"]["optional-dependencies"]["demo"],
        *PYPROJECT["dependency-groups"]["dev"],
    ]
    return {re.split(r"[\[<>=!~ ;]", requirement)[0] for requirement in requirements}


def test_the_lock_holds_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "http" not in lock.replace("aiohttp", "")  # the one package with such a name
    assert "://" not in lock
    assert "index-url" not in lock
    assert len(re.findall(r"^\S+==.*\\$", lock, re.M)) == len(re.findall(r"^\S+==", lock, re.M))


def test_every_direct_dependency_is_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.M))
    assert {re.sub(r"[._]", "-", name.lower()) for name in _direct_dependencies()} <= locked


def test_every_direct_dependency_says_why_it_is_here_and_no_other_does() -> None:
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| ([\w.-]+) \| \w.*\|$", text, re.M)
    assert sorted(set(documented) - {"Package"}) == sorted(_direct_dependencies())


@pytest.mark.parametrize("package", ["bot", "cogs"])
def test_no_other_distribution_provides_our_packages(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {"blup-companion"}


def test_no_file_names_a_package_registry() -> None:
    naming = [
        (path.relative_to(ROOT).as_posix(), host.decode())
        for path in _files_of_the_project()
        for host in REGISTRY_HOSTS
        if host in path.read_bytes()
    ]
    assert naming == []


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
