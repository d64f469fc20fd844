"""A first load with everything selected: complete, unique, typed, and nothing but Singer messages on stdout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import jsonschema
import pytest

from lightspeed_retail.resources import Part, Resource
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES, carried
from tests.retailer import by_key, plain, small_sandbox, table
from tests.tapping import Spoken, Tap, selecting


@dataclass
class Load:
    """A first load and where it came from."""

    sandbox: Sandbox
    spoken: Spoken


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    folder = tmp_path_factory.mktemp("load")
    with small_sandbox() as sandbox:
        yield Load(sandbox, Tap.over(sandbox, folder).run_well(catalog=selecting(everything=True)))


def formats() -> jsonschema.FormatChecker:
    """Formats in the one spelling that this project writes."""
    checker = jsonschema.FormatChecker(formats=())

    checker.checks("date-time")(_is_moment)
    checker.checks("date", raises=ValueError)(_is_day)
    return checker


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", value))


def _is_day(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that allows no other properties, at any depth."""
    found = {name: strict(inner) if isinstance(inner, dict) else inner for name, inner in schema.items()}
    if isinstance(schema.get("properties"), dict):
        found["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        found["additionalProperties"] = False
    return found


def test_stdout_holds_only_singer_messages(load: Load) -> None:
    assert {message["type"] for message in load.spoken.messages} == {"SCHEMA", "RECORD", "STATE"}


def test_a_schema_comes_before_the_records_of_its_stream(load: Load) -> None:
    known: set[str] = set()
    for message in load.spoken.messages:
        if message["type"] == "SCHEMA":
            known.add(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] in known
    assert known == {resource.api.stream for resource in RESOURCES}


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_row_of_the_account_arrives_with_every_value(load: Load, resource: type[Resource]) -> None:
    arrived = by_key(resource, load.spoken.records(resource.api.stream))
    there = table(load.sandbox, resource)
    assert there
    assert arrived.keys() == there.keys()
    for key, row in there.items():
        assert arrived[key] == row, key


@pytest.mark.parametrize("resource", RESOURCES)
def test_primary_keys_are_unique_over_the_whole_run(load: Load, resource: type[Resource]) -> None:
    schema = next(each for each in load.spoken.of("SCHEMA") if each["stream"] == resource.api.stream)
    keys = Counter(
        tuple(record[name] for name in schema["key_properties"]) for record in load.spoken.records(resource.api.stream)
    )
    assert [key for key, count in keys.items() if count > 1] == []
    assert all(None not in key for key in keys)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_value_has_its_declared_type(load: Load, resource: type[Resource]) -> None:
    schema = next(each["schema"] for each in load.spoken.of("SCHEMA") if each["stream"] == resource.api.stream)
    validator = jsonschema.Draft202012Validator(strict(schema), format_checker=formats())
    records = load.spoken.records(resource.api.stream)
    problems = [error.message for record in records for error in validator.iter_errors(record)]
    assert problems[:5] == []


@pytest.fixture(scope="module")
def seen(load: Load) -> set[tuple[type[Part], str]]:
    """Every declaration's fields that hold something somewhere; copies of other streams' rows are not looked into."""
    found: set[tuple[type[Part], str]] = set()
    for resource in RESOURCES:
        for record in load.spoken.records(resource.api.stream):
            found.update(_seen(resource, record))
    return found


def _seen(part: type[Part], record: dict[str, Any]) -> Iterator[tuple[type[Part], str]]:
    for field in carried(part):
        value = record.get(field.name)
        if value is None or value == []:
            continue
        yield part, field.name
        if field.nested is not None and field.nested.part is not None and field.nested.resource is None:
            for inner in value if isinstance(value, list) else [value]:
                yield from _seen(field.nested.part, inner)


def _declarations(part: type[Part]) -> Iterator[type[Part]]:
    yield part
    for field in carried(part):
        if field.nested is not None and field.nested.part is not None and field.nested.resource is None:
            yield from _declarations(field.nested.part)


@pytest.mark.parametrize("part", list(dict.fromkeys(part for each in RESOURCES for part in _declarations(each))))
def test_every_declared_field_is_seen_at_least_once(seen: set[tuple[type[Part], str]], part: type[Part]) -> None:
    assert [field.name for field in carried(part) if (part, field.name) not in seen] == []


def test_lists_are_never_null(load: Load) -> None:
    schemas = {each["stream"]: each["schema"]["properties"] for each in load.spoken.of("SCHEMA")}
    for message in load.spoken.of("RECORD"):
        for name, value in message["record"].items():
            assert value is not None or "array" not in schemas[message["stream"]][name]["type"], name


def test_a_birthday_is_the_day_on_which_the_customer_was_born(load: Load) -> None:
    wire = {
        row["customerID"]: row["dob"] for row in load.sandbox.store.select(Resource.named("Customer")) if row["dob"]
    }
    found = {record["customerID"]: record["dob"] for record in load.spoken.records("customers") if record["dob"]}
    assert found.keys() == wire.keys()
    days = {key: datetime.fromisoformat(moment) for key, moment in wire.items()}
    # The shops stand west of Greenwich: their midnight is some hours later on the same day in UTC.
    assert {key: day.date().isoformat() for key, day in days.items()} == found


def test_archived_rows_arrive(load: Load) -> None:
    archiving = [resource.api.stream for resource in RESOURCES if resource.api.archived]
    with_archived = {
        message["stream"] for message in load.spoken.of("RECORD") if message["record"].get("archived") is True
    }
    assert with_archived
    assert {"customers", "items", "sale_payments", "sales"} <= with_archived <= set(archiving)


def test_nested_copies_are_the_rows_of_their_own_stream(load: Load) -> None:
    lines = {record["saleLineID"]: record for record in load.spoken.records("sale_lines")}
    for sale in load.spoken.records("sales"):
        for line in sale["SaleLines"]:
            own = lines[line["saleLineID"]]
            assert plain(line) == plain({name: own[name] for name in line})


def test_the_state_holds_only_texts_and_whole_numbers(load: Load) -> None:
    assert {type(leaf) for leaf in _leaves(load.spoken.state)} <= {str, int}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def test_every_record_names_its_account(load: Load) -> None:
    assert {message["record"]["accountID"] for message in load.spoken.of("RECORD")} == {int(load.sandbox.account)}


def test_nothing_was_refused_and_nothing_warned_of(load: Load) -> None:
    assert {entry["status"] for entry in load.sandbox.requests} == {200}
    assert [line for line in load.spoken.warnings() if "clocks differ" not in line] == []
