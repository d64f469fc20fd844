"""The generated files of the dbt project follow the declarations, and the commands in meltano.yml work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.sales import Sale
from tests.conftest import ROOT
from tests.end_to_end.project import Project, passing_warehouse
from tests.retailer import small_sandbox, small_store
from tests.transform.warehouse import PROJECT, connected
from tools.staging.writing import EXTENSIONS


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the generator reads and writes, in another place."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(PROJECT, tmp_path / "transform", ignore=shutil.ignore_patterns("target", "logs"))
    return tmp_path


def generate(root: Path, *arguments: str, first: str = "") -> subprocess.CompletedProcess[str]:
    """Run the generator; something may be imported first."""
    code = f"{first}; import sys, runpy; sys.argv = ['dbt_sources.py', *sys.argv[1:]]; sys.path.insert(0, 'tools')"
    command = [sys.executable, "-c", f"{code}; runpy.run_path('tools/dbt_sources.py', run_name='__main__')", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_the_files_are_as_they_would_be_written() -> None:
    done = generate(ROOT, "--check", first="pass")
    assert (done.returncode, done.stderr) == (0, "")


def test_every_stream_is_a_source() -> None:
    (source,) = YAML(typ="safe").load(PROJECT / "models" / "sources.yml")["sources"]
    described = {table["name"]: table["description"] for table in source["tables"]}
    assert described == {resource.api.stream: resource.summary() for resource in Resource.all()}


def test_what_is_stale_missing_or_left_over_is_noticed_and_mended(copy: Path) -> None:
    staging = copy / "transform" / "models" / "staging"
    (staging / "sales" / "stg_sales.sql").write_text("stale", encoding="utf-8")
    (staging / "items" / "stg_items.sql").unlink()
    (staging / "items" / "stg_gone.sql").write_text("left over", encoding="utf-8")
    found = generate(copy, "--check", first="pass")
    names = "stg_gone.sql, stg_items.sql, stg_sales.sql"
    assert (found.returncode, found.stderr) == (1, f"Not up to date: {names}. Run python tools/dbt_sources.py.\n")
    assert generate(copy, first="pass").returncode == 0
    assert generate(copy, "--check", first="pass").returncode == 0


def test_a_new_declaration_is_a_new_model_with_its_lists(copy: Path) -> None:
    (copy / "gadgets.py").write_text(_GADGET, encoding="utf-8")
    done = generate(copy, first="import sys; sys.path.insert(0, '.'); import gadgets")
    assert (done.returncode, done.stderr) == (0, "")
    models = copy / "transform" / "models" / "staging" / "gadgets"
    assert sorted(path.name for path in models.iterdir()) == [
        "_gadgets.yml",
        "stg_gadget_screws.sql",
        "stg_gadgets.sql",
    ]
    assert "'itemID': 'key'" in (models / "stg_gadgets.sql").read_text(encoding="utf-8")
    assert "'Case.colour': 'string'" in (models / "stg_gadgets.sql").read_text(encoding="utf-8")
    said = (models / "_gadgets.yml").read_text(encoding="utf-8")
    assert "`itemID`: key of a row in stg_items; null for none." in said
    assert "What holds it together. A row for each element of `Screws` in stg_gadgets." in said


_GADGET = '''
"""Things that no version knows."""
from lightspeed_retail.resources import Endpoint, Part, Resource
from lightspeed_retail.resources.declaration import part, parts

class Screw(Part):
    """What holds it together."""
    size: int

class Case(Part):
    """What it comes in."""
    colour: str

class Gadget(Resource):
    """A thing."""
    api = Endpoint(stream="gadgets", path="/Gadget.json", key="gadgetID", docs="there")
    gadgetID: int
    itemID: int
    Case = part(Case)
    Screws = parts("Screw", Screw)
'''


def test_what_is_added_by_hand_belongs_to_a_stream() -> None:
    """A macro that no model calls, because a stream has another name now, would go unnoticed."""
    added = set(re.findall(r"{% macro extended_(\w+)\(", EXTENSIONS.read_text(encoding="utf-8")))
    assert added
    assert added <= {resource.api.stream for resource in Resource.all()}


def test_it_says_what_the_connection_lacks(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("dbt")), "--log-path", str(tmp_path), "debug", "--connection"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Env var required but not provided: 'TARGET_POSTGRES_HOST'" in done.stdout


@pytest.mark.skipif(not os.environ.get("LIGHTSPEED_RETAIL_FULL"), reason="builds all models: LIGHTSPEED_RETAIL_FULL=1")
def test_one_command_of_meltano_loads_and_builds(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    shutil.copytree(PROJECT, project.folder / "transform", ignore=shutil.ignore_patterns("target", "logs"))
    with small_sandbox(small_store(days=6, sales_per_day=5)) as sandbox, passing_warehouse(project.warehouse) as server:
        project.variables = {**sandbox.environment(), **server.variables}
        command = ["meltano", "run", "tap-lightspeed-retail", "target-postgres", "dbt-postgres:build"]
        project.run_well(command)
        with connected(server) as connection:
            found = connection.execute("select count(*) as sales from lightspeed_marts.fct_sales").fetchone()
        assert found is not None
        assert found["sales"] == len(sandbox.rows(Sale))
