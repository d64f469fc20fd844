"""The second version of the API: the same rows, paged by offset and sorted by any field."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import LISTS, Api, Row, relations, rows_of

SALE = Resource.named("Sale")


def path(sandbox: Sandbox, rest: str) -> str:
    """A path of the account in the second version."""
    return f"/API/Account/{sandbox.account}{rest}"


def walk(api: Api, sandbox: Sandbox, resource: type[Resource], limit: int, **params: str) -> list[Row]:
    """All rows by offset, as far as the count says."""
    rows: list[Row] = []
    while True:
        body = api.body(path(sandbox, resource.api.path), offset=str(len(rows)), limit=str(limit), **params)
        attributes = body["@attributes"]
        assert (attributes["offset"], attributes["limit"]) == (str(len(rows)), str(limit))
        rows += rows_of(resource, body)
        if len(rows) >= int(attributes["count"]):
            return rows


@pytest.mark.parametrize("resource", LISTS, ids=lambda resource: resource.__name__)
def test_both_versions_have_the_same_rows(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    shown = {"archived": "true"} if resource.api.archived else {}
    third = [row for page in api.walk(resource, resource.api.path, **shown) for row in page]
    assert walk(api, sandbox, resource, max(2, min(100, len(third) // 3)), **shown) == third


def test_a_list_says_how_many_rows_there_are(api: Api, sandbox: Sandbox) -> None:
    body = api.body(path(sandbox, "/Sale.json"), archived="true", load_relations=relations("SaleLines"))
    assert body["@attributes"] == {"count": str(sandbox.store.count(SALE)), "offset": "0", "limit": "100"}
    assert any("SaleLines" in row for row in body["Sale"])
    empty = api.body(path(sandbox, "/Sale.json"), saleID="999999")
    assert empty == {"@attributes": {"count": "0", "offset": "0", "limit": "100"}}


@pytest.mark.parametrize("down", ["0", "1"])
@pytest.mark.parametrize("name", ["saleID", "calcTotal", "referenceNumber"])
def test_any_field_gives_an_order(api: Api, sandbox: Sandbox, name: str, down: str) -> None:
    rows = walk(api, sandbox, SALE, 60, orderby=name, orderby_desc=down, archived="true")
    places = [(row[name] if name == "referenceNumber" else float(row[name]), int(row["saleID"])) for row in rows]
    assert len(rows) == sandbox.store.count(SALE)
    assert all(one > other if down == "1" else one < other for one, other in pairwise(places))


def test_a_single_record_is_the_same(api: Api, sandbox: Sandbox) -> None:
    assert api.body(path(sandbox, "/Sale/5.json")) == api.body("/Sale/5.json")
    assert api.body(f"/API/Account/{sandbox.account}.json") == api.body(f"/API/V3/Account/{sandbox.account}.json")
    assert api.body("/API/Account.json") == api.body("/API/V3/Account.json")
    assert api.ask("/API/Account/424242/Sale.json").status_code == 403


@pytest.mark.parametrize(
    ("params", "cost"),
    [
        ({}, "1"),
        ({"offset": "400"}, "1.2"),
        ({"orderby": "saleID"}, "1"),
        ({"orderby": "updateTime"}, "1"),
        ({"orderby": "calcTotal"}, "5"),
        ({"orderby": "calcTotal", "offset": "100", "load_relations": '["SaleLines"]'}, "5.45"),
    ],
    ids=str,
)
def test_skipped_rows_and_unusual_orders_cost_more(
    api: Api, sandbox: Sandbox, params: dict[str, str], cost: str
) -> None:
    assert api.ask(path(sandbox, "/Sale.json"), **params).headers["X-LS-API-Request-Cost"] == cost


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "saleID"},
        {"after": "WzVd"},
        {"before": "WzVd"},
        {"noSuchField": "1"},
        {"orderby": "noSuchField"},
        {"offset": "-1"},
        {"offset": "many"},
        {"limit": "many"},
        {"count": "1"},
    ],
    ids=str,
)
def test_questions_of_the_other_version_are_refused(api: Api, sandbox: Sandbox, params: dict[str, str]) -> None:
    assert api.ask(path(sandbox, "/Sale.json"), **params).status_code == 400


@pytest.mark.parametrize("name", ["offset", "orderby", "orderby_desc"])
def test_the_third_version_refuses_words_of_the_second(api: Api, name: str) -> None:
    assert api.ask("/Sale.json", **{name: "1"}).status_code == 400


def test_lists_below_a_parent_and_reports_are_there_as_well(api: Api, sandbox: Sandbox) -> None:
    report = api.body(
        path(sandbox, "/Reports/Accounting/DiscountsByDay.json"),
        startDate="2024-06-01",
        endDate="2024-06-10",
        limit="5",
    )
    assert int(report["@attributes"]["count"]) > 5
    assert len(report["Discounts"]) == 5
    assert api.ask(path(sandbox, "/Workorder/999999/WorkorderImage.json")).status_code == 404
