"""The catalog: what is checked in is what the tap prints; `--update-catalog` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Days, FieldType, Resource, Stamp, Tail
from tap_lightspeed_retail.plan import Circumstances, Phase, make_plan
from tests.declared import RESOURCES, rides
from tests.tapping import discovered

FOLDER = Path(__file__).with_name("catalog")
KEY_TYPES = {
    FieldType.INTEGER: {"type": "integer"},
    FieldType.STRING: {"type": "string"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
}


def entry_of(stream: str) -> dict[str, Any]:
    found = [entry for entry in discovered()["streams"] if entry["tap_stream_id"] == stream]
    assert len(found) == 1
    entry = dict(found[0])
    # Their order means nothing; sorted, a new property is one change.
    entry["metadata"] = sorted(entry["metadata"], key=lambda mark: mark["breadcrumb"])
    return entry


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_catalog_of_a_stream_changes_only_on_purpose(resource: type[Resource], pytestconfig: pytest.Config) -> None:
    path = FOLDER / f"{resource.api.stream}.json"
    entry = json.dumps(entry_of(resource.api.stream), indent=1, sort_keys=True) + "\n"
    if pytestconfig.getoption("--update-catalog"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(entry, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == entry


def test_there_is_no_catalog_of_a_stream_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {resource.api.stream for resource in RESOURCES}


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_account_is_the_first_part_of_every_key(resource: type[Resource]) -> None:
    entry = entry_of(resource.api.stream)
    assert entry["key_properties"] == list(dict.fromkeys(["accountID", *resource.api.keys]))
    assert entry["schema"]["properties"]["accountID"] == {"type": "integer"}
    for name in resource.api.keys:
        assert entry["schema"]["properties"][name] == KEY_TYPES[resource.field(name).type], name


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_stream_is_incremental_where_its_rows_carry_a_stamp_or_are_only_added(resource: type[Resource]) -> None:
    bookmark = resource.api.bookmark
    stamped = bookmark.field if isinstance(bookmark, Stamp) else None
    added = resource.api.key if isinstance(bookmark, Tail) else None
    assert entry_of(resource.api.stream).get("replication_key") == (stamped or added)


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_stream_is_selected_by_default_where_its_declaration_says_so(resource: type[Resource]) -> None:
    (root,) = [mark["metadata"] for mark in entry_of(resource.api.stream)["metadata"] if not mark["breadcrumb"]]
    assert root.get("selected", root["selected-by-default"]) == resource.api.selected


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_type_is_plain_and_allows_null_except_in_keys(resource: type[Resource]) -> None:
    entry = entry_of(resource.api.stream)
    for name, schema in entry["schema"]["properties"].items():
        if name not in entry["key_properties"]:
            assert schema["type"][-1] == "null", name
    assert "anyOf" not in json.dumps(entry["schema"])


def test_secrets_are_no_properties() -> None:
    catalog = json.dumps(discovered())
    assert "CCGateway" not in catalog
    assert "accessPin" not in catalog


def test_every_stream_has_one_way_to_come_by_its_rows() -> None:
    selected = {resource: lambda _path: True for resource in RESOURCES}
    plan = make_plan(Circumstances(selected, lambda _each, _root, _pass: frozenset({Phase.LOADING})))
    walked = {stream for readings in plan.values() for reading in readings for stream in reading.fed}
    others = {resource.api.stream for resource in RESOURCES if _is_read_in_another_way(resource)}
    assert walked | others == {resource.api.stream for resource in RESOURCES}
    assert walked & others == set()


def _is_read_in_another_way(resource: type[Resource]) -> bool:
    """In a single answer, day by day, or parent by parent where no relation brings its rows."""
    parent_by_parent = resource.api.parent is not None and not rides(resource)
    return not resource.api.enveloped or isinstance(resource.api.bookmark, Days) or parent_by_parent
