"""What is selected later is null in older rows: the run says so, with its price, and reads history again when asked."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, Warehouse, selecting

PLAIN = selecting("customers", off=[("customers", "Contact"), ("customers", "dob")])
WITH_CONTACT = selecting("customers", off=[("customers", "dob")])


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=25, sales_per_day=12)) as running:
        yield running


def told(spoken: Spoken) -> list[str]:
    return [line for line in spoken.stderr.splitlines() if "selected later" in line]


def later(sandbox: Sandbox) -> None:
    """Let a quiet night pass."""
    sandbox.clock.advance(timedelta(hours=8))


def test_a_run_says_what_older_rows_lack_and_what_it_costs_to_read_them(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=PLAIN)
    later(sandbox)
    second = tap.run_well(catalog=WITH_CONTACT, state=first.state)
    (line,) = told(second)
    # 120 customers are two pages, at 1 drip, 0.2 for Contact and Note each, 0.4 for Tags and custom fields each.
    assert "customers: Contact selected later" in line
    assert "backfill_new_selections" in line
    assert "about 4 drips" in line
    assert len(second.records("customers")) < sandbox.store.count(Customer) / 2
    later(sandbox)
    assert told(tap.run_well(catalog=WITH_CONTACT, state=second.state)) != []


def test_history_is_read_again_once_when_that_is_wanted(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=PLAIN)
    later(sandbox)
    tap.settings["backfill_new_selections"] = True
    second = tap.run_well(catalog=WITH_CONTACT, state=first.state)
    contacts = {record["customerID"]: record["Contact"] for record in second.records("customers")}
    assert contacts.keys() == {row["customerID"] for row in sandbox.store.select(Customer)}
    assert all(contacts.values())
    bookmarks = [run.state["bookmarks"]["customers"]["replication_key_value"] for run in (first, second)]
    assert bookmarks[0] <= bookmarks[1]
    later(sandbox)
    third = tap.run_well(catalog=WITH_CONTACT, state=second.state)
    assert told(third) == []
    assert len(third.records("customers")) < sandbox.store.count(Customer) / 2


def test_a_property_of_a_child_is_read_again_without_its_parent(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, backfill_new_selections=True)
    streams = ("sales", "sale_lines", "sale_payments")
    first = tap.run_well(catalog=selecting(*streams))
    later(sandbox)
    sandbox.forget_requests()
    second = tap.run_well(catalog=selecting(*streams, on=[("sale_lines", "Note")]), state=first.state)
    keys = {record["saleLineID"] for record in second.records("sale_lines")}
    assert keys == {row["saleLineID"] for row in sandbox.store.select(SaleLine)}
    assert any(record["Note"] for record in second.records("sale_lines"))
    assert len(second.records("sales")) < sandbox.store.count(Sale) / 2
    assert len(second.records("sale_payments")) < sandbox.store.count(SalePayment) / 2
    asked = {entry["query"].get("load_relations") for entry in sandbox.requests if entry["path"].endswith("/Sale.json")}
    assert '["SaleLines","SaleLines.Note"]' in asked


def test_a_child_selected_later_gets_its_whole_history(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting("sales"))
    later(sandbox)
    second = tap.run_well(catalog=selecting("sales", "sale_lines", "item_shops"), state=first.state)
    for resource in (SaleLine, Resource.named("ItemShop")):
        key = resource.api.key
        assert {row[key] for row in second.records(resource.api.stream)} == {
            row[key] for row in sandbox.store.select(resource)
        }
    assert len(second.records("sales")) < sandbox.store.count(Sale) / 2


def test_a_backfill_that_is_killed_goes_on_where_it_stopped(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting("sales", off=[("sales", "SaleNotes")]))
    later(sandbox)
    tap.settings["backfill_new_selections"] = True
    catalog = selecting("sales")

    def has_begun(message: Message) -> bool:
        state = message.get("value", {}).get("bookmarks", {}).get("sales", {})
        return bool(state.get("backfill", {}).get("plain", {}).get("first_load", {}).get("key"))

    killed = tap.stop_midway(_kill, has_begun, catalog=catalog, state=first.state).settled()
    sandbox.forget_requests()
    resumed = tap.run_well(catalog=catalog, state=killed.state)
    sales = Warehouse().load(killed, resumed).rows["sales"]
    assert len(sales) == sandbox.store.count(Sale)
    walked = [entry["query"] for entry in sandbox.requests if entry["path"].endswith("/Sale.json")]
    assert any(query.get("saleID", "").startswith(">,") for query in walked)
    assert "backfill" not in resumed.state["bookmarks"]["sales"]


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)


def test_shops_that_are_added_later_are_missing_until_history_is_read_again(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, shop_ids=[1])
    first = tap.run_well(catalog=selecting("sales"))
    assert {record["shopID"] for record in first.records("sales")} == {1}
    later(sandbox)
    tap.settings["shop_ids"] = [1, 2]
    second = tap.run_well(catalog=selecting("sales"), state=first.state)
    assert "rows beyond shopID=1" in "".join(told(second))
    tap.settings["backfill_new_selections"] = True
    third = tap.run_well(catalog=selecting("sales"), state=second.state)
    wanted = sandbox.store.count(Sale, '"shopID" IN (1, 2)')
    assert len({record["saleID"] for record in third.records("sales")}) == wanted


def test_history_of_gift_cards_is_read_again_too(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, backfill_new_selections=True)
    accounts = Resource.named("CreditAccount")
    first = tap.run_well(catalog=selecting("credit_accounts", off=[("credit_accounts", "Contact")]))
    later(sandbox)
    second = tap.run_well(catalog=selecting("credit_accounts"), state=first.state)
    found = {record["creditAccountID"]: record["giftCard"] for record in second.records("credit_accounts")}
    assert found == {row["creditAccountID"]: row["giftCard"] for row in sandbox.store.select(accounts)}
    assert set(found.values()) == {True, False}
