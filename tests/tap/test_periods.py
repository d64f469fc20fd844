"""Runs over a period, later runs that go on from its end, and periods that are read once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from lightspeed_retail.resources import Days, Resource, Stamp, Tail
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.store import Store
from tests.comparing import Keys, above, arrived, below, keys_in, keys_of, parent_of
from tests.declared import RESOURCES
from tests.retailer import small_sandbox
from tests.tapping import Message, Spoken, Tap, selecting

LOOKBACK = timedelta(seconds=300)
EVENTS = [resource for resource in RESOURCES if resource.api.event and not isinstance(resource.api.bookmark, Days)]


@dataclass
class Periods:
    """A run over a period, then one without its end, or one with an end three days later."""

    store: Store
    start: datetime
    end: datetime
    first: Spoken
    second: Spoken
    further: datetime
    between: Spoken

    def happened(self, resource: type[Resource], *, until: datetime | None = None) -> Keys:
        """The keys of the events since the beginning; those that can change count by their last change."""
        bookmark = resource.api.bookmark
        name = bookmark.field if isinstance(bookmark, Stamp) else resource.api.event or ""
        last = "~" if until is None else stamp(until)
        return keys_in(self.store, resource, lambda row: stamp(self.start) <= (row[name] or "") <= last)


@pytest.fixture(scope="module")
def periods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Periods]:
    with small_sandbox() as running:
        start, end = (running.clock.now() - timedelta(days=days, hours=3) for days in (14, 6))
        tap = Tap.over(running, tmp_path_factory.mktemp("periods"), start_date=stamp(start), end_date=stamp(end))
        first = tap.run_well(catalog=selecting(everything=True))
        del tap.settings["end_date"]
        second = tap.run_well(catalog=selecting(everything=True), state=first.state)
        further = end + timedelta(days=3)
        tap.settings["end_date"] = stamp(further)
        between = tap.run_well(catalog=selecting(everything=True), state=first.state)
        yield Periods(running.store, start, end, first, second, further, between)


@pytest.mark.parametrize("resource", EVENTS)
def test_a_period_holds_the_events_between_its_ends(periods: Periods, resource: type[Resource]) -> None:
    wanted = periods.happened(resource, until=periods.end)
    assert keys_of(resource, periods.first.records(resource.api.stream)) == wanted
    assert wanted < keys_in(periods.store, resource)


@pytest.mark.parametrize("resource", EVENTS)
def test_a_run_without_the_end_brings_the_rest(periods: Periods, resource: type[Resource]) -> None:
    assert arrived([periods.first, periods.second], resource) == periods.happened(resource)


@pytest.mark.parametrize("resource", EVENTS)
def test_nothing_comes_twice_but_what_the_look_back_reads_again(periods: Periods, resource: type[Resource]) -> None:
    first, second = (keys_of(resource, run.records(resource.api.stream)) for run in (periods.first, periods.second))
    begin = periods.end - LOOKBACK
    again = periods.happened(resource) - periods.happened(resource, until=begin)
    assert first & second <= again
    assert second or not periods.happened(resource) - first


CHILDREN = [
    (child, parent)
    for child in RESOURCES
    if (parent := above(child)) is not None and (parent in EVENTS or above(parent) in EVENTS)
]
OTHERS = [
    resource
    for resource in RESOURCES
    if resource not in EVENTS
    and resource not in [child for child, _ in CHILDREN]
    and not isinstance(resource.api.bookmark, Days)
]


@pytest.mark.parametrize(("child", "parent"), CHILDREN)
def test_the_children_of_the_events_come_with_them(
    periods: Periods, child: type[Resource], parent: type[Resource]
) -> None:
    read = keys_of(parent, periods.first.records(parent.api.stream))
    assert keys_of(child, periods.first.records(child.api.stream)) == below(periods.store, child, parent, read)
    both = below(periods.store, child, parent, arrived([periods.first, periods.second], parent))
    assert both - arrived([periods.first, periods.second], child) == set()


@pytest.mark.parametrize("resource", [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Days)])
def test_reports_keep_to_the_days_of_the_period(periods: Periods, resource: type[Resource]) -> None:
    bookmark = resource.api.bookmark
    assert isinstance(bookmark, Days)
    days = [date.fromisoformat(record[bookmark.field]) for record in periods.first.records(resource.api.stream)]
    assert days
    assert periods.start.date() <= min(days) <= max(days) <= periods.end.date()
    since = keys_in(periods.store, resource, lambda row: row[bookmark.field] >= periods.start.date().isoformat())
    assert arrived([periods.first, periods.second], resource) == since


@pytest.mark.parametrize("resource", EVENTS)
def test_a_run_to_a_later_end_brings_what_lies_between(periods: Periods, resource: type[Resource]) -> None:
    assert arrived([periods.first, periods.between], resource) == periods.happened(resource, until=periods.further)


@pytest.mark.parametrize(("child", "parent"), CHILDREN)
def test_with_an_end_no_child_comes_without_its_event(
    periods: Periods, child: type[Resource], parent: type[Resource]
) -> None:
    runs = [periods.first, periods.between]
    assert arrived(runs, child) == below(periods.store, child, parent, arrived(runs, parent))


@pytest.mark.parametrize("resource", OTHERS)
def test_what_events_refer_to_is_read_whole(periods: Periods, resource: type[Resource]) -> None:
    assert arrived([periods.first], resource) == keys_in(periods.store, resource)


def test_no_bookmark_of_an_event_passes_the_end(periods: Periods) -> None:
    entries = {resource: periods.first.state["bookmarks"][resource.api.stream] for resource in EVENTS}
    values = {resource: entry.get("replication_key_value") for resource, entry in entries.items()}
    moments = [value for resource, value in values.items() if isinstance(resource.api.bookmark, Stamp)]
    assert [value for value in moments if value is not None and value > stamp(periods.end)] == []
    assert [value for value in moments if value]
    for resource in [resource for resource in EVENTS if isinstance(resource.api.bookmark, Tail)]:
        read = keys_of(resource, periods.first.records(resource.api.stream))
        assert values[resource] == max((key for (key,) in read), default=None)


# A period once more


@dataclass
class Again:
    """A full run, and one that reads a period once more."""

    store: Store
    first: Spoken
    again: Spoken
    requests: list[dict[str, Any]]
    begin: str
    until: str

    def happened(self, resource: type[Resource]) -> Keys:
        """The keys of the events in the period, and of what comes with them."""
        event, parent = resource.api.event, parent_of(resource)
        if resource in EVENTS and event:
            return keys_in(self.store, resource, lambda row: self.begin <= (row[event] or "") <= self.until)
        return below(self.store, resource, parent, self.happened(parent)) if parent else set()


@pytest.fixture(scope="module")
def once_more(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Again]:
    with small_sandbox() as running:
        tap = Tap.over(running, tmp_path_factory.mktemp("again"))
        first = tap.run_well(catalog=selecting(everything=True))
        begin, until = (stamp(running.clock.now() - timedelta(days=days)) for days in (12, 8))
        tap.settings.update(reread_from=begin, reread_until=until)
        running.forget_requests()
        again = tap.run_well(catalog=selecting(everything=True), state=first.state)
        yield Again(running.store, first, again, running.requests, begin, until)


@pytest.mark.parametrize("resource", RESOURCES)
def test_once_more_reads_what_happened_in_the_period_and_nothing_else(
    once_more: Again, resource: type[Resource]
) -> None:
    assert keys_of(resource, once_more.again.records(resource.api.stream)) == once_more.happened(resource)


def test_once_more_brings_sales_with_their_lines_and_payments(once_more: Again) -> None:
    for resource in (Sale, SaleLine, SalePayment):
        assert 0 < len(once_more.happened(resource)) < once_more.store.count(resource) / 2


def test_once_more_asks_for_events_only(once_more: Again) -> None:
    lists = {entry["path"] for entry in once_more.requests if "limit" in entry["query"]}
    events = {path for path in lists if any(path.endswith(resource.api.path) for resource in EVENTS)}
    # Days are meant in the time zone of the shops.
    assert {path.rpartition("/")[2] for path in lists - events} <= {"Shop.json"}


def test_once_more_leaves_the_state_as_it_was(once_more: Again) -> None:
    before = entries_of(once_more.first.state)
    assert before
    assert [state for each in once_more.again.of("STATE") if (state := entries_of(each["value"])) != before] == []
    assert once_more.again.state == once_more.first.state


def entries_of(state: Message) -> Message:
    """What a state says of each stream; a stream without anything may be missing until its turn comes."""
    return {stream: entry for stream, entry in state["bookmarks"].items() if entry}
