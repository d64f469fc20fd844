"""Very large accounts: filled fast, with rows that the API can serve."""

from __future__ import annotations

from time import monotonic

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.generate.bulk import fill
from lightspeed_sandbox.store import Store
from tests.retailer import small_sandbox, small_store
from tests.sandbox.calling import Api

ITEM, IMAGE, LOG = map(Resource.named, ("Item", "Image", "InventoryLog"))


def test_rows_are_added_behind_those_that_there_are() -> None:
    store = small_store(days=2)
    before = {resource: store.select(resource) for resource in (ITEM, IMAGE, LOG)}
    fill(store, items=300, images=250, logs=1000)
    for resource, number in ((ITEM, 300), (IMAGE, 250), (LOG, 1000)):
        rows = store.select(resource)
        assert rows[: -number or None] == before[resource]
        assert len({row[resource.api.key] for row in rows}) == len(before[resource]) + number

    new = {row["itemID"] for row in store.select(ITEM)[-300:]}
    assert {row["itemID"] for row in store.select(LOG)[-1000:]} == new
    assert {row["itemID"] for row in store.select(IMAGE)[-250:]} <= new
    assert max(row["timeStamp"] for row in store.select(ITEM)[-300:]) < "2016"


def test_the_api_serves_them() -> None:
    store = Store()
    fill(store, items=150, images=120, logs=450)
    with small_sandbox(store) as sandbox:
        api = Api.of(sandbox)
        for resource, number in ((ITEM, 150), (IMAGE, 120), (LOG, 450)):
            assert len(api.whole(resource)) == number
        assert api.rows(ITEM)[0]["Prices"]["ItemPrice"][0]["amount"] == "19.99"


def test_a_hundred_thousand_logs_take_no_more_than_seconds() -> None:
    store, began = Store(), monotonic()
    fill(store, items=5_000, images=5_000, logs=100_000)
    assert store.count(LOG) == 100_000
    assert monotonic() - began < 5
