"""What is sent of a record: what differs from the row that there is, and of a new row what has a value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.parts import Contact
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.wire import Record
from target_lightspeed_retail.difference import difference, is_compared, new_row, same, without_archiving, writable

HOME = {"number": "1", "useType": "Home"}
WORK = {"number": "2", "useType": "Work"}
MOBILE = {"number": "3", "useType": "Mobile"}
ARCHIVED = [each for each in Resource.all() if "archived" in {field.name for field in each.fields()}]


def contact(**fields: Any) -> Record:
    return {"Contact": fields}


def test_only_what_differs_is_sent() -> None:
    there = {"customerID": 5, "firstName": "Ada", "lastName": "Stone", "company": "X"}
    assert difference(Customer, {"firstName": "Ada", "lastName": "Wood"}, there) == {"lastName": "Wood"}
    assert difference(Customer, {"firstName": "Ada"}, there) == {}
    assert difference(Customer, {"company": None}, there) == {"company": None}


def test_what_the_api_works_out_and_the_rows_own_number_are_not_sent() -> None:
    assert difference(Customer, {"customerID": 6, "creditAccountID": 7}, {"customerID": 5}) == {}
    assert difference(Contact, {"contactID": 6, "custom": "x"}, {"contactID": 5}) == {"custom": "x"}
    assert "contactID" not in {field.name for field in writable(Contact)}
    assert {"custom", "noEmail", "Emails"} <= {field.name for field in writable(Contact)}
    assert writable(Customer) == Customer.writable()


@pytest.mark.parametrize(
    ("name", "one", "other", "alike"),
    [
        ("firstName", "", None, True),
        ("firstName", "0", None, False),
        ("firstName", "a", "A", False),
        ("firstName", "a", None, False),
        ("firstName", None, "a", False),
        ("discountID", 0, None, True),
        ("discountID", 1, None, False),
        ("archived", False, None, False),
        ("archived", False, False, True),
        ("archived", True, False, False),
        ("createTime", "2024-12-06T15:23:49+00:00", "2024-12-06T16:23:49+01:00", True),
        ("createTime", "2024-12-06T15:23:49+00:00", "2024-12-06T15:23:50+00:00", False),
        ("createTime", "2024-12-06T15:23:49+00:00", None, False),
        ("createTime", None, "2024-12-06T15:23:49+00:00", False),
    ],
)
def test_nothing_moments_and_numbers_are_written_in_several_ways(
    name: str, one: Any, other: Any, *, alike: bool
) -> None:
    assert same(Customer.field(name), one, other) is alike


def test_a_number_is_its_worth() -> None:
    cost = Item.field("defaultCost")
    assert same(cost, Decimal("1.50"), Decimal("1.5"))
    assert same(cost, Decimal("2.00"), 2)
    assert same(cost, Decimal("0.00"), None)
    assert not same(cost, Decimal("1.50"), Decimal("1.51"))
    assert not same(cost, Decimal("1.50"), None)


def test_a_nested_record_is_sent_with_the_number_that_it_has() -> None:
    there = contact(contactID=7, custom="x", noEmail=True)
    assert difference(Customer, contact(custom="y", noEmail=True), there) == contact(contactID=7, custom="y")
    assert difference(Customer, contact(contactID=99, custom="y"), there) == contact(contactID=7, custom="y")
    assert difference(Customer, contact(custom="x"), there) == {}
    assert difference(Customer, contact(custom="x"), {"Contact": None}) == contact(custom="x")
    assert difference(Customer, {"Contact": None}, there) == {}


def test_the_order_of_texts_tells_nothing() -> None:
    assert difference(Customer, {"Tags": ["b", "a"]}, {"Tags": ["a", "b"]}) == {}
    assert difference(Customer, {"Tags": ["a"]}, {"Tags": ["a", "b"]}) == {"Tags": ["a"]}
    assert difference(Customer, {"Tags": []}, {"Tags": None}) == {}
    assert difference(Customer, {"Tags": ["a"]}, {}) == {"Tags": ["a"]}


def test_a_row_of_a_list_is_told_by_its_use() -> None:
    there = contact(contactID=7, Phones=[HOME, WORK])
    wanted = contact(Phones=[{**WORK, "number": "9"}, HOME])
    assert difference(Customer, wanted, there) == contact(contactID=7, Phones=[{"useType": "Work", "number": "9"}])
    assert difference(Customer, contact(Phones=[WORK, HOME]), there) == {}


def test_a_row_of_another_use_is_added_and_what_the_list_has_beyond_stays() -> None:
    there = contact(contactID=7, Phones=[HOME, WORK])
    assert difference(Customer, contact(Phones=[MOBILE]), there) == contact(contactID=7, Phones=[MOBILE])
    assert difference(Customer, contact(Phones=[]), there) == {}
    assert difference(Customer, contact(Phones=[HOME]), {"Contact": {"contactID": 7}}) == contact(
        contactID=7, Phones=[HOME]
    )


def test_of_two_equal_rows_one_is_new_where_there_is_one() -> None:
    there = contact(contactID=7, Phones=[HOME])
    assert difference(Customer, contact(Phones=[HOME, HOME]), there) == contact(contactID=7, Phones=[HOME])


def price(amount: str, **told: Any) -> Record:
    return {"Prices": [{"amount": Decimal(amount), **told}]}


def test_a_row_that_lacks_the_first_of_its_signs_is_told_by_the_next() -> None:
    default = {"amount": Decimal(5), "useTypeID": 1, "useType": "Default"}
    there = {"Prices": [default, {"amount": Decimal(6), "useTypeID": 2, "useType": "MSRP"}]}
    assert difference(Item, price("6.00", useType="MSRP"), there) == {}
    assert difference(Item, price("9", useTypeID=0, useType="MSRP"), there) == price("9", useTypeID=0, useType="MSRP")
    assert difference(Item, price("9", useType="MSRP"), there) == price("9", useType="MSRP")
    assert difference(Item, price("9", useTypeID=1), there) == price("9", useTypeID=1)


def number(value: str, own: int | None = None) -> Record:
    return {"value": value, "vendorID": 3, **({"itemVendorNumID": own} if own else {})}


def numbers(*listed: Record) -> Record:
    return {"ItemVendorNums": list(listed)}


def test_rows_that_nothing_tells_are_told_by_their_content_and_then_by_their_place() -> None:
    there = numbers(number("a", 11), number("b", 12), number("c", 13))
    assert difference(Item, numbers(number("c"), number("a")), there) == {}
    changed = [{"itemVendorNumID": 12, "value": "x"}]
    assert difference(Item, numbers(number("a"), number("x")), there) == {"ItemVendorNums": changed}
    assert difference(Item, numbers(number("b"), number("x")), there) == numbers(number("x"))
    four = numbers(number("a"), number("b"), number("c"), number("d", 99))
    assert difference(Item, four, there) == numbers(number("d"))


def test_of_a_row_with_a_number_and_a_sign_both_are_sent_with_what_changed() -> None:
    there = {"CustomFieldValues": [{"customFieldValueID": 4, "customFieldID": 2, "value": "x", "deleted": False}]}
    wanted = {"CustomFieldValues": [{"customFieldID": 2, "value": "y"}]}
    sent = [{"customFieldValueID": 4, "customFieldID": 2, "value": "y"}]
    assert difference(Item, wanted, there) == {"CustomFieldValues": sent}


def test_of_a_new_row_is_sent_what_has_a_value_and_no_number_of_another_accounts() -> None:
    record = {
        "customerID": 9,
        "firstName": "Ada",
        "lastName": "",
        "title": None,
        "archived": True,
        "discountID": 0,
        "customerTypeID": 3,
        "createTime": "2024-12-06T15:23:49+00:00",
        "Tags": [],
        "Contact": {"contactID": 7, "custom": "x", "noEmail": False},
        "CustomFieldValues": [{"customFieldValueID": 4, "customFieldID": 2, "value": "y"}],
    }
    sent = new_row(Customer, record)
    assert {name: sent.pop(name) for name in ("firstName", "customerTypeID")} == {
        "firstName": "Ada",
        "customerTypeID": 3,
    }
    assert sent.pop("Contact") == {"custom": "x", "noEmail": False}
    assert sent.pop("CustomFieldValues") == [{"customFieldID": 2, "value": "y"}]
    assert sent.keys() <= {"createTime"}


def test_nought_is_a_value_where_it_is_no_number_of_a_row() -> None:
    item = {"description": "x", "modelYear": 0, "tax": False, "defaultCost": Decimal(0), "categoryID": 0}
    assert new_row(Item, item) == {"description": "x", "modelYear": 0, "tax": False, "defaultCost": Decimal(0)}


def test_numbers_are_left_out_of_new_rows_at_every_depth() -> None:
    note = {"noteID": 8, "note": "x"}
    line = {"saleLineID": 5, "unitQuantity": 1, "Note": note}
    sent = new_row(Sale, {"saleID": 1, "SaleLines": [line], "SaleNotes": {"PrintedNote": note}})
    assert sent == {
        "SaleLines": [{"unitQuantity": 1, "Note": {"note": "x"}}],
        "SaleNotes": {"PrintedNote": {"note": "x"}},
    }


@pytest.mark.parametrize("resource", ARCHIVED)
def test_a_row_is_archived_by_a_request_of_its_own_where_the_api_does_that(resource: type[Resource]) -> None:
    rest = {"name": "x"}
    by_request = resource.api.delete == "archive"
    wanted = {**rest, "archived": True}
    assert without_archiving(resource, wanted) == ((rest, True) if by_request else (wanted, False))
    back = {**rest, "archived": False}
    assert without_archiving(resource, back) == (back, False)
    assert without_archiving(resource, rest) == (rest, False)


def test_relations_are_compared_whose_rows_are_written_with_the_record() -> None:
    compared = {field.name for field in Item.fields() if is_compared(field.nested)}
    assert {"Prices", "Note", "ItemShops", "Tags"} <= compared
    assert compared.isdisjoint({"Category", "Images", "Manufacturer", "description"})
