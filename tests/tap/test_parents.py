"""Rows below a parent: what they cost in requests, output and state grows with the number of parents, never faster.

Counted, not timed: the same tables with 300 and with 1,200 parents, each with a row of its own below it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.resources.account import Account
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.generate.values import record
from lightspeed_sandbox.paths import Paths
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.comparing import above, keys_in, keys_of, parent_of
from tests.declared import RESOURCES
from tests.retailer import TODAY, small_sandbox
from tests.tapping import Message, Spoken, Tap, selecting

FEW, MANY = 300, 1200
EDITED = (30, 20, 10)


def has_stamped_parents(resource: type[Resource]) -> bool:
    """Whether parents say when they changed."""
    return isinstance(Resource.named(resource.api.parent or "").api.bookmark, Stamp)


_BELOW = [resource for resource in RESOURCES if resource.api.parent]
RIDING = [resource for resource in _BELOW if parent_of(resource) is not None]
STAMPED = [resource for resource in _BELOW if resource not in RIDING and has_stamped_parents(resource)]
# One stands for all: the choices of custom fields, whatever has these fields, are declared alike.
UNSTAMPED = [resource for resource in _BELOW if resource not in [*RIDING, *STAMPED]][:1]
ASKED = [*STAMPED, *UNSTAMPED]
BELOW = [*RIDING, *ASKED]


def lineage(resource: type[Resource]) -> list[type[Resource]]:
    """A resource and all those above it, the lowest first."""
    parent = above(resource)
    return [resource, *(lineage(parent) if parent else [])]


def filled(parents: int) -> Store:
    """Tables in which every parent has one row below it; row 1 changed an hour ago, each next one an hour before."""
    store = Store()
    Clock(store.meta).set(TODAY)
    store.put(Account, [record(Account, accountID=1, name="Northwind Cycles")])
    for resource in {each for below in BELOW for each in lineage(below)}:
        store.put(resource, [row(resource, number) for number in range(1, parents + 1)])
    store.commit()
    return store


def row(resource: type[Resource], number: int) -> Message:
    """A row with a number for its key, below the parent of the same number."""
    changed = stamp(TODAY - timedelta(hours=number))
    fields: dict[str, Any] = {each.api.key: number for each in lineage(resource)[:2]}
    if isinstance(resource.api.bookmark, Stamp):
        fields[resource.api.bookmark.field] = changed
    conditions = [each.api.parents for each in BELOW if above(each) is resource and each.api.parents]
    fields |= {name: values[0] for name, values in filter(None, conditions)}
    return record(resource, **fields)


@dataclass
class Figures:
    """What a run took."""

    sandbox: Sandbox
    spoken: Spoken
    requests: list[dict[str, Any]]

    def asked(self, *resources: type[Resource]) -> int:
        """The requests for some lists."""
        paths = Paths(self.sandbox.account)
        wanted = Counter(paths.target(entry["path"]).resource for entry in self.requests)
        return sum(wanted[resource] for resource in resources)

    @property
    def output(self) -> int:
        """The bytes of all records and states."""
        return sum(len(line) for line in self.spoken.lines if '"SCHEMA"' not in line[:20])

    @property
    def largest_state(self) -> int:
        """The bytes of the largest state."""
        return max(len(json.dumps(message["value"])) for message in self.spoken.of("STATE"))


@dataclass
class Runs:
    """A first load, and a run after a few parents have changed."""

    first: Figures
    second: Figures


def run(tap: Tap, sandbox: Sandbox, resources: list[type[Resource]], state: Message | None = None) -> Figures:
    """A run over some resources and all above them."""
    sandbox.forget_requests()
    streams = dict.fromkeys(each.api.stream for below in resources for each in lineage(below))
    spoken = tap.run_well(catalog=selecting(*streams), state=state)
    return Figures(sandbox, spoken, sandbox.requests)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Runs]:
    """Both accounts; where there are many parents, later runs leave out those without a stamp."""
    found = {}
    for parents in (FEW, MANY):
        with small_sandbox(filled(parents)) as sandbox:
            tap = Tap.over(sandbox, tmp_path_factory.mktemp(str(parents)), max_connections=1)
            first = run(tap, sandbox, BELOW)
            sandbox.clock.advance(timedelta(hours=2))
            for number in EDITED:
                for parent in {above(resource) for resource in BELOW}:
                    assert parent is not None
                    sandbox.edit(parent, number, {})
            changing = BELOW if parents == FEW else [*RIDING, *STAMPED]
            found[parents] = Runs(first, run(tap, sandbox, changing, first.spoken.state))
    return found


@pytest.mark.parametrize("parents", [FEW, MANY])
@pytest.mark.parametrize("resource", BELOW)
def test_every_row_below_every_parent_arrives_once(
    runs: dict[int, Runs], resource: type[Resource], parents: int
) -> None:
    first = runs[parents].first
    records = first.spoken.records(resource.api.stream)
    assert len(records) == parents
    assert keys_of(resource, records) == keys_in(first.sandbox.store, resource)


@pytest.mark.parametrize("resource", RIDING)
def test_rows_that_come_by_a_relation_take_no_request_of_their_own(
    runs: dict[int, Runs], resource: type[Resource]
) -> None:
    *between, top = lineage(resource)
    assert [runs[parents].first.asked(*between) for parents in (FEW, MANY)] == [0, 0]
    assert [runs[parents].first.asked(top) for parents in (FEW, MANY)] == [FEW // 100, MANY // 100]


@pytest.mark.parametrize("resource", ASKED)
def test_rows_that_come_by_a_path_take_one_request_a_parent(runs: dict[int, Runs], resource: type[Resource]) -> None:
    (_, parent) = lineage(resource)
    assert [runs[parents].first.asked(resource) for parents in (FEW, MANY)] == [FEW, MANY]
    # Parents are listed for themselves, and once for what is below them.
    assert [runs[parents].first.asked(parent) for parents in (FEW, MANY)] == [2 * FEW // 100, 2 * MANY // 100]


def test_all_requests_and_all_output_grow_with_the_parents_and_no_faster(runs: dict[int, Runs]) -> None:
    few, many = (runs[parents].first for parents in (FEW, MANY))
    assert len(many.requests) / len(few.requests) == pytest.approx(MANY / FEW, rel=0.02)
    assert many.output / few.output == pytest.approx(MANY / FEW, rel=0.02)


def test_the_state_does_not_grow_with_the_parents(runs: dict[int, Runs]) -> None:
    few, many = (runs[parents].first for parents in (FEW, MANY))
    # Numbers have a figure more, nothing else.
    assert many.largest_state - few.largest_state < 10 * len(BELOW)
    assert few.largest_state < 5000


@pytest.mark.parametrize("parents", [FEW, MANY])
@pytest.mark.parametrize("resource", STAMPED)
def test_a_later_run_asks_only_for_rows_of_parents_that_changed(
    runs: dict[int, Runs], resource: type[Resource], parents: int
) -> None:
    second = runs[parents].second
    paths = Paths(second.sandbox.account)
    asked = [target.parent for each in second.requests if (target := paths.target(each["path"])).resource is resource]
    # The first parent lies within the look-back.
    assert sorted(map(int, filter(None, asked))) == sorted({1, *EDITED})


@pytest.mark.parametrize("resource", RIDING)
def test_a_later_run_by_a_relation_is_as_short_as_the_list_of_changes(
    runs: dict[int, Runs], resource: type[Resource]
) -> None:
    few, many = (runs[parents].second for parents in (FEW, MANY))
    lists = lineage(resource)
    assert few.asked(*lists) == many.asked(*lists) <= len(lists)
    assert len(few.spoken.records(resource.api.stream)) < FEW / 4
    assert len(many.spoken.records(resource.api.stream)) < FEW / 4


@pytest.mark.parametrize("resource", UNSTAMPED)
def test_where_parents_have_no_stamp_all_of_them_are_asked_again(
    runs: dict[int, Runs], resource: type[Resource]
) -> None:
    assert runs[FEW].second.asked(resource) == FEW
