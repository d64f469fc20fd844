"""The marts where little is loaded: without rights, payments, purchase orders, or anything at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from lightspeed_retail.resources.items import ItemShop
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.tapping import Tap, catalog_for, choosing
from tests.transform import reckoning
from tests.transform.reckoning import Account, Rows
from tests.transform.trading import MARTS, Loaded, account, differences, read_by_marts

FEW = ("sales", "sale_lines", "item_shops", "inventory_logs", "report_discounts_by_day", "report_payments_by_day")
"""Neither shops, items, customers nor payments are loaded, and the inventory log may not be read."""

DESELECTED = [("sales", "calc_avg_cost"), ("sale_lines", "avg_cost")]
SETTINGS = {"field_names": "snake_case"}
SHOP_ITEM = ["account_id", "shop_id", "item_id"]


@dataclass
class Little:
    """The history of stock after a first and a second build, and what happened in between."""

    sandbox: Sandbox
    loaded: Loaded
    voided: Record
    first: Rows
    second: Rows


@pytest.fixture(scope="module")
def little(server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Little]:
    """An account of today, of which little is loaded, before and after an old sale was voided and two days have passed.

    One of two days has trade, whatever the weekday.
    """
    with account(20, 8, today=None, deny=["inventory_logs"]) as sandbox:
        folder = tmp_path_factory.mktemp("little")
        catalog = catalog_for(Tap.over(sandbox, folder, **SETTINGS))
        loaded = Loaded.of([sandbox], server, folder, choosing(catalog, *FEW, off=DESELECTED), **SETTINGS)
        loaded.load()
        loaded.build()
        first = stock_history(loaded)
        voided = next(sale for sale in sandbox.rows(Sale) if sale["completed"] and sale["calcDiscount"])
        sandbox.edit(Sale, voided["saleID"], {"voided": True})
        sandbox.advance(2)
        loaded.load()
        loaded.build()
        yield Little(sandbox, loaded, voided, first, stock_history(loaded))


def stock_history(loaded: Loaded) -> Rows:
    """The stock of all days."""
    return loaded.table("fct_inventory_daily", [*SHOP_ITEM, "stock_date"], ["quantity", "value", "basis"])


def last_day(rows: Rows) -> date:
    """The last day that a history of stock knows."""
    found: date = max(key[-1] for key in rows)
    return found


def test_nothing_fails(little: Little) -> None:
    assert little.loaded.troubles() == {}


def test_stock_without_the_log_comes_from_snapshots(little: Little) -> None:
    today = last_day(little.second)
    assert {row["basis"] for row in little.second.values()} == {"snapshot"}
    stock = {
        (int(little.sandbox.account), row["shopID"], row["itemID"], today): {"quantity": row["qoh"]}
        for row in little.sandbox.rows(ItemShop)
        if row["shopID"] and row["qoh"]
    }
    assert differences({key: row for key, row in little.second.items() if key in stock}, stock) == []


def test_what_the_stock_was_is_remembered(little: Little) -> None:
    until = last_day(little.first)
    oldest = min(key[-1] for key in little.second)
    earlier = {key: row for key, row in little.first.items() if oldest <= key[-1] < until}
    assert differences({key: row for key, row in little.second.items() if key[-1] < until}, earlier) == []
    today = last_day(little.second)
    assert today > until
    moved = [key for key in earlier if earlier[key]["quantity"] != little.second[(*key[:-1], today)]["quantity"]]
    assert moved


def test_a_report_that_is_older_than_an_edit_settles_nothing(little: Little) -> None:
    key = ["account_id", "shop_id", "report_date", "figure", "detail_id"]
    rows = little.loaded.table("rpt_reconciliation", key)
    assert {at[3] for at in rows} == {"discounts"}
    voided = little.voided
    at = Account(little.sandbox).local(voided["completeTime"], voided["shopID"])
    assert at is not None
    row = rows[int(little.sandbox.account), voided["shopID"], at.date(), "discounts", 0]
    assert (row["difference"], row["is_settled"]) == (-voided["calcDiscount"], False)
    assert [row for row in rows.values() if row["difference"] and row["is_settled"]] == []
    assert sum(row["is_settled"] for row in rows.values()) > len(rows) // 2


def test_sales_are_right_with_what_there_is(little: Little) -> None:
    wanted = reckoning.sales(Account(little.sandbox))
    for row in wanted.values():
        row.update(cost=None, margin=None)
    assert differences(little.loaded.table("fct_sales", ["account_id", "sale_id"]), wanted) == []


def test_buyers_are_customers_although_nothing_is_known_of_them(little: Little) -> None:
    buyers = {sale["customerID"] for sale in little.sandbox.rows(Sale)} - {0}
    customers = little.loaded.table("dim_customers", ["customer_key"])
    assert {row["display_name"] for row in customers.values()} == {f"Customer {number}" for number in buyers}


def test_the_marts_of_nothing_are_empty(server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    loaded = Loaded.of([], server, tmp_path_factory.mktemp("nothing"), read_by_marts())
    loaded.build()
    assert loaded.troubles() == {}
    tables = [name for name in MARTS if not name.startswith("int_")]
    assert {
        name: loaded.table(name, ["customer_key"] if name == "dim_customers" else ["account_id"]) for name in tables
    } == {name: {} for name in tables}
