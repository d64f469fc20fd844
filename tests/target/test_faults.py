"""Thousands of mixed records while one request in twenty goes wrong and the target is killed: each is there once.

`MIXED_RECORDS` sets how many records there are, `MIXED_SEED` what goes wrong; 10,000 take some six minutes.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.serve import Sandbox
from tests import targeting
from tests.retailer import WIDE
from tests.targeting import Done, Message, Requests, messages, rows, run, run_until

RECORDS = int(os.environ.get("MIXED_RECORDS", "2000"))
SEED = int(os.environ.get("MIXED_SEED", "7"))
FAULTS = [
    "drop-before:0.008",
    "drop-after:0.008",
    "500:0.008",
    "500-after:0.008",
    "504-after:0.004",
    "truncate:0.004",
    "late-0.05:0.006",
    "429:0.004",
]
"""One request in twenty."""
MOMENT = "2024-01-05T10:00:00+00:00"
CATEGORIES, VENDORS = 60, 30
HASTY = """
import time
from target_lightspeed_retail.tools import Tools
Tools.pause = lambda self: time.sleep(0.1)
from target_lightspeed_retail.cli import main
main()
"""
"""The target in a world where everything that is going to happen has happened within a tenth of a second."""


@dataclass(frozen=True)
class World:
    """What is to be in Lightspeed.

    Args:
        categories: By name, some of them below others that come later in the input.
        vendors: By name.
        customers: With a number of the source's own in `Contact.custom`.
        items: By customSku.
        sales: By reference.
    """

    categories: list[Record]
    vendors: list[Record]
    customers: list[Record]
    items: list[Record]
    sales: list[Record]

    @classmethod
    def of(cls, size: int, chance: Random) -> World:
        """So many records of all kinds."""
        rest = size - CATEGORIES - VENDORS
        items = [_item(n, chance) for n in range(rest * 2 // 5)]
        customers = [_customer(n) for n in range(rest * 2 // 5)]
        sales = [_sale(n, items, customers, chance) for n in range(rest - len(items) - len(customers))]
        return cls(
            [_category(n) for n in range(CATEGORIES)], [_vendor(n) for n in range(VENDORS)], customers, items, sales
        )

    def said(self) -> list[Message]:
        """As a tap would say it, children before parents, with a state after every hundred records."""
        tables = {
            "sales": (self.sales, "ref"),
            "items": (self.items, "customSku"),
            "customers": (self.customers, "ref"),
            "categories": (self.categories, "name"),
            "vendors": (self.vendors, "name"),
        }
        found: list[Message] = []
        for stream, (listed, key) in tables.items():
            first, *records, last = messages(stream, listed, key)
            found.append(first)
            for number, message in enumerate(records, start=1):
                found.append(message)
                if number % 100 == 0:
                    found.append({"type": "STATE", "value": {stream: number}})
            found.append(last)
        return found


def _category(n: int) -> Record:
    above = {"parentID": f"Category {n + 1}"} if n % 10 != 9 else {}
    return {"name": f"Category {n}", **above}


def _vendor(n: int) -> Record:
    return {"name": f"Vendor {n}", "accountNumber": f"A-{n}"}


def _customer(n: int) -> Record:
    emails = [{"address": f"customer.{n}@example.com", "useType": "Primary"}]
    return {
        "ref": f"c{n}",
        "firstName": "Ada",
        "lastName": f"Stone {n}",
        "Contact": {"custom": f"EXT-{n}", "Emails": emails},
    }


def _item(n: int, chance: Random) -> Record:
    price = Decimal(chance.randrange(100, 10_000)) / 100
    return {
        "customSku": f"SKU-{n}",
        "description": f"Item {n}",
        "defaultCost": str(price / 2),
        "categoryID": f"Category {n % CATEGORIES}",
        "defaultVendorID": f"Vendor {n % VENDORS}",
        "Prices": [{"useType": "Default", "amount": str(price)}],
    }


def _sale(n: int, items: list[Record], customers: list[Record], chance: Random) -> Record:
    lines: list[Record] = [
        {
            "Item": {"customSku": chance.choice(items)["customSku"]},
            "unitQuantity": chance.randrange(1, 4),
            "unitPrice": "5",
        }
        for _ in range(chance.randrange(1, 4))
    ]
    total = 5 * sum(line["unitQuantity"] for line in lines)
    return {
        "ref": str(n),
        "employeeID": 1,
        "registerID": 1,
        "shopID": 1,
        "taxCategoryID": 0,
        "referenceNumber": f"WEB-{n}",
        "referenceNumberSource": "webshop",
        "Customer": {"Contact": {"Emails": chance.choice(customers)["Contact"]["Emails"]}},
        "completed": True,
        "completeTime": MOMENT,
        "SaleLines": lines,
        "SalePayments": [{"amount": str(total), "paymentTypeID": "Cash"}],
    }


@dataclass(frozen=True)
class Aftermath:
    """What there was to write, where it was written, and the runs that it took."""

    world: World
    sandbox: Sandbox
    runs: list[Done]
    requests: Requests


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    chance = Random(SEED)  # noqa: S311  nothing is to be kept secret
    world = World.of(RECORDS, chance)
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch, Sandbox(Config(empty=True, **WIDE)) as sandbox:
        patch.setattr(targeting, "COMMAND", [sys.executable, "-c", HASTY])
        sandbox.server.faults = Faults(FAULTS, SEED)
        runs = list(_runs(sandbox, world.said(), folder, chance))
        requests = sandbox.requests
        sandbox.server.faults = Faults([])
        yield Aftermath(world, sandbox, runs, requests)


def _runs(sandbox: Sandbox, said: list[Message], folder: Path, chance: Random) -> Iterator[Done]:
    """Run again and again, killed after some writes of its own, until a run is left alone and ends well."""
    for _ in range(12):
        killing = partial(_written, chance.randrange(10, RECORDS // 8), chance.random() / 50)
        done = run_until(sandbox, said, folder, killing)
        yield done
        if done.code == 0:
            return
    for _ in range(5):
        done = run(sandbox, said, folder)
        yield done
        if done.code == 0:
            return


def _written(writes: int, wait: float, asked: Requests) -> bool:
    """Whether so many writes have come in, and a moment has passed."""
    if sum(each["method"] != "GET" for each in asked) < writes:
        return False
    time.sleep(wait)
    return True


def test_the_last_run_ends_well_and_those_before_were_killed(after: Aftermath) -> None:
    codes = [done.code for done in after.runs]
    assert codes[-1] == 0, after.runs[-1].errors[-3000:]
    assert codes.count(-9) >= 5
    assert set(codes[:-1]) <= {-9, 1}
    assert [done.errors[-3000:] for done in after.runs if "Traceback" in done.errors] == []


def test_one_request_in_twenty_went_wrong(after: Aftermath) -> None:
    kinds = Counter(asked["fault"] for asked in after.requests if asked["fault"])
    assert len(kinds) == len(FAULTS)
    assert 0.03 < kinds.total() / len(after.requests) < 0.07


def test_the_last_run_accounts_for_each_record(after: Aftermath) -> None:
    last = after.runs[-1]
    told = {(outcome["stream"], outcome["key"]) for outcome in last.outcomes}
    assert len(told) == RECORDS
    assert "rejected" not in last.operations


def only(listed: Iterable[Record], name: str) -> dict[Any, Record]:
    """Rows by a field; no value may come twice."""
    rows_listed = list(listed)
    found = {row[name]: row for row in rows_listed}
    assert len(found) == len(rows_listed), [
        value for value, n in Counter(row[name] for row in rows_listed).items() if n > 1
    ]
    return found


def test_each_category_is_there_once_below_its_parent(after: Aftermath) -> None:
    there = only(rows(after.sandbox, "Category"), "name")
    wanted = {row["name"]: row.get("parentID") for row in after.world.categories}
    names = {row["categoryID"]: row["name"] for row in there.values()}
    assert {name: names.get(row["parentID"]) for name, row in there.items()} == wanted


def test_each_vendor_is_there_once(after: Aftermath) -> None:
    there = only(rows(after.sandbox, "Vendor"), "name")
    assert {name: row["accountNumber"] for name, row in there.items()} == {
        row["name"]: row["accountNumber"] for row in after.world.vendors
    }


def test_each_customer_is_there_once(after: Aftermath) -> None:
    there = only(rows(after.sandbox, "Customer"), "lastName")
    wanted = {row["lastName"]: (row["Contact"]["custom"], row["Contact"]["Emails"]) for row in after.world.customers}
    assert {name: (row["Contact"]["custom"], row["Contact"]["Emails"]) for name, row in there.items()} == wanted


def test_each_item_is_there_once(after: Aftermath) -> None:
    there = only(rows(after.sandbox, "Item"), "customSku")
    categories = {row["categoryID"]: row["name"] for row in rows(after.sandbox, "Category")}
    vendors = {row["vendorID"]: row["name"] for row in rows(after.sandbox, "Vendor")}
    found = {
        sku: (
            row["description"],
            row["defaultCost"],
            categories[row["categoryID"]],
            vendors[row["defaultVendorID"]],
            next(price["amount"] for price in row["Prices"] if price["useType"] == "Default"),
        )
        for sku, row in there.items()
    }
    assert found == {
        row["customSku"]: (
            row["description"],
            Decimal(row["defaultCost"]),
            row["categoryID"],
            row["defaultVendorID"],
            Decimal(row["Prices"][0]["amount"]),
        )
        for row in after.world.items
    }


def test_each_sale_is_there_once_with_its_lines_and_payments(after: Aftermath) -> None:
    there = only((row for row in rows(after.sandbox, "Sale") if not row["archived"]), "referenceNumber")
    skus = {row["itemID"]: row["customSku"] for row in rows(after.sandbox, "Item")}
    emails = {row["customerID"]: row["Contact"]["Emails"] for row in rows(after.sandbox, "Customer")}
    keys = {row["saleID"]: reference for reference, row in there.items()}
    lines: dict[str, list[tuple[str, Decimal]]] = {reference: [] for reference in there}
    payments: dict[str, list[Decimal]] = {reference: [] for reference in there}
    for line in rows(after.sandbox, "SaleLine"):
        if line["saleID"] in keys:
            lines[keys[line["saleID"]]].append((skus[line["itemID"]], line["unitQuantity"]))
    for payment in rows(after.sandbox, "SalePayment"):
        if payment["saleID"] in keys and not payment["archived"]:
            payments[keys[payment["saleID"]]].append(payment["amount"])
    found = {
        reference: (
            row["completed"],
            row["completeTime"],
            emails[row["customerID"]],
            sorted(lines[reference]),
            payments[reference],
        )
        for reference, row in there.items()
    }
    assert found == {sale["referenceNumber"]: _sold(sale) for sale in after.world.sales}


def _sold(sale: Record) -> tuple[Any, ...]:
    """What a sale comes to."""
    lines = sorted((line["Item"]["customSku"], line["unitQuantity"]) for line in sale["SaleLines"])
    paid = [Decimal(payment["amount"]) for payment in sale["SalePayments"]]
    return True, sale["completeTime"], sale["Customer"]["Contact"]["Emails"], lines, paid
