"""The packages as a release makes them, and what it takes to install them where there is no network."""

from __future__ import annotations

import email
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/pyproject.toml"))
SHARED = "lightspeed-retail"
"""The package that the others build on."""

_IN_NO_TREE = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*_cache", "dist")


def project(folder: Path) -> dict[str, Any]:
    """What a `pyproject.toml` says."""
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    return found


def fallback(package: str) -> str:
    """The version of a tree that git says nothing about: the last release."""
    version: str = project(ROOT / package)["tool"]["hatch"]["version"]["fallback-version"]
    return version


RELEASE = fallback(SHARED)
"""What a tree that git says nothing about is: the last release, or the one about to be."""


def tree(folder: Path) -> Path:
    """A copy of the packages, without what is not in git, and without git."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_IN_NO_TREE)
    for name in ("pyproject.toml", "CHANGELOG.md", ".gitignore", ".gitattributes", ".git_archival.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular; what it says."""
    somebody = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "init.defaultBranch=main"]
    command = ["git", *somebody, "-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def hatchling(folder: Path, *arguments: str) -> str:
    """Run the build tool in a package, with the plugins of this environment; the last line that it prints."""
    command = [sys.executable, "-W", "ignore", "-m", "hatchling", *arguments]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().rpartition("\n")[2]


def built(folder: Path, packages: Iterable[str] = PACKAGES) -> Path:
    """The wheels and source archives of the packages in a tree."""
    dist = folder / "dist"
    for package in packages:
        hatchling(folder / package, "build", "-d", str(dist))
    return dist


def wheelhouse(folder: Path, wanted: Iterable[str]) -> Path:
    """What this environment has installed of some requirements and of what they need, packed into wheels again."""
    folder.mkdir()
    for distribution in _closure(wanted):
        _pack(distribution, folder)
    return folder


def needs(packages: Iterable[str]) -> list[str]:
    """What packages of this repository need, without each other."""
    found = [each for package in packages for each in project(ROOT / package)["project"]["dependencies"]]
    return [each for each in found if Requirement(each).name not in PACKAGES]


def _closure(wanted: Iterable[str]) -> Iterator[Distribution]:
    waiting = [Requirement(each) for each in wanted]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        if name not in {each for each, _ in seen}:
            yield importlib.metadata.distribution(name)
        seen.add((name, extras))
        waiting += _required(importlib.metadata.distribution(name), extras)


def _required(distribution: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in distribution.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _pack(distribution: Distribution, folder: Path) -> None:
    """A wheel is the installed files in an archive; its name says where it runs."""
    tags = re.findall(r"^Tag: (.+)$", distribution.read_text("WHEEL") or "", flags=re.MULTILINE)
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    pythons, interfaces, platforms = (".".join(sorted(set(each))) for each in parts)
    name = re.sub(r"[-.]+", "_", str(distribution.name))
    path = folder / f"{name}-{distribution.version}-{pythons}-{interfaces}-{platforms}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in distribution.files or ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and "__pycache__" not in file.parts and source.is_file():
                wheel.write(source, str(file))


@cache
def environment() -> dict[str, str]:
    """Variables for installing from nowhere but the folders that are named, with pip as with uv."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    nowhere = {"PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", "UV_OFFLINE": "1", "PIP_NO_COMPILE": "1"}
    return {**kept, **nowhere, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


@dataclass(frozen=True)
class Release:
    """The packages of a tree that was tagged.

    Args:
        tree: The tree.
        dist: What was built from it.
    """

    tree: Path
    dist: Path

    def wheel(self, package: str) -> zipfile.ZipFile:
        """The wheel of a package."""
        return zipfile.ZipFile(self.dist / f"{stem(package)}-py3-none-any.whl")

    def archive(self, package: str) -> tarfile.TarFile:
        """The source archive of a package."""
        return tarfile.open(self.dist / f"{stem(package)}.tar.gz")

    def metadata(self, package: str) -> Message:
        """What the wheel says of itself."""
        with self.wheel(package) as wheel:
            return email.message_from_bytes(wheel.read(f"{stem(package)}.dist-info/METADATA"))


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The packages, built as a tag would have them."""
    folder = tree(tmp_path_factory.mktemp("release"))
    if shutil.which("git"):
        tagged(folder, f"v{RELEASE}")
    return Release(folder, built(folder))


def tagged(folder: Path, *tags: str) -> None:
    """Put a tree under git, as it is, with these tags."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "All of it")
    for tag in tags:
        git(folder, "tag", tag)


def stem(package: str) -> str:
    """How the files of a package in this release begin."""
    return f"{package.replace('-', '_')}-{RELEASE}"


def imported_as(package: str) -> str:
    """The name by which a package is imported."""
    return package.replace("-", "_")


@pytest.fixture(scope="session")
def wheels(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Variables with which pip and uv find the packages and what they need, and nothing else."""
    others = wheelhouse(tmp_path_factory.mktemp("wheels") / "others", needs(PACKAGES))
    found = {"PIP_FIND_LINKS": f"{release.dist.as_uri()} {others.as_uri()}"}
    return {**environment(), **found, "UV_FIND_LINKS": f"{release.dist},{others}"}
