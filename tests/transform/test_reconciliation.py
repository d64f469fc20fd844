"""A year of trade, with all that can happen to a ticket: our totals are those of the accounting reports, every day."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.retailer import WIDE
from tests.transform.reckoning import Account, is_refund
from tests.transform.trading import Loaded, account, read_by_marts

YEAR = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"
"""Whether it is a year of three shops, as the sandbox makes it up; otherwise some weeks of a small retailer."""


@dataclass
class Reported:
    """What was compared, and the account."""

    rows: list[dict[str, object]]
    account: Account


@pytest.fixture(scope="module")
def trade() -> Iterator[Sandbox]:
    """The retailer."""
    if YEAR:
        with Sandbox(Config(tax_inclusive=True, **WIDE)) as sandbox:
            yield sandbox
    else:
        with account(70, 10, seed=5) as sandbox:
            yield sandbox


@pytest.fixture(scope="module")
def reported(trade: Sandbox, server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """What was compared, once all is loaded and built."""
    loaded = Loaded.of([trade], server, tmp_path_factory.mktemp("year"), read_by_marts())
    loaded.load()
    loaded.build(inventory_days=30)
    key = ["account_id", "shop_id", "report_date", "figure", "detail_id"]
    return Reported(list(loaded.table("rpt_reconciliation", key).values()), Account(trade))


def test_no_day_differs(reported: Reported) -> None:
    assert [row for row in reported.rows if row["difference"]] == []


def test_every_row_of_the_reports_is_compared(reported: Reported) -> None:
    compared = Counter(str(row["figure"]) for row in reported.rows)
    for figure, report, divided in (
        ("discounts", "ReportDiscountsByDay", ()),
        ("taxes", "ReportTaxesByDay", ("taxCategoryID",)),
        ("sales", "ReportTaxClassSalesByDay", ("taxClassID",)),
        ("payments", "ReportPaymentsByDay", ("paymentTypeID",)),
        ("orders", "ReportOrdersByTaxClass", ("orderID",)),
    ):
        rows = reported.account.rows(report)
        keys = {(row["date"], row["shopID"], *(row[name] for name in divided)) for row in rows}
        assert compared[figure] == len(keys) > 0


def test_all_kinds_of_trade_are_among_it(reported: Reported) -> None:
    trade = reported.account
    sales = trade.completed
    lines = [line for sale in sales for line in trade.lines[sale["saleID"]]]
    kinds = {row["paymentTypeID"]: row["type"] for row in trade.rows("PaymentType")}
    counted = {sale["saleID"] for sale in sales}
    paid = [row for row in trade.rows("SalePayment") if row["saleID"] in counted]
    rates = trade.by_key("TaxCategory")
    seen = {
        "refunds": sum(map(is_refund, sales)),
        "voids after completion": sum(bool(sale["voided"] and sale["completed"]) for sale in trade.rows("Sale")),
        "edits after completion": sum(_is_edited(sale["SaleNotes"]) for sale in sales),
        "discounts of lines": sum(line["calcLineDiscount"] != 0 for line in lines),
        "discounts of tickets": sum(line["calcTransactionDiscount"] != 0 for line in lines),
        "two tax rates": sum(sale["calcTax2"] != 0 for sale in sales),
        "prices with tax": sum(bool(sale["isTaxInclusive"] and sale["calcTax1"]) for sale in sales),
        "untaxed sales": sum(rates[sale["taxCategoryID"]]["tax1Rate"] == 0 for sale in sales),
        "gift cards sold": sum(row["amount"] < 0 and kinds[row["paymentTypeID"]] == "gift card" for row in paid),
        "gift cards spent": sum(row["amount"] > 0 and kinds[row["paymentTypeID"]] == "gift card" for row in paid),
        "layaways": sum(bool(line["isLayaway"]) for line in lines),
        "payments replaced": sum(bool(row["archived"]) for row in paid),
    }
    assert [kind for kind, times in seen.items() if not times] == []


def _is_edited(notes: dict[str, dict[str, str]] | None) -> bool:
    return bool(notes and notes["InternalNote"] and notes["InternalNote"]["note"] == "Customer added later.")
