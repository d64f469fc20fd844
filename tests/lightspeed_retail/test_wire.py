"""The wire form: every shape that the API has been seen to send, and the way there and back."""

from __future__ import annotations

import logging
from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightspeed_retail.drift import Drift
from lightspeed_retail.encoding import Encoder, scalar_to_wire
from lightspeed_retail.resources import FieldType, Resource
from lightspeed_retail.resources.account import Account
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item, ItemShop
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.scalars import MOST_REMEMBERED, converter
from lightspeed_retail.wire import Decoder, Decoding, instant, rows
from tests.declared import RESOURCES, carried, typed_records


class Heard:
    """A report that remembers what it was told."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.unknown_fields: list[str] = []
        self.misfits: list[str] = []

    def unknown(self, field: str) -> None:
        """Remember an unknown key."""
        self.unknown_fields.append(field)

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """Remember a misfit."""
        self.misfits.append(field)


def decode(resource: type[Resource], row: dict[str, Any], **options: Any) -> dict[str, Any]:
    return Decoder(resource, Decoding(report=Heard(), **options))(row)


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"Item": [{"itemID": "1"}, {"itemID": "2"}]}, ["1", "2"]),
        ({"Item": {"itemID": "1"}}, ["1"]),
        ({"Item": {}}, []),
        ({"Item": ""}, []),
        ({"Item": []}, []),
        ({"@attributes": {"next": "", "previous": ""}}, []),
    ],
    ids=["several", "one", "empty object", "empty text", "empty list", "no key"],
)
def test_rows_of_an_answer_are_always_a_list(body: dict[str, Any], ids: list[str]) -> None:
    assert [row["itemID"] for row in rows(body, "Item")] == ids


LINE, OTHER = {"saleLineID": "7"}, {"saleLineID": "8"}


@pytest.mark.parametrize(
    ("wire", "keys"),
    [
        ({"SaleLine": [LINE, OTHER]}, [7, 8]),
        ({"SaleLine": LINE}, [7]),
        ([{"SaleLine": LINE}, {"SaleLine": OTHER}], [7, 8]),
        ([{"SaleLine": [LINE, OTHER]}], [7, 8]),
        ({"SaleLine": []}, []),
        ({"SaleLine": ""}, []),
        ("", []),
        ({}, []),
        (None, []),
    ],
)
def test_a_nested_list_is_a_list_in_every_wrapping(wire: object, keys: list[int]) -> None:
    lines = decode(Sale, {"saleID": "1", "SaleLines": wire})["SaleLines"]
    assert [line["saleLineID"] for line in lines] == keys


def test_a_nested_list_that_is_missing_is_empty() -> None:
    assert decode(Sale, {"saleID": "1"})["SaleLines"] == []


@pytest.mark.parametrize(
    ("wire", "tags"),
    [
        ({"@attributes": {"count": "2"}, "tag": ["red", "new"]}, ["red", "new"]),
        ({"@attributes": {"count": "1"}, "tag": "red"}, ["red"]),
        ("", []),
    ],
)
def test_tags_are_a_list_of_texts(wire: object, tags: list[str]) -> None:
    assert decode(Item, {"itemID": "1", "Tags": wire})["Tags"] == tags


@pytest.mark.parametrize("contact", ["", {}, [], None])
def test_an_empty_record_is_null(contact: object) -> None:
    assert decode(Customer, {"customerID": "1", "Contact": contact})["Contact"] is None


def test_the_empty_lists_of_a_contact_are_empty_texts_on_the_wire() -> None:
    row = {"customerID": "1", "Contact": {"contactID": "1", "Phones": "", "Emails": "", "Websites": ""}}
    contact = decode(Customer, row)["Contact"]
    assert (contact["Phones"], contact["Emails"], contact["Websites"]) == ([], [], [])


def test_a_record_behind_a_second_wrapper_is_found() -> None:
    item = decode(Item, {"itemID": "1", "ItemUUID": {"ItemUUID": {"productUUID": "abc"}}})
    account = decode(Account, {"accountID": "1", "link": {"@attributes": {"href": "/API/Account/1"}}})
    assert item["ItemUUID"] == {"productUUID": "abc"}
    assert account["link"] == {"href": "/API/Account/1"}


def test_attributes_are_no_unknown_field() -> None:
    heard = Heard()
    Decoder(Item, Decoding(report=heard))({"itemID": "1", "@attributes": {"count": "1"}})
    assert heard.unknown_fields == []


@pytest.mark.parametrize(
    ("resource", "sent", "field", "wire", "value"),
    [
        (Sale, "updatetime", "updateTime", "2024-12-06T15:23:49+00:00", "2024-12-06T15:23:49+00:00"),
        (ItemShop, "onWorkOrder", "onWorkorder", "3", 3),
    ],
)
def test_a_slip_of_case_is_mended(resource: type[Resource], sent: str, field: str, wire: str, value: object) -> None:
    heard = Heard()
    record = Decoder(resource, Decoding(report=heard))({sent: wire})
    assert record[field] == value
    assert heard.unknown_fields == []


def test_an_unknown_key_is_named_with_its_path_and_left_out() -> None:
    heard = Heard()
    record = Decoder(Customer, Decoding(report=heard))({"customerID": "1", "Contact": {"contactID": "2", "fax2": "x"}})
    assert heard.unknown_fields == ["Contact.fax2"]
    assert "fax2" not in record["Contact"]


def test_an_unknown_key_is_kept_when_asked() -> None:
    kept = decode(Item, {"itemID": "1", "colour": {"a": "b"}}, keep_unknown=True)
    nothing = decode(Item, {"itemID": "1"}, keep_unknown=True)
    assert kept["unknown_fields"] == {"colour": {"a": "b"}}
    assert nothing["unknown_fields"] is None


def test_an_unknown_key_is_named_once_and_misfits_are_shown_a_few_times_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    drift = Drift("items")
    decoder = Decoder(Item, Decoding(report=drift))
    with caplog.at_level(logging.WARNING):
        for _ in range(9):
            decoder({"itemID": "1", "colour": "sentinel-a", "avgCost": "12,50"})
    assert "sentinel" not in caplog.text
    assert sum("colour" in message for message in caplog.messages) == 1
    assert sum("avgCost holds '12,50'" in message for message in caplog.messages) == 5
    assert drift.summary() == ["items.avgCost: 9 values did not fit", "items: unknown fields colour"]


def test_a_misfit_of_a_person_is_counted_but_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    drift = Drift("customers")
    with caplog.at_level(logging.WARNING):
        record = Decoder(Customer, Decoding(report=drift))({"customerID": "1", "dob": "sentinel"})
    assert record["dob"] is None
    assert "customers: dob holds a personal value" in caplog.text
    assert "sentinel" not in caplog.text


def test_a_value_that_does_not_fit_is_kept_as_text_beside_its_column_when_asked() -> None:
    record = decode(Item, {"itemID": "1", "avgCost": "12,50", "archived": {"a": 1}}, keep_unknown=True)
    assert (record["avgCost"], record["archived"]) == (None, None)
    assert record["unknown_fields"] == {"avgCost": "12,50", "archived": '{"a":1}'}


@pytest.mark.parametrize(
    ("field", "wire"),
    [
        ("itemID", "seven"),
        ("itemID", "1.5"),
        ("itemID", {"a": "b"}),
        ("avgCost", "12,50"),
        ("avgCost", "NaN"),
        ("avgCost", "Infinity"),
        ("archived", "maybe"),
        ("archived", []),
        ("timeStamp", "yesterday"),
        ("timeStamp", "2024-13-40T00:00:00+00:00"),
        ("timeStamp", {}),
    ],
)
def test_a_value_that_does_not_fit_arrives_as_null_and_is_reported(field: str, wire: object) -> None:
    heard = Heard()
    record = Decoder(Item, Decoding(report=heard))({field: wire})
    assert record[field] is None
    assert heard.misfits == [field]


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_empty_text_is_null_in_every_field_and_nothing_is_reported(resource: type[Resource]) -> None:
    heard = Heard()
    record = Decoder(resource, Decoding(report=heard))({field.name: "" for field in carried(resource)})
    assert [name for name, value in record.items() if value not in (None, [])] == []
    assert heard.misfits == []


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_missing_key_is_null_or_an_empty_list_in_every_field(resource: type[Resource]) -> None:
    record = decode(resource, {})
    fields = list(carried(resource))
    assert list(record) == [field.name for field in fields]
    assert all(record[field.name] == ([] if field.nested and field.nested.many else None) for field in fields)


@pytest.mark.parametrize("text", ["11.4860025", "-16.24", "20", "0.999999999", "123456789012345678.123456789", "1.50"])
def test_decimals_arrive_digit_for_digit(text: str) -> None:
    value = decode(SaleLine, {"unitPrice": text})["unitPrice"]
    assert isinstance(value, Decimal)
    assert str(value) == text


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("false", False), ("1", True), ("0", False), (True, True), ("", None)]
)
def test_booleans_are_real(text: object, value: object) -> None:
    assert decode(Item, {"archived": text})["archived"] is value


@pytest.mark.parametrize(("text", "value"), [("210000000000", 210000000000), ("-1", -1), ("2.0", 2), (5, 5), ("0", 0)])
def test_integers_are_real_and_zero_is_no_null(text: object, value: int) -> None:
    found = decode(Item, {"itemID": text})["itemID"]
    assert (found, type(found)) == (value, int)


@pytest.mark.parametrize(
    "text",
    [
        "2024-12-06T15:23:49+00:00",
        "2024-12-06T15:23:49Z",
        "2024-12-06T11:23:49-0400",
        "2024-12-06T11:23:49-04:00",
        "2024-12-06T15:23:49",
    ],
)
def test_date_times_arrive_in_one_form_in_utc(text: str) -> None:
    assert decode(Item, {"timeStamp": text})["timeStamp"] == "2024-12-06T15:23:49+00:00"
    assert instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        ("US/Pacific", "2021-04-04T07:00:00+00:00", "2021-04-04"),
        ("US/Pacific", "1990-01-15T08:00:00+00:00", "1990-01-15"),
        ("US/Pacific", "1990-07-15T08:00:00+00:00", "1990-07-15"),
        ("US/Pacific", "1990-01-15T07:00:00+00:00", "1990-01-15"),
        ("America/New_York", "1990-06-15T04:00:00+00:00", "1990-06-15"),
        ("Australia/Sydney", "1990-06-14T14:00:00+00:00", "1990-06-15"),
        ("Australia/Sydney", "1990-01-14T13:00:00+00:00", "1990-01-15"),
        ("Australia/Sydney", "1990-01-14T14:00:00+00:00", "1990-01-15"),
        ("Pacific/Auckland", "1990-06-14T12:00:00+00:00", "1990-06-15"),
        ("Europe/London", "1990-12-31T00:00:00+00:00", "1990-12-31"),
        ("UTC", "1990-06-15", "1990-06-15"),
    ],
)
def test_a_birthday_is_the_day_in_the_shops_zone(zone: str, text: str, day: str) -> None:
    assert decode(Customer, {"dob": text}, zone=ZoneInfo(zone))["dob"] == day


def test_a_secret_never_becomes_a_value() -> None:
    heard = Heard()
    shop = Decoder(Resource.named("Shop"), Decoding(report=heard))({"shopID": "1", "CCGateway": {"login": "sentinel"}})
    assert "CCGateway" not in shop
    assert heard.unknown_fields == []


def test_only_what_is_selected_is_converted() -> None:
    record = decode(Customer, {"customerID": "1", "firstName": "Ann"}, selected=lambda path: path == ("customerID",))
    assert record == {"customerID": 1}


@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=8)
@given(data=st.data())
def test_every_record_survives_the_way_to_the_wire_and_back(resource: type[Resource], data: st.DataObject) -> None:
    record = data.draw(typed_records(resource))
    heard = Heard()
    wire = msgspec.json.decode(msgspec.json.encode(Encoder(resource)(record)))
    assert Decoder(resource, Decoding(report=heard))(wire) == record
    assert (heard.unknown_fields, heard.misfits) == ([], [])


@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=8)
@given(data=st.data())
def test_every_scalar_is_a_text_on_the_wire(resource: type[Resource], data: st.DataObject) -> None:
    wire = Encoder(resource)(data.draw(typed_records(resource)))
    leaves = list(_leaves(wire))
    assert [leaf for leaf in leaves if not isinstance(leaf, str)] == []


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [value]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("20.00"), "20"),
        (Decimal("1.50"), "1.5"),
        (Decimal(100), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("11.4860025"), "11.4860025"),
        (Decimal("-0.10"), "-0.1"),
        (True, "true"),
        (None, ""),
        (0, "0"),
    ],
)
def test_scalars_are_written_as_the_api_writes_them(value: object, text: str) -> None:
    assert scalar_to_wire(value) == text


def test_one_row_is_written_as_a_bare_object_and_none_as_the_api_does() -> None:
    one = Encoder(Customer)({"Tags": ["vip"], "Contact": {"Phones": []}, "CustomFieldValues": []})
    two = Encoder(Customer)({"Tags": ["vip", "club"]})
    assert one == {"Tags": {"tag": "vip"}, "Contact": {"Phones": ""}}
    assert two == {"Tags": {"tag": ["vip", "club"]}}


_GOOD: dict[FieldType, tuple[str, ...]] = {
    FieldType.INTEGER: ("1", "0", "210000000000", "2.0"),
    FieldType.NUMBER: ("1.50", "0", "-3"),
    FieldType.MONEY: ("1.50", "0", "11.4860025"),
    FieldType.STRING: ("a", "é", "true"),
    FieldType.BOOLEAN: ("true", "false"),
    FieldType.DATETIME: ("2024-12-06T15:23:49+00:00", "2024-12-06T11:23:49-0400"),
    FieldType.DATE: ("1990-06-15", "2021-04-04T07:00:00+00:00"),
}
_ODD: tuple[Any, ...] = (None, "", "seven", "NaN", "2024-13-06T15:23:49+00:00", True, 5, 1.5, [], {"a": "b"})


@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=8)
@given(data=st.data())
def test_every_field_is_converted_as_if_it_stood_alone(resource: type[Resource], data: st.DataObject) -> None:
    fields = [field for field in carried(resource) if field.type in _GOOD]
    good = {field.name: data.draw(st.sampled_from(_GOOD[field.type])) for field in fields}
    odd = data.draw(st.dictionaries(st.sampled_from(sorted(good)), st.sampled_from(_ODD), max_size=2))
    missing = data.draw(st.sets(st.sampled_from(sorted(good)), max_size=2))
    row = {name: value for name, value in (good | odd).items() if name not in missing}
    together, alone = Heard(), Heard()
    whole = Decoder(resource, Decoding(report=together))(row)
    apart = Decoder(resource, Decoding(report=alone))
    assert whole == decode(resource, {}) | {name: apart({name: value})[name] for name, value in row.items()}
    assert sorted(together.misfits) == sorted(alone.misfits)


def test_a_misfit_in_a_row_is_told_once_however_many_rows_it_holds() -> None:
    heard = Heard()
    lines = [{"saleLineID": "7", "unitPrice": "dear"}, {"saleLineID": "8", "tax": "maybe"}, "no row"]
    record = Decoder(Sale, Decoding(report=heard))({"saleID": "x", "SaleLines": {"SaleLine": lines}})
    assert record["SaleLines"] == []
    assert heard.misfits == ["saleID", "SaleLines.unitPrice", "SaleLines.tax", "SaleLines"]


@pytest.mark.parametrize("kind", [FieldType.INTEGER, FieldType.NUMBER, FieldType.DATE])
def test_what_became_of_texts_is_not_remembered_without_end(kind: FieldType) -> None:
    convert: Any = converter(kind)
    texts = [f"{number % 3000 + 1000}-01-01" if kind is FieldType.DATE else str(number) for number in range(20_000)]
    values = [convert(text) for text in texts]
    assert [str(value) for value in values] == texts
    assert len(convert.__self__) <= MOST_REMEMBERED


@pytest.mark.parametrize(
    ("one", "other"),
    [(Decimal("1.0"), Decimal("1.00")), ("1.0", "1.00"), (1.0, Decimal("1.00")), ("1", Decimal("1.0"))],
)
def test_equal_numbers_keep_their_own_digits(one: object, other: object) -> None:
    convert = converter(FieldType.MONEY)
    assert [str(convert(value)) for value in (one, other, one)] == [str(one), str(other), str(one)]
