"""A first load that begins with the newest events: they are there at once, and nothing is missing in the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import asked, by_key, small_sandbox, small_store, table
from tests.tapping import Message, Spoken, Tap, Warehouse, selecting

TRIO: tuple[type[Resource], ...] = (Sale, SaleLine, SalePayment)
CATALOG = tuple(resource.api.stream for resource in TRIO)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=30, sales_per_day=30)) as running:
        yield running


def runs(tap: Tap, sandbox: Sandbox, most: int = 20) -> Iterator[tuple[Spoken, list[Message]]]:
    """Runs with a limit of drips, until one has read everything; with what each has asked about sales."""
    state = None
    for _ in range(most):
        sandbox.forget_requests()
        spoken = tap.run_well(catalog=selecting(*CATALOG), state=state)
        state = spoken.state
        yield spoken, [entry["query"] for entry in asked(sandbox, Sale)]
        if "first_load" not in state["bookmarks"]["sales"]:
            return


def compare(spoken: list[Spoken], sandbox: Sandbox) -> None:
    """The warehouse holds what the account holds."""
    rows = Warehouse().load(*spoken).rows
    for resource in TRIO:
        found = by_key(resource, rows[resource.api.stream].values())
        expected = table(sandbox, resource)
        assert found.keys() == expected.keys()
        assert {key: row.get("timeStamp") for key, row in found.items()} == {
            key: row.get("timeStamp") for key, row in expected.items()
        }


def test_the_newest_sales_come_first_and_all_come_in_the_end(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, newest_first=True, max_drips=8)
    spoken = []
    for number, (run, queries) in enumerate(runs(tap, sandbox)):
        spoken.append(run)
        assert ("updateTime" in queries[0]) == (number > 0), "what is new comes before older history"
        assert any(query.get("sort") == "-saleID" for query in queries)
    assert len(spoken) > 2
    sold = [record["saleID"] for record in spoken[0].records("sales")]
    assert sold == sorted(sold, reverse=True)
    assert sold[0] == max(row["saleID"] for row in sandbox.rows(Sale))
    compare(spoken, sandbox)


def test_what_happens_while_history_follows_is_not_missed(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, newest_first=True, max_drips=10)
    spoken, edited = [], []
    for run, _ in runs(tap, sandbox):
        spoken.append(run)
        number = len(spoken)
        sandbox.server.clock.advance(timedelta(hours=1))
        for sale in (number, sandbox.store.count(Sale) - number):
            edited.append(sale)
            sandbox.edit(Sale, sale, {"referenceNumber": f"edited {number}"})
        if number == 1:
            sandbox.advance(1)
    state = spoken[-1].state
    spoken.append(Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*CATALOG), state=state))
    compare(spoken, sandbox)
    rows = by_key(Sale, Warehouse().load(*spoken).rows["sales"].values())
    assert all(str(row["referenceNumber"]).startswith("edited") for key, row in rows.items() if key[-1] in edited)


def test_a_load_goes_on_as_it_began(sandbox: Sandbox, tmp_path: Path) -> None:
    first = Tap.over(sandbox, tmp_path, newest_first=True, max_drips=8).run_well(catalog=selecting(*CATALOG))
    rest = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*CATALOG), state=first.state)
    loaded = first.state["bookmarks"]["sales"]["first_load"]["key"]
    older = [record["saleID"] for record in rest.records("sales") if record["saleID"] < loaded]
    assert older == list(range(loaded - 1, 0, -1))
    compare([first, rest], sandbox)


def test_a_stream_that_joins_begins_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, newest_first=True, max_drips=8)
    first = tap.run_well(catalog=selecting("sales"))
    rest = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*CATALOG), state=first.state)
    compare([first, rest], sandbox)
