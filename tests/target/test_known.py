"""Which row a record means: by the ledger, by its number, by what tells it, and never another record's row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Match, Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Category, Item
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.jobs import Job, Reader
from target_lightspeed_retail.known import Known, narrow, number_of
from target_lightspeed_retail.ledger import Entry, Ledger
from target_lightspeed_retail.records import RejectedError
from tests.target.finders import EMAIL, PHONE, SKU, finder, queries, sandbox
from tests.target.ledgers import held

__all__ = ["finder", "sandbox"]

OTHER = 99
"""Another account."""


@pytest.fixture
def ledger(tmp_path: Path, sandbox: Sandbox) -> Iterator[Ledger]:
    """An empty ledger of the account, with its lock."""
    with held(str(tmp_path / "ledger.sqlite"), int(sandbox.account)) as opened:
        yield opened


def job_of(resource: type[Resource], record: Record, entry: Entry | None = None) -> tuple[Job, Record]:
    """A record of the account, and what it says."""
    job = Reader(resource, [], 1)({"accountID": 1, **record})
    job.entry = entry
    return job, job.wanted


def known_by(finder: Finder, *matches: Match, resource: type[Resource] = Item, ledger: Ledger | None = None) -> Known:
    return Known(resource, matches, finder, [], ledger)


def number(sandbox: Sandbox, sku: str) -> int:
    return next(int(row["itemID"]) for row in sandbox.rows(Item) if row["customSku"] == sku)


def test_a_row_is_known_by_the_ledger_then_by_its_number_then_by_what_tells_it(
    sandbox: Sandbox, finder: Finder
) -> None:
    one, two, three = (number(sandbox, f"SKU {each}") for each in (1, 2, 3))
    jobs = [
        job_of(Item, {"itemID": two, "customSku": "SKU 3"}, Entry("k", str(one))),
        job_of(Item, {"itemID": two, "customSku": "SKU 3"}),
        job_of(Item, {"customSku": "SKU  3"}),
        job_of(Item, {"customSku": "none"}),
        job_of(Item, {}),
    ]
    known = known_by(finder, SKU)
    known.prepare(jobs)
    asked = len(sandbox.requests)
    found = [row["itemID"] if (row := known.row(*each)) else None for each in jobs]
    assert found == [one, two, three, None, None]
    assert len(sandbox.requests) == asked == 3, "one for both numbers, one for each text"
    assert [number_of(job) for job, _ in jobs] == [one, two, None, None, None]


def test_what_was_found_in_one_way_is_not_looked_for_in_the_next(sandbox: Sandbox, finder: Finder) -> None:
    manufacturer = next(match for match in Item.api.match if match.name == "manufacturerSku")
    found = job_of(Item, {"customSku": "SKU 4", "manufacturerSku": "M"})
    missing = job_of(Item, {"customSku": "none", "manufacturerSku": "N"})
    known = known_by(finder, SKU, manufacturer)
    known.prepare([found, missing])
    assert queries(sandbox) == [{"customSku": "SKU 4"}, {"customSku": "none"}, {"manufacturerSku": "N"}]
    assert known.row(*missing) is None


def test_a_number_that_is_gone_is_no_new_row(finder: Finder) -> None:
    gone = job_of(Item, {"itemID": 10**6, "customSku": "none"})
    known = known_by(finder, SKU)
    known.prepare([gone])
    with pytest.raises(RejectedError, match="There is no itemID 1000000"):
        known.row(*gone)


def test_a_row_of_the_ledger_that_is_gone_is_looked_for_by_what_tells_it(sandbox: Sandbox, finder: Finder) -> None:
    gone = job_of(Item, {"customSku": "SKU 5"}, Entry("k", str(10**6)))
    known = known_by(finder, SKU)
    known.prepare([gone])
    row = known.row(*gone)
    assert row is not None
    assert row["itemID"] == number(sandbox, "SKU 5")


def customer(address: str, **more: Any) -> Record:
    return {"Contact": {"Emails": [{"address": address, "useType": "Primary"}]}, **more}


def test_several_rows_are_named(sandbox: Sandbox, finder: Finder) -> None:
    both = job_of(Customer, customer("c0@example.com"))
    known = known_by(finder, EMAIL, PHONE, resource=Customer)
    known.prepare([both])
    keys = sorted(row["customerID"] for row in sandbox.rows(Customer))[:2]
    with pytest.raises(RejectedError, match=f"email fits several customers: {keys[0]}, {keys[1]}"):
        known.row(*both)


def test_of_a_record_that_says_nothing_of_a_field_nothing_is_compared(finder: Finder) -> None:
    said, unsaid = job_of(Category, {"name": "x", "parentID": 0}), job_of(Category, {"name": "x"})
    known = known_by(finder, Category.api.match[0], resource=Category)
    known.prepare([said, unsaid])
    known.add({"categoryID": 7, "name": "x", "parentID": 0})
    row = known.row(*said)
    assert row is not None
    assert row["categoryID"] == 7
    assert known.row(*unsaid) is None


def test_what_is_written_since_is_known_by_what_it_holds_now(finder: Finder) -> None:
    known = known_by(finder, SKU)
    before, after = job_of(Item, {"customSku": "old"}), job_of(Item, {"customSku": "new"})
    known.add({"itemID": 10**6, "customSku": "old"})
    assert known.row(*before) == {"itemID": 10**6, "customSku": "old"}
    known.add({"itemID": 10**6, "customSku": "new"})
    assert (known.row(*before), known.row(*after)) == (None, {"itemID": 10**6, "customSku": "new"})
    known.forget(10**6)
    known.forget(10**6)
    assert known.row(*after) is None


def test_two_records_of_another_account_never_become_one_row(finder: Finder, ledger: Ledger) -> None:
    row = {"itemID": 10**6, "customSku": "twin"}
    known = known_by(finder, SKU, ledger=ledger)
    known.add(row)
    twin, stranger = (Reader(Item, [], 1)({"accountID": OTHER, "itemID": each, "customSku": "twin"}) for each in (5, 6))
    assert known.row(twin, twin.wanted) == row
    ledger.settle("items", f"{OTHER}/5", str(10**6), {})
    assert known.row(twin, twin.wanted) == row, "its own row"
    assert known.row(stranger, stranger.wanted) is None, "another record of its account has become this row"
    without = known_by(finder, SKU)
    without.add(row)
    assert without.row(stranger, stranger.wanted) == row, "without a ledger a record may mean any row"
    third = Reader(Item, [], 1)({"accountID": OTHER + 1, "itemID": 6, "customSku": "twin"})
    assert known.row(third, third.wanted) == row, "an item of a third account is the same item"
    here = job_of(Item, {"customSku": "twin"})
    assert known.row(*here) == row


def test_a_value_that_the_account_gives_means_nothing_in_another(finder: Finder) -> None:
    local = next(match for match in Item.api.match if match.local)
    known = known_by(finder, local)
    known.add({"itemID": 10**6, "systemSku": "210000000001"})
    here = job_of(Item, {"systemSku": "210000000001"})
    there = Reader(Item, [], 1)({"accountID": OTHER, "itemID": 5, "systemSku": "210000000001"})
    assert known.row(*here) is not None
    assert known.row(there, there.wanted) is None


def test_of_a_record_that_is_only_found_nothing_else_is_waited_for() -> None:
    job, _ = job_of(Customer, customer("a@x", firstName="Ada", customerTypeID="Friends"))
    narrow(job, [EMAIL, PHONE])
    assert job.wanted.keys() == {"Contact"}
