"""A second build after a week of trade and edits gives what a full refresh does, and works out anew only some of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from psycopg import sql

from lightspeed_retail.resources.account import PaymentType
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import ItemShop
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.transform import reckoning
from tests.transform.reckoning import Account, Rows, together
from tests.transform.trading import MARTS, Loaded, account, differences, read_by_marts
from tests.transform.warehouse import connected

LARGE = {
    "fct_sales": ["account_id", "sale_id"],
    "fct_sale_lines": ["account_id", "sale_line_id"],
    "fct_payments": ["account_id", "sale_payment_id"],
    "fct_inventory_daily": ["account_id", "shop_id", "item_id", "stock_date"],
}
SETTINGS = {"vanished_check_days": 1, "report_lookback_days": 60}
"""What a retailer sets who wants to see deletions, and reports that follow when old sales are voided."""

DAYS, WEEK = 24, 7


@dataclass
class Grown:
    """The large marts as they were before, after a second build, and after a full refresh."""

    accounts: list[Account]
    loaded: Loaded
    before: dict[str, Rows]
    after: dict[str, Rows]
    refreshed: dict[str, Rows]
    written: dict[str, int]
    troubles: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def grown(server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    """Two accounts; in one of them a week passes with trade, edits of old sales and deletions."""
    folder = tmp_path_factory.mktemp("grown")
    with account(DAYS, 8) as first, account(8, 4, seed=3, account=100002) as second:
        loaded = Loaded.of([first, second], server, folder, read_by_marts(), **SETTINGS)
        loaded.load()
        loaded.build("--exclude", "resource_type:test")
        before = _tables(loaded)
        _live_on(first)
        loaded.load()
        loaded.build()
        after, written, troubles = _tables(loaded), _written(loaded), loaded.troubles()
        loaded.build("--full-refresh", "--exclude", "resource_type:test")
        accounts = [Account(first), Account(second)]
        yield Grown(accounts, loaded, before, after, _tables(loaded), written, troubles)


def _tables(loaded: Loaded) -> dict[str, Rows]:
    return {name: loaded.table(name, key) for name, key in LARGE.items()}


def _written(loaded: Loaded) -> dict[str, int]:
    """How many rows the last build wrote into each model."""
    results = json.loads((loaded.dbt.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {
        each["unique_id"].rpartition(".")[2]: int(each["adapter_response"].get("rows_affected", 0)) for each in results
    }


def _live_on(sandbox: Sandbox) -> None:
    """Trade goes on; old sales are voided and get other customers, rows go, and a way of paying is renamed."""
    old = [sale for sale in sandbox.rows(Sale) if sale["completed"] and not sale["voided"] and sale["customerID"]]
    waiting = [sale["saleID"] for sale in sandbox.rows(Sale) if not sale["completed"] and not sale["archived"]]
    sandbox.advance(WEEK)
    sandbox.edit(Sale, old[0]["saleID"], {"voided": True})
    sandbox.edit(Sale, old[1]["saleID"], {"customerID": old[2]["customerID"]})
    sandbox.merge_customers(old[3]["customerID"], old[4]["customerID"])
    still_open = {sale["saleID"] for sale in sandbox.rows(Sale) if not sale["completed"] and not sale["voided"]}
    gone = next(line for line in sandbox.rows(SaleLine) if line["saleID"] in still_open.intersection(waiting))
    sandbox.delete(SaleLine, gone["saleLineID"])
    sandbox.edit(PaymentType, 1, {"name": "Notes and coins"})
    dearer = next(row for row in sandbox.rows(ItemShop) if row["shopID"] and row["qoh"] > 0)
    sandbox.edit(ItemShop, dearer["itemShopID"], {"averageCost": dearer["averageCost"] + 1})
    known, other = (row for row in sandbox.rows(Customer) if row["Contact"]["Emails"]), old[5]["customerID"]
    contact = next(row for row in sandbox.rows(Customer) if row["customerID"] == other)["Contact"]
    emails = next(row for row in known if row["customerID"] != other)["Contact"]["Emails"]
    sandbox.edit(Customer, other, {"Contact": contact | {"Emails": emails}})


@pytest.mark.parametrize("name", LARGE)
def test_a_second_build_is_a_full_refresh(grown: Grown, name: str) -> None:
    assert grown.after[name] != grown.before[name]
    assert differences(grown.after[name], grown.refreshed[name]) == []


def test_what_went_is_gone(grown: Grown) -> None:
    assert grown.before["fct_sale_lines"].keys() - grown.after["fct_sale_lines"].keys()


def test_the_second_build_fails_in_nothing(grown: Grown) -> None:
    assert grown.troubles == {}


@pytest.mark.parametrize("name", LARGE)
def test_only_a_part_is_worked_out_anew(grown: Grown, name: str) -> None:
    assert 0 < grown.written[name] < len(grown.after[name])


def test_sales_are_right_after_that(grown: Grown) -> None:
    assert differences(grown.after["fct_sales"], together(grown.accounts, reckoning.sales)) == []


def test_models_are_built_that_are_meant(grown: Grown) -> None:
    assert {name for name in MARTS if not name.startswith("int_")} <= grown.written.keys()


DAMAGES = {
    "sales_add_up": "UPDATE {}.fct_sales SET tax = tax + 1 WHERE sale_id = 1",
    "sale_lines_add_up": "UPDATE {}.fct_sale_lines SET net = net + 1 WHERE sale_id = 2",
    "payments_cover_sales": "UPDATE {}.fct_sales SET paid = paid + 1 WHERE sale_id = 3",
    "reports_agree": "UPDATE {}.rpt_reconciliation SET difference = 0.01 WHERE report_date = '2024-06-05'",
    "stock_ends_today": "UPDATE {}.fct_inventory_daily SET quantity = quantity + 1",
    "customers_are_whole": "UPDATE {}.map_customers SET customer_key = concat(account_id, '-', customer_id)",
    "fct_sale_lines_item_id_refers_to_dim_items": "DELETE FROM {}.dim_items WHERE item_id % 2 = 0",
    "fct_sales_customer_key_refers_to_dim_customers": "DELETE FROM {}.dim_customers WHERE sales > 1",
}
"""What is done to the tables, and which test of the models has to notice."""


def test_the_models_own_tests_notice_what_is_wrong(grown: Grown) -> None:
    dbt = grown.loaded.dbt
    with connected(grown.loaded.server) as connection:
        for damage in DAMAGES.values():
            changed = connection.execute(sql.SQL(damage).format(sql.Identifier(dbt.schema)))
            assert changed.rowcount > 0
    assert not grown.loaded.test(*DAMAGES)
    ended = {name.split(".")[2]: status for name, status in dbt.results().items()}
    assert {name for name, status in ended.items() if status in ("fail", "warn")} == DAMAGES.keys()
