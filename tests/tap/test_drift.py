"""An API that has moved on: fields that nobody declared, values that do not fit; nothing stops, nothing is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import FieldType, Resource, Stamp
from lightspeed_retail.resources.account import Employee
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.wire import Record, as_list, nested_rows
from lightspeed_sandbox.answers import is_plain
from lightspeed_sandbox.paths import Paths
from lightspeed_sandbox.serve import Sandbox
from tests.comparing import keys_in, keys_of
from tests.declared import RESOURCES
from tests.forwarding import Change, forwarding
from tests.retailer import small_sandbox
from tests.scripted import Answer, Asked
from tests.tapping import Spoken, Tap, catalog_for, choosing, selecting

NEW, NEWS, MISFIT, PERSONAL = "moodOfTheDay", "sentinel-news", "sentinel-misfit", "sentinel-personal"
ROWS = [resource for resource in RESOURCES if not is_plain(resource)]
_STRICT = (FieldType.NUMBER, FieldType.MONEY, FieldType.INTEGER, FieldType.BOOLEAN, FieldType.DATETIME)
_MOST_SHOWN = 5


def misfitting(resource: type[Resource]) -> str | None:
    """A field of a resource to spoil: one with a type, by which nothing is found, followed or told apart."""
    api = resource.api
    used = {*api.keys, api.event, *vars(api.bookmark).values()}
    used |= set(api.bookmark.candidates) if isinstance(api.bookmark, Stamp) else set()
    strict = (field.name for field in resource.fields() if field.type in _STRICT and field.name not in used)
    return next((name for name in strict if not name.endswith("ID")), None)


MISFITTING = [(resource, name) for resource in ROWS if (name := misfitting(resource)) is not None]


def drift(sandbox: Sandbox) -> Change:
    """A host whose rows all have a new field, and a value that does not fit."""
    paths = Paths(sandbox.account)

    def change(asked: Asked, usual: Answer) -> Answer:
        resource = paths.target(asked.path.partition("?")[0]).resource
        for row in as_list(usual.body.get(resource.envelope(), None if resource.api.enveloped else usual.body)):
            if isinstance(row, dict):
                spoil(resource, row)
        return usual

    return change


def spoil(resource: type[Resource], row: Record) -> None:
    """Change a row, and those that ride on it."""
    row[NEW] = NEWS
    name = misfitting(resource)
    if name is not None:
        row[name] = MISFIT
    for field in resource.riders():
        if field.nested is not None and field.nested.resource is not None:
            for inner in nested_rows(row.get(field.name), field.nested.element or ""):
                spoil(field.nested.resource, inner)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


@dataclass
class Drifted:
    """A run over an API that has moved on."""

    sandbox: Sandbox
    spoken: Spoken
    kept: bool

    @property
    def summary(self) -> str:
        """The closing line about it."""
        (line,) = [line for line in self.spoken.warnings() if "did not foresee" in line]
        return line


@pytest.fixture(scope="module", params=[True, False], ids=["kept", "not kept"])
def drifted(
    request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Drifted]:
    with forwarding(sandbox, drift(sandbox)) as host:
        settings = {"api_url": host.url, "keep_unknown_fields": request.param}
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("drift"), **settings)
        yield Drifted(sandbox, tap.run_well(catalog=choosing(catalog_for(tap))), request.param)


@pytest.mark.parametrize("resource", ROWS)
def test_every_row_arrives_all_the_same(drifted: Drifted, resource: type[Resource]) -> None:
    arrived = keys_of(resource, drifted.spoken.records(resource.api.stream))
    assert arrived == keys_in(drifted.sandbox.store, resource)
    assert arrived


@pytest.mark.parametrize("resource", ROWS)
def test_a_new_field_is_named_once_and_kept_where_that_is_wanted(drifted: Drifted, resource: type[Resource]) -> None:
    stream = resource.api.stream
    told = [line for line in drifted.spoken.warnings() if f" {stream}: " in line and f"not know: {NEW}" in line]
    assert len(told) == 1
    assert re.search(rf"\b{stream}: unknown fields {NEW}[;.]", drifted.summary)
    values = [row.get("unknown_fields", {}).get(NEW) for row in drifted.spoken.records(stream)]
    assert set(values) == {NEWS if drifted.kept else None}


@pytest.mark.parametrize(("resource", "name"), MISFITTING)
def test_a_value_that_does_not_fit_is_null_in_its_column_and_kept_as_text_beside_it(
    drifted: Drifted, resource: type[Resource], name: str
) -> None:
    records = drifted.spoken.records(resource.api.stream)
    assert {record[name] for record in records} == {None}
    kept = [(record.get("unknown_fields") or {}).get(name) for record in records]
    assert set(kept) == {MISFIT if drifted.kept else None}


@pytest.mark.parametrize(("resource", "name"), MISFITTING)
def test_values_that_do_not_fit_are_shown_a_few_times_and_counted(
    drifted: Drifted, resource: type[Resource], name: str
) -> None:
    stream = resource.api.stream
    rows = len(drifted.spoken.records(stream))
    told = [line for line in drifted.spoken.warnings() if f" {stream}: {name} holds" in line]
    assert len(told) == min(rows, _MOST_SHOWN)
    assert all(MISFIT in line for line in told)
    assert re.search(rf"\b{stream}\.{name}: {rows} values did not fit", drifted.summary)


def test_without_the_setting_there_is_no_column_for_what_is_unknown(drifted: Drifted) -> None:
    schemas = drifted.spoken.of("SCHEMA")
    assert {"unknown_fields" in message["schema"]["properties"] for message in schemas} == {drifted.kept}
    assert (NEWS in "".join(drifted.spoken.lines)) == drifted.kept
    assert NEWS not in drifted.spoken.stderr


def spoil_people(_asked: Asked, usual: Answer) -> Answer:
    """A host that gives personal data in forms that nobody expects."""
    for number, row in enumerate(as_list(usual.body.get("Customer"))):
        row["dob"] = PERSONAL
        row["CustomFieldValues"] = {"CustomFieldValue": PERSONAL}
        row["Note"] = PERSONAL
        row["Contact"] = PERSONAL if number % 2 else {"contactID": "1", "Emails": {"ContactEmail": PERSONAL}}
    for row in as_list(usual.body.get("Employee")):
        row["Contact"] = {"contactID": "1", "Phones": [PERSONAL], NEW: PERSONAL}
    return usual


def people(sandbox: Sandbox, folder: Path, **settings: Any) -> Spoken:
    with forwarding(sandbox, spoil_people) as host:
        tap = Tap.over(sandbox, folder, api_url=host.url, **settings)
        return tap.run_well(catalog=selecting("customers", "employees", everything=True))


def test_personal_values_are_counted_and_never_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    spoken = people(sandbox, tmp_path)
    assert PERSONAL not in spoken.stderr
    assert "dob holds a personal value" in spoken.stderr
    customers = sandbox.store.count(Customer)
    (summary,) = [line for line in spoken.warnings() if "did not foresee" in line]
    for name, count in {
        "dob": customers,
        "Note": customers,
        "CustomFieldValues": customers,
        "Contact": customers // 2,
        "Contact.Emails": -(-customers // 2),
    }.items():
        assert f"customers.{name}: {count} values did not fit" in summary
    assert f"employees.Contact.Phones: {sandbox.store.count(Employee)} values did not fit" in summary
    assert f"employees: unknown fields Contact.{NEW}" in summary
    assert {(row["dob"], row["Note"], *row["CustomFieldValues"]) for row in spoken.records("customers")} == {
        (None, None)
    }


@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_where_personal_data_are_protected_they_are_not_kept_beside_their_column(
    sandbox: Sandbox, tmp_path: Path, mode: str
) -> None:
    protection = {"personal_data": mode, "personal_data_key": "a key of twenty signs"}
    spoken = people(sandbox, tmp_path, keep_unknown_fields=True, **protection)
    assert len(spoken.records("customers")) == sandbox.store.count(Customer)
    assert PERSONAL not in spoken.stderr + "".join(spoken.lines)


def test_what_is_unknown_within_a_record_is_kept_where_it_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    spoken = people(sandbox, tmp_path, keep_unknown_fields=True)
    contacts = [row["Contact"] for row in spoken.records("employees")]
    assert {contact["unknown_fields"][NEW] for contact in contacts} == {PERSONAL}
    assert all(PERSONAL in contact["unknown_fields"]["Phones"] for contact in contacts)


def test_a_stamp_that_is_none_stops_neither_this_run_nor_the_next(sandbox: Sandbox, tmp_path: Path) -> None:
    (odd, *_) = sandbox.store.select(Item)

    def change(_asked: Asked, usual: Answer) -> Answer:
        for row in as_list(usual.body.get("Item")):
            if row["itemID"] == str(odd["itemID"]):
                row["timeStamp"] = MISFIT
        return usual

    with forwarding(sandbox, change) as host:
        tap = Tap.over(sandbox, tmp_path, api_url=host.url)
        first = tap.run_well(catalog=selecting("items"))
        later = tap.run_well(catalog=selecting("items"), state=first.state)
    assert keys_of(Item, first.records("items")) == keys_in(sandbox.store, Item)
    assert first.state["bookmarks"]["items"]["replication_key_value"]
    assert len(later.records("items")) < len(first.records("items")) / 2
