"""Runs after the first: they bring what changed, ask for no more, and keep to the server's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Days, Resource, Stamp
from lightspeed_retail.resources.items import Item, Manufacturer
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.resources.stock import InventoryLog
from lightspeed_retail.wire import Record, instant, stamp
from lightspeed_sandbox.serve import Sandbox
from tests.comparing import above
from tests.declared import RESOURCES
from tests.retailer import asked, by_key, small_sandbox, small_store
from tests.scripted import Answer, Asked, scripted
from tests.tapping import Key, Message, Tap, key_of, selecting

TRIO = ("sales", "sale_lines", "sale_payments")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=12, sales_per_day=8)) as running:
        yield running


def queries(sandbox: Sandbox, resource: type[Resource]) -> list[dict[str, str]]:
    return [entry["query"] for entry in asked(sandbox, resource)]


def let_pass(sandbox: Sandbox, **time: float) -> None:
    """Move the sandbox's clock without any trade, and begin a new log."""
    sandbox.clock.advance(timedelta(**time))
    sandbox.forget_requests()


def bookmark_of(state: Message, stream: str) -> datetime:
    return instant(state["bookmarks"][stream]["replication_key_value"])


def test_an_edit_of_a_completed_sale_arrives_although_its_time_stamp_stays(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting(*TRIO))
    old = next(
        row for row in sandbox.store.select(Sale) if row["completed"] and row["timeStamp"] == row["completeTime"]
    )
    let_pass(sandbox, hours=2)
    sandbox.edit(Sale, old["saleID"], {"referenceNumber": "edited"})
    second = tap.run_well(catalog=selecting(*TRIO), state=first.state)
    found = {row["saleID"]: (row["referenceNumber"], row["timeStamp"]) for row in second.records("sales")}
    assert found[old["saleID"]] == ("edited", old["timeStamp"])
    assert len(found) < 5


def test_a_line_of_an_open_sale_that_changes_alone_arrives(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting(*TRIO))
    (line, *_) = sandbox.store.select(SaleLine)
    let_pass(sandbox, hours=2)
    sandbox.edit(SaleLine, line["saleLineID"], {"unitQuantity": 77})
    second = tap.run_well(catalog=selecting(*TRIO), state=first.state)
    found = {row["saleLineID"]: row["unitQuantity"] for row in second.records("sale_lines")}
    assert found[line["saleLineID"]] == 77
    assert line["saleID"] not in {row["saleID"] for row in second.records("sales")}


def test_a_payment_that_came_without_a_sign_of_its_sale_arrives(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting(*TRIO))
    let_pass(sandbox, hours=2)
    last = sandbox.store.next_key(SalePayment) - 1
    (payment, *_) = sandbox.store.select(SalePayment)
    sandbox.store.put(SalePayment, [payment | {"salePaymentID": last + 1}])
    second = tap.run_well(catalog=selecting(*TRIO), state=first.state)
    assert [query["salePaymentID"] for query in queries(sandbox, SalePayment)] == [f">,{last}"]
    assert last + 1 in {row["salePaymentID"] for row in second.records("sale_payments")}


def test_archiving_arrives_as_a_change(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting("items"))
    item = next(row for row in sandbox.store.select(Item) if not row["archived"])
    let_pass(sandbox, hours=2)
    sandbox.edit(Item, item["itemID"], {"archived": True})
    second = tap.run_well(catalog=selecting("items"), state=first.state)
    assert (item["itemID"], True) in {(row["itemID"], row["archived"]) for row in second.records("items")}


def test_a_row_from_the_future_does_not_hide_what_comes_after_it(sandbox: Sandbox, tmp_path: Path) -> None:
    (early, other, *_) = sandbox.store.select(Item)
    sandbox.edit(Item, early["itemID"], {"timeStamp": "2099-01-01T00:00:00+00:00"})
    tap = Tap.over(sandbox, tmp_path)
    state = tap.run_well(catalog=selecting("items")).state
    for description in ("first change", "second change"):
        let_pass(sandbox, hours=2)
        sandbox.edit(Item, other["itemID"], {"description": description})
        spoken = tap.run_well(catalog=selecting("items"), state=state)
        state = spoken.state
        assert description in {row["description"] for row in spoken.records("items")}
        assert bookmark_of(state, "items") <= sandbox.clock.now()


@pytest.mark.parametrize("switch", ["refuse_filter", "ignore_filter"])
@pytest.mark.parametrize(
    ("names", "field", "words"),
    [
        (["updateTime"], "updatetime", "updateTime"),
        (["updateTime", "updatetime"], "timeStamp", "changes are found by timeStamp"),
    ],
)
def test_a_stamp_that_the_api_does_not_filter_by_is_replaced_with_a_warning(
    tmp_path: Path, switch: str, names: list[str], field: str, words: str
) -> None:
    with small_sandbox(small_store(days=12, sales_per_day=8), **{switch: names}) as sandbox:
        tap = Tap.over(sandbox, tmp_path)
        state = tap.run_well(catalog=selecting(*TRIO)).state
        let_pass(sandbox, days=1)
        open_sale = next(row for row in sandbox.store.select(Sale) if not row["completed"])
        now = stamp(sandbox.clock.now())
        sandbox.edit(Sale, open_sale["saleID"], {"timeStamp": now, "updateTime": now, "referenceNumber": "moved"})
        spoken = tap.run_well(catalog=selecting(*TRIO), state=state)
        again = tap.run_well(catalog=selecting(*TRIO), state=spoken.state)
    assert any(words in line for line in spoken.warnings())
    assert open_sale["saleID"] in {
        row["saleID"] for row in spoken.records("sales") if row["referenceNumber"] == "moved"
    }
    assert spoken.state["bookmarks"]["sales"]["replication_key"] == field
    assert len(again.records("sales")) < sandbox.store.count(Sale)


@pytest.mark.parametrize("seconds", [0, 86_400])
def test_the_look_back_is_a_setting(sandbox: Sandbox, tmp_path: Path, seconds: int) -> None:
    tap = Tap.over(sandbox, tmp_path, lookback_seconds=seconds)
    state = tap.run_well(catalog=selecting("items")).state
    sandbox.forget_requests()
    tap.run_well(catalog=selecting("items"), state=state)
    since = stamp(bookmark_of(state, "items") - timedelta(seconds=seconds))
    assert [query["timeStamp"] for query in queries(sandbox, Item)] == [f">=,{since}"]


def test_a_start_date_limits_events_and_nothing_that_they_refer_to(sandbox: Sandbox, tmp_path: Path) -> None:
    start = sandbox.clock.now() - timedelta(days=4)
    spoken = Tap.over(sandbox, tmp_path, start_date=stamp(start)).run_well(catalog=selecting())
    for resource in RESOURCES:
        found = by_key(resource, spoken.records(resource.api.stream)).keys()
        assert found == since(sandbox, resource, start), resource.__name__
    assert 0 < len(spoken.records("sales")) < sandbox.store.count(Sale)
    assert 0 < len(spoken.records("inventory_logs")) < sandbox.store.count(InventoryLog)


def since(sandbox: Sandbox, resource: type[Resource], start: datetime) -> set[Key]:
    """The keys of the events since a moment, and of what belongs to them; of anything else, all."""
    rows, parent = sandbox.rows(resource), above(resource)
    if parent is not None:
        parents = {key for (key,) in since(sandbox, parent, start)}
        return {key_of(resource, row) for row in rows if row[parent.api.key] in parents}
    return {key_of(resource, row) for row in rows if _is_since(resource, row, start)}


def _is_since(resource: type[Resource], row: Record, start: datetime) -> bool:
    bookmark = resource.api.bookmark
    if isinstance(bookmark, Days):
        return bool(row[bookmark.field] >= start.date().isoformat())
    event = resource.api.event
    return not event or bool(row[bookmark.field if isinstance(bookmark, Stamp) else event] >= stamp(start))


def test_one_single_use_token_in_the_settings_serves_run_after_run(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    codes = []
    for _ in range(2):
        codes.append(tap.run(catalog=selecting("shops")).code)
        let_pass(sandbox, hours=2)
    assert codes == [0, 0]


def test_a_stream_that_the_token_may_not_read_is_skipped_and_the_rest_is_read(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    tap.settings["refresh_token"] = sandbox.issue_refresh_token("employee:inventory_read")
    spoken = tap.run_well()
    assert len(spoken.records("items")) == sandbox.store.count(Item)
    assert spoken.records("customers") == []
    skipped = [line for line in spoken.warnings() if "Stream customers is skipped" in line]
    assert len(skipped) == 1
    assert "employee:customers_read" in skipped[0]


def odd_host(request: Asked) -> Answer:
    """An API that has learnt something new."""
    if request.path.endswith("/Account.json"):
        return Answer(200, {"Account": {"accountID": "1"}})
    if not request.path.partition("?")[0].endswith("/Manufacturer.json"):
        return Answer(404, {"httpCode": "404", "message": "Nothing else", "errorClass": "NotFoundException"})
    rows = [{"manufacturerID": str(key), "name": "Acme", "colour": "sentinel-red"} for key in (1, 2)]
    return Answer(200, {"@attributes": {"next": "", "previous": ""}, "Manufacturer": rows})


@pytest.mark.parametrize("keep", [False, True])
def test_a_field_that_lightspeed_adds_is_told_once_and_kept_when_wanted(tmp_path: Path, keep: bool) -> None:  # noqa: FBT001  a parameter of the test
    with scripted(odd_host) as host:
        settings: dict[str, Any] = {"access_token": "t", "api_url": host.url, "keep_unknown_fields": keep}
        catalog = None if keep else selecting("manufacturers")
        spoken = Tap(tmp_path, settings).run(catalog=catalog)
    met, summary = [line for line in spoken.warnings() if "colour" in line]
    assert "manufacturers" in met
    assert "What the declarations did not foresee" in summary
    assert "sentinel" not in spoken.stderr
    found = [row.get("unknown_fields") for row in spoken.records(Manufacturer.api.stream)]
    assert found == [{"colour": "sentinel-red"} if keep else None] * 2


def test_a_skewed_clock_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    assert abs(sandbox.clock.now() - datetime.now(UTC)) > timedelta(days=1)
    spoken = Tap.over(sandbox, tmp_path).run_well(catalog=selecting("shops"))
    assert len([line for line in spoken.warnings() if "clocks differ" in line]) == 1
