"""The form in which records leave: names of fields, and personal data that are hashed or left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import FieldType, Nested, Part, Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.sales import ShipTo
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tap_lightspeed_retail.naming import snake_case
from tests.declared import RESOURCES, carried
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, catalog_for, choosing, is_refused_in_a_line, key_of

MARK = "sentinel-"
HASH = re.compile(r"[0-9a-f]{64}")
FORMS: dict[str, dict[str, str]] = {
    "api": {},
    "snake": {"field_names": "snake_case"},
    "hash": {"personal_data": "hash", "personal_data_key": "a key of twenty signs"},
    "drop": {"personal_data": "drop"},
}
Path_ = tuple[str, ...]


@dataclass
class Load:
    """A first load with everything selected, in some form."""

    catalog: Message
    spoken: Spoken

    def schema(self, stream: str) -> Message:
        """The schema message of a stream."""
        return next(message for message in self.spoken.of("SCHEMA") if message["stream"] == stream)

    @property
    def text(self) -> str:
        """All of standard output."""
        return "\n".join(self.spoken.lines)


@pytest.fixture(scope="module")
def people() -> set[str]:
    """Everybody's full name, as the generator made it."""
    store = small_store()
    rows = [row for resource in RESOURCES for row in store.select(resource) if row.get("lastName")]
    return {f"{row['firstName']} {row['lastName']}" for row in rows}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A retailer in which every personal text begins with a mark, and some goods go to those who bought them."""
    store = small_store()
    send_to_the_buyers(store)
    for resource in RESOURCES:
        if not resource.api.dimensions:
            store.put(resource, [marked(resource, row) for row in store.select(resource)])
    with small_sandbox(store) as running:
        yield running


def send_to_the_buyers(store: Store) -> None:
    """Deliveries get the email addresses of their customers, in another spelling."""
    for row in store.select(ShipTo):
        customer = store.get(Customer, row["customerID"])
        if customer is not None and customer["Contact"]:
            emails = [email | {"address": email["address"].swapcase()} for email in customer["Contact"]["Emails"]]
            store.put(ShipTo, [row | {"Contact": row["Contact"] | {"Emails": emails}}])


def marked(part: type[Part], record: dict[str, Any], *, private: bool = False) -> dict[str, Any]:
    """A record with a mark before each of its personal texts."""
    found = dict(record)
    for field in part.fields():
        value, nested = record.get(field.name), field.nested
        if not value:
            continue
        if nested is None and field.type is FieldType.STRING and (private or field.personal):
            found[field.name] = MARK + value
        if nested is not None and nested.part is not None and nested.resource is None:
            inner, personal = nested.part, private or nested.personal
            rows = [marked(inner, row, private=personal) for row in (value if nested.many else [value])]
            found[field.name] = rows if nested.many else rows[0]
    return found


@pytest.fixture(scope="module")
def loads(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Load]:
    """The same account in every form."""
    found = {}
    for name, settings in FORMS.items():
        tap = Tap.over(sandbox, tmp_path_factory.mktemp(name), **settings)
        catalog = catalog_for(tap)
        found[name] = Load(catalog, tap.run_well(catalog=choosing(catalog, everything=True)))
    return found


def renamed(value: Any, schema: dict[str, Any]) -> Any:
    """A record with its fields in snake case; keys that no schema names are data and stay."""
    if isinstance(value, dict) and "properties" in schema:
        return {snake_case(name): renamed(inner, schema["properties"][name]) for name, inner in value.items()}
    return [renamed(inner, schema["items"]) for inner in value] if isinstance(value, list) else value


def renamed_schema(schema: dict[str, Any]) -> dict[str, Any]:
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {snake_case(name): renamed_schema(one) for name, one in schema["properties"].items()}
    if "required" in schema:
        found["required"] = [snake_case(name) for name in schema["required"]]
    if "items" in schema:
        found["items"] = renamed_schema(schema["items"])
    return found


@pytest.mark.parametrize("resource", RESOURCES)
def test_in_snake_case_records_hold_the_same_values(loads: dict[str, Load], resource: type[Resource]) -> None:
    stream = resource.api.stream
    schema = loads["api"].schema(stream)["schema"]
    records = loads["api"].spoken.records(stream)
    assert records
    assert [renamed(record, schema) for record in records] == loads["snake"].spoken.records(stream)


@pytest.mark.parametrize("resource", RESOURCES)
def test_in_snake_case_schema_and_keys_say_the_same(loads: dict[str, Load], resource: type[Resource]) -> None:
    api, snake = (loads[name].schema(resource.api.stream) for name in ("api", "snake"))
    assert snake["schema"] == renamed_schema(api["schema"])
    assert snake["key_properties"] == [snake_case(name) for name in api["key_properties"]]
    bookmarks = [each.get("bookmark_properties", []) for each in (snake, api)]
    assert bookmarks[0] == list(map(snake_case, bookmarks[1]))


@pytest.mark.parametrize("resource", RESOURCES)
def test_in_snake_case_the_catalog_names_every_property_alike(loads: dict[str, Load], resource: type[Resource]) -> None:
    api, snake = (entry_of(loads[name].catalog, resource) for name in ("api", "snake"))
    marks = {tuple(map(snake_case, mark["breadcrumb"])): _settled(mark["metadata"]) for mark in api["metadata"]}
    assert {tuple(mark["breadcrumb"]): _settled(mark["metadata"]) for mark in snake["metadata"]} == marks
    assert snake["schema"] == renamed_schema(api["schema"])
    assert snake.get("replication_key") == (api.get("replication_key") and snake_case(api["replication_key"]))


def entry_of(catalog: Message, resource: type[Resource]) -> Message:
    found: Message = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == resource.api.stream)
    return found


def _settled(metadata: Message) -> Message:
    """Metadata with all names of fields in snake case."""
    lists = {name: list(map(snake_case, value)) for name, value in metadata.items() if isinstance(value, list)}
    bookmark = metadata.get("replication-key")
    return {**metadata, **lists, **({"replication-key": snake_case(bookmark)} if bookmark else {})}


def test_state_keeps_the_names_of_the_api(loads: dict[str, Load]) -> None:
    assert without_moments(loads["snake"].spoken.state) == without_moments(loads["api"].spoken.state)


def without_moments(state: Any) -> Any:
    """A state without its moments, which differ from run to run."""
    if isinstance(state, dict):
        return {name: without_moments(value) for name, value in state.items()}
    return "a moment" if isinstance(state, str) and re.match(r"\d{4}-\d\d-\d\dT", state) else state


def test_a_run_in_snake_case_goes_on_from_a_state_of_the_other_form(
    loads: dict[str, Load], sandbox: Sandbox, tmp_path: Path
) -> None:
    tap = Tap.over(sandbox, tmp_path, **FORMS["snake"])
    catalog = choosing(loads["snake"].catalog, "sales", "items", everything=True)
    spoken = tap.run_well(catalog=catalog, state=loads["api"].spoken.state)
    assert "selected later" not in spoken.stderr
    assert len(spoken.records("sales")) < len(loads["api"].spoken.records("sales")) / 4
    assert len(spoken.records("items")) < len(loads["api"].spoken.records("items")) / 4


def test_in_snake_case_only_what_is_selected_is_paid_for(
    loads: dict[str, Load], sandbox: Sandbox, tmp_path: Path
) -> None:
    asked, states = {}, {}
    for form, off in (("api", ("customers", "Contact")), ("snake", ("customers", "contact"))):
        tap = Tap.over(sandbox, tmp_path, **FORMS[form], max_connections=1)
        sandbox.forget_requests()
        catalog = choosing(loads[form].catalog, "customers", everything=True, off=[off])
        states[form] = tap.run_well(catalog=catalog).state
        asked[form] = [(entry["path"], entry["query"], entry["cost"]) for entry in sandbox.requests]
    assert asked["snake"] == asked["api"]
    assert "Contact" not in json.dumps(asked["snake"])
    assert states["snake"]["bookmarks"]["customers"]["without"] == ["Contact"]


@pytest.mark.parametrize("form", ["hash", "drop"])
def test_no_personal_text_leaves(loads: dict[str, Load], people: set[str], sandbox: Sandbox, form: str) -> None:
    texts = set(personal_texts(sandbox.store))
    assert len(texts) > 500
    assert [text for text in texts if json.dumps(text, ensure_ascii=False) not in loads["api"].text] == []
    assert MARK not in loads[form].text
    assert MARK not in loads[form].spoken.stderr
    assert [name for name in people if name in loads[form].text] == []


def personal_texts(store: Store) -> Iterator[str]:
    """Every marked text that the account holds."""
    for resource in RESOURCES:
        for row in store.select(resource) if not resource.api.dimensions else ():
            yield from _marked_leaves(row)


def _marked_leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _marked_leaves(inner)
    elif isinstance(value, str) and value.startswith(MARK):
        yield value


def personal(
    part: type[Part], within: Nested | None = None, path: Path_ = (), *, private: bool = False
) -> Iterator[tuple[Path_, FieldType]]:
    """The paths of personal fields within a record."""
    for field in carried(part, within):
        here = (*path, field.name)
        if field.personal or (private and field.type is FieldType.STRING):
            yield here, field.type
        if field.nested is not None and field.nested.part is not None:
            inner = private or field.nested.personal
            yield from personal(field.nested.part, field.nested, here, private=inner)


def paths(schema: dict[str, Any], path: Path_ = ()) -> Iterator[Path_]:
    """The paths of all properties of a schema."""
    for name, inner in schema.get("properties", {}).items():
        yield (*path, name)
        yield from paths(inner.get("items", inner), (*path, name))


def values(record: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every value of a record with its path."""
    if isinstance(record, dict):
        for name, inner in record.items():
            yield (*path, name), inner
            yield from values(inner, (*path, name))
    for inner in record if isinstance(record, list) else ():
        yield from values(inner, path)


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_cannot_be_hashed_or_is_to_be_dropped_is_in_no_schema(
    loads: dict[str, Load], resource: type[Resource]
) -> None:
    found = {name: set(paths(load.schema(resource.api.stream)["schema"])) for name, load in loads.items()}
    hidden = dict(personal(resource))
    assert found["drop"] == found["api"] - hidden.keys()
    assert found["hash"] == found["api"] - {path for path, kind in hidden.items() if kind is not FieldType.STRING}


@pytest.mark.parametrize("resource", RESOURCES)
def test_only_personal_values_differ(loads: dict[str, Load], resource: type[Resource]) -> None:
    stream = resource.api.stream
    hidden = dict(personal(resource))
    there = loads["api"].spoken.records(stream)
    for form in ("hash", "drop"):
        records = loads[form].spoken.records(stream)
        assert len(records) == len(there)
        for before, after in zip(there, records, strict=True):
            kept = [(path, value) for path, value in values(before) if path not in hidden]
            left = [(path, value) for path, value in values(after) if path not in hidden]
            assert [each for each in left if _is_scalar(each[1])] == [each for each in kept if _is_scalar(each[1])]


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


@pytest.mark.parametrize("resource", RESOURCES)
def test_dropped_properties_are_not_in_records_and_hashes_are_hashes(
    loads: dict[str, Load], resource: type[Resource]
) -> None:
    hidden = dict(personal(resource))
    dropped = [path for row in loads["drop"].spoken.records(resource.api.stream) for path, _ in values(row)]
    assert [path for path in dropped if path in hidden] == []
    hashed = [pair for row in loads["hash"].spoken.records(resource.api.stream) for pair in values(row)]
    assert [pair for pair in hashed if pair[0] in hidden and pair[1] is not None and not HASH.fullmatch(pair[1])] == []


@pytest.mark.parametrize("form", ["hash", "drop"])
@pytest.mark.parametrize("resource", RESOURCES)
def test_keys_are_never_touched(loads: dict[str, Load], resource: type[Resource], form: str) -> None:
    stream = resource.api.stream
    assert loads[form].schema(stream)["key_properties"] == loads["api"].schema(stream)["key_properties"]
    keys = [key_of(resource, row) for row in loads["api"].spoken.records(stream)]
    assert [key_of(resource, row) for row in loads[form].spoken.records(stream)] == keys


def test_hashed_addresses_join_as_the_addresses_do(loads: dict[str, Load]) -> None:
    joined = joins(loads["api"].spoken)
    assert joined
    assert joins(loads["hash"].spoken) == joined


def joins(spoken: Spoken) -> set[tuple[int, int]]:
    """The pairs of a delivery and a customer that share an email address."""
    customers = [(row["customerID"], emails(row)) for row in spoken.records(Customer.api.stream)]
    deliveries = [(row["shipToID"], emails(row)) for row in spoken.records(ShipTo.api.stream)]
    return {(to, customer) for to, one in deliveries for customer, other in customers if one & other}


def emails(row: Message) -> set[str]:
    return {email["address"].casefold() if email["address"] else "" for email in row["Contact"]["Emails"]} - {""}


@pytest.mark.parametrize("key", [None, "too short"])
def test_hashing_without_a_good_key_is_refused_in_a_line(sandbox: Sandbox, tmp_path: Path, key: str | None) -> None:
    spoken = Tap.over(sandbox, tmp_path, personal_data="hash", personal_data_key=key).run()
    is_refused_in_a_line(spoken, "personal_data_key")
    assert spoken.lines == []
    assert "too short" not in spoken.stderr
