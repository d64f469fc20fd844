"""The schema of what a stream accepts: what the tap emits fits it, and it refuses what the target refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from lightspeed_retail.resources import Resource
from target_lightspeed_retail.jobs import Reader
from target_lightspeed_retail.options import by_stream
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.schema_cli import accepted, main
from target_lightspeed_retail.schemas import modes, schema_of
from tests.conftest import ROOT
from tests.retailer import small_sandbox
from tests.tapping import Spoken, Tap, selecting

WRITTEN = list(accepted())


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """All that the tap emits of a small retailer, every property selected."""
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("tap"))
        return tap.run_well(catalog=selecting(*WRITTEN, everything=True))


def fits(stream: str, record: dict[str, Any]) -> list[str]:
    """What a schema has against a record."""
    validator = jsonschema.Draft202012Validator(schema_of(by_stream()[stream]))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(record)]


def is_taken(stream: str, record: dict[str, Any]) -> bool:
    try:
        Reader(by_stream()[stream], [], 1)(record)
    except RejectedError:
        return False
    return True


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda each: float(each) if isinstance(each, Decimal) else str(each)))


@pytest.mark.parametrize("stream", WRITTEN)
def test_what_the_tap_emits_fits(read: Spoken, stream: str) -> None:
    records = read.records(stream)
    problems = [problem for record in records[:200] for problem in fits(stream, plain(record))]
    assert problems == []
    assert all(is_taken(stream, record) for record in records[:200])


def test_the_tap_emitted_something_of_most_streams(read: Spoken) -> None:
    assert len(read.streams) > len(WRITTEN) * 0.8


@pytest.mark.parametrize("stream", WRITTEN)
def test_a_schema_is_a_schema_and_names_what_can_be_written(stream: str) -> None:
    resource = by_stream()[stream]
    schema = schema_of(resource)
    jsonschema.Draft202012Validator.check_schema(schema)
    own = [field for field in resource.writable() if field.nested is None or field.nested.resource is None]
    assert {field.name for field in own} <= set(schema["properties"])
    assert {resource.api.key, "accountID", "_sdc_deleted_at"} <= set(schema["properties"])
    assert schema["x-match-keys"][1:] == [list(match.fields) for match in resource.api.match]
    assert list(modes(resource)) == schema["x-modes"]
    assert not (read_only(schema["properties"]) & {field.name for field in resource.writable()})


def read_only(properties: dict[str, Any]) -> set[str]:
    return {name for name, schema in properties.items() if schema.get("readOnly")}


def values() -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Records, and whether they are accepted."""
    yield "items", {"description": "x", "defaultCost": "1.50", "tax": "true", "modelYear": "2024", "itemID": "12"}, True
    yield "items", {"defaultCost": "a"}, False
    yield "items", {"defaultCost": 1.5, "categoryID": "Tools", "Category": {"name": "Tools"}}, True
    yield "items", {"modelYear": 1.5}, False
    yield "items", {"modelYear": "1.5"}, False
    yield "items", {"tax": "yes"}, False
    yield "items", {"Prices": [{"amount": 3, "useType": "Default"}]}, True
    yield "items", {"Prices": {"ItemPrice": {"amount": "3"}}}, True
    yield "items", {"Prices": '[{"amount": "3"}]'}, True
    yield "items", {"Prices": ["3"]}, False
    yield "items", {"Prices": [{"amount": "three"}]}, False
    yield "items", {"Tags": ["a", "b"], "Images": [{"url": "https://example.com/a.png"}]}, True
    yield "items", {"createTime": "yesterday"}, False
    yield "items", {"somethingElse": object, "Note": None, "Manufacturer": ""}, True
    yield (
        "customers",
        {"Contact": {"noEmail": False, "Emails": [{"address": "a@example.com"}]}, "dob": "1990-06-15"},
        True,
    )
    yield "customers", {"Contact": '{"custom": "EXT-17"}', "Contact.Emails": 1}, True
    yield "customers", {"Contact": {"noEmail": "maybe"}}, False
    yield "customers", {"dob": "June"}, False
    yield "sales", {"Customer": {"Contact": {"Emails": [{"address": "a@example.com"}]}}, "shopID": "Main Street"}, True
    yield "sales", {"SaleLines": [{"Item": {"customSku": "A"}, "unitQuantity": 1}], "completed": True}, True
    yield "sales", {"SaleLines": [{"unitQuantity": "one"}]}, False
    yield "sales", {"SalePayments": {"SalePayment": [{"amount": "1", "paymentTypeID": "Cash"}]}}, True
    yield "images", {"Item": {"customSku": "A"}, "url": "https://example.com/a.png", "ordering": 1}, True
    yield "images", {"ordering": "first"}, False


@pytest.mark.parametrize(("stream", "record", "good"), list(values()))
def test_schema_and_target_agree(stream: str, record: dict[str, Any], *, good: bool) -> None:
    assert (fits(stream, record) == []) == good
    assert is_taken(stream, record) == good


def test_streams_that_belong_to_administrators_or_ride_are_not_offered() -> None:
    assert {"customers", "items", "sales", "orders", "workorders", "images", "item_shops"} <= set(WRITTEN)
    assert {"shops", "employees", "sale_lines", "order_lines", "sale_payments"}.isdisjoint(WRITTEN)


def test_the_command_lists_streams(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{name}: {by_stream()[name].summary()}" for name in sorted(WRITTEN)]


def test_the_command_prints_one_schema_or_several(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tags"]) == 0
    assert json.loads(capsys.readouterr().out) == schema_of(Resource.named("Tag"))
    assert main(["tags", "items"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["tags", "items"]
    assert main(["all"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(WRITTEN)


def test_the_page_has_a_line_for_each_stream() -> None:
    page = (ROOT / "docs" / "target.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| `", page, flags=re.MULTILINE)[: len(WRITTEN)] == sorted(WRITTEN)


def test_the_command_names_a_stream_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cusomers"]) == 1
    assert capsys.readouterr().err == "The target does not write a stream cusomers; did you mean customers?\n"
    assert main(["sale_lines"]) == 1
