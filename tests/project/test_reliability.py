"""Every promise of docs/reliability.md and SECURITY.md that names a test names one that exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "reliability.md"
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE.read_text(encoding="utf-8"))


def promises() -> list[str]:
    """The rows of tables that end with what shows them."""
    tables = PAGE.read_text(encoding="utf-8").split("| Promise | Shown by |\n| --- | --- |\n")[1:]
    return [row for table in tables for row in table.partition("\n\n")[0].splitlines()]


def test_every_promise_names_a_test() -> None:
    assert len(promises()) > 10
    assert [row for row in promises() if "`tests/" not in row] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_shows_a_promise_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert name in found if name else any(each.startswith("test_") for each in found)
