"""Very large accounts: filled fast, with rows that the API can serve."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.generate.bulk import fill, fill_sales
from lightspeed_sandbox.generate.values import cents
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.retailer import TODAY, small_sandbox, small_store
from tests.sandbox.calling import Api

ITEM, IMAGE, LOG = map(Resource.named, ("Item", "Image", "InventoryLog"))
SALE, LINE, PAYMENT = map(Resource.named, ("Sale", "SaleLine", "SalePayment"))
SINCE, UNTIL = datetime(2022, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
BEGAN = stamp(TODAY - timedelta(days=3))
"""When the trade begins."""
BULK = 500
"""More than one round of the sales that come again and again."""


def test_rows_are_added_behind_those_that_there_are() -> None:
    store = small_store(days=2)
    before = {resource: store.select(resource) for resource in (ITEM, IMAGE, LOG)}
    fill(store, items=300, images=250, logs=1000)
    for resource, number in ((ITEM, 300), (IMAGE, 250), (LOG, 1000)):
        rows = store.select(resource)
        assert rows[: -number or None] == before[resource]
        assert len({row[resource.api.key] for row in rows}) == len(before[resource]) + number

    new = {row["itemID"] for row in store.select(ITEM)[-300:]}
    assert {row["itemID"] for row in store.select(LOG)[-1000:]} == new
    assert {row["itemID"] for row in store.select(IMAGE)[-250:]} <= new
    assert max(row["timeStamp"] for row in store.select(ITEM)[-300:]) < "2016"


def test_the_api_serves_them() -> None:
    store = Store()
    fill(store, items=150, images=120, logs=450)
    with small_sandbox(store) as sandbox:
        api = Api.of(sandbox)
        for resource, number in ((ITEM, 150), (IMAGE, 120), (LOG, 450)):
            assert len(api.whole(resource)) == number
        assert api.rows(ITEM)[0]["Prices"]["ItemPrice"][0]["amount"] == "19.99"


def test_a_hundred_thousand_logs_take_no_more_than_seconds() -> None:
    store, began = Store(), monotonic()
    fill(store, items=5_000, images=5_000, logs=100_000)
    assert store.count(LOG) == 100_000
    assert monotonic() - began < 5


def bulk_sandbox(*, empty: bool = False) -> Sandbox:
    """An account with sales in bulk before its first day."""
    today = TODAY.replace(tzinfo=None)
    return Sandbox(Config(bulk_sales=BULK, days=3, sales_per_day=8, today=today, empty=empty))


@pytest.fixture(scope="module", params=[False, True], ids=["traded", "empty"])
def store(request: pytest.FixtureRequest) -> Store:
    """Such an account, with goods, customers and trade, or without."""
    return bulk_sandbox(empty=request.param).store


def grouped(rows: list[Record]) -> dict[int, list[Record]]:
    """Rows by the sale to which they belong."""
    groups = defaultdict(list)
    for row in rows:
        groups[row["saleID"]].append(row)
    return groups


def total(rows: list[Record], name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal(0))


def test_sales_in_bulk_come_before_the_trade_with_dense_keys_and_ascending_stamps(store: Store) -> None:
    sales, lines, payments = (store.select(resource) for resource in (SALE, LINE, PAYMENT))
    bulk = sales[:BULK]
    assert [row["saleID"] for row in bulk] == list(range(1, BULK + 1))
    of_bulk = [row for row in lines if row["saleID"] <= BULK and not row["parentSaleLineID"]]
    assert [row["saleLineID"] for row in of_bulk] == list(range(1, len(of_bulk) + 1))
    assert [row["saleID"] for row in of_bulk] == sorted(row["saleID"] for row in of_bulk)
    assert [(row["salePaymentID"], row["saleID"]) for row in payments[:BULK]] == [(n, n) for n in range(1, BULK + 1)]
    for name in ("createTime", "timeStamp", "completeTime", "updateTime"):
        # The trade that follows changes a few of them.
        stamps = [row[name] for row in bulk if row["updateTime"] < BEGAN]
        assert stamps == sorted(stamps)
        assert len(stamps) > BULK * 0.9
        assert all(row[name] is None or row[name] >= BEGAN for row in sales[BULK:])
    assert all(row["createTime"] < row["completeTime"] < row["updateTime"] for row in bulk)
    assert all(sales[row["saleID"] - 1]["createTime"] < row["createTime"] for row in (*of_bulk, *payments[:BULK]))


def test_sales_in_bulk_add_up(store: Store) -> None:
    lines, payments = grouped(store.select(LINE)), grouped(store.select(PAYMENT))
    for sale in store.select(SALE, '"saleID" <= ?', (BULK,)):
        own, paid = lines[sale["saleID"]], payments[sale["saleID"]]
        assert sale["completed"]
        assert 2 <= len(own) <= 3
        assert len(paid) == 1
        taxes = cents(total(own, "calcTax1")) + cents(total(own, "calcTax2"))
        discount = cents(total(own, "calcLineDiscount") + total(own, "calcTransactionDiscount"))
        assert sale["taxTotal"] == sale["calcTax1"] + sale["calcTax2"] == taxes
        assert sale["calcTotal"] == cents(total(own, "calcSubtotal")) - discount + taxes
        assert sale["calcTotal"] == sale["total"] == sale["calcPayments"] == paid[0]["amount"] > 0
        assert sale["calcTaxable"] + sale["calcNonTaxable"] == sale["calcSubtotal"] - sale["calcDiscount"]
        assert sale["balance"] == 0
        assert sale["change"] >= 0
        assert all((row["shopID"], row["employeeID"]) == (sale["shopID"], sale["employeeID"]) for row in own)


def test_sales_in_bulk_name_rows_that_are_there(store: Store) -> None:
    for resource in (SALE, LINE, PAYMENT):
        rows = store.select(resource)
        for name in ("Shop", "Register", "Employee", "Item", "Customer", "PaymentType", "TaxCategory", "TaxClass"):
            key = Resource.named(name).api.key
            known = {0, *(row[key] for row in store.select(Resource.named(name)))}
            assert {row[key] for row in rows if key in row} <= known
    assert store.count(SALE, '"shopID" = 0 OR "registerID" = 0 OR "employeeID" = 0') == 0


def test_reports_count_sales_in_bulk(store: Store) -> None:
    def reported(name: str, amount: str) -> Decimal:
        ended = max(row["completeTime"] for row in store.select(SALE, '"saleID" <= ?', (BULK,)))[:10]
        return total(store.select(Resource.named(name), '"date" <= ?', (ended,)), amount)

    bulk = store.select(SALE, '"saleID" <= ?', (BULK,))
    assert reported("ReportPaymentsByDay", "amount") == total(bulk, "calcPayments") > 0
    assert reported("ReportTaxesByDay", "tax") == total(bulk, "taxTotal")
    assert reported("ReportDiscountsByDay", "discount") == total(bulk, "calcDiscount") > 0


def test_the_api_serves_sales_in_bulk_and_trade_goes_on() -> None:
    with bulk_sandbox() as sandbox:
        api = Api.of(sandbox)
        assert len(api.whole(SALE)) == sandbox.store.count(SALE) > BULK
        sandbox.advance(2)
        assert sandbox.store.count(SALE) > BULK + 20


def test_sales_are_added_behind_those_that_there_are() -> None:
    store = small_store(days=2)
    before = {resource: store.select(resource) for resource in (SALE, LINE, PAYMENT)}
    fill_sales(store, 10, since=SINCE, until=UNTIL)
    for resource, rows in before.items():
        assert store.select(resource)[: len(rows)] == rows
    new = store.select(SALE)[len(before[SALE]) :]
    assert len(new) == 10
    assert all("2022" <= row["createTime"] < "2024" for row in new)


def test_sales_want_a_register() -> None:
    fill_sales(Store(), 0, since=SINCE, until=UNTIL)
    with pytest.raises(ValueError, match="register"):
        fill_sales(Store(), 1, since=SINCE, until=UNTIL)


@pytest.mark.parametrize(("name", "sort"), [("saleID", "saleID"), ("saleID", "-saleID"), ("updateTime", "updatetime")])
def test_a_page_is_no_dearer_at_the_end_of_a_range_than_at_its_beginning(name: str, sort: str) -> None:
    store = small_store(days=2)
    fill_sales(store, 4_000, since=SINCE, until=UNTIL)
    low, high = ("1", "3999") if name == "saleID" else ("2022-01-01T00:00:00+00:00", "2023-12-30T00:00:00+00:00")
    steps: list[int] = []
    counts: list[int] = []
    with small_sandbox(store) as sandbox:
        api = Api.of(sandbox)
        store._connection.set_progress_handler(lambda: steps.append(1), 100)
        for page in api.walk(SALE, "/Sale.json", **{name: f"><,{low},{high}"}, sort=sort, archived="true"):
            assert page
            counts.append(len(steps))
            steps.clear()
        store._connection.set_progress_handler(None, 0)
    assert len(counts) > 35
    assert max(counts[1:]) <= 1.5 * min(counts[1:-1])
