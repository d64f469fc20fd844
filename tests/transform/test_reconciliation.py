"""A year of trade, with all that can happen to a ticket: our totals are those of the accounting reports, every day.

It takes some minutes, and is made with `LIGHTSPEED_RETAIL_FULL=1`; some weeks of it are compared in `test_marts.py`.
"""

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
from tests.transform.happenings import kinds_of_trade
from tests.transform.reckoning import Account
from tests.transform.trading import Loaded, read_by_marts

pytestmark = pytest.mark.skipif(
    os.environ.get("LIGHTSPEED_RETAIL_FULL") != "1", reason="a year of trade: with LIGHTSPEED_RETAIL_FULL=1"
)


@dataclass
class Reported:
    """What was compared, and the account."""

    rows: list[dict[str, object]]
    account: Account


@pytest.fixture(scope="module")
def trade() -> Iterator[Sandbox]:
    """Three shops for a year, as the sandbox makes them up."""
    with Sandbox(Config(tax_inclusive=True, **WIDE)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def reported(trade: Sandbox, server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """What was compared, once all is loaded and built."""
    loaded = Loaded.of([trade], server, tmp_path_factory.mktemp("year"), read_by_marts())
    loaded.load()
    loaded.build()
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
    assert [kind for kind, times in kinds_of_trade(reported.account).items() if not times] == []
