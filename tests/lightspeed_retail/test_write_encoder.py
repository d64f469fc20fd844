"""From records in the shape of the tap to bodies of writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.encoding import WriteEncoder
from lightspeed_retail.errors import RecordError
from lightspeed_retail.resources import FieldType, Resource
from lightspeed_retail.wire import Decoder, Decoding, nested_rows
from lightspeed_sandbox.store import Store
from tests.retailer import plain, small_store

CUSTOMER, ITEM, SALE = (Resource.named(name) for name in ("Customer", "Item", "Sale"))


def body(resource: type[Resource], record: dict[str, Any], **how: Any) -> dict[str, Any]:
    return WriteEncoder(resource)(record, **how)


def test_only_what_a_client_may_give_is_sent() -> None:
    record = {
        "accountID": 7,
        "customerID": 12,
        "createTime": "2024-01-01T00:00:00+00:00",
        "timeStamp": "2024-01-01T00:00:00+00:00",
        "creditAccountID": 3,
        "firstName": "Ada",
        "nickname": "x",
        "unknown_fields": {"a": 1},
    }
    assert body(CUSTOMER, record) == {"firstName": "Ada"}


def test_nested_rows_keep_their_keys_and_lose_their_stamps() -> None:
    record = {
        "Contact": {
            "contactID": 4,
            "custom": "EXT-1",
            "noEmail": False,
            "timeStamp": "2024-01-01T00:00:00+00:00",
            "Phones": [{"number": "555-0100", "useType": "Mobile"}],
            "Emails": [],
            "Addresses": [{"address1": "1 Example Street", "zip": None}],
        },
        "Note": {"noteID": 5, "note": "text", "isPublic": True},
        "CustomFieldValues": [
            {"customFieldValueID": 1, "customFieldID": 2, "name": "Size", "type": "text", "value": "x"},
            {"customFieldValueID": None, "customFieldID": 3, "value": "y"},
        ],
    }
    assert body(CUSTOMER, record) == {
        "Contact": {
            "contactID": "4",
            "custom": "EXT-1",
            "noEmail": "false",
            "Phones": {"ContactPhone": {"number": "555-0100", "useType": "Mobile"}},
            "Addresses": {"ContactAddress": {"address1": "1 Example Street"}},
        },
        "Note": {"noteID": "5", "note": "text", "isPublic": "true"},
        "CustomFieldValues": {
            "CustomFieldValue": [
                {"customFieldValueID": "1", "customFieldID": "2", "value": "x"},
                {"customFieldID": "3", "value": "y"},
            ]
        },
    }


def test_copies_of_other_rows_stay_out_where_their_key_is_sent() -> None:
    record = {"categoryID": 3, "Category": {"categoryID": 3, "name": "Bikes"}, "Manufacturer": {"name": "Acme"}}
    assert body(ITEM, record) == {"categoryID": "3", "Manufacturer": {"name": "Acme"}}
    assert body(ITEM, record, only=("Category",)) == {"Category": {"categoryID": "3", "name": "Bikes"}}
    account = {"creditAccountID": 5, "CreditAccount": {"creditAccountID": 5, "name": "Ada", "creditLimit": "100"}}
    assert body(CUSTOMER, account)["CreditAccount"]["creditLimit"] == "100"
    line = {"SaleLines": [{"saleLineID": 1, "itemID": 2, "Item": {"itemID": 2, "description": "x"}}]}
    assert body(SALE, line) == {"SaleLines": {"SaleLine": {"saleLineID": "1", "itemID": "2"}}}


def test_only_names_root_fields() -> None:
    record = {"firstName": "Ada", "lastName": "Stone", "Contact": {"custom": "x"}}
    assert body(CUSTOMER, record, only={"lastName", "Contact"}) == {"lastName": "Stone", "Contact": {"custom": "x"}}


def test_nulls_blank_fields_in_a_change_and_stay_out_otherwise() -> None:
    record = {
        "title": None,
        "dob": None,
        "company": "",
        "taxCategoryID": None,
        "Tags": [],
        "Note": None,
        "Contact": {"custom": None, "Phones": [{"useType": "Home", "number": None}]},
        "CustomFieldValues": [{"customFieldID": None, "customFieldValueID": None, "value": None}],
    }
    assert body(CUSTOMER, record) == {
        "Contact": {"Phones": {"ContactPhone": {"useType": "Home"}}},
        "CustomFieldValues": {"CustomFieldValue": {}},
    }
    assert body(CUSTOMER, record, blank=True) == {
        "title": "",
        "dob": "",
        "company": "",
        "taxCategoryID": "",
        "Tags": "",
        "Contact": {"custom": "", "Phones": {"ContactPhone": {"useType": "Home", "number": ""}}},
        "CustomFieldValues": {"CustomFieldValue": {}},
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-01-05T10:00:00+00:00", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T10:00:00-0400", "2026-01-05T14:00:00+00:00"),
        ("2026-01-05 10:00:00.123456+02:00", "2026-01-05T08:00:00+00:00"),
        ("2026-01-05T10:00:00", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05", "2026-01-05T00:00:00+00:00"),
        (datetime(2026, 1, 5, 10, tzinfo=timezone(timedelta(hours=-5))), "2026-01-05T15:00:00+00:00"),
        (datetime(2026, 1, 5, 10), "2026-01-05T10:00:00+00:00"),  # noqa: DTZ001  databases have such
        (date(2026, 1, 5), "2026-01-05T00:00:00+00:00"),
    ],
    ids=repr,
)
def test_moments_are_sent_in_utc_with_their_offset(given: Any, sent: str) -> None:
    assert body(SALE, {"completeTime": given}) == {"completeTime": sent}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("1990-06-15", "1990-06-15"),
        (date(1990, 6, 15), "1990-06-15"),
        ("1990-06-15T00:00:00+00:00", "1990-06-15"),
        ("1990-06-15 00:00:00", "1990-06-15"),
        ("1990-06-15T04:00:00+00:00", "1990-06-15T04:00:00+00:00"),
        (datetime(1990, 6, 15, 4, tzinfo=UTC), "1990-06-15T04:00:00+00:00"),
    ],
    ids=repr,
)
def test_days_are_sent_as_days(given: Any, sent: str) -> None:
    assert body(CUSTOMER, {"dob": given}) == {"dob": sent}


@pytest.mark.parametrize(
    ("field", "given", "sent"),
    [
        ("defaultCost", Decimal("11.4860025"), "11.4860025"),
        ("defaultCost", "11.4860025000000000000000001", "11.4860025000000000000000001"),
        ("defaultCost", 0.1, "0.1"),
        ("defaultCost", "1E-7", "0.0000001"),
        ("defaultCost", 20, "20"),
        ("defaultCost", "-16.240", "-16.24"),
        ("categoryID", 3, "3"),
        ("categoryID", "3", "3"),
        ("categoryID", 3.0, "3"),
        ("categoryID", Decimal("3.00"), "3"),
        ("tax", True, "true"),
        ("tax", "True", "true"),
        ("tax", "t", "true"),
        ("tax", 1, "true"),
        ("tax", "0", "false"),
        ("tax", False, "false"),
        ("customSku", 12, "12"),
        ("customSku", True, "true"),
        ("customSku", "  kept ", "  kept "),
    ],
    ids=repr,
)
def test_values_are_taken_as_databases_and_files_hold_them(field: str, given: Any, sent: str) -> None:
    assert body(ITEM, {field: given}) == {field: sent}


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("categoryID", "three"),
        ("categoryID", 3.5),
        ("categoryID", True),
        ("defaultCost", "cheap"),
        ("defaultCost", "NaN"),
        ("defaultCost", "Infinity"),
        ("tax", "perhaps"),
        ("customSku", {"a": 1}),
        ("customSku", [1]),
        ("Prices", ["x"]),
        ("Prices", "[{"),
    ],
    ids=repr,
)
def test_a_value_that_does_not_fit_is_an_error_that_names_the_field(field: str, given: Any) -> None:
    with pytest.raises(RecordError, match=field) as caught:
        body(ITEM, {field: given})
    assert caught.value.field == field


def test_a_nested_value_that_does_not_fit_is_named_by_its_path() -> None:
    with pytest.raises(RecordError, match=r"Prices\.amount"):
        body(ITEM, {"Prices": [{"amount": "cheap"}]})


def test_nested_rows_may_come_as_text_or_in_wire_form() -> None:
    prices = {"ItemPrice": {"amount": "19.99", "useType": "Default"}}
    assert body(ITEM, {"Prices": '[{"amount": 19.99, "useType": "Default"}]'}) == {"Prices": prices}
    assert body(ITEM, {"Prices": prices}) == {"Prices": prices}
    assert body(ITEM, {"Tags": {"tag": ["a", "b"]}}) == {"Tags": {"tag": ["a", "b"]}}
    assert body(ITEM, {"Tags": ["a"]}) == {"Tags": {"tag": "a"}}


class Strict:
    """Fails on anything unforeseen."""

    def unknown(self, field: str) -> None:
        """No such key."""
        pytest.fail(field)

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """No such value."""
        pytest.fail(f"{field} {value} {personal}")


WRITABLE = [resource for resource in Resource.all() if {"POST", "PUT"}.intersection(resource.api.verbs)]


@pytest.fixture(scope="module")
def retailer() -> Iterator[Store]:
    store = small_store(days=3, sales_per_day=4)
    yield store
    store.close()


@pytest.mark.parametrize("resource", WRITABLE, ids=lambda resource: resource.__name__)
def test_what_was_read_can_be_written_back(retailer: Store, resource: type[Resource]) -> None:
    """A typed record and its body, read again, agree in all that a client may give.

    Days are left out: the store keeps them as the moment that the API writes.
    """
    decode, encode = Decoder(resource, Decoding(report=Strict())), WriteEncoder(resource)
    given = {field.name for field in resource.writable() if field.nested is None and field.type is not FieldType.DATE}
    for row in retailer.select(resource):
        read = decode(encode(row, blank=True))
        assert plain({name: read[name] for name in given}) == plain({name: row.get(name) for name in given})


def test_a_sale_is_written_with_its_lines() -> None:
    sale = {"shopID": 1, "SaleLines": [{"itemID": 1, "unitQuantity": 2}, {"itemID": 2, "unitQuantity": -1}]}
    lines = nested_rows(body(SALE, sale)["SaleLines"], "SaleLine")
    assert lines == [{"unitQuantity": "2", "itemID": "1"}, {"unitQuantity": "-1", "itemID": "2"}]
