"""Filters: every operator, moments in any zone, and what lies below a relation."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import small_sandbox
from tests.sandbox.calling import Api, relations

SALE = Resource.named("Sale")
CUSTOMER = Resource.named("Customer")
STAMPED = [
    resource
    for resource in RESOURCES
    if isinstance(resource.api.bookmark, Stamp) and any(field.name == "timeStamp" for field in resource.fields())
]


def keys(api: Api, resource: type[Resource], **params: str) -> set[int]:
    """The keys of all rows that meet a question, archived ones included."""
    shown = {"archived": "true"} if resource.api.archived else {}
    return {int(row[resource.api.key]) for page in api.pages(resource, **shown, **params) for row in page}


def having(sandbox: Sandbox, resource: type[Resource], condition: Callable[[dict[str, Any]], bool]) -> set[int]:
    """The keys of the rows that meet a condition, by the sandbox's own table."""
    found = {row[resource.api.key] for row in sandbox.store.select(resource) if condition(row)}
    assert 0 < len(found) < sandbox.store.count(resource), "the condition divides the rows"
    return found


@pytest.mark.parametrize(
    ("sign", "compare"),
    [
        ("=", operator.eq),
        ("!=", operator.ne),
        (">", operator.gt),
        (">=", operator.ge),
        ("<", operator.lt),
        ("<=", operator.le),
    ],
)
def test_keys_and_amounts_are_compared_as_numbers(
    api: Api, sandbox: Sandbox, sign: str, compare: Callable[[Any, Any], bool]
) -> None:
    total = sandbox.store.select(SALE, '"completed" = 1')[9]["calcTotal"]
    assert keys(api, SALE, saleID=f"{sign},100") == having(sandbox, SALE, lambda row: compare(row["saleID"], 100))
    assert keys(api, SALE, calcTotal=f"{sign},{total}") == having(
        sandbox, SALE, lambda row: compare(row["calcTotal"], Decimal(total))
    )


def test_between_takes_both_ends(api: Api) -> None:
    assert keys(api, SALE, saleID="><,10,20") == set(range(10, 21))


@pytest.mark.parametrize("text", ["IN,[3,5,8]", "IN,3,5,8"])
def test_one_of_several_values(api: Api, text: str) -> None:
    assert keys(api, SALE, saleID=text) == {3, 5, 8}


def test_a_value_without_operator_means_equality(api: Api, sandbox: Sandbox) -> None:
    assert keys(api, SALE, completed="true") == having(sandbox, SALE, lambda row: row["completed"])
    assert keys(api, SALE, completed="false") == having(sandbox, SALE, lambda row: not row["completed"])


def test_texts_are_compared_by_likeness(api: Api, sandbox: Sandbox) -> None:
    letter = sandbox.store.select(CUSTOMER)[0]["lastName"][0]
    alike = having(sandbox, CUSTOMER, lambda row: (row["lastName"] or "").startswith(letter))
    assert keys(api, CUSTOMER, lastName=f"~,{letter}%") == alike
    assert keys(api, CUSTOMER, lastName=f"!~,{letter}%") == (
        {row["customerID"] for row in sandbox.store.select(CUSTOMER)} - alike
    )


@pytest.mark.parametrize("resource", STAMPED, ids=lambda resource: resource.__name__)
def test_every_change_stamp_can_be_filtered(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    stamps = sorted(row["timeStamp"] for row in sandbox.store.select(resource))
    middle = stamps[len(stamps) // 2]
    expected = {row[resource.api.key] for row in sandbox.store.select(resource) if row["timeStamp"] >= middle}
    assert keys(api, resource, timeStamp=f">=,{middle}") == expected


def spellings(text: str) -> Iterator[str]:
    """One moment as the API takes it: in any zone, with and without a colon, or as Z."""
    moment = datetime.fromisoformat(text)
    west = moment.astimezone(timezone(-timedelta(hours=4)))
    yield text
    yield f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    yield f"{west:%Y-%m-%dT%H:%M:%S}-0400"
    yield west.isoformat()


def test_moments_are_understood_in_every_zone(api: Api, sandbox: Sandbox) -> None:
    moment = sandbox.store.select(SALE)[150]["timeStamp"]
    expected = having(sandbox, SALE, lambda row: row["timeStamp"] > moment)
    for text in spellings(moment):
        assert keys(api, SALE, timeStamp=f">,{text}") == expected


@pytest.mark.parametrize("name", ["updateTime", "updatetime"])
def test_the_stamp_of_a_sale_has_both_spellings(api: Api, sandbox: Sandbox, name: str) -> None:
    moment = sandbox.store.select(SALE)[150]["updateTime"]
    expected = having(sandbox, SALE, lambda row: (row["updateTime"] or "") >= moment)
    assert keys(api, SALE, **{name: f">=,{moment}"}) == expected
    assert keys(api, SALE, sort=name) == {row["saleID"] for row in sandbox.store.select(SALE)}


def test_what_is_asked_in_several_parameters_must_all_hold(api: Api, sandbox: Sandbox) -> None:
    expected = having(sandbox, SALE, lambda row: row["completed"] and row["shopID"] == 2)
    assert keys(api, SALE, completed="true", shopID="2") == expected


def test_a_customer_is_found_by_the_email_of_the_contact(api: Api, sandbox: Sandbox) -> None:
    row = next(row for row in sandbox.store.select(CUSTOMER) if row["Contact"] and row["Contact"]["Emails"])
    address = row["Contact"]["Emails"][0]["address"]
    found = keys(api, CUSTOMER, **{"load_relations": relations("Contact"), "Contact.email": address})
    assert row["customerID"] in found
    assert len(found) < sandbox.store.count(CUSTOMER)
    assert api.ask(CUSTOMER.api.path, **{"Contact.email": address}).status_code == 400, "the relation is not loaded"


def test_rows_are_found_by_what_a_relation_holds(api: Api, sandbox: Sandbox) -> None:
    lines = sandbox.store.select(Resource.named("SaleLine"), '"itemID" = (SELECT max("itemID") FROM "SaleLine")')
    found = keys(api, SALE, **{"load_relations": relations("SaleLines"), "SaleLines.itemID": str(lines[0]["itemID"])})
    assert found == {line["saleID"] for line in lines}


def test_a_filter_can_be_refused_or_ignored_as_some_servers_do() -> None:
    with small_sandbox(refuse_filter=["updateTime"], ignore_filter=["completeTime"]) as sandbox:
        api = Api.of(sandbox)
        later = ">,2099-01-01T00:00:00+00:00"
        assert api.ask(SALE.api.path, updateTime=later).status_code == 400
        assert len(api.rows(SALE, completeTime=later)) == 100
        assert api.rows(SALE, timeStamp=later) == []
