"""The listings for Meltano Hub: as the Hub wants them, and in step with what the plugins and meltano.yml say."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing import Resource as Document
from referencing.jsonschema import DRAFT7
from ruamel.yaml import YAML

from lightspeed_retail.resources import Resource
from tap_lightspeed_retail.schema import off_by_default
from tests.conftest import ROOT
from tools.listing import site
from tools.listing.facts import PLUGINS, Plugin, owner, repository

HUB = ROOT / "hub"
TOOL = ROOT / "tools" / "hub.py"
READ_BY_PEOPLE = ("definition", "description", "next_steps", "prereq", "settings_preamble", "usage")

of_each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=[each.name for each in PLUGINS])


def listed(plugin: Plugin) -> Any:
    """The listing of a plugin, from its file."""
    return YAML(typ="safe").load(HUB / "_data" / "meltano" / plugin.kind / plugin.name / f"{owner()}.yml")


def program(package: str) -> set[str]:
    """The commands that a package installs."""
    text = (ROOT / package / "pyproject.toml").read_text(encoding="utf-8").partition("[project.scripts]")[2]
    return set(re.findall(r"^([\w-]+) = ", text.partition("\n[")[0], flags=re.MULTILINE))


# In step.


def test_the_listings_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "--check"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_listing_that_is_stale_or_nobodys_is_noticed_and_mended(tmp_path: Path) -> None:
    for name in ("tools", "hub", "meltano.yml", "pyproject.toml", "tap-lightspeed-retail", "target-lightspeed-retail"):
        source = ROOT / name
        _ = shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name)
    stale = next((tmp_path / "hub" / "_data" / "meltano" / "extractors").rglob("*.yml"))
    stale.write_text("name: tap-lightspeed-retail\n", encoding="utf-8")
    stale.with_name("somebody.yml").write_text("name: tap-lightspeed-retail\n", encoding="utf-8")
    command = [sys.executable, str(tmp_path / "tools" / "hub.py")]
    done = subprocess.run([*command, "--check"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert stale.name in done.stderr
    assert "somebody.yml" in done.stderr
    subprocess.run(command, check=True)
    subprocess.run([*command, "--check"], check=True)
    assert not stale.with_name("somebody.yml").exists()


@of_each_plugin
def test_the_plugin_the_project_and_the_listing_name_the_same_settings(plugin: Plugin) -> None:
    about = plugin.about()["settings"]["properties"]
    ours, theirs = plugin.entry()["settings"], listed(plugin)["settings"]
    assert [each["name"] for each in theirs] == [each["name"] for each in ours] == list(about)
    assert theirs == ours
    for each in theirs:
        schema = about[each["name"]]
        assert each["kind"] in KINDS[_kind(schema)], each["name"]
        assert each.get("sensitive", False) == schema.get("secret", False), each["name"]
        assert each.get("value") == schema.get("default"), each["name"]
        assert each["label"], each["name"]
        assert each["description"], each["name"]


KINDS = {
    "options": {"options"},
    "date-time": {"date_iso8601"},
    "string": {"string"},
    "integer": {"integer"},
    "number": {"string", "decimal"},
    "boolean": {"boolean"},
    "array": {"array"},
    "object": {"object"},
}
"""What a setting's JSON Schema allows Meltano to call it."""


def _kind(schema: dict[str, Any]) -> str:
    if schema.get("enum"):
        return "options"
    if schema.get("format", "").startswith("date"):
        return "date-time"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return str(types[0])


@of_each_plugin
def test_the_plugin_the_project_and_the_listing_name_the_same_abilities(plugin: Plugin) -> None:
    found = listed(plugin)
    assert found["capabilities"] == sorted(plugin.about()["capabilities"]) == sorted(plugin.entry()["capabilities"])
    for name in ("commands", "namespace", "settings_group_validation"):
        assert found[name] == plugin.entry()[name]
    assert found.get("select") == plugin.entry().get("select")


@of_each_plugin
def test_groups_name_settings_and_commands_programs_that_come_along(plugin: Plugin) -> None:
    found = listed(plugin)
    names = {each["name"] for each in found["settings"]}
    assert {name for group in found["settings_group_validation"] for name in group} <= names
    programs = program(plugin.name) | program("lightspeed-retail")
    assert {command["executable"] for command in found["commands"].values()} <= programs


# As people read it.


@of_each_plugin
def test_the_first_line_of_every_text_tells_r_series_from_x_series(plugin: Plugin) -> None:
    found = listed(plugin)
    for field in READ_BY_PEOPLE:
        first = found[field].strip().splitlines()[0]
        assert "R-Series" in first, field
        assert "X-Series" in first, field


@of_each_plugin
def test_texts_name_settings_and_commands_that_there_are(plugin: Plugin) -> None:
    found = listed(plugin)
    texts = "\n".join(found[field] for field in READ_BY_PEOPLE)
    assert set(re.findall(rf"{plugin.name}:([a-z]+)", texts)) <= set(found["commands"])
    prefix = plugin.name.replace("-", "_").upper() + "_"
    variables = {name.lower() for name in re.findall(rf"\b{prefix}([A-Z_]+)", texts)}
    assert variables
    assert variables <= {each["name"] for each in found["settings"]}


def test_the_example_of_a_selection_takes_what_is_selected_by_default() -> None:
    """Whoever selects streams by name gets no relation that costs drips for rows of another stream."""
    patterns = re.findall(r"^    - '?([!\w.*]+)'?$", listed(PLUGINS[0])["usage"], flags=re.MULTILINE)
    streams = [each.removesuffix(".*") for each in patterns if not each.startswith("!")]
    assert len(streams) > 3
    for resource in (each for each in Resource.all() if each.api.stream in streams):
        off = {".".join(path) for path in off_by_default(resource)}
        taken = {name for name in off if not _is_left_out(resource.api.stream, name, patterns)}
        left_out = {each.name for each in resource.fields() if _is_left_out(resource.api.stream, each.name, patterns)}
        assert taken == set(), resource.api.stream
        assert left_out <= off, resource.api.stream


def _is_left_out(stream: str, name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(f"{stream}.{name}", each[1:]) for each in patterns if each.startswith("!"))


# As the Hub checks it.


@of_each_plugin
def test_a_listing_follows_the_schema_of_the_hub(plugin: Plugin) -> None:
    _validator("plugin_definitions", plugin).validate(listed(plugin))


@of_each_plugin
def test_the_api_would_answer_as_its_schema_says(plugin: Plugin) -> None:
    answer = site.answers("https://hub.example.com")[f"plugins/{plugin.kind}/{plugin.name}--{owner()}"]
    _validator("api", plugin).validate(answer)


def _validator(kind: str, plugin: Plugin) -> Draft7Validator:
    folder = _schemas()
    schema = json.loads((folder / kind / f"{plugin.kind}.schema.json").read_text(encoding="utf-8"))
    return Draft7Validator(schema, registry=_registry(folder / kind, folder / "common"))


def _schemas() -> Path:
    """The Hub's own schemas, which are no part of this repository."""
    reference = os.environ.get("LIGHTSPEED_REFERENCE")
    if not reference:
        pytest.skip("LIGHTSPEED_REFERENCE names no folder beside which the Hub's schemas lie")
    folder = (Path(reference) if Path(reference).is_absolute() else ROOT / reference).parent / "hub-schema"
    if not folder.is_dir():
        pytest.skip(f"There are no schemas of the Hub beside {reference}")
    return folder


@cache
def _registry(*folders: Path) -> Registry[Any]:
    schemas = [json.loads(path.read_text(encoding="utf-8")) for each in folders for path in each.glob("*.json")]
    return Registry().with_resources(
        (schema["$id"], Document.from_contents(schema, default_specification=DRAFT7)) for schema in schemas
    )


def test_files_stand_where_the_hub_looks_for_them() -> None:
    data = YAML(typ="safe")
    variants, maintainers = (data.load(HUB / "_data" / name) for name in ("default_variants.yml", "maintainers.yml"))
    assert variants == {each.kind: {each.name: owner()} for each in PLUGINS}
    assert set(maintainers) == {owner()}
    assert maintainers[owner()]["url"] == repository().rpartition("/")[0]
    assert owner() == owner().lower()
    for plugin in PLUGINS:
        found = listed(plugin)
        assert (found["name"], found["variant"], found["repo"]) == (plugin.name, owner(), repository())


@pytest.mark.parametrize("path", sorted(HUB.rglob("*.yml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_files_have_the_form_that_the_hub_asks_for(path: Path) -> None:
    """What yamllint would say of them: see hub/.yamllint.yaml."""
    text = path.read_text(encoding="utf-8")
    _sorted(YAML(typ="safe").load(text))
    assert not text.startswith("---")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert re.findall(r"[ \t]+$|\t|\n{4}", text, flags=re.MULTILINE) == []
    assert re.findall(r"^(?:  )* (?! )\S", text, flags=re.MULTILINE) == []


def _sorted(value: Any) -> None:
    if isinstance(value, dict):
        assert list(value) == sorted(value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _sorted(inner)


def test_yamllint_has_nothing_to_say() -> None:
    tool = shutil.which("yamllint")
    if tool is None:
        pytest.skip("there is no yamllint on the path")
    done = subprocess.run(
        [tool, "--strict", "-c", str(HUB / ".yamllint.yaml"), str(HUB)], check=False, capture_output=True
    )
    assert (done.returncode, done.stdout) == (0, b"")


@of_each_plugin
def test_the_logo_is_square_and_stands_where_the_listing_says(plugin: Plugin) -> None:
    picture = HUB / "static" / listed(plugin)["logo_url"].lstrip("/")
    head = picture.read_bytes()[:26]
    width, height, _, colours = struct.unpack(">IIBB", head[16:26])
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert width == height >= 250
    assert colours == 6, "without transparency"
    # The file is this repository's own.
    drawing = ET.parse(picture.with_suffix(".svg")).getroot()  # noqa: S314
    left, top, right, bottom = map(float, drawing.get("viewBox", "").split())
    assert (left, top) == (0, 0)
    assert right == bottom
    assert drawing.findtext("{http://www.w3.org/2000/svg}title")
