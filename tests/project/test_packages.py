"""What is published: packages that hold what they should, and say of themselves what they should."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.project.packaging import PACKAGES, RELEASE, Release, hatchling, imported_as, project, stem


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_the_code_its_types_and_its_licence(release: Release, package: str) -> None:
    name, info = imported_as(package), f"{stem(package)}.dist-info"
    with release.wheel(package) as wheel:
        names = set(wheel.namelist())
    marks = {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    assert f"{name}/py.typed" in names
    assert names == marks | _code(release, package)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_source_archive_holds_what_it_takes_to_build_and_nothing_else(release: Release, package: str) -> None:
    with release.archive(package) as archive:
        names = {each.name for each in archive.getmembers() if each.isfile()}
    marks = {".gitignore", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert names == {f"{stem(package)}/{name}" for name in marks | _code(release, package)}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_source_archive_makes_the_same_wheel(release: Release, package: str, tmp_path: Path) -> None:
    with release.archive(package) as archive:
        archive.extractall(tmp_path, filter="data")
    hatchling(tmp_path / stem(package), "build", "-t", "wheel", "-d", str(tmp_path))
    again = tmp_path / f"{stem(package)}-py3-none-any.whl"
    assert again.read_bytes() == (release.dist / again.name).read_bytes()


def _code(release: Release, package: str) -> set[str]:
    folder = release.tree / package
    return {
        path.relative_to(folder).as_posix() for path in (folder / imported_as(package)).rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_metadata_are_complete(release: Release, package: str) -> None:
    said = release.metadata(package)
    repository = project(ROOT)["project"]["urls"]["Repository"]
    urls = dict(each.split(", ", 1) for each in said.get_all("Project-URL", []))
    assert set(urls) == {"Changelog", "Documentation", "Homepage", "Issues", "Repository"}
    assert all(url.startswith(repository) for url in urls.values())
    assert (said["Name"], said["Version"]) == (package, RELEASE)
    assert (said["License-Expression"], said["License-File"]) == ("Apache-2.0", "LICENSE")
    assert said["Description-Content-Type"] == "text/markdown"
    assert "R-Series" in said["Summary"]
    assert "lightspeed" in said["Keywords"]
    assert "Typing :: Typed" in said.get_all("Classifier", [])


@pytest.mark.parametrize("package", PACKAGES)
def test_the_pythons_of_a_package_are_those_that_the_workflow_tests(release: Release, package: str) -> None:
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    matrix = re.search(r"python: (\[.+\])", workflow)
    assert matrix is not None
    said = release.metadata(package)
    python = "Programming Language :: Python :: 3."
    named = [each.rpartition(" ")[2] for each in said.get_all("Classifier", []) if each.startswith(python)]
    assert named == json.loads(matrix[1])
    assert said["Requires-Python"] == f">={named[0]}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_whatever_it_imports(package: str) -> None:
    """What another one brings by chance may be gone with its next version."""
    said = project(ROOT / package)["project"]
    optional = [each for group in said.get("optional-dependencies", {}).values() for each in group]
    named = {package, *(_canonical(Requirement(each).name) for each in (*said["dependencies"], *optional))}
    providers = {
        name: set(map(_canonical, found)) for name, found in importlib.metadata.packages_distributions().items()
    }
    imported = _imported(ROOT / package / imported_as(package))
    missing = {name: providers[name] for name in imported & set(providers) if not providers[name] & named}
    assert missing == {}


def _imported(folder: Path) -> set[str]:
    """The names of libraries that modules import, wherever in them."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("package", PACKAGES)
def test_links_in_a_readme_work_on_the_index_too(package: str) -> None:
    """Pages of the index know nothing of the folders beside a package."""
    text = (ROOT / package / "README.md").read_text(encoding="utf-8")
    repository = project(ROOT)["project"]["urls"]["Repository"]
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith(("#", "http"))]
    ours = re.findall(rf"\]\({re.escape(repository)}/(?:blob|tree)/main/([^)#\s]+)", text)
    assert links == []
    assert [path for path in ours if not (ROOT / path).exists()] == []


def test_one_place_names_the_repository() -> None:
    """Whoever moves it finds all that follows."""
    repository = project(ROOT)["project"]["urls"]["Repository"]
    owner, name = repository.split("/")[-2:]
    for path in (*ROOT.glob("*/README.md"), *ROOT.glob("*/pyproject.toml"), *(ROOT / "hub").rglob("*.yml")):
        named = re.findall(rf"https://github\.com/([\w.-]+)/{name}\b", path.read_text(encoding="utf-8"))
        assert set(named) <= {owner}, path
