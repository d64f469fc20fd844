"""Settings that narrow a run: presets, shops, filters; what they bring, what they leave, and what a slip says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.items import Item, ItemShop
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.comparing import Keys, arrived, below, has, keys_in, keys_of, parent_of
from tests.declared import RESOURCES
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, is_refused_in_a_line, selecting

PRESETS = sorted({preset for resource in RESOURCES for preset in resource.api.presets})
TRIO = (Sale.api.stream, SaleLine.api.stream, SalePayment.api.stream)
SHOP = 1


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=12, sales_per_day=8)) as running:
        yield running


@pytest.fixture(scope="module")
def unchanging() -> Iterator[Sandbox]:
    """A sandbox for tests that change nothing in it."""
    with small_sandbox() as running:
        yield running


# Presets


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("catalog", [None, selecting], ids=["without a catalog", "all selected"])
def test_a_preset_reads_exactly_the_streams_that_are_declared_for_it(
    unchanging: Sandbox, tmp_path: Path, preset: str, catalog: Callable[[], Message] | None
) -> None:
    declared = {resource.api.stream for resource in RESOURCES if preset in resource.api.presets}
    spoken = Tap.over(unchanging, tmp_path, preset=preset).run_well(catalog=catalog and catalog())
    assert {message["stream"] for message in spoken.of("SCHEMA")} == declared
    assert spoken.streams == declared
    assert len(declared) > 1


def test_within_a_preset_the_selection_still_counts(unchanging: Sandbox, tmp_path: Path) -> None:
    spoken = Tap.over(unchanging, tmp_path, preset="nightly").run_well(catalog=selecting("shops", "vendors"))
    assert spoken.streams == {"shops"}


# Shops


@dataclass
class ByShop:
    """Two runs with days of trade between them, both over one shop, and all rows before and after."""

    first: Spoken
    second: Spoken
    before: dict[type[Resource], Keys]
    after: dict[type[Resource], Keys]


@pytest.fixture(scope="module")
def by_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByShop]:
    with small_sandbox() as running:
        tap = Tap.over(running, tmp_path_factory.mktemp("shop"), shop_ids=[SHOP])
        first = tap.run_well(catalog=selecting(everything=True))
        before = {resource: of_shop(running.store, resource) for resource in RESOURCES}
        running.advance(2)
        second = tap.run_well(catalog=selecting(everything=True), state=first.state)
        yield ByShop(first, second, before, {resource: of_shop(running.store, resource) for resource in RESOURCES})


def of_shop(store: Store, resource: type[Resource]) -> Keys:
    """The keys of the rows that belong to the shop: by themselves, or with their parent."""
    parent = parent_of(resource)
    if has(resource, "shopID") and resource is not Shop:
        return keys_in(store, resource, lambda row: row["shopID"] == SHOP)
    return below(store, resource, parent, of_shop(store, parent)) if parent else keys_in(store, resource)


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_run_over_one_shop_reads_its_rows_and_no_other(by_shop: ByShop, resource: type[Resource]) -> None:
    assert keys_of(resource, by_shop.first.records(resource.api.stream)) == by_shop.before[resource]
    assert by_shop.before[resource]


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_next_run_stays_with_the_shop_and_misses_nothing(by_shop: ByShop, resource: type[Resource]) -> None:
    brought = keys_of(resource, by_shop.second.records(resource.api.stream))
    known = by_shop.before[resource] | by_shop.after[resource]
    assert brought - known == set()
    assert by_shop.after[resource] - arrived([by_shop.first, by_shop.second], resource) == set()


def test_the_shop_leaves_out_something_and_the_next_run_brings_something(by_shop: ByShop, unchanging: Sandbox) -> None:
    for resource in (Sale, SaleLine, SalePayment, ItemShop):
        assert 0 < len(by_shop.before[resource]) < unchanging.store.count(resource)
        assert 0 < len(by_shop.second.records(resource.api.stream)) < len(by_shop.before[resource])


# Filters


def test_filters_hold_in_every_run_and_for_what_rides(sandbox: Sandbox, tmp_path: Path) -> None:
    filters = {"sales": {"completed": "true"}, "items": {"archived": "false"}}
    tap = Tap.over(sandbox, tmp_path, filters=filters)
    catalog = selecting(*TRIO, "items")
    runs = [tap.run_well(catalog=catalog)]
    _meets_the_filters(sandbox.store, runs)
    assert len(keys_in(sandbox.store, Sale, _is_completed)) < sandbox.store.count(Sale)
    assert len(keys_in(sandbox.store, Item, _is_kept)) < sandbox.store.count(Item)
    sandbox.advance(1)
    runs.append(tap.run_well(catalog=catalog, state=runs[0].state))
    _meets_the_filters(sandbox.store, runs)
    assert runs[1].records("sales")


def _is_completed(row: Record) -> bool:
    return bool(row["completed"])


def _is_kept(row: Record) -> bool:
    return not row["archived"]


def _meets_the_filters(store: Store, runs: list[Spoken]) -> None:
    completed = keys_in(store, Sale, _is_completed)
    assert arrived(runs, Sale) == completed
    for child in (SaleLine, SalePayment):
        assert arrived(runs, child) == below(store, child, Sale, completed)
    assert [row for row in runs[-1].records("items") if row["archived"]] == []
    assert keys_in(store, Item, _is_kept) <= arrived(runs, Item)


def test_a_filter_on_a_child_narrows_the_child_alone(unchanging: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(unchanging, tmp_path, filters={"sale_lines": {"unitQuantity": ">,1"}})
    spoken = tap.run_well(catalog=selecting(*TRIO))
    wanted = keys_in(unchanging.store, SaleLine, lambda row: row["unitQuantity"] > 1)
    assert 0 < len(wanted) < unchanging.store.count(SaleLine)
    assert arrived([spoken], SaleLine) == wanted
    for resource in (Sale, SalePayment):
        assert arrived([spoken], resource) == keys_in(unchanging.store, resource)


def test_what_is_archived_can_be_read_alone(unchanging: Sandbox, tmp_path: Path) -> None:
    spoken = Tap.over(unchanging, tmp_path, filters={"items": {"archived": "only"}}).run_well(
        catalog=selecting("items")
    )
    wanted = keys_in(unchanging.store, Item, lambda row: row["archived"])
    assert wanted
    assert arrived([spoken], Item) == wanted


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"filters": {"sale": {"completed": "true"}}}, ("there is no stream sale", "did you mean sales?")),
        ({"filters": {"sales": {"compleeted": "true"}}}, ("has no field compleeted", "did you mean completed?")),
        ({"filters": {"sales": {"saleID": ">,3"}}}, ("saleID",)),
        ({"filters": {"sales": "completed"}}, ("filters.sales must be of type object",)),
        ({"filters": {"sales": {"completed": True}}}, ("filters.sales.completed must be of type string",)),
        ({"shop_ids": ["one"]}, ("shop_ids.0 must be of type integer",)),
        ({"preset": "nightlie"}, ("preset must be one of", *PRESETS)),
        ({"end_date": "soon"}, ("end_date",)),
        ({"start_date": "2024-06-02", "end_date": "2024-06-01"}, ("end_date must lie after start_date",)),
        ({"reread_until": "2024-06-02"}, ("reread_until needs reread_from",)),
    ],
    ids=str,
)
def test_a_slip_is_refused_in_a_line_before_anything_is_read(
    unchanging: Sandbox, tmp_path: Path, settings: dict[str, Any], words: tuple[str, ...]
) -> None:
    unchanging.forget_requests()
    spoken = Tap.over(unchanging, tmp_path, **settings).run()
    is_refused_in_a_line(spoken, *words)
    assert spoken.of("RECORD") == []
    assert [entry for entry in unchanging.requests if "limit" in entry["query"]] == []
