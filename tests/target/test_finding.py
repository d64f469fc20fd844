"""Rows that are there already: what tells them, and what it takes to find them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import CreditAccount, Customer
from lightspeed_retail.resources.items import Category, Item, ItemShop
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.telling import Value, values
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.scripted import Answer, Asked, scripted
from tests.target.finders import CUSTOM, EMAIL, ITEMS, PHONE, SKU, finder, finder_at, queries, sandbox, skus

__all__ = ["finder", "sandbox"]

REFERENCE = Sale.api.match[0]
NAME = Category.api.match[0]
DATE = "Sat, 06 Jan 2024 10:00:00 GMT"
TRIED = "IN,[SKU 0-no,SKU 0,SKU 0-none]"


def test_what_tells_a_row_is_compared_without_case_and_spaces_and_asked_for_as_it_is_written() -> None:
    assert values(SKU, {"customSku": "  Blue   TEE "}) == {("blue tee",): ("Blue TEE",)}
    assert values(SKU, {"customSku": 17}) == {("17",): ("17",)}
    assert values(SKU, {"customSku": Decimal("1.500")}) == {("1.5",): ("1.5",)}
    assert values(SKU, {"customSku": Decimal(100)}) == {("100",): ("100",)}


@pytest.mark.parametrize("nothing", ["", " ", "0", None, Decimal("0.00"), {}, []], ids=repr)
def test_nothing_tells_no_row(nothing: Any) -> None:
    assert values(SKU, {"customSku": nothing}) == {}
    assert values(SKU, {}) == {}


def test_a_path_through_a_list_tells_a_row_by_any_of_its_rows() -> None:
    emails = [{"address": "A@x"}, {"address": "b@x"}, {"address": ""}, {}]
    found = values(EMAIL, {"Contact": {"Emails": emails}})
    assert found == {("a@x",): ("A@x",), ("b@x",): ("b@x",)}
    assert values(EMAIL, {"Contact": {"Emails": []}}) == values(EMAIL, {"Contact": None}) == {}
    assert values(EMAIL, {"Contact": "text"}) == values(EMAIL, {"Contact": {"Emails": ["text"]}}) == {}


def test_of_several_fields_the_one_that_is_asked_for_must_have_a_value() -> None:
    assert values(NAME, {"name": "Tees", "parentID": 0}) == {("tees", ""): ("Tees", "")}
    assert values(NAME, {"name": "Tees", "parentID": 3}) == {("tees", "3"): ("Tees", "3")}
    assert values(NAME, {"parentID": 3}) == {}
    assert values(REFERENCE, {"referenceNumber": "7"}) == {("", "7"): ("", "7")}
    assert values(REFERENCE, {"referenceNumberSource": "web"}) == {}
    assert values(CUSTOM, {"Contact": {"custom": "C"}}) == {("c",): ("C",)}


def test_rows_are_found_by_their_keys_a_hundred_in_a_question(sandbox: Sandbox, finder: Finder) -> None:
    keys = {row["itemID"] for row in sandbox.rows(Item)}
    assert len(keys) == ITEMS
    sandbox.forget_requests()
    found = finder.by_keys(Item, [*keys, 10**6])
    assert found.keys() == keys
    assert all(row["itemID"] == key for key, row in found.items())
    assert [len(each["itemID"].split(",")) - 1 for each in queries(sandbox)] == [100, 41]
    assert finder.by_keys(Item, []) == {}
    assert len(sandbox.requests) == 2


def test_a_single_row_is_asked_for_by_its_key(sandbox: Sandbox, finder: Finder) -> None:
    key = sandbox.rows(Item)[0]["itemID"]
    assert finder.by_keys(Item, [key]).keys() == {key}
    assert queries(sandbox) == [{"itemID": str(key)}]


def test_relations_come_along_where_they_are_asked_for(sandbox: Sandbox, finder: Finder) -> None:
    key = sandbox.rows(Customer)[0]["customerID"]
    assert finder.by_keys(Customer, [key], ["Contact"])[key]["Contact"]["custom"] == "C0"
    assert not finder.by_keys(Customer, [key])[key].get("Contact")
    found = finder.by_values(Customer, EMAIL, {("c2@example.com",): ("c2@example.com",)})
    (customer,) = found["c2@example.com",]
    assert customer["Contact"]["Emails"] == [{"address": "c2@example.com", "useType": "Primary"}]


def test_few_texts_are_asked_for_one_by_one(sandbox: Sandbox, finder: Finder) -> None:
    found = finder.by_values(Item, SKU, skus(1, 2, 3, ITEMS))
    assert {value: [row["customSku"] for row in rows] for value, rows in found.items()} == {
        ("sku 1",): ["SKU 1"],
        ("sku 2",): ["SKU 2"],
        ("sku 3",): ["SKU 3"],
    }
    assert queries(sandbox) == [{"customSku": f"SKU {number}"} for number in (1, 140, 2, 3)]


def test_many_texts_are_asked_for_in_lists_once_it_is_seen_that_lists_work(sandbox: Sandbox, finder: Finder) -> None:
    found = finder.by_values(Item, SKU, skus(*range(ITEMS)))
    assert found.keys() == skus(*range(ITEMS)).keys()
    asked = queries(sandbox)
    assert asked[:5] == [{}, *({"customSku": text} for text in ("SKU 0", "SKU 1", "SKU 2", TRIED))]
    assert [each["customSku"].count("SKU") for each in asked[5:]] == [100, 40]
    finder.by_values(Item, SKU, skus(*range(5)))
    assert len(sandbox.requests) == len(asked) + 1, "it is known now"


def test_lists_of_numbers_are_known_to_work(sandbox: Sandbox, finder: Finder) -> None:
    shops: dict[Value, Value] = {(str(number), "1"): (str(number), "1") for number in range(1, 7)}
    found = finder.by_values(ItemShop, ItemShop.api.match[0], shops)
    assert found.keys() == shops.keys()
    assert [each["itemID"] for each in queries(sandbox)] == ["IN,[1,2,3,4,5,6]"]


def test_texts_that_a_list_cannot_hold_are_asked_for_one_by_one(sandbox: Sandbox, finder: Finder) -> None:
    odd: dict[Value, Value] = {(text.casefold(),): (text,) for text in ("A,B", 'A"B', "A'B", "[A]", "A|B", "A\\B")}
    finder.by_values(Item, SKU, skus(*range(5)) | odd)
    single = [each["customSku"] for each in queries(sandbox)[6:]]
    assert single == sorted(text for (text,) in odd.values())


def test_a_list_has_an_address_that_is_not_too_long(sandbox: Sandbox, finder: Finder) -> None:
    long: dict[Value, Value] = {("x" * 200 + str(number),): ("x" * 200 + str(number),) for number in range(30)}
    finder.by_values(Item, SKU, long)
    lists = [each["customSku"] for each in queries(sandbox) if each.get("customSku", "").count("xx") > 1]
    assert sum(each.count(",") for each in lists) == 30
    assert all(len(each) < 2000 for each in lists)
    assert len(lists) < 8


REFUSED = Answer(400, {"httpCode": "400", "httpMessage": "x", "message": "no lists", "errorClass": "x"})


@pytest.mark.parametrize("to_a_list", [REFUSED, range(0), range(10), 0, -1], ids=repr)
def test_where_the_api_does_not_understand_lists_texts_are_asked_for_one_by_one(to_a_list: Any) -> None:
    def reply(asked: Asked) -> Answer:
        text = parse_qs(urlsplit(asked.path).query).get("customSku", [""])[0]
        if text.startswith("IN,") and not isinstance(to_a_list, int):
            return to_a_list if isinstance(to_a_list, Answer) else page(to_a_list)
        if text.startswith("IN,"):
            text = text.removeprefix("IN,[").removesuffix("]").split(",")[to_a_list]
        return page([number for number in range(10) if text in ("", f"SKU {number}")])

    with scripted(reply) as host:
        there = finder_at(host.url, 7, "token")
        for _ in range(2):
            found = there.by_values(Item, SKU, skus(*range(12)))
            assert {value: [row["itemID"] for row in rows] for value, rows in found.items()} == {
                (f"sku {number}",): [number + 1] for number in range(10)
            }
    assert sum("IN%2C" in asked.path for asked in host.asked) == 3, "three samples, once"


def page(numbers: Iterable[int]) -> Answer:
    rows = [{"itemID": str(number + 1), "customSku": f"SKU {number}"} for number in numbers]
    return Answer(body={"@attributes": {"next": "", "previous": ""}, "Item": rows}, headers={"Date": DATE})


def test_a_value_that_several_rows_have_brings_all_of_them(finder: Finder) -> None:
    found = finder.by_values(Customer, EMAIL, {("c0@example.com",): ("c0@example.com",), ("x@y",): ("x@y",)})
    assert {value: sorted(row["firstName"] for row in rows) for value, rows in found.items()} == {
        ("c0@example.com",): ["Ada 0", "Ada 1"]
    }


def test_a_field_with_several_names_is_asked_for_by_each(sandbox: Sandbox, finder: Finder) -> None:
    found = finder.by_values(Customer, PHONE, {("555-0",): ("555-0",), ("555-1",): ("555-1",)})
    assert {value: [row["firstName"] for row in rows] for value, rows in found.items()} == {
        ("555-0",): ["Ada 0"],
        ("555-1",): ["Ada 1"],
    }
    assert {name for each in queries(sandbox) for name in each} == set(PHONE.asked)


def test_nothing_wanted_asks_nothing(sandbox: Sandbox, finder: Finder) -> None:
    assert finder.by_values(Item, SKU, {}) == {}
    assert finder.by_values(Customer, CUSTOM, {}) == {}
    assert sandbox.requests == []


def test_rows_that_only_come_when_they_are_asked_for_are_found_too(sandbox: Sandbox, finder: Finder) -> None:
    codes = [row["code"] for row in finder.rows(CreditAccount)]
    assert "CARD-0001" in codes
    assert queries(sandbox) == [{}, *({name: value} for name, value in CreditAccount.api.passes)]


@pytest.mark.parametrize("resource", [Item, Category])
def test_in_an_empty_list_nothing_is_looked_for(resource: type[Resource]) -> None:
    with Sandbox(Config(empty=True, **WIDE)) as empty:
        there = finder_at(empty.url, int(empty.account), Api.of(empty).token)
        match = SKU if resource is Item else Category.api.match[-1]
        empty.forget_requests()
        found = there.by_values(resource, match, {(f"x{n}",): (f"x{n}",) for n in range(20)})
        assert found == {}
        assert len(empty.requests) == 1
