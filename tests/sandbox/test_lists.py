"""Lists: pages and their cursors, order, the archive, counting, and what is refused."""

from __future__ import annotations

import json
from base64 import b64decode
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lightspeed_retail.resources import FieldType, Resource
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import LISTS, Api, Row

ONE_WALK = [resource for resource in LISTS if not resource.api.passes]
ARCHIVED = [resource for resource in LISTS if resource.api.archived]
ORDERS = [(resource, name) for resource in ONE_WALK for name in resource.api.sortable]


def everything(resource: type[Resource]) -> dict[str, str]:
    """What shows archived rows too."""
    return {"archived": "true"} if resource.api.archived else {}


def place(resource: type[Resource], name: str, row: Row) -> tuple[Any, ...]:
    """Where a row belongs in an order: rows without a value first, then by value, then by key."""
    field = next(field for field in resource.fields() if field.name.casefold() == name.casefold())
    value: Any = row.get(field.name)
    if value is not None and field.type in (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY):
        value = Decimal(value)
    return value is not None, value, int(row[resource.api.key])


@pytest.mark.parametrize(("resource", "name"), ORDERS, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("sign", ["", "-"], ids=["up", "down"])
def test_pages_in_any_order_bring_every_row_once_and_sorted(
    api: Api, sandbox: Sandbox, resource: type[Resource], name: str, sign: str
) -> None:
    number = sandbox.store.count(resource)
    limit = max(2, min(100, number // 3))
    pages = list(api.pages(resource, sort=f"{sign}{name}", limit=limit, **everything(resource)))
    places = [place(resource, name, row) for page in pages for row in page]

    assert len(set(places)) == len(places) == number
    assert all(one < other if sign == "" else one > other for one, other in pairwise(places))
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("sort", ["categoryID", "timeStamp", "-timeStamp"])
def test_pages_lead_back_to_where_they_came_from(api: Api, sort: str) -> None:
    category = Resource.named("Category")
    first = api.body(category.api.path, sort=sort, limit=40)
    second = api.body(first["@attributes"]["next"])
    third = api.body(second["@attributes"]["next"])

    back = api.body(third["@attributes"]["previous"])
    start = api.body(back["@attributes"]["previous"])

    assert back["Category"] == second["Category"]
    assert start["Category"] == first["Category"]
    assert first["@attributes"]["previous"] == start["@attributes"]["previous"] == ""
    assert back["@attributes"]["next"] == second["@attributes"]["next"]


def test_many_rows_of_one_second_are_split_over_pages_without_loss(api: Api, sandbox: Sandbox) -> None:
    category = Resource.named("Category")
    stamps = [row["timeStamp"] for page in api.pages(category, sort="timeStamp", limit=7) for row in page]
    assert max(map(stamps.count, stamps)) > 14, "the data hold ties that are longer than a page"
    assert len(stamps) == sandbox.store.count(category)


def test_an_address_of_a_page_keeps_the_question_and_says_the_order(api: Api) -> None:
    item = Resource.named("Item")
    body = api.body(item.api.path, archived="true", timeStamp=">,2001-01-01T00:00:00+00:00", load_relations='["Note"]')
    address = body["@attributes"]["next"]
    asked = parse_qs(urlsplit(address).query)

    assert address.startswith(api.address(item.api.path))
    assert asked["archived"] == ["true"]
    assert asked["timeStamp"] == [">,2001-01-01T00:00:00+00:00"]
    assert asked["load_relations"] == ['["Note"]']
    assert (asked["sort"], asked["limit"]) == (["itemID"], ["100"])
    assert json.loads(b64decode(asked["after"][0])) == [int(body["Item"][-1]["itemID"])]


def test_a_cursor_of_a_sorted_list_holds_the_value_and_the_key(api: Api) -> None:
    sale = Resource.named("Sale")
    body = api.body(sale.api.path, sort="timeStamp")
    (after,) = parse_qs(urlsplit(body["@attributes"]["next"]).query)["after"]
    last = body["Sale"][-1]
    assert json.loads(b64decode(after)) == [last["timeStamp"], int(last["saleID"])]


@pytest.mark.parametrize(("limit", "rows"), [("1", 1), ("100", 100), ("250", 100), ("0", 0)])
def test_a_page_has_as_many_rows_as_asked_for_but_a_hundred_at_the_most(api: Api, limit: str, rows: int) -> None:
    assert len(api.rows(Resource.named("Sale"), limit=limit)) == rows


def test_a_page_has_a_hundred_rows_when_nobody_says_how_many(api: Api) -> None:
    assert len(api.rows(Resource.named("Sale"))) == 100


def test_a_list_without_rows_has_attributes_only(api: Api) -> None:
    assert api.body("/Sale.json", saleID="999999") == {"@attributes": {"next": "", "previous": ""}}


@pytest.mark.parametrize("resource", ARCHIVED, ids=lambda resource: resource.__name__)
def test_archived_rows_are_hidden_unless_asked_for(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    def keys(**params: str) -> set[int]:
        return {int(row[resource.api.key]) for page in api.pages(resource, **params) for row in page}

    sandbox.edit(resource, sandbox.store.select(resource)[0][resource.api.key], {"archived": True})
    rows = sandbox.store.select(resource)
    archived = {row[resource.api.key] for row in rows if row["archived"]}
    assert 0 < len(archived) < len(rows)
    assert keys(archived="only") == archived
    assert keys() == keys(archived="false") == {row[resource.api.key] for row in rows} - archived
    assert keys(archived="true") == {row[resource.api.key] for row in rows}


@pytest.mark.parametrize("resource", ONE_WALK, ids=lambda resource: resource.__name__)
def test_counting_answers_the_number_alone_for_ten_drips(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    answer = api.ask(resource.api.path, count="1", **everything(resource))
    assert answer.json() == {"@attributes": {"count": str(sandbox.store.count(resource))}}
    assert answer.headers["X-LS-API-Request-Cost"] == "10"


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "calcTotal"},
        {"offset": "100"},
        {"limit": "many"},
        {"limit": "-1"},
        {"count": "1", "limit": "10"},
        {"after": "no cursor"},
        {"after": "WzEsMl0="},
        {"archived": "maybe"},
        {"load_relations": "Customer"},
        {"load_relations": '{"Customer": 1}'},
        {"load_relations": '["Cousin"]'},
        {"noSuchField": "1"},
        {"saleID": ">,many"},
        {"timeStamp": ">,yesterday"},
        {"saleID": f"IN,{list(range(101))}"},
    ],
    ids=str,
)
def test_questions_that_the_api_does_not_know_are_refused_in_its_own_shape(api: Api, params: dict[str, str]) -> None:
    answer = api.ask("/Sale.json", **params)
    body = answer.json()
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert (body["httpCode"], body["httpMessage"]) == ("400", "Bad Request")
    assert body.keys() == {"httpCode", "httpMessage", "message", "errorClass"}


@pytest.mark.parametrize("resource", LISTS, ids=lambda resource: resource.__name__)
def test_a_refused_order_names_those_that_there_are(api: Api, resource: type[Resource]) -> None:
    message = api.ask(resource.api.path, sort="noSuchField").json()["message"]
    assert all(name in message for name in resource.api.sortable)


def test_what_is_not_there_is_told_apart(api: Api) -> None:
    assert api.ask("/NoSuchThing.json").status_code == 404
    assert api.ask("/Sale/999999.json").json()["message"] == (
        "Object of type 'Sale' not found with primary ID '999999'."
    )
    assert api.ask("/API/V3/Account/424242/Sale.json").status_code == 403
    assert api.ask("/Sale.json", method="DELETE").status_code == 405
