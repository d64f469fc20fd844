"""Lists that nobody has declared yet: read by what the setting `custom_streams` says of them, nothing in them lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import FieldType, Resource, Stamp
from lightspeed_retail.resources.purchasing import Vendor
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.serve import Sandbox
from tap_lightspeed_retail.plan import is_walked
from tests.comparing import keys_in
from tests.declared import RESOURCES
from tests.retailer import small_sandbox
from tests.tapping import Key, Message, Spoken, Tap, Warehouse, catalog_for, choosing, is_refused_in_a_line, selecting

LISTS = [resource for resource in RESOURCES if is_walked(resource) and not resource.api.passes]
STAMPED = [resource for resource in LISTS if isinstance(resource.api.bookmark, Stamp)]
LOOKBACK = timedelta(seconds=300)


def name_of(resource: type[Resource]) -> str:
    return f"custom_{resource.api.stream}"


def described(resource: type[Resource]) -> dict[str, Any]:
    """A declared list as a user would describe it who runs a version without it."""
    api = resource.api
    found: dict[str, Any] = {"name": name_of(resource), "path": api.path, "key": api.key, "archived": api.archived}
    if resource.field(api.key).type is FieldType.STRING:
        found["key_type"] = "string"
    if api.envelope:
        found["envelope"] = api.envelope
    if isinstance(api.bookmark, Stamp):
        found["replication_key"] = api.bookmark.field
    return found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


@dataclass
class Runs:
    """All lists as custom streams, before and after a day of trade, and the declared streams besides."""

    sandbox: Sandbox
    declared: Spoken
    first: Spoken
    second: Spoken
    before: dict[type[Resource], set[Key]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with small_sandbox() as running:
        tap = Tap.over(running, tmp_path_factory.mktemp("custom"), custom_streams=[described(each) for each in LISTS])
        declared = tap.run_well(catalog=selecting(*(each.api.stream for each in LISTS)))
        catalog = choosing(catalog_for(tap), *map(name_of, LISTS))
        first = tap.run_well(catalog=catalog)
        before = {each: keys_in(running.store, each) for each in LISTS}
        running.advance(1)
        second = tap.run_well(catalog=catalog, state=first.state)
        yield Runs(running, declared, first, second, before)


def keys(records: list[Message], resource: type[Resource]) -> set[Key]:
    return {(record[resource.api.key],) for record in records}


@pytest.mark.parametrize("resource", LISTS)
def test_a_list_that_is_described_brings_every_row(runs: Runs, resource: type[Resource]) -> None:
    records = runs.first.records(name_of(resource))
    assert keys(records, resource) == runs.before[resource]
    assert len(records) == len(runs.before[resource])
    schema = next(message for message in runs.first.of("SCHEMA") if message["stream"] == name_of(resource))
    assert schema["key_properties"] == ["accountID", resource.api.key]


@pytest.mark.parametrize("resource", LISTS)
def test_fields_that_nobody_described_are_kept_as_they_came(runs: Runs, resource: type[Resource]) -> None:
    known = {resource.api.key, described(resource).get("replication_key")}
    texts = [field.name for field in resource.fields() if field.type is FieldType.STRING and field.name not in known]
    kept = {row[resource.api.key]: row["unknown_fields"] or {} for row in runs.first.records(name_of(resource))}
    for record in runs.declared.records(resource.api.stream):
        row = kept[record[resource.api.key]]
        assert {name: row.get(name) or None for name in texts} == {name: record[name] for name in texts}


@pytest.mark.parametrize("resource", STAMPED)
def test_a_replication_key_makes_later_runs_bring_what_changed(runs: Runs, resource: type[Resource]) -> None:
    assert isinstance(resource.api.bookmark, Stamp)
    name, field = name_of(resource), resource.api.bookmark.field
    entry = runs.first.state["bookmarks"][name]
    assert entry["replication_key"] == field
    since = stamp(instant(entry["replication_key_value"]) - LOOKBACK)
    later = runs.second.records(name)
    assert [record[field] for record in later if record[field] < since] == []
    rows = list(Warehouse().load(runs.first, runs.second).rows[name].values())
    assert keys_in(runs.sandbox.store, resource) - keys(rows, resource) == set()


def test_without_a_replication_key_a_list_is_read_whole_each_time(runs: Runs) -> None:
    for resource in set(LISTS) - set(STAMPED):
        wanted = keys_in(runs.sandbox.store, resource)
        assert keys(runs.second.records(name_of(resource)), resource) == wanted


VENDORS = {"name": "more_vendors", "path": "/Vendor", "key": "vendorID"}


def run(sandbox: Sandbox, folder: Path, description: dict[str, Any], **settings: Any) -> Spoken:
    """A run over one custom stream alone."""
    tap = Tap.over(sandbox, folder, custom_streams=[description], **settings)
    catalog = choosing(catalog_for(tap), description["name"])
    sandbox.forget_requests()
    return tap.run_well(catalog=catalog)


def test_relations_are_asked_for_and_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    spoken = run(sandbox, tmp_path, VENDORS | {"relations": ["Contact", "Reps"], "archived": True})
    (asked,) = [entry for entry in sandbox.requests if entry["path"].endswith(Vendor.api.path)]
    assert asked["query"]["load_relations"] == '["Contact","Reps"]'
    there = {row["vendorID"]: row["Contact"]["contactID"] for row in sandbox.store.select(Vendor)}
    kept = {row["vendorID"]: row["unknown_fields"]["Contact"] for row in spoken.records("more_vendors")}
    assert {key: int(contact["contactID"]) for key, contact in kept.items()} == there
    assert any("Reps" in row["unknown_fields"] for row in spoken.records("more_vendors"))


def test_fields_that_are_described_have_their_types(sandbox: Sandbox, tmp_path: Path) -> None:
    fields = {"name": "string", "archived": "boolean", "timeStamp": "datetime", "currencyCode": "string"}
    spoken = run(sandbox, tmp_path, VENDORS | {"fields": fields})
    (schema,) = spoken.of("SCHEMA")
    properties = schema["schema"]["properties"]
    assert properties["archived"] == {"type": ["boolean", "null"]}
    assert properties["timeStamp"] == {"type": ["string", "null"], "format": "date-time"}
    there = {row["vendorID"]: (row["name"], row["archived"], row["timeStamp"]) for row in sandbox.store.select(Vendor)}
    records = spoken.records("more_vendors")
    assert records
    for row in records:
        assert (row["name"], row["archived"], row["timeStamp"]) == there[row["vendorID"]]
        assert not fields.keys() & row["unknown_fields"].keys()


def test_fields_that_nobody_knows_may_be_personal_so_they_are_not_kept_where_those_are_protected(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    spoken = run(sandbox, tmp_path, VENDORS | {"fields": {"name": "string"}}, personal_data="drop")
    records = spoken.records("more_vendors")
    assert len(records) > 1
    assert {name for record in records for name in record} == {"accountID", "vendorID", "name"}


def test_names_in_snake_case_hold_for_what_is_described(sandbox: Sandbox, tmp_path: Path) -> None:
    description = VENDORS | {"fields": {"currencyCode": "string"}, "replication_key": "timeStamp"}
    spoken = run(sandbox, tmp_path, description, field_names="snake_case")
    (schema,) = spoken.of("SCHEMA")
    assert schema["key_properties"] == ["account_id", "vendor_id"]
    assert list(schema["schema"]["properties"]) == [
        "account_id", "vendor_id", "time_stamp", "currency_code", "unknown_fields",
    ]  # fmt: skip
    assert spoken.state["bookmarks"]["more_vendors"]["replication_key"] == "timeStamp"


def test_a_path_that_does_not_exist_is_named_and_the_rest_is_read(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, custom_streams=[{"name": "nothing", "path": "/Nothing", "key": "nothingID"}])
    spoken = tap.run(catalog=choosing(catalog_for(tap), "nothing", "vendors"))
    is_refused_in_a_line(spoken, "nothing")
    assert spoken.streams == {"vendors"}


@pytest.mark.parametrize(
    ("descriptions", "words"),
    [
        ([VENDORS | {"name": "vendors"}], ("custom_streams: there is a stream vendors already",)),
        ([VENDORS, VENDORS], ("custom_streams: there is a stream more_vendors already",)),
        ([{"name": "more_vendors", "path": "/Vendor"}], ("custom_streams.0 lacks key.",)),
        ([VENDORS | {"path": "Vendor"}], ("custom_streams.0.path",)),
        ([VENDORS | {"name": "More Vendors"}], ("custom_streams.0.name",)),
        ([VENDORS | {"replicationkey": "timeStamp"}], ("custom_streams.0 has no replicationkey; it has name, path",)),
        ([VENDORS | {"key_type": "number"}], ("custom_streams.0.key_type must be one of integer, string",)),
        ([VENDORS | {"fields": {"name": "text"}}], ("custom_streams.0.fields.name must be one of",)),
        ([VENDORS | {"relations": "Contact"}], ("custom_streams.0.relations must be of type array",)),
        (VENDORS, ("custom_streams must be of type array",)),
    ],
    ids=str,
)
def test_a_wrong_description_is_refused_in_a_line(
    sandbox: Sandbox, tmp_path: Path, descriptions: Any, words: tuple[str, ...]
) -> None:
    spoken = Tap.over(sandbox, tmp_path, custom_streams=descriptions).run()
    is_refused_in_a_line(spoken, *words)
    assert spoken.lines == []
