"""The recipe of docs/target.md, word for word: models in a real PostgreSQL, written to Lightspeed by `tap-postgres`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from ruamel.yaml import YAML

from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.conftest import ROOT
from tests.end_to_end.project import Project, connected, passing_warehouse
from tests.retailer import WIDE
from tests.targeting import WRITES, rows

RECIPE = "From a table of your own"
RUN = ["meltano", "run", "tap-postgres", "target-lightspeed-retail"]
FULL = ["meltano", "run", "--full-refresh", *RUN[2:]]
DRY = {"TARGET_LIGHTSPEED_RETAIL_DRY_RUN": "true"}

STAGED = """
create schema staging;
create table staging.stg_contacts (crm_id text, first_name text, last_name text, email text, phone text, city text,
    loyalty_note text, email_consent boolean, updated_at timestamptz);
insert into staging.stg_contacts values
    ('C-1', 'Ada', 'Stone', 'ada@example.com', '555-0101', 'Alderhaven', 'Likes blue', true, '2024-05-01T09:00Z'),
    ('C-2', 'Ben', 'Reed', 'ben@example.com', null, 'Stonebrook', null, false, '2024-05-02T09:00Z'),
    ('C-3', 'Cleo', 'Ford', null, '555-0103', null, 'Says "hi"', false, '2024-05-03T09:00Z');
create table staging.stg_products (sku text, title text, price numeric(10, 2), category text, vendor text,
    updated_at timestamptz);
insert into staging.stg_products values
    ('TEE-1', 'Tee', 19.90, 'Shirts', 'North Mill', '2024-05-01T09:00Z'),
    ('TEE-2', 'Long tee', 24.50, 'Shirts', 'North Mill', '2024-05-02T09:00Z'),
    ('MUG-1', 'Mug', 7.25, 'Kitchen', null, '2024-05-03T09:00Z');
create table staging.stg_orders (order_no text, crm_id text, paid_at timestamptz, total numeric(10, 2));
insert into staging.stg_orders values
    ('W-1', 'C-1', '2024-05-03T10:00Z', 51.17),
    ('W-2', 'C-3', '2024-05-04T10:00Z', 7.88);
create table staging.stg_order_lines (order_no text, line_no int, sku text, quantity int, price numeric(10, 2));
insert into staging.stg_order_lines values
    ('W-1', 1, 'TEE-1', 2, 19.90), ('W-1', 2, 'MUG-1', 1, 7.25), ('W-2', 1, 'MUG-1', 1, 7.25);
create schema marts;
"""
LATER = """
update staging.stg_contacts set city = 'Pine Hollow', updated_at = '2024-06-01T09:00Z' where crm_id = 'C-2';
"""


@cache
def blocks(language: str) -> list[str]:
    """The blocks of the recipe in some language."""
    page = (ROOT / "docs" / "target.md").read_text(encoding="utf-8")
    section = page.partition(f"## {RECIPE}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, flags=re.DOTALL | re.MULTILINE)


def models() -> dict[str, str]:
    """The queries of the models, by name, as dbt would send them."""
    found = {}
    for block in blocks("sql"):
        path, _, query = block.removeprefix("-- ").partition("\n")
        found[Path(path).stem] = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"staging.\1", query)
    return found


def build(server: Warehouse, change: str) -> None:
    """Change what is staged, and build the models anew, as `dbt build` does."""
    with connected(server) as connection:
        connection.execute(change)
        for name, query in models().items():
            table = sql.Identifier("marts", name)
            connection.execute(sql.SQL("drop table if exists {}").format(table))
            connection.execute(sql.SQL("create table {} as {}").format(table, sql.SQL(query)))


def add_recipe(project: Project) -> None:
    """Add to the plugins of `meltano.yml` what the recipe says."""
    path = project.folder / "meltano.yml"
    document = YAML(typ="safe")
    known = document.load(path)
    (block,) = blocks("yaml")
    for kind, plugins in document.load(block)["plugins"].items():
        for plugin in plugins:
            (there,) = [each for each in known["plugins"][kind] if each["name"] == plugin["name"]]
            assert there.keys() & plugin.keys() == {"name"}, "what is added takes nothing away"
            there.update(plugin)
    document.dump(known, path)


@dataclass
class Shop:
    """A project with the recipe, a database with the models, and an account that is empty at first."""

    project: Project
    server: Warehouse
    sandbox: Sandbox

    def run(self, command: list[str], **variables: str) -> tuple[Counter[str], list[dict[str, Any]]]:
        """Run a command; how the records ended, and the requests that wrote."""
        outcome = self.project.folder / "output" / "outcome.jsonl"
        before = len(_lines(outcome))
        self.sandbox.forget_requests()
        self.project.run_well(command, **variables)
        ended = Counter(f"{line['stream']} {line['operation']}" for line in _lines(outcome)[before:])
        return ended, [asked for asked in self.sandbox.requests if asked["method"] in WRITES]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    project = Project.copied(tmp_path_factory.mktemp("recipe"))
    add_recipe(project)
    with passing_warehouse(project.warehouse) as server, Sandbox(Config(empty=True, **WIDE)) as sandbox:
        build(server, STAGED)
        # The server has no password and only a socket, but tap-postgres wants a password and a host in every address.
        address = server.dsn.replace("@/", ":unused@localhost/", 1)
        project.variables = {**sandbox.environment(), "TAP_POSTGRES_SQLALCHEMY_URL": address}
        yield Shop(project, server, sandbox)


def test_a_dry_run_says_what_would_come_and_takes_nothing_from_the_run_after_it(shop: Shop) -> None:
    made = {"customers created": 3, "items created": 3, "sales created": 2}
    ended, sent = shop.run(RUN, **DRY)
    assert (ended, sent) == (made, [])
    ended, sent = shop.run(RUN)
    assert ended == made
    assert {asked["method"] for asked in sent} == {"POST"}


def test_customers_are_as_the_model_has_them(shop: Shop) -> None:
    customers = {row["Contact"]["custom"]: row for row in rows(shop.sandbox, "Customer")}
    assert {number: (row["firstName"], row["lastName"], note_of(row)) for number, row in customers.items()} == {
        "C-1": ("Ada", "Stone", "Likes blue"),
        "C-2": ("Ben", "Reed", None),
        "C-3": ("Cleo", "Ford", 'Says "hi"'),
    }
    assert {number: reached(row["Contact"]) for number, row in customers.items()} == {
        "C-1": (["ada@example.com"], ["555-0101"], ["Alderhaven"], False),
        "C-2": (["ben@example.com"], [], ["Stonebrook"], True),
        "C-3": ([], ["555-0103"], [], True),
    }


def note_of(row: Record) -> str | None:
    """The note on a row."""
    return row["Note"]["note"] if row["Note"] else None


def reached(contact: Record) -> tuple[list[str], list[str], list[str], bool]:
    """Emails, numbers and cities of a contact, and whether it wants no emails."""
    return (
        [email["address"] for email in contact["Emails"]],
        [phone["number"] for phone in contact["Phones"]],
        [address["city"] for address in contact["Addresses"]],
        contact["noEmail"],
    )


def test_items_have_their_price_and_a_category_and_vendor_of_that_name(shop: Shop) -> None:
    categories = {row["categoryID"]: row["name"] for row in rows(shop.sandbox, "Category")}
    vendors = {row["vendorID"]: row["name"] for row in rows(shop.sandbox, "Vendor")}
    assert sorted(categories.values()) == ["Kitchen", "Shirts"]
    assert list(vendors.values()) == ["North Mill"]
    items = [
        (row["customSku"], row["description"], price_of(row), categories[row["categoryID"]], row["defaultVendorID"])
        for row in rows(shop.sandbox, "Item")
    ]
    (mill,) = vendors
    assert sorted(items) == [
        ("MUG-1", "Mug", Decimal("7.25"), "Kitchen", 0),
        ("TEE-1", "Tee", Decimal("19.9"), "Shirts", mill),
        ("TEE-2", "Long tee", Decimal("24.5"), "Shirts", mill),
    ]


def price_of(item: Record) -> Decimal:
    """The price that an item usually has."""
    found: Decimal = next(price["amount"] for price in item["Prices"] if price["useType"] == "Default")
    return found


def test_sales_are_completed_and_paid_with_the_lines_of_their_jsonb(shop: Shop) -> None:
    people = {row["customerID"]: row["firstName"] for row in rows(shop.sandbox, "Customer")}
    skus = {row["itemID"]: row["customSku"] for row in rows(shop.sandbox, "Item")}
    sales = {row["referenceNumber"]: row for row in rows(shop.sandbox, "Sale", referenceNumberSource="webshop")}
    assert {
        number: (people[row["customerID"]], row["completed"], row["completeTime"]) for number, row in sales.items()
    } == {
        "W-1": ("Ada", True, "2024-05-03T10:00:00+00:00"),
        "W-2": ("Cleo", True, "2024-05-04T10:00:00+00:00"),
    }
    lines = {
        number: [
            (skus[line["itemID"]], int(line["unitQuantity"]), line["unitPrice"])
            for line in rows(shop.sandbox, "SaleLine", saleID=row["saleID"])
        ]
        for number, row in sales.items()
    }
    assert lines == {
        "W-1": [("TEE-1", 2, Decimal("19.9")), ("MUG-1", 1, Decimal("7.25"))],
        "W-2": [("MUG-1", 1, Decimal("7.25"))],
    }
    paid = {row["saleID"]: row["amount"] for row in rows(shop.sandbox, "SalePayment")}
    assert {number: paid[row["saleID"]] for number, row in sales.items()} == {
        "W-1": Decimal("51.17"),
        "W-2": Decimal("7.88"),
    }


def test_a_second_run_writes_nothing_however_much_it_reads(shop: Shop) -> None:
    ended, sent = shop.run(FULL)
    assert (ended, sent) == ({"customers unchanged": 3, "items unchanged": 3, "sales unchanged": 2}, [])


def test_a_changed_row_changes_one_row(shop: Shop) -> None:
    build(shop.server, LATER)
    before = {row["customerID"]: row for row in rows(shop.sandbox, "Customer")}
    ended, sent = shop.run(RUN)
    assert ended["customers updated"] == 1
    assert sum(ended.values()) - 1 == sum(count for name, count in ended.items() if name.endswith("unchanged"))
    assert [asked["method"] for asked in sent] == ["PUT"]
    after = {row["customerID"]: row for row in rows(shop.sandbox, "Customer")}
    (changed,) = [number for number, row in after.items() if row != before[number]]
    assert reached(after[changed]["Contact"]) == (["ben@example.com"], [], ["Pine Hollow"], True)
