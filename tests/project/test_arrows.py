"""Who may import whom: the arrows of the house, read off the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = {
    "lightspeed_retail": ROOT / "lightspeed-retail" / "lightspeed_retail",
    "tap_lightspeed_retail": ROOT / "tap-lightspeed-retail" / "tap_lightspeed_retail",
    "target_lightspeed_retail": ROOT / "target-lightspeed-retail" / "target_lightspeed_retail",
    "lightspeed_sandbox": ROOT / "lightspeed-sandbox" / "lightspeed_sandbox",
}
RUN_BY_THE_PROJECT = {"warming.py": {"meltano"}}
"""Modules that the project's own Python runs, and what of it they need."""

FORBIDDEN = {
    "lightspeed_retail": {*PACKAGES, "singer_sdk"} - {"lightspeed_retail"},
    **{name: set(PACKAGES) - {name, "lightspeed_retail"} for name in PACKAGES if name != "lightspeed_retail"},
}


def imported(source: Path) -> Iterator[str]:
    """The top-level names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    sources = list(PACKAGES[package].rglob("*.py"))
    assert sources
    wrong = {
        str(source.relative_to(ROOT)): found
        for source in sources
        if (found := FORBIDDEN[package].intersection(imported(source)))
    }
    assert wrong == {}


def test_what_airflow_runs_needs_nothing_of_the_project() -> None:
    """It stands in an environment of its own, in which only SQLAlchemy and psycopg are found as well."""
    folder = ROOT / "orchestrate"
    allowed = {"lightspeed_nightly", "sqlalchemy", "psycopg", *sys.stdlib_module_names}
    found = {
        str(source.relative_to(folder)): more
        for source in (folder / "lightspeed_nightly").rglob("*.py")
        if (more := set(imported(source)) - allowed - RUN_BY_THE_PROJECT.get(source.name, set()))
    }
    assert found == {}
    assert "airflow" in set(imported(folder / "dags" / "lightspeed_retail_dag.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_and_its_files_stay_short(package: str) -> None:
    folder = PACKAGES[package]
    assert (folder / "py.typed").exists()
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
