"""Nothing that is shipped makes code of data: no pickles, no evaluation, no YAML that builds objects, no shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SHIPPED = sorted(path.parent for path in ROOT.glob("*/pyproject.toml"))

CALLED = {"eval", "exec", "compile", "__import__", "execfile"}
"""Built-in functions that run what they are given."""

MODULES = {
    "pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "marshal",
    "shelve",
    "joblib",
    "yaml",
    "jsonpickle",
    "simpleeval",
    "runpy",
    "imp",
    "xml",
    "ctypes",
}
"""Modules that load objects or code, or that read what can harm them; not one of them is needed."""

ATTRIBUTES = {
    ("os", "system"),
    ("os", "popen"),
    ("subprocess", "getoutput"),
    ("subprocess", "getstatusoutput"),
    ("importlib", "import_module"),
    ("tempfile", "mktemp"),
    ("msgspec", "yaml"),
}
"""What runs or names what it is given."""


def findings(source: Path) -> Iterator[str]:
    """Where a module calls or imports what it must not."""
    place = source.relative_to(ROOT)
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        line = f"{place}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (f"{line} {each.name}" for each in node.names if each.name.partition(".")[0] in MODULES)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield f"{line} {node.module}"
        if isinstance(node, ast.Call):
            yield from _called(node, line)


def _called(node: ast.Call, line: str) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in CALLED:
        yield f"{line} {called.id}"
    owner = called.value if isinstance(called, ast.Attribute) else None
    if isinstance(called, ast.Attribute) and isinstance(owner, ast.Name) and (owner.id, called.attr) in ATTRIBUTES:
        yield f"{line} {owner.id}.{called.attr}"
    if any(each.arg == "shell" for each in node.keywords):
        yield f"{line} shell"


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_no_code_is_made_of_data(folder: Path) -> None:
    sources = list(folder.rglob("*.py"))
    assert len(sources) > 10
    assert [each for source in sources for each in findings(source)] == []


def test_all_four_packages_are_looked_at_and_a_slip_would_be_found(tmp_path: Path) -> None:
    assert len(SHIPPED) == 4
    slip = ROOT / "tests" / "project" / Path(__file__).name
    assert list(findings(slip)) == []
    tree = "import pickle, os\nfrom yaml import load\neval('1')\nos.system('x')\nrun('x', shell=True)\n"
    kinds = [each for node in ast.walk(ast.parse(tree)) if isinstance(node, ast.Call) for each in _called(node, "x:1")]
    assert kinds == ["x:1 eval", "x:1 os.system", "x:1 shell"]
