"""Requests that overlap: the same rows, in the same order, for the same drips as one after the other."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.retailer import asked, small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, Warehouse, key_of, selecting

TRIO: tuple[type[Resource], ...] = (Sale, SaleLine, SalePayment)
CATALOG = tuple(resource.api.stream for resource in TRIO)
SLOW: dict[str, Any] = {"bucket_size": 100_000.0, "drip_rate": 14.0, "latency": 0.15}
"""Answers so slow that one at a time leaves drips unused."""


@pytest.fixture(scope="module")
def store() -> Store:
    return small_store(days=60, sales_per_day=40)


@pytest.fixture
def slow(store: Store) -> Iterator[Sandbox]:
    with small_sandbox(store, **SLOW) as sandbox:
        yield sandbox


def ranges(sandbox: Sandbox) -> list[str]:
    """The conditions on the key of the requests for sales that were cut out of a list."""
    conditions = (entry["query"].get("saleID", "") for entry in asked(sandbox, Sale))
    return [condition for condition in conditions if condition.startswith("><")]


def questions(sandbox: Sandbox) -> Counter[str]:
    """How often each list was asked for."""
    return Counter(each["path"] for each in sandbox.requests)


def keys(spoken: Spoken, resource: type[Resource]) -> list[Any]:
    """The keys of a stream's records, in the order of their coming."""
    return [key_of(resource, record) for record in spoken.records(resource.api.stream)]


def test_a_long_list_in_ranges_brings_the_same_rows_in_the_same_order(slow: Sandbox, tmp_path: Path) -> None:
    whole = Tap.over(slow, tmp_path).run_well(catalog=selecting(*CATALOG))
    in_ranges, pages = ranges(slow), len(asked(slow, Sale))
    slow.forget_requests()
    serial = Tap.over(slow, tmp_path, max_connections=1).run_well(catalog=selecting(*CATALOG))
    assert len(in_ranges) > 3
    assert ranges(slow) == []
    assert [keys(whole, resource) for resource in TRIO] == [keys(serial, resource) for resource in TRIO]
    # The highest key is asked for once; a range or two may end with a page that is not full.
    assert pages <= len(asked(slow, Sale)) + 3


def test_no_range_is_cut_where_one_request_at_a_time_uses_all_drips(store: Store, tmp_path: Path) -> None:
    with small_sandbox(store, **SLOW | {"drip_rate": 5.0}) as sandbox:
        Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*CATALOG))
        assert ranges(sandbox) == []


def loaded_up_to(message: Message) -> int:
    """The key up to which a state says that sales have been loaded."""
    state = message["value"] if message["type"] == "STATE" else {}
    return int(state.get("bookmarks", {}).get("sales", {}).get("first_load", {}).get("key") or 0)


def test_a_load_in_ranges_that_is_killed_goes_on_and_loses_no_row(slow: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(slow, tmp_path)
    there = slow.store.count(Sale)
    killed = tap.stop_midway(
        subprocess.Popen.kill, lambda message: loaded_up_to(message) > there / 2, catalog=selecting(*CATALOG)
    )
    assert killed.code == -signal.SIGKILL
    settled = killed.settled()
    reached = [loaded_up_to(message) for message in settled.of("STATE")]
    assert reached == sorted(reached)
    assert reached[-1] == max(record["saleID"] for record in settled.records("sales"))
    resumed = tap.run_well(catalog=selecting(*CATALOG), state=settled.state)
    rows = Warehouse().load(settled, resumed).rows
    assert {name: len(found) for name, found in rows.items()} == {
        resource.api.stream: slow.store.count(resource) for resource in TRIO
    }
    assert min(record["saleID"] for record in resumed.records("sales")) == reached[-1] + 1


@pytest.mark.parametrize("deaf", ["refuse_filter", "ignore_filter"])
def test_an_api_without_conditions_on_the_key_is_read_page_after_page(store: Store, tmp_path: Path, deaf: str) -> None:
    with small_sandbox(store, **SLOW | {deaf: ["saleID"]}) as sandbox:
        spoken = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*CATALOG))
        assert len(ranges(sandbox)) > 0
        assert [len(keys(spoken, resource)) for resource in TRIO] == [sandbox.store.count(each) for each in TRIO]
        assert any("one page after the other" in line for line in spoken.warnings())


def test_looking_ahead_asks_for_nothing_that_is_not_needed(tmp_path: Path) -> None:
    # At one drip a second no machine is so slow that a list is worth cutting, which costs a request.
    with small_sandbox(bucket_size=100_000.0, drip_rate=1.0) as sandbox:
        found = []
        for settings in ({}, {"max_connections": 1}):
            sandbox.forget_requests()
            tap = Tap.over(sandbox, tmp_path, **settings)
            first = tap.run_well(catalog=selecting())
            later = tap.run_well(catalog=selecting(), state=first.state)
            found.append((questions(sandbox), [Counter(keys(run, each)) for run in (first, later) for each in TRIO]))
        assert found[0] == found[1]
