"""Reports: worked out from sales and orders by day, in agreement with each other."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import instant
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import ALL_DAYS, REPORTS, Api, rows_of

SALE = Resource.named("Sale")
DISCOUNTS = Resource.named("ReportDiscountsByDay")
PAYMENTS = Resource.named("ReportPaymentsByDay")
ORDERS = Resource.named("ReportOrdersByTaxClass")
Sums = dict[tuple[Any, ...], Decimal]


def local_day(moment: str) -> str:
    """The day of a moment in the shops, all of which are in one zone."""
    return instant(moment).astimezone(ZoneInfo("US/Pacific")).date().isoformat()


def sums(rows: list[dict[str, Any]], amount: str, sign: int = 1) -> Sums:
    """An amount by day and shop."""
    found: Sums = {}
    for row in rows:
        key = (row["date"], row["shopID"])
        found[key] = found.get(key, Decimal(0)) + sign * row[amount]
    return found


def counted(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The sales that count, with their day."""
    rows = sandbox.store.select(SALE, '"completed" = 1 AND "voided" = 0')
    return [{**row, "date": local_day(row["completeTime"])} for row in rows]


def test_all_five_are_there() -> None:
    assert len(REPORTS) == 5


@pytest.mark.parametrize("resource", REPORTS, ids=lambda resource: resource.__name__)
def test_the_pages_bring_every_row_once_as_the_sandbox_works_it_out(
    api: Api, sandbox: Sandbox, resource: type[Resource]
) -> None:
    served = [row for page in api.pages(resource, limit="40") for row in page]
    expected = sandbox.rows(resource)
    keys = [tuple(row[name] for name in resource.api.keys) for row in expected]

    assert len(served) == len(expected) == len(set(keys)) > 25
    assert {_wire_key(resource, row) for row in served} == {
        tuple("true" if value is True else "false" if value is False else str(value) for value in key) for key in keys
    }
    assert all(row[name] not in (None, "") for row in expected for name in resource.api.keys)
    told = api.control("GET", f"rows/{resource.api.stream}").json()
    assert [row["date"] for row in told] == [row["date"] for row in expected]


def _wire_key(resource: type[Resource], row: dict[str, str]) -> tuple[str, ...]:
    day = datetime.strptime(row["date"], "%m/%d/%Y").date().isoformat()  # noqa: DTZ007  a day
    return day, *(row[name] for name in resource.api.dimensions)


def test_sales_minus_discounts_plus_taxes_are_what_was_sold_for(sandbox: Sandbox) -> None:
    totals = sums(counted(sandbox), "calcTotal")
    parts = [
        sums(sandbox.rows(Resource.named("ReportTaxClassSalesByDay")), "subtotal"),
        sums(sandbox.rows(DISCOUNTS), "discount", -1),
        sums(sandbox.rows(Resource.named("ReportTaxesByDay")), "tax"),
    ]
    assert all(part.keys() <= totals.keys() for part in parts)
    for key, total in totals.items():
        assert abs(sum(part.get(key, Decimal(0)) for part in parts) - total) < Decimal("0.05")


def test_payments_are_those_of_completed_sales(sandbox: Sandbox) -> None:
    paid = sums(sandbox.rows(PAYMENTS), "amount")
    expected = {key: total for key, total in sums(counted(sandbox), "calcPayments").items() if key in paid or total}
    assert paid == expected
    assert {row["layaway"] for row in sandbox.rows(PAYMENTS)} == {True, False}


def test_orders_count_on_the_day_on_which_they_were_received(sandbox: Sandbox) -> None:
    orders = {row["orderID"]: row for row in sandbox.rows(Resource.named("Order"))}
    for row in sandbox.rows(ORDERS):
        order = orders[row["orderID"]]
        assert row["date"] == local_day(order["receivedDate"])
        assert (row["shopID"], row["vendorID"]) == (order["shopID"], order["vendorID"])
        assert (row["totalShipCost"], row["totalOtherCost"]) == (order["shipCost"], order["otherCost"])


def test_a_sale_that_is_voided_no_longer_counts(sandbox: Sandbox) -> None:
    sale = max(counted(sandbox), key=lambda row: row["calcTotal"])
    before = sums(sandbox.rows(PAYMENTS), "amount")
    sandbox.edit(SALE, sale["saleID"], {"voided": True})
    after = sums(sandbox.rows(PAYMENTS), "amount")
    sandbox.edit(SALE, sale["saleID"], {"voided": False})
    key = (sale["date"], sale["shopID"])
    assert before[key] - after.get(key, Decimal(0)) == sale["calcPayments"]
    assert sums(sandbox.rows(PAYMENTS), "amount") == before


@pytest.mark.parametrize("first", ["2024-06-03", "06/03/2024", "2024-06-03T00:00:00+00:00"])
@pytest.mark.parametrize("last", ["2024-06-05", "06/05/2024"])
def test_both_ends_are_included_however_they_are_written(api: Api, first: str, last: str) -> None:
    rows = rows_of(DISCOUNTS, api.body(DISCOUNTS.api.path, startDate=first, endDate=last))
    assert {row["date"] for row in rows} == {"06/03/2024", "06/04/2024", "06/05/2024"}


def test_a_row_is_written_as_the_page_shows_it(api: Api) -> None:
    row = api.rows(Resource.named("ReportTaxClassSalesByDay"))[0]
    assert row.keys() == {"date", "taxClassID", "taxClassName", "shopID", "subtotal", "fifoCost", "avgCost"}
    assert len(row["date"]) == len("01/26/2021")
    assert [len(row[name].partition(".")[2]) for name in ("subtotal", "fifoCost", "avgCost")] == [2, 9, 9]


def test_the_next_page_keeps_the_days(api: Api) -> None:
    body = api.body(PAYMENTS.api.path, startDate="06/03/2024", endDate="06/05/2024", limit="5", sort="-date")
    rows = rows_of(PAYMENTS, body)
    while body["@attributes"]["next"]:
        body = api.body(body["@attributes"]["next"])
        rows += rows_of(PAYMENTS, body)
    days = [row["date"] for row in rows]
    assert days == sorted(days, reverse=True)
    assert set(days) == {"06/03/2024", "06/04/2024", "06/05/2024"}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"startDate": "2024-06-01"},
        {"endDate": "2024-06-01"},
        {"startDate": "", "endDate": "2024-06-01"},
        {"startDate": "yesterday", "endDate": "2024-06-01"},
        {"startDate": "31/12/2024", "endDate": "2024-06-01"},
        {**ALL_DAYS, "date": "2024-06-01"},
        {**ALL_DAYS, "sort": "discount"},
    ],
    ids=str,
)
def test_a_report_wants_its_days(api: Api, params: dict[str, str]) -> None:
    assert api.ask(DISCOUNTS.api.path, **params).status_code == 400


def test_orders_are_sorted_by_order_only(api: Api) -> None:
    refused = api.ask(ORDERS.api.path, **ALL_DAYS, sort="date")
    assert refused.status_code == 400
    assert refused.json()["message"].endswith("Sortable fields: orderID.")
    assert api.ask("/Reports/Accounting/OrdersByTaxClass/1.json").status_code == 404
    assert api.control("DELETE", "rows/report_orders_by_tax_class/2024-06-01").status_code == 404
