"""The older version of the API: the same rows, walked by key, resumed and followed like the newer one."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.client import has_number
from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.paths import Paths
from lightspeed_sandbox.serve import Sandbox
from tap_lightspeed_retail.walks import key_sort
from tests.comparing import above, arrived, keys_in
from tests.declared import RESOURCES
from tests.retailer import small_sandbox, small_store
from tests.tapping import Key, Message, Spoken, Tap, key_of, selecting

LOOKBACK = timedelta(seconds=300)
FOLLOWED = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Stamp) and above(resource) is None]


@dataclass
class Runs:
    """The same account by both versions; then a day of trade, and what each version brings of it."""

    sandbox: Sandbox
    newer: Spoken
    older: Spoken
    asked: list[dict[str, Any]]
    later: Spoken
    asked_later: list[dict[str, Any]]
    crossed: Spoken


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    catalog = selecting(everything=True)
    with small_sandbox() as sandbox:
        newer = Tap.over(sandbox, tmp_path_factory.mktemp("newer"), api_version="V3")
        older = Tap.over(sandbox, tmp_path_factory.mktemp("older"), api_version="V2")
        first = newer.run_well(catalog=catalog)
        sandbox.forget_requests()
        same = older.run_well(catalog=catalog)
        asked = sandbox.requests
        sandbox.advance(1)
        sandbox.forget_requests()
        later = older.run_well(catalog=catalog, state=same.state)
        asked_later = sandbox.requests
        crossed = newer.run_well(catalog=catalog, state=same.state)
        yield Runs(sandbox, first, same, asked, later, asked_later, crossed)


def by_key(spoken: Spoken, resource: type[Resource]) -> dict[Key, Message]:
    return {key_of(resource, record): record for record in spoken.records(resource.api.stream)}


@pytest.mark.parametrize("resource", RESOURCES)
def test_both_versions_bring_the_same_records(runs: Runs, resource: type[Resource]) -> None:
    stream = resource.api.stream
    assert runs.older.records(stream)
    assert len(runs.older.records(stream)) == len(runs.newer.records(stream))
    assert by_key(runs.older, resource) == by_key(runs.newer, resource)


@pytest.mark.parametrize("which", ["asked", "asked_later"])
def test_no_request_goes_to_the_newer_version_or_speaks_its_words(runs: Runs, which: str) -> None:
    asked = getattr(runs, which)
    assert asked
    assert [entry["path"] for entry in asked if entry["path"].startswith("/API/V3")] == []
    # A day later the first access token has ended.
    assert {entry["status"] for entry in asked} <= {200, 401}
    assert {name for entry in asked for name in entry["query"]}.isdisjoint({"sort", "after", "before", "count", "or"})


@pytest.mark.parametrize("which", ["asked", "asked_later"])
def test_a_list_whose_rows_have_a_number_is_never_walked_by_offset(runs: Runs, which: str) -> None:
    paths = Paths(runs.sandbox.account)
    lists = [(paths.target(each["path"]).resource, each["query"]) for each in getattr(runs, which)]
    numbered = [(resource, query) for resource, query in lists if "limit" in query and has_number(resource)]
    assert len(numbered) > len(RESOURCES) / 2
    assert [query for _, query in numbered if "offset" in query] == []
    assert [query for resource, query in numbered if query.get("orderby") != key_sort(resource)] == []


def test_a_walk_asks_for_what_lies_behind_its_last_key(runs: Runs) -> None:
    asked = [each["query"] for each in runs.asked if each["path"].endswith(Sale.api.path)]
    # Reports ask for the first completed sales, to find out where their days begin.
    walk = [query.get("saleID") for query in asked if "completeTime" not in query]
    keys = sorted(record["saleID"] for record in runs.older.records("sales"))
    assert walk == [None, *(f">,{key}" for key in keys[99:-1:100])]
    assert len(walk) > 3


@pytest.mark.parametrize("resource", FOLLOWED)
def test_a_later_run_brings_what_changed_and_no_more(runs: Runs, resource: type[Resource]) -> None:
    assert isinstance(resource.api.bookmark, Stamp)
    stream, field = resource.api.stream, resource.api.bookmark.field
    since = stamp(instant(runs.older.state["bookmarks"][stream]["replication_key_value"]) - LOOKBACK)
    assert [record[field] for record in runs.later.records(stream) if record[field] < since] == []
    changed = {key_of(resource, row) for row in runs.sandbox.store.select(resource, f'"{field}" >= ?', (since,))}
    assert by_key(runs.later, resource).keys() == changed


@pytest.mark.parametrize("resource", RESOURCES)
def test_two_runs_make_up_the_whole_account(runs: Runs, resource: type[Resource]) -> None:
    there = keys_in(runs.sandbox.store, resource)
    assert there - arrived([runs.older, runs.later], resource) == set()


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_newer_version_goes_on_from_a_state_of_the_older_one(runs: Runs, resource: type[Resource]) -> None:
    older, newer = (by_key(spoken, resource) for spoken in (runs.later, runs.crossed))
    assert newer == older


@pytest.mark.parametrize("states", [12, 70])
def test_a_run_that_was_killed_goes_on_and_loses_no_row(tmp_path: Path, states: int) -> None:
    with small_sandbox(small_store(days=30, sales_per_day=16), latency=0.02) as sandbox:
        tap = Tap.over(sandbox, tmp_path, api_version="V2")
        catalog = selecting(everything=True)
        killed = tap.stop_midway(subprocess.Popen.kill, nth_state(states), catalog=catalog).settled()
        resumed = tap.run_well(catalog=catalog, state=killed.state)
        there = {resource: keys_in(sandbox.store, resource) for resource in RESOURCES}
    assert 0 < len(killed.streams) < len(RESOURCES)
    lost = {each.api.stream: there[each] - arrived([killed, resumed], each) for each in RESOURCES}
    assert {stream: keys for stream, keys in lost.items() if keys} == {}


def nth_state(number: int) -> Callable[[Message], bool]:
    """Whether so many states have been said."""
    seen = itertools.count(1)
    return lambda message: message["type"] == "STATE" and next(seen) == number
