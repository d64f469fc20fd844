"""An account that all sorts of things happen to, and a tap that is run over it, killed, and run again."""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from lightspeed_retail.connection import connect
from lightspeed_retail.resources import Days, Resource, Stamp
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.wire import Record, stamp
from lightspeed_retail.writes import Writes
from lightspeed_sandbox import generate
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests import forked
from tests.declared import RESOURCES
from tests.retailer import TODAY, WIDE, comparable, table
from tests.tapping import Key, Message, Spoken, Warehouse, choosing, discovered, key_of

SPEED = 20.0
"""How many times faster than real a tap's clock runs: it need not wait long."""

STAMPED = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Stamp)]
ARCHIVED = [resource for resource in STAMPED if any(each.name == "archived" for each in resource.fields())]

_numbers = itertools.count()


@functools.cache
def _retailer() -> Path:
    """The file of a small retailer, made once: copies of it are quickly there."""
    path = Path(tempfile.mkdtemp(prefix="stories-"), "retailer.sqlite")
    store = Store(path)
    Clock(store.meta).set(TODAY)
    generate.build(store, generate.Scale(seed=1, days=12, sales_per_day=12, customers=110, items=120), TODAY)
    store.close()
    return path


class Selection:
    """What of an account is read.

    Args:
        streams: Names of streams.
        off: By stream, the properties that are left out.
    """

    def __init__(self, streams: Iterable[str], off: dict[str, frozenset[str]]) -> None:
        """Select some streams."""
        self.streams = frozenset(streams)
        self.off = off

    def __repr__(self) -> str:
        """As short as it can be: stories are printed when they go wrong."""
        off = {stream: sorted(names) for stream, names in self.off.items() if names}
        streams = "all streams" if len(self.streams) == len(RESOURCES) else sorted(self.streams)
        return f"{streams} without {off}"

    @functools.cached_property
    def catalog(self) -> Message:
        """The catalog that says so."""
        off = [(stream, name) for stream, names in self.off.items() for name in names]
        return choosing(discovered(), *self.streams, off=off, everything=True)

    def selected(self, resource: type[Resource], record: Record) -> Record:
        """What of a record is selected."""
        off = self.off.get(resource.api.stream, frozenset())
        return {name: value for name, value in record.items() if name not in off}


class Shopkeeper:
    """An account, and what its owner does with it.

    Args:
        folder: Where files can be kept.
    """

    def __init__(self, folder: Path) -> None:
        """Open the shop."""
        path = Path(shutil.copy(_retailer(), folder / "retailer.sqlite"))
        self.sandbox = Sandbox(Config(**WIDE), store=Store(path)).start()
        self._writes = Writes(connect(_connection(self.sandbox)))
        self._open: list[int] = []

    def close(self) -> None:
        """Close the shop."""
        self.sandbox.stop()
        self.sandbox.store.close()

    def trade(self) -> None:
        """A day of trade passes."""
        self.sandbox.advance(1)

    def wait(self, seconds: int) -> None:
        """Some time passes, and nothing happens."""
        self.sandbox.clock.advance(timedelta(seconds=seconds))
        self.sandbox.store.commit()

    def touch(self, resource: type[Resource], place: float, **changes: Any) -> bool:
        """Edit the row at a place of a list; what has no list is found by the row that it belongs to."""
        rows = self.sandbox.rows(resource)
        if not rows:
            return False
        row = rows[int(place * len(rows))]
        self.sandbox.edit(resource, row[resource.api.key], changes)
        parent = Resource.named(resource.api.parent) if resource.api.parent else None
        if parent is not None and row.get(parent.api.key):
            self.sandbox.edit(parent, row[parent.api.key], {})
        return True

    def tie(self, resource: type[Resource], count: int) -> None:
        """Edit many rows within one second, as a bulk edit in the back office does."""
        store, bookmark = self.sandbox.store, resource.api.bookmark
        assert isinstance(bookmark, Stamp)
        now = stamp(self.sandbox.clock.now())
        store.put(resource, [row | {bookmark.field: now} for row in store.select(resource, limit=count)])
        store.commit()

    def sell(self) -> None:
        """Begin a sale and leave it open."""
        line = {"unitQuantity": "1", "unitPrice": "5", "itemID": "1"}
        sale = {"employeeID": "1", "registerID": "1", "shopID": "1", "SaleLines": {"SaleLine": line}}
        self._open.append(int(self._writes.create(Sale, sale)["saleID"]))

    def complete(self) -> bool:
        """Complete the sale that was begun first."""
        if not self._open:
            return False
        key = str(self._open.pop(0))
        total = self.sandbox.store.get(Sale, int(key))
        amount = str((total or {})["calcTotal"])
        payment = {"SalePayment": {"paymentTypeID": "1", "amount": amount}}
        self._writes.update(Sale, key, {"completed": "true", "SalePayments": payment})
        return True


def _connection(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.issue_refresh_token(),
        "api_url": sandbox.url,
        "auth_url": sandbox.url,
    }


@dataclass
class Reading:
    """A tap over an account, what a warehouse has of it, and the states that its runs have left.

    Args:
        sandbox: The account.
        folder: Where its files are.
        settings: Its settings beside those of the connection.
        selection: What it reads.
    """

    sandbox: Sandbox
    folder: Path
    settings: dict[str, Any]
    selection: Selection
    warehouse: Warehouse = field(default_factory=Warehouse)
    states: list[Message] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """One grant is enough for all runs."""
        store = str(self.folder / "tokens.json")
        self.settings = {**_connection(self.sandbox), "token_store": store, **self.settings}

    def run(self) -> Spoken:
        """Run to the end, and load what comes."""
        spoken = self._run(None, signal.SIGKILL)
        self._load(spoken, whole=True)
        return spoken

    def run_and_stop(self, number: int, with_signal: signal.Signals, *, whole: bool) -> Spoken:
        """Run, and stop the process when so many messages have come, if it runs yet.

        Args:
            number: How many messages.
            with_signal: How it is stopped.
            whole: Whether the target had written all that it was sent, or only what comes before a state.
        """
        spoken = self._run(number, with_signal)
        self._load(spoken, whole=whole or spoken.code == 0)
        return spoken

    def forget(self, back: int) -> None:
        """Go back to the state of an earlier run, as after a restored backup of the runner; the warehouse stays."""
        self.states = self.states[: max(0, len(self.states) - back)]

    def differing(self) -> dict[str, tuple[list[Key], list[Key], list[Key]]]:
        """By selected stream, the keys that are missing in the warehouse, too many there, or of different rows."""
        found = {}
        for resource in RESOURCES:
            if resource.api.stream not in self.selection.streams:
                continue
            there = {key: self.selection.selected(resource, row) for key, row in table(self.sandbox, resource).items()}
            here = self._loaded(resource)
            other = [key for key in there if key in here and here[key] != there[key]]
            # A report no longer has a row when its sales have been paid otherwise, and says so to nobody.
            more = [] if isinstance(resource.api.bookmark, Days) else _without(here, there)
            if (parts := (_without(there, here), more, other)) != ([], [], []):
                found[resource.api.stream] = parts
        return found

    def _loaded(self, resource: type[Resource]) -> dict[Key, Record]:
        rows = self.warehouse.rows.get(resource.api.stream, {}).values()
        return {key_of(resource, row): self.selection.selected(resource, comparable(resource, row)) for row in rows}

    def _load(self, spoken: Spoken, *, whole: bool) -> None:
        self.codes.append(spoken.code)
        states = spoken.of("STATE")
        if states:
            self.states.append(dict(states[-1]["value"]))
        if whole or not states:
            self.warehouse.load(spoken if whole else Spoken(spoken.code, [], ""))
        else:
            self.warehouse.load(spoken.settled())

    def _run(self, number: int | None, with_signal: signal.Signals) -> Spoken:
        run = next(_numbers)
        files = forked.Files(self.folder / f"out-{run}.jsonl", self.folder / f"log-{run}.txt")
        process = forked.start(forked.TAP, self._arguments(run), files, speed=SPEED)
        while number is not None and process.exitcode is None and _lines(files.stdout) < number:
            time.sleep(0.002)
        if number is not None and process.exitcode is None and process.pid is not None:
            os.kill(process.pid, with_signal)
        code = forked.ended(process)
        text = files.stdout.read_text(encoding="utf-8") if files.stdout.exists() else ""
        lines = [line for line in text.split("\n")[:-1] if line]
        return Spoken(code, lines, files.stderr.read_text(encoding="utf-8"))

    def _arguments(self, run: int) -> list[str]:
        documents: dict[str, Any] = {"config": self.settings, "catalog": self.selection.catalog}
        if self.states:
            documents["state"] = self.states[-1]
        found = []
        for name, content in documents.items():
            path = self.folder / f"{name}-{run}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            found += [f"--{name}", str(path)]
        return found


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _without(some: Iterable[Key], others: Iterable[Key]) -> list[Key]:
    return sorted(set(some) - set(others), key=str)
