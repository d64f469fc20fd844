"""The wire form to the letter: as recorded, as text, one or many, empty or missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import FieldType, Part, Resource
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.end_to_end.recordings import own_fields, recorded_rows
from tests.sandbox.calling import RECORDS, REPORTS, Api, Row, relations


@pytest.fixture(scope="module")
def replay(recordings: Path) -> Iterator[Api]:
    """Somebody who asks a sandbox that serves the recordings."""
    with Sandbox(Config(recorded=recordings, bucket_size=1e6, drip_rate=1e4)) as sandbox:
        yield Api.of(sandbox)


def known(part: type[Part], row: Row) -> Row:
    """What the declaration knows of a recorded row, in its recorded form; rows of other resources left out."""
    found: Row = {}
    for field in own_fields(part):
        if field.name in row:
            inner = field.nested.part if field.nested is not None else None
            found[field.name] = row[field.name] if inner is None else _inside(inner, row[field.name])
    return found


def _inside(part: type[Part], value: Any) -> Any:
    """The same below a relation: wrappers stay as they are, records lose what nobody declared."""
    if isinstance(value, list):
        return [_inside(part, element) for element in value]
    if not isinstance(value, dict):
        return value
    names = {field.name for field in part.fields()}
    if names & value.keys() and not isinstance(next(iter(value.values())), dict):
        return known(part, value)
    return {name: _inside(part, inner) for name, inner in value.items()}


def test_every_recorded_row_is_answered_as_it_was_recorded(replay: Api, recordings: Path) -> None:
    wrong = {}
    rows = {pair: row for pair, row in recorded_rows(recordings).items() if pair[0].api.enveloped}
    for (resource, key), row in rows.items():
        asked = [field.name for field in resource.relations() if field.name in row and field in own_fields(resource)]
        address = resource.api.path.replace(".json", f"/{key}.json")
        answer = replay.body(address, load_relations=relations(*asked))[resource.envelope()]
        if known(resource, answer) != (expected := known(resource, row)):
            wrong[resource.__name__, key] = (known(resource, answer), expected)
    assert wrong == {}
    assert len(rows) > 80


def scalars(value: Any) -> Iterator[Any]:
    """Every value that is neither a record nor a list."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from scalars(inner)
    else:
        yield value


@pytest.mark.parametrize("resource", [*RECORDS, *REPORTS], ids=lambda resource: resource.__name__)
def test_every_value_is_a_text(api: Api, resource: type[Resource]) -> None:
    values = list(scalars(api.rows(resource, load_relations="all")))
    assert values
    assert {type(value) for value in values} == {str}


@pytest.mark.parametrize("resource", RECORDS, ids=lambda resource: resource.__name__)
def test_what_is_unset_is_an_empty_text_or_no_key_at_all(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    rows = {row[resource.api.key]: row for row in api.rows(resource)}
    for stored in sandbox.rows(resource):
        row = rows.get(str(stored[resource.api.key]), {})
        for field in resource.fields():
            if row and field.nested is None and stored.get(field.name) is None:
                assert row.get(field.name, "") == ""
                assert field.type not in (FieldType.DATETIME, FieldType.DATE) or field.name not in row


def test_slashes_are_escaped_as_the_api_does(api: Api) -> None:
    text = api.ask("/Category.json").text
    assert "\\/" in text
    assert "/" not in text.replace("\\/", "")
    assert any("/" in row["fullPathName"] for row in json.loads(text)["Category"])


def test_a_single_record_counts_itself(api: Api) -> None:
    body = api.body("/Sale/5.json")
    assert body["@attributes"] == {"count": "1"}
    assert body["Sale"]["saleID"] == "5"


def test_the_account_is_a_bare_object_and_its_single_answer_has_no_envelope(api: Api, sandbox: Sandbox) -> None:
    listed = api.body("/API/V3/Account.json")
    assert listed["@attributes"] == {"count": "1"}
    assert listed["Account"]["accountID"] == sandbox.account
    single = api.body(f"/API/V3/Account/{sandbox.account}.json")
    assert single["@attributes"] == {"systemCustomerID": sandbox.account}
    assert single["name"] == listed["Account"]["name"]


def test_one_nested_row_is_an_object_and_several_are_a_list(api: Api) -> None:
    shapes = {
        type(row["SaleLines"]["SaleLine"])
        for page in api.pages(Resource.named("Sale"), load_relations=relations("SaleLines"))
        for row in page
        if "SaleLines" in row
    }
    assert shapes == {dict, list}


def test_an_error_has_the_recorded_shape(api: Api, recordings: Path) -> None:
    recorded = json.loads((recordings / "error-404-employee.v2.json").read_text(encoding="utf-8"))
    answer = api.ask("/Employee/987654.json")
    assert answer.status_code == recorded["status"]
    assert answer.json().keys() == recorded["body"].keys()
    assert answer.json()["message"] == recorded["body"]["message"].replace("'2'", "'987654'")
