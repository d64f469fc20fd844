"""A property that was not selected at first and is later: with history read again, no row of any stream lacks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from lightspeed_retail.resources import FieldType, Resource, Snapshot
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import by_key, comparable, small_sandbox, small_store, table
from tests.tapping import Spoken, Tap, Warehouse, selecting


@dataclass
class Twice:
    """A run without a property of each stream, and later runs with all of them.

    Args:
        sandbox: The account.
        runs: The runs.
    """

    sandbox: Sandbox
    runs: list[Spoken]


def lacking(store_of: Sandbox, resource: type[Resource]) -> str | None:
    """A property of a stream that is set in some row; None where there is none but keys."""
    rows = [comparable(resource, row) for row in store_of.rows(resource)]
    for field in resource.fields():
        plain = field.nested is None and field.type is not FieldType.BOOLEAN
        if plain and field.name not in (*resource.api.keys, "accountID") and any(row.get(field.name) for row in rows):
            return field.name
    return None


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twice]:
    with small_sandbox(small_store(days=15)) as sandbox:
        off = [(each.api.stream, name) for each in RESOURCES if (name := lacking(sandbox, each))]
        # Large lists without a stamp lack nothing for longer than until they are next read whole: here at once.
        settings = {"backfill_new_selections": True, "snapshot_days": 0}
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("later"), **settings)
        runs = [tap.run_well(catalog=selecting(everything=True, off=off))]
        for _ in range(2):
            sandbox.clock.advance(timedelta(hours=8))
            runs.append(tap.run_well(catalog=selecting(everything=True), state=runs[-1].state))
        yield Twice(sandbox, runs)


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_row_lacks_what_was_selected_later(twice: Twice, resource: type[Resource]) -> None:
    rows = Warehouse().load(*twice.runs[:2]).rows.get(resource.api.stream, {})
    assert by_key(resource, rows.values()) == table(twice.sandbox, resource)


@pytest.mark.parametrize(
    "resource", [resource for resource in RESOURCES if not isinstance(resource.api.bookmark, Snapshot)]
)
def test_history_is_read_again_once(twice: Twice, resource: type[Resource]) -> None:
    assert "backfill" not in twice.runs[1].state["bookmarks"].get(resource.api.stream, {})
    again = [line for line in twice.runs[2].stderr.splitlines() if "selected later" in line]
    assert [line for line in again if f" {resource.api.stream}:" in line] == []
