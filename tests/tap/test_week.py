"""A first load with everything selected, a week of trade, and the run after it: for every stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import pytest

from lightspeed_retail.resources import Days, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.serve import Sandbox
from tests.comparing import parent_of
from tests.declared import RESOURCES, rides
from tests.repeats import OVERLAP, LaterRun, Rows
from tests.retailer import asked, by_key, small_sandbox, table
from tests.tapping import Key, Message, Spoken, Tap, Warehouse, key_of, selecting

LOOKBACK = timedelta(seconds=300)
# Changes are read from when the first load began, as far as the stamps tell; it may have taken so long.
LOAD = timedelta(minutes=3)
REPORT_LOOKBACK = timedelta(days=3)

LISTED = [resource for resource in RESOURCES if resource.api.parent is None]
STAMPED = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Stamp)]
GROWING = [resource for resource in LISTED if isinstance(resource.api.bookmark, Tail)]
REPORTS = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Days)]
LARGE = [resource for resource in RESOURCES if resource.api.bookmark == Snapshot(large=True)]
PARENT_BY_PARENT = [resource for resource in RESOURCES if resource.api.parent and not rides(resource)]

Requests = dict[type[Resource], list[dict[str, Any]]]


@dataclass
class Week:
    """A first load, a week of trade with an edit in every stream, the run after it, and one more the day after.

    Args:
        sandbox: The account.
        before: Its rows when the first load was done.
        edited: The key of a row of each resource with a stamp that was edited after the week.
        runs: The three runs.
        requests: What each run asked for.
        tables: The account when the second run was done.
    """

    sandbox: Sandbox
    before: Rows
    edited: dict[type[Resource], Key]
    runs: tuple[Spoken, Spoken, Spoken]
    requests: tuple[Requests, Requests, Requests]
    tables: dict[type[Resource], dict[Key, dict[str, Any]]]

    @cached_property
    def rows(self) -> dict[str, dict[Key, Message]]:
        """What a target makes of the first two runs, by stream."""
        return Warehouse().load(*self.runs[:2]).rows

    def bookmark(self, resource: type[Resource]) -> Any:
        """The bookmark that the first load has left."""
        return self.runs[0].state["bookmarks"][resource.api.stream]["replication_key_value"]

    def queries(self, resource: type[Resource], run: int = 1) -> list[dict[str, str]]:
        """The queries of a run to a list."""
        return [entry["query"] for entry in self.requests[run][resource]]


def log_of(sandbox: Sandbox) -> Requests:
    """The requests since the last look, by the resource whose list was asked for."""
    log = {resource: asked(sandbox, resource) for resource in RESOURCES}
    sandbox.forget_requests()
    return log


def edit_everywhere(sandbox: Sandbox) -> dict[type[Resource], Key]:
    """Edit the first row of every resource with a stamp; what has no list is found by the row that it belongs to."""
    edited = {}
    for resource in STAMPED:
        row = sandbox.rows(resource)[0]
        edited[resource] = key_of(resource, sandbox.edit(resource, row[resource.api.key], {}))
        parent = Resource.named(resource.api.parent) if resource.api.parent else None
        if parent is not None:
            sandbox.edit(parent, row[parent.api.key], {})
    return edited


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    catalog = selecting(everything=True)
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("week"))
        first = tap.run_well(catalog=catalog)
        before, first_log = {resource: sandbox.rows(resource) for resource in RESOURCES}, log_of(sandbox)
        sandbox.advance(7)
        edited = edit_everywhere(sandbox)
        second = tap.run_well(catalog=catalog, state=first.state)
        tables, second_log = {resource: table(sandbox, resource) for resource in RESOURCES}, log_of(sandbox)
        sandbox.advance(1)
        third = tap.run_well(catalog=catalog, state=second.state)
        logs = (first_log, second_log, log_of(sandbox))
        yield Week(sandbox, before, edited, (first, second, third), logs, tables)


@pytest.mark.parametrize("resource", RESOURCES)
def test_after_a_week_of_trade_two_runs_make_up_the_whole_account(week: Week, resource: type[Resource]) -> None:
    rows = week.rows.get(resource.api.stream, {})
    assert by_key(resource, rows.values()) == week.tables[resource]


@pytest.mark.parametrize("resource", STAMPED)
def test_a_row_that_was_edited_arrives(week: Week, resource: type[Resource]) -> None:
    sent = {key_of(resource, record): record for record in week.runs[1].records(resource.api.stream)}
    assert week.edited[resource] in sent


@pytest.mark.parametrize(
    "resource", [resource for resource in RESOURCES if not isinstance(resource.api.bookmark, Snapshot)]
)
def test_a_later_run_sends_no_row_that_has_not_changed(week: Week, resource: type[Resource]) -> None:
    sent = {each: week.runs[1].records(each.api.stream) for each in RESOURCES}
    run = LaterRun(week.before, sent, LOOKBACK + LOAD)
    assert [key_of(resource, row) for row in run.sent_for_no_reason(resource)] == []


@pytest.mark.parametrize("resource", [resource for resource in LISTED if resource in STAMPED])
def test_a_later_run_asks_for_what_changed_since_the_bookmark_less_the_look_back(
    week: Week, resource: type[Resource]
) -> None:
    assert isinstance(resource.api.bookmark, Stamp)
    wanted = {f">=,{stamp(instant(moment) - LOOKBACK)}" for moment in bookmarks(week.runs[0].state, resource)}
    sent = [query.get(resource.api.bookmark.candidates[0]) for query in week.queries(resource)]
    # Shops are read once more whole: their time zone says what day a birthday is.
    assert sent.count(None) == (1 if resource.api.stream == "shops" else 0)
    assert {value for value in sent if value} == wanted


def bookmarks(state: Message, resource: type[Resource]) -> set[str]:
    """The bookmarks of all walks through a list: its own ones, and those of streams that need its rows."""
    stream = resource.api.stream
    entries = [state["bookmarks"][stream], *state["bookmarks"][stream].get("passes", {}).values()]
    if rides(resource) and not parent_of(resource):
        return {entries[0]["replication_key_value"]}
    entries += [entry.get("with", {}).get(stream, {}) for entry in state["bookmarks"].values()]
    return {entry["replication_key_value"] for entry in entries if "replication_key_value" in entry}


@pytest.mark.parametrize("resource", GROWING)
def test_a_list_that_only_grows_is_read_from_its_last_key_on(week: Week, resource: type[Resource]) -> None:
    assert isinstance(resource.api.bookmark, Tail)
    overlap = 0 if resource.api.bookmark.created else OVERLAP
    queries = week.queries(resource)
    assert queries
    assert {query[resource.api.key] for query in queries} == {f">,{week.bookmark(resource) - overlap}"}


@pytest.mark.parametrize("resource", REPORTS)
def test_a_report_is_read_from_some_days_before_its_bookmark_on(week: Week, resource: type[Resource]) -> None:
    first = date.fromisoformat(week.bookmark(resource)) - REPORT_LOOKBACK
    periods = {(query["startDate"], query["endDate"]) for query in week.queries(resource)}
    assert periods == {(f"{first:%m/%d/%Y}", f"{date.fromisoformat(week.bookmark(resource)) + timedelta(7):%m/%d/%Y}")}


@pytest.mark.parametrize("resource", LARGE)
def test_a_large_list_without_a_stamp_is_read_whole_once_a_week_and_from_its_last_page_on_in_between(
    week: Week, resource: type[Resource]
) -> None:
    whole, tail = (week.queries(resource, run) for run in (1, 2))
    assert {resource.api.key in query for query in whole} == {False}
    reached = max(row[resource.api.key] for row in week.runs[1].records(resource.api.stream))
    beyond = f">,{reached - OVERLAP}" if reached > OVERLAP else None
    assert {query.get(resource.api.key) for query in tail} == {beyond}


@pytest.mark.parametrize("resource", PARENT_BY_PARENT)
def test_only_parents_that_have_changed_are_asked_for_their_rows(week: Week, resource: type[Resource]) -> None:
    parent = Resource.named(resource.api.parent or "")
    field, values = resource.api.parents or (parent.api.key, None)
    having = [row for row in week.runs[1].records(parent.api.stream) if values is None or row[field] in values]
    before, _, after = resource.api.path.partition(f"{{{parent.api.key}}}")
    paths = {entry["path"].rpartition(before)[2].removesuffix(after) for entry in week.requests[1][resource]}
    assert paths == {str(row[parent.api.key]) for row in having}


def test_a_later_run_costs_less_than_the_first(week: Week) -> None:
    first, second, third = (
        sum(entry["cost"] for requests in log.values() for entry in requests) for log in week.requests
    )
    assert third < second < first
    assert 0 < len(week.runs[1].records("sales")) < len(week.runs[0].records("sales")) / 2


@pytest.mark.parametrize("run", [0, 1, 2])
def test_no_bookmark_passes_the_servers_clock(week: Week, run: int) -> None:
    now = week.sandbox.clock.now()
    values = [entry.get("replication_key_value") for entry in week.runs[run].state["bookmarks"].values()]
    moments = [value for value in values if isinstance(value, str)]
    assert moments
    assert [value for value in moments if instant(value) > now] == []


def test_bookmarks_move_on_and_no_load_stays_open(week: Week) -> None:
    before, after = (run.state["bookmarks"] for run in week.runs[:2])
    assert "first_load" not in str(after)
    assert "'snapshot'" not in str(after)
    for name, entry in before.items():
        if "replication_key_value" in entry:
            assert after[name]["replication_key_value"] >= entry["replication_key_value"], name
    assert after["sales"]["replication_key_value"] > before["sales"]["replication_key_value"]
