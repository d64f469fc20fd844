"""The catalog: what is checked in is what the tap prints; `--update-catalog` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource, Stamp
from tap_lightspeed_retail.plan import make_plan
from tests.declared import RESOURCES
from tests.tapping import discovered

FOLDER = Path(__file__).with_name("catalog")


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
    assert entry["key_properties"] == list(dict.fromkeys(["accountID", resource.api.key]))
    assert [entry["schema"]["properties"][key] for key in entry["key_properties"]] == [{"type": "integer"}] * len(
        entry["key_properties"]
    )


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_stream_is_incremental_where_its_rows_carry_a_stamp(resource: type[Resource]) -> None:
    bookmark = resource.api.bookmark
    entry = entry_of(resource.api.stream)
    assert entry.get("replication_key") == (bookmark.field if isinstance(bookmark, Stamp) else None)


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


def test_every_stream_has_a_walk_that_feeds_it() -> None:
    plan = make_plan({resource: lambda path: True for resource in RESOURCES})
    fed = [stream for readings in plan.readings.values() for reading in readings for stream in reading.fed]
    assert sorted(fed) == sorted(resource.api.stream for resource in RESOURCES)
