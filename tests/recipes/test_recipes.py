"""Each recipe of docs/recipes, followed from beginning to end: what it brings, and that twice brings no more."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from lightspeed_retail.resources.account import Account, Shop
from lightspeed_retail.wire import Record
from tests.conftest import ROOT
from tests.project.consoles import RECIPES, blocks, commands
from tests.recipes.kitchen import FULL, Kitchen, opened, settings_of
from tests.retailer import small_sandbox, small_store
from tests.scripted import Answer, scripted
from tests.targeting import rows

OPENS = "lightspeed-sandbox run -- bash"
OTHER = 100002
LIST = ROOT / RECIPES


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    """A kitchen in which the nightly load has run, and the address of the warehouse is set."""
    with (
        small_sandbox(small_store(days=14, sales_per_day=8)) as sandbox,
        opened(tmp_path_factory.mktemp("recipes"), sandbox) as found,
    ):
        opening, export = commands(f"{RECIPES}index.md")
        assert opening.bare == OPENS
        found.type(export)
        found.follow("nightly")
        yield found


def test_every_recipe_is_in_the_list_and_is_followed_here() -> None:
    named = re.findall(r"\]\(([\w-]+)\.md\)", (LIST / "index.md").read_text(encoding="utf-8"))
    followed = re.findall(r'follow\("([\w-]+)"', Path(__file__).read_text(encoding="utf-8"))
    assert {path.stem for path in LIST.glob("*.md")} == {"index", *named}
    assert sorted(named) == sorted(followed)


def test_the_lines_for_cron_say_what_was_run_at_the_hour_of_the_schedule(kitchen: Kitchen) -> None:
    found = dict(blocks(f"{RECIPES}nightly.md"))
    first, second = found["crontab"].splitlines()
    assert first.startswith(settings_of(found["yaml"])["schedules"][0]["interval"] + " cd ")
    typed = [command.bare for command in commands(f"{RECIPES}nightly.md")]
    assert [re.findall(r"\.venv/bin/(.*) >> ", line)[0] for line in (first, second)] == typed


def test_a_nightly_load_fills_tables_and_marts(kitchen: Kitchen) -> None:
    (counted,) = kitchen.query("select count(*) as sales from lightspeed.sales")
    (built,) = kitchen.query("select count(*) as sales from lightspeed_marts.fct_sales")
    assert counted["sales"] == built["sales"] == len(rows(kitchen.sandbox, "Sale"))


def test_one_price_that_was_edited_changes_one_item(kitchen: Kitchen) -> None:
    before = {row["itemID"]: price_of(row) for row in rows(kitchen.sandbox, "Item")}
    recipe = kitchen.follow("prices")
    after = {row["itemID"]: price_of(row) for row in rows(kitchen.sandbox, "Item")}
    ((number, price),) = after.items() - before.items()
    assert price == (before[number] or 0) + 1
    assert [method for method, _ in recipe.writes] == ["PUT"]
    assert recipe.doubles == []


def price_of(item: Record) -> Decimal | None:
    """The price that an item usually has."""
    return next((price["amount"] for price in item["Prices"] if price["useType"] == "Default"), None)


def test_a_web_shop_gets_what_can_be_sold(kitchen: Kitchen) -> None:
    with scripted([Answer(204, b"")]) as webshop:
        kitchen.shell.run(f"export WEBSHOP_URL={webshop.url}/stock")
        kitchen.follow("stock")
    (asked,) = webshop.asked
    shops = {row["shopID"]: row["name"] for row in rows(kitchen.sandbox, "Shop")}
    numbers = {
        row["itemID"]: row["customSku"] or row["manufacturerSku"] or row["systemSku"]
        for row in rows(kitchen.sandbox, "Item", archived=False)
    }
    stock = {
        (numbers[row["itemID"]], shops[row["shopID"]]): max(row["sellable"], 0)
        for row in rows(kitchen.sandbox, "ItemShop")
        if row["shopID"] and row["itemID"] in numbers
    }
    with (kitchen.project.folder / "stock.csv").open(encoding="utf-8", newline="") as file:
        listed = {(row["sku"], row["shop_name"]): int(row["sellable"]) for row in csv.DictReader(file)}
    assert listed == stock
    sums: dict[str, int] = defaultdict(int)
    for (number, _), count in stock.items():
        sums[number] += count
    sent = {row["sku"]: row["sellable"] for row in json.loads(asked.body)}
    assert asked.headers["Content-Type"] == "application/json"
    assert 0 < len(sent) < len(sums)
    assert sent.items() <= sums.items()


def test_the_class_of_a_customer_stands_in_a_field_of_its_own(kitchen: Kitchen) -> None:
    before = {row["customerID"]: custom_values(row) for row in rows(kitchen.sandbox, "Customer")}
    recipe = kitchen.follow("classes")
    after = {row["customerID"]: custom_values(row) for row in rows(kitchen.sandbox, "Customer")}
    classes = kitchen.query("select customer_id, rfm_class from lightspeed_marts.customer_classes")
    assert len({row["rfm_class"] for row in classes}) > 2
    (made,) = [row for row in rows(kitchen.sandbox, "CustomerCustomField") if row["name"] == "Loyalty class"]
    expected = {row["customer_id"]: {made["customFieldID"]: row["rfm_class"]} for row in classes}
    assert after == {number: {**values, **expected.get(number, {})} for number, values in before.items()}
    assert recipe.doubles == []


def custom_values(customer: Record) -> dict[int, Any]:
    """The values of a customer's custom fields."""
    return {each["customFieldID"]: each["value"] for each in customer["CustomFieldValues"]}


def test_what_is_short_lies_in_draft_orders(kitchen: Kitchen) -> None:
    before = {row["orderID"] for row in rows(kitchen.sandbox, "Order")}
    recipe = kitchen.follow("reorder")
    made = [row for row in rows(kitchen.sandbox, "Order") if row["orderID"] not in before]
    lines = {
        (order["shopID"], order["vendorID"], line["itemID"]): line["quantity"]
        for order in made
        for line in rows(kitchen.sandbox, "OrderLine", orderID=order["orderID"])
    }
    short = kitchen.query("select * from lightspeed_marts.rpt_reorder where to_order > 0 and vendor_id is not null")
    assert lines == {(row["shop_id"], row["vendor_id"], row["item_id"]): row["to_order"] for row in short}
    assert {bool(row["complete"] or row["archived"] or row["orderedDate"]) for row in made} == {False}
    assert all(re.fullmatch(r"AUTO-\d{4}-\d\d-\d\d-\d+-\d+", row["refNum"]) for row in made)
    assert recipe.doubles == []
    if FULL:
        # The next load brings the drafts, and what they hold is on order then.
        select = """TAP_LIGHTSPEED_RETAIL__SELECT='["order*.*", "item_shops.*"]'"""
        kitchen.shell.run(f"{select} meltano run tap-lightspeed-retail target-postgres")
        kitchen.shell.run("meltano invoke dbt-postgres:run --select +draft_orders")
        assert kitchen.query("select * from lightspeed_marts.draft_orders") == []


def test_people_of_a_crm_are_customers_once(kitchen: Kitchen) -> None:
    before = {row["customerID"] for row in rows(kitchen.sandbox, "Customer")}
    recipe = kitchen.follow("crm")
    found = {
        row["Contact"]["custom"]: row
        for row in rows(kitchen.sandbox, "Customer")
        if str(row["Contact"]["custom"]).startswith("C-")
    }
    assert found.keys() == {"C-1", "C-2", "C-3", "C-4"}
    assert {number for number, row in found.items() if row["customerID"] in before} == {"C-4"}
    reached = {
        number: ([email["address"] for email in row["Contact"]["Emails"]], row["Contact"]["noEmail"])
        for number, row in found.items()
        if number != "C-4"
    }
    assert reached == {"C-1": (["ada@example.com"], False), "C-2": (["ben@example.com"], True), "C-3": ([], True)}
    assert recipe.doubles == []


def test_web_orders_are_sales_once(kitchen: Kitchen) -> None:
    recipe = kitchen.follow("web-orders", twice=True)
    sales = {
        row["referenceNumber"]: row
        for row in rows(kitchen.sandbox, "Sale", referenceNumberSource="webshop")
        if row["referenceNumber"].startswith("W-")
    }
    assert sales.keys() == {"W-1001", "W-1002"}
    for sale in sales.values():
        lines = rows(kitchen.sandbox, "SaleLine", saleID=sale["saleID"])
        paid = [row["amount"] for row in rows(kitchen.sandbox, "SalePayment", saleID=sale["saleID"])]
        assert [(int(line["unitQuantity"]), line["unitPrice"]) for line in lines] == [(1, 10), (2, 20)]
        assert sale["completed"]
        assert paid == [sale["calcTotal"]] == [Decimal("54.38")]
    assert recipe.doubles == []


def test_two_accounts_lie_side_by_side(kitchen: Kitchen) -> None:
    store = small_store(days=2, sales_per_day=5, seed=2)
    (row,) = store.select(Account)
    store.put(Account, [{**row, "accountID": OTHER}])
    store.delete(Account, row["accountID"])
    with small_sandbox(store) as second:
        settings = {name.removeprefix("TAP_LIGHTSPEED_RETAIL_"): value for name, value in second.environment().items()}
        for name in ("API_URL", "AUTH_URL", "REFRESH_TOKEN"):
            kitchen.shell.run(f"export TAP_SOUTH_{name}='{settings[name]}'")
        kitchen.shell.run("""export TAP_LIGHTSPEED_RETAIL__SELECT='["shops.*", "registers.*"]'""")
        try:
            kitchen.follow("two-accounts")
        finally:
            kitchen.shell.run("unset TAP_LIGHTSPEED_RETAIL__SELECT")
        shops = kitchen.query(sql.SQL('select "accountID", name from lightspeed.shops'))
        assert sorted((each["accountID"], each["name"]) for each in shops) == sorted(
            (int(sandbox.account), each["name"]) for sandbox in (kitchen.sandbox, second) for each in sandbox.rows(Shop)
        )
