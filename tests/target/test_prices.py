"""What it costs to write a table back of which little has changed, counted by the sandbox, and what memory it takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lightspeed_retail.resources.items import Item
from lightspeed_sandbox.generate import bulk
from lightspeed_sandbox.serve import Sandbox
from tests import targeting
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Tap, selecting
from tests.targeting import Done, messages, run

ITEMS = 10_000
CHANGED = 100
CONNECTING = 1

_tags = count()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An account with 10,000 items."""
    store = small_store(days=2)
    bulk.fill(store, items=ITEMS - store.count(Item), images=0, logs=0)
    with small_sandbox(store) as running:
        yield running


def flat(sandbox: Sandbox, key: str) -> list[Message]:
    """A table of three columns, as a model in a warehouse would have them."""
    rows = ({name: row[name] for name in (key, "description", "defaultCost")} for row in sandbox.rows(Item))
    return [row for row in rows if row[key]]


def by_key(sandbox: Sandbox, _folder: Path) -> list[Message]:
    return flat(sandbox, "itemID")


def by_sku(sandbox: Sandbox, _folder: Path) -> list[Message]:
    return flat(sandbox, "customSku")


def as_the_tap_says(sandbox: Sandbox, folder: Path) -> list[Message]:
    return Tap.over(sandbox, folder).run_well(catalog=selecting("items")).records("items")


def feed(rows: list[Message], every: int) -> list[Message]:
    """The rows as a tap says them, with a state after every so many."""
    first, *said, last = messages("items", rows, "itemID" if "itemID" in rows[0] else "customSku")
    found = [first]
    for number, message in enumerate(said, start=1):
        found.append(message)
        if every and number % every == 0:
            found.append({"type": "STATE", "value": {"seen": number}})
    return [*found, last]


def edited(rows: list[Message]) -> list[Message]:
    """The table after somebody has changed a hundred names."""
    tag = next(_tags)
    step = len(rows) // CHANGED
    chosen = set(range(0, step * CHANGED, step))
    return [row | {"description": f"Model {tag}-{n}"} if n in chosen else row for n, row in enumerate(rows)]


def written(done: Done) -> tuple[int, int, int]:
    """How many records ended unchanged and updated, and how many writes there were."""
    assert done.code == 0, done.errors[-3000:]
    return done.operations.count("unchanged"), done.operations.count("updated"), len(done.writes)


@pytest.mark.parametrize(
    ("table", "every"),
    [(by_key, 0), (by_key, 100), (by_key, 1000), (by_sku, 100), (as_the_tap_says, 1000)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_hundred_changes_in_10_000_items_cost_little_more_than_a_hundred_drips(
    sandbox: Sandbox, tmp_path: Path, table: object, every: int
) -> None:
    assert callable(table)
    rows = edited(table(sandbox, tmp_path))
    rest = len(rows) - CHANGED
    first = run(sandbox, feed(rows, every), tmp_path)
    assert written(first) == (rest, CHANGED, CHANGED)
    # What the tap says has nested lists, which must be loaded to be compared: that is dearer.
    assert first.drips <= (260 if table is as_the_tap_says else 210)
    again = run(sandbox, feed(rows, every), tmp_path)
    assert written(again) == (len(rows), 0, 0)
    assert again.drips == CONNECTING
    later = run(sandbox, feed(edited(rows), every), tmp_path)
    assert written(later) == (rest, CHANGED, CHANGED)
    assert later.drips <= 110


_WEIGHED = """
import atexit, resource, sys
atexit.register(lambda: print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr))
from target_lightspeed_retail.cli import main
main()
"""


def test_memory_does_not_grow_with_the_input(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many records without a state between them take the same room."""
    monkeypatch.setattr(targeting, "COMMAND", [sys.executable, "-c", _WEIGHED])
    rows = by_key(sandbox, tmp_path)
    peaks = []
    for number in (1, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run(sandbox, feed(rows * number, 0), folder)
        assert done.code == 0, done.errors[-3000:]
        assert len(done.outcomes) == number * ITEMS
        peaks.append(int(next(line for line in done.errors.splitlines() if line.startswith("peak")).split()[1]))
    assert peaks[1] < 1.15 * peaks[0]
