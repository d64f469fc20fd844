"""The marts over two accounts, against the same numbers worked out from the accounts' own rows in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from ruamel.yaml import YAML

from lightspeed_retail.resources.customers import Customer
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.transform import clientele, reckoning
from tests.transform.happenings import kinds_of_trade
from tests.transform.reckoning import Account, Rows, together
from tests.transform.trading import MARTS, VARIABLES, Loaded, account, differences, read_by_marts
from tests.transform.warehouse import PROJECT

REORDER_DAYS = 28

Reckon = Callable[[Sequence[Account]], Rows]


def of_each(reckon: Callable[..., Rows], *arguments: Any) -> Reckon:
    """What is reckoned of each account by itself."""
    return lambda accounts: together(accounts, reckon, *arguments)


SHOP_ITEM = ("account_id", "shop_id", "item_id")
RECKONED: dict[str, tuple[tuple[str, ...], Reckon]] = {
    "fct_sales": (("account_id", "sale_id"), of_each(reckoning.sales)),
    "fct_sale_lines": (("account_id", "sale_line_id"), of_each(reckoning.sale_lines)),
    "fct_payments": (("account_id", "sale_payment_id"), of_each(reckoning.payments)),
    "fct_inventory_daily": ((*SHOP_ITEM, "stock_date"), of_each(reckoning.stock_days, VARIABLES["inventory_days"])),
    "rpt_sales_by_shop_day": (("account_id", "shop_id", "sale_date"), of_each(reckoning.shop_days)),
    "rpt_reorder": (SHOP_ITEM, of_each(reckoning.reorders, REORDER_DAYS)),
    "rpt_stock_sync": (SHOP_ITEM, of_each(reckoning.stock_sync)),
    "dim_items": (("account_id", "item_id"), of_each(reckoning.items)),
    "map_customers": (("account_id", "customer_id"), clientele.keys),
    "dim_customers": (("customer_key",), clientele.customers),
}


@dataclass
class Built:
    """The marts, and the accounts that they tell of."""

    loaded: Loaded
    accounts: list[Account]


@pytest.fixture(scope="module")
def built(server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Two accounts, some of whose customers are the same, loaded and built."""
    folder = tmp_path_factory.mktemp("told")
    with account(40) as first, account(10, 6, seed=2, account=100002) as second:
        _let_them_meet(first, second)
        loaded = Loaded.of([first, second], server, folder, read_by_marts())
        loaded.load()
        loaded.build()
        yield Built(loaded, [Account(first), Account(second)])


def _let_them_meet(first: Sandbox, second: Sandbox) -> None:
    """Customers of the second account are known to the first: by email, by phone, and one by way of another."""
    theirs = {row["customerID"]: row for row in first.rows(Customer) if row["Contact"]["Emails"]}
    ours = [row for row in second.rows(Customer) if row["lastName"]]
    known = next(iter(theirs.values()))
    email = known["Contact"]["Emails"][0]["address"].upper()
    _reach(second, ours[0], [email], ["+1 (555) 987-6543"])
    _reach(second, ours[1], [], ["555 987 6543"], lastName=ours[0]["lastName"].upper())
    _reach(second, ours[2], [], ["5559876543"], lastName="Otherwise")


def _reach(sandbox: Sandbox, row: dict[str, Any], emails: list[str], phones: list[str], **fields: str) -> None:
    contact = row["Contact"] | {
        "Emails": [{"address": address, "useType": "Primary"} for address in emails],
        "Phones": [{"number": number, "useType": "Mobile"} for number in phones],
    }
    sandbox.edit(Customer, row["customerID"], {"Contact": contact, **fields})


def test_nothing_fails_and_nothing_warns(built: Built) -> None:
    assert built.loaded.troubles() == {}


@pytest.mark.parametrize("name", RECKONED)
def test_a_mart_says_what_the_rows_do(built: Built, name: str) -> None:
    key, reckon = RECKONED[name]
    wanted = reckon(built.accounts)
    assert wanted, "There is nothing to compare."
    assert differences(built.loaded.table(name, key), wanted) == []


def test_customers_meet_over_accounts_and_records(built: Built) -> None:
    keys = [row["customer_key"] for row in built.loaded.table("map_customers", ["account_id", "customer_id"]).values()]
    customers = built.loaded.table("dim_customers", ["customer_key"])
    assert len(set(keys)) == len(customers) < len(keys)
    assert max(row["accounts"] for row in customers.values()) > 1
    assert any(row["records"] > row["accounts"] for row in customers.values())


def test_each_customer_has_one_first_purchase(built: Built) -> None:
    firsts = clientele.firsts(built.accounts)
    sales = built.loaded.table("fct_sales", ["account_id", "sale_id"], ["customer_key", "is_first_purchase"])
    found = {key: row["customer_key"] for key, row in sales.items() if row["is_first_purchase"]}
    assert found == firsts
    days = built.loaded.table("rpt_sales_by_shop_day", ["account_id", "shop_id", "sale_date"])
    assert sum(row["new_customers"] for row in days.values()) == len(firsts)


def test_customers_of_a_day_count_once(built: Built) -> None:
    key = ["account_id", "shop_id", "sale_date"]
    seen: dict[tuple[Any, ...], set[str]] = {}
    for row in built.loaded.table("fct_sales", ["account_id", "sale_id"]).values():
        if row["sale_state"] == "completed" and not row["is_refund"] and row["customer_key"]:
            seen.setdefault(tuple(row[name] for name in key), set()).add(row["customer_key"])
    days = built.loaded.table("rpt_sales_by_shop_day", key, ["customers"])
    assert {day: row["customers"] for day, row in days.items() if row["customers"]} == {
        day: len(customers) for day, customers in seen.items()
    }


def test_our_totals_are_those_of_the_reports(built: Built) -> None:
    key = ["account_id", "shop_id", "report_date", "figure", "detail_id"]
    rows = built.loaded.table("rpt_reconciliation", key)
    assert {at: row for at, row in rows.items() if row["difference"] or not row["is_settled"]} == {}
    assert {at[3] for at in rows} == {
        *("sales", "discounts", "taxes", "average cost", "fifo cost", "payments", "orders")
    }
    reported = sum(len(each.rows(name)) for each in built.accounts for name in _REPORTS)
    assert len(rows) >= reported


_REPORTS = ("ReportDiscountsByDay", "ReportTaxesByDay", "ReportTaxClassSalesByDay")


def test_all_kinds_of_trade_were_among_it(built: Built) -> None:
    assert [kind for kind, times in kinds_of_trade(built.accounts[0]).items() if not times] == []


def test_every_column_is_described(built: Built) -> None:
    described: dict[str, set[str]] = {}
    for path in (PROJECT / "models" / "marts").glob("*.yml"):
        for model in YAML(typ="safe").load(path)["models"]:
            columns = model.get("columns", [])
            described[model["name"]] = {column["name"] for column in columns if column["description"]}
    found = {name: columns for name, columns in built.loaded.columns().items() if name != "item_shops_history"}
    assert found == {name: columns for name, columns in described.items() if not name.startswith("int_")}
    assert described.keys() == set(MARTS)
