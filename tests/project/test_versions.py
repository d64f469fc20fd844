"""Versions come from tags; a release is prepared in one step and checked before it is published."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.conftest import ROOT
from tests.project.packaging import PACKAGES, RELEASE, SHARED, fallback, git, hatchling, project, tagged, tree

NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on the path")


@NEEDS_GIT
def test_the_version_is_that_of_the_tag_and_that_of_the_next_one_after_it(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    tagged(folder, "v3.4.5", "unrelated")
    assert {hatchling(folder / package, "version") for package in PACKAGES} == {"3.4.5"}
    git(folder, "commit", "-q", "--allow-empty", "-m", "More")
    later = Version(hatchling(folder / SHARED, "version"))
    assert (later.base_version, later.dev) == ("3.4.6", 1)


@NEEDS_GIT
def test_an_archive_of_a_tag_is_of_its_version(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    folder = tree(tmp_path / "tree")
    tagged(folder, "v3.4.5")
    git(folder, "archive", "--output", str(tmp_path / "archive.tar"), "HEAD")
    with tarfile.open(tmp_path / "archive.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert hatchling(tmp_path / "unpacked" / SHARED, "version") == "3.4.5"


@NEEDS_GIT
def test_a_tree_without_tags_comes_after_the_last_release(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    tagged(folder)
    found = Version(hatchling(folder / SHARED, "version"))
    assert found.is_devrelease
    assert Version(RELEASE) < found
    assert Requirement(f"{SHARED}~={RELEASE}").specifier.contains(found, prereleases=True)


def test_a_tree_without_git_is_of_the_last_release(tmp_path: Path) -> None:
    assert hatchling(tree(tmp_path) / SHARED, "version") == RELEASE


def test_all_packages_have_one_version_and_take_each_other_in_it() -> None:
    assert {fallback(package) for package in PACKAGES} == {RELEASE}
    pins = {
        each
        for package in PACKAGES
        for each in project(ROOT / package)["project"]["dependencies"]
        if Requirement(each).name in PACKAGES
    }
    assert pins == {f"{SHARED}~={RELEASE}"}


def prepared(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool for releases in a tree."""
    (folder / "tools").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tools" / "release.py", folder / "tools")
    command = [sys.executable, str(folder / "tools" / "release.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_release_is_prepared_wherever_its_version_stands(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    unreleased = (folder / "CHANGELOG.md").read_text(encoding="utf-8").partition("## [Unreleased]\n")[2].strip()
    assert prepared(folder, "--check", "v7.8.9").returncode == 1
    said = prepared(folder, "7.8.9").stdout
    assert "git tag -a v7.8.9" in said
    assert prepared(folder, "--check", "v7.8.9").returncode == 0
    assert prepared(folder, "--notes", "v7.8.9").stdout.strip() == unreleased.partition("\n## [")[0].strip()
    assert hatchling(folder / "tap-lightspeed-retail", "version") == "7.8.9"
    text = (folder / "tap-lightspeed-retail" / "pyproject.toml").read_text(encoding="utf-8")
    pins = re.findall(r'"lightspeed-retail~=([^"]+)"', text)
    assert pins == ["7.8.9"]


def test_a_release_is_prepared_once_and_only_if_something_has_changed(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    assert prepared(folder, "7.8.9").returncode == 0
    again = prepared(folder, "7.8.9")
    assert (again.returncode, again.stderr) == (
        1,
        "CHANGELOG.md lacks the section [Unreleased], or has 7.8.9 already.\n",
    )
    assert "nothing" in prepared(folder, "7.9.0").stderr
    assert prepared(folder, "next").returncode == 2


def test_files_of_another_version_are_not_published(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    assert prepared(folder, "7.8.9").returncode == 0
    stems = [f"{package.replace('-', '_')}-7.8.9" for package in PACKAGES]
    files = [f"dist/{stem}{ending}" for stem in stems for ending in (".tar.gz", "-py3-none-any.whl")]
    assert prepared(folder, "--check", "v7.8.9", *files).returncode == 0
    late = prepared(folder, "--check", "v7.8.9", *files[1:], files[0].replace("7.8.9", "7.8.10.dev1"))
    assert late.returncode == 1
    assert "lightspeed_retail-7.8.10.dev1.tar.gz, lightspeed_retail-7.8.9.tar.gz" in late.stderr


def test_a_pin_that_was_forgotten_is_noticed(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    assert prepared(folder, "7.8.9").returncode == 0
    path = folder / "tap-lightspeed-retail" / "pyproject.toml"
    path.write_text(path.read_text().replace("lightspeed-retail~=7.8.9", "lightspeed-retail~=7.7.0"))
    done = prepared(folder, "--check", "v7.8.9")
    assert done.stderr == "tap-lightspeed-retail: fallback version and pin are 7.8.9 and 7.7.0, not 7.8.9.\n"
