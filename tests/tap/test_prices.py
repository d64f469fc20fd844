"""What runs cost, measured by the sandbox: a first load of sales, and an idle night on a large account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource, Stamp, Tail
from lightspeed_retail.resources.items import Image, Item
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.resources.stock import InventoryLog
from lightspeed_sandbox.generate import bulk
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Tap, selecting


def spent(sandbox: Sandbox) -> float:
    """Drips, as the sandbox counts them."""
    return float(sum(entry["cost"] for entry in sandbox.requests))


def test_a_hundred_sales_with_lines_and_payments_cost_less_than_1_85_drips(tmp_path: Path) -> None:
    catalog = selecting("sales", "sale_lines", "sale_payments", off=[("sales", "SaleNotes")])
    with small_sandbox(small_store(days=45, sales_per_day=150)) as sandbox:
        spoken = Tap.over(sandbox, tmp_path).run_well(catalog=catalog)
        sales = sandbox.store.count(Sale)
        price = spent(sandbox)
    assert sales > 5000
    assert len(spoken.records("sales")) == sales
    assert price / sales * 100 <= 1.85


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, list[dict[str, Any]]]]:
    """The requests of an idle night: 50,000 items, 50,000 images and a million logs, all read before."""
    store = small_store()
    bulk.fill(store, items=50_000, images=50_000, logs=1_000_000)
    with small_sandbox(store) as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("night"))
        # The first load of the million is what another test does with fewer rows; here only its bookmark matters.
        log = InventoryLog.api
        others = [
            resource.api.stream for resource in RESOURCES if resource.api.selected and resource is not InventoryLog
        ]
        state = tap.run_well(catalog=selecting(*others)).state
        ((highest,),) = store.query('SELECT max("inventoryLogID") FROM "InventoryLog"')
        state["bookmarks"][log.stream] = {"replication_key": log.key, "replication_key_value": highest}
        sandbox.clock.advance(timedelta(hours=8))
        sandbox.forget_requests()
        tap.run_well(state=state)
        yield sandbox, sandbox.requests


def test_an_idle_night_costs_90_drips_at_the_most(night: tuple[Sandbox, list[dict[str, Any]]]) -> None:
    sandbox, log = night
    assert (sandbox.store.count(Item) > 50_000, sandbox.store.count(Image) > 50_000) == (True, True)
    assert sandbox.store.count(InventoryLog) > 1_000_000
    assert sum(entry["cost"] for entry in log) <= 90


BOOKMARKED = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Stamp | Tail)]


@pytest.mark.parametrize("resource", BOOKMARKED)
def test_on_an_idle_night_a_stream_with_a_bookmark_costs_one_request(
    night: tuple[Sandbox, list[dict[str, Any]]], resource: type[Resource]
) -> None:
    _, log = night
    path = f"/Account/{night[0].account}{resource.api.path}"
    asked = [entry for entry in log if entry["path"].endswith(path) and not _for_the_zone(resource, entry)]
    assert len(asked) <= 1 + len(resource.api.passes)


def _for_the_zone(resource: type[Resource], entry: Message) -> bool:
    """The shops are asked for once more, for their time zone."""
    return resource.__name__ == "Shop" and "timeStamp" not in entry["query"]
