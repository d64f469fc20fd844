"""Requests that are done late: neither the run that sent them nor the next one overtakes them.

What a killed run had sent is done four seconds later, and twelve where a gateway has stopped waiting, by the clocks of
the target and the sandbox.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.ledger_lock import SETTLING
from tests.clocks import hurried
from tests.retailer import WIDE
from tests.schedules.target import empty_account
from tests.schedules.target_runs import Run, Runner
from tests.target.ledgers import ACCOUNT, KINDS, Place, held, place, server, start
from tests.target.tickets import line, paid, ticket
from tests.targeting import Message, messages, rows

__all__ = ["place", "server"]

SPEED = 4.0
"""Not so fast that a request is done late before the next run has even started."""

LATE = f"late-{4 / SPEED}:#1"
LATER = 12 / SPEED
KEY = "ref"
SINK = {
    "stream": "reasons",
    "path": "/Discount.json",
    "key": [KEY],
    "body": {"name": "title"},
    "lookup": {"field": "name", "value": "title"},
}

_HOLDER = """
import json, os, sys
from target_lightspeed_retail.ledger import Ledger
where, account = json.loads(sys.argv[1])
ledger = Ledger(where, account, run_id="first")
with ledger.lock():
    os._exit(9)
"""


@dataclass
class Scene:
    """An account, and what sends to it."""

    sandbox: Sandbox
    runner: Runner

    def send(self, stream: str, record: Record) -> Run:
        """A run with one record, to its end."""
        return self.runner.run(said(stream, record), 0)

    def cut(self, stream: str, record: Record, rule: str, number: signal.Signals = signal.SIGKILL) -> None:
        """A run that a signal ends while its request is under way."""
        self.sandbox.inject([f"{LATE}:{rule}"])
        run = self.runner.start(said(stream, record), 0)
        while not self.sandbox.injected and run.process.is_alive():
            time.sleep(0.001)
        run.send(number)
        assert run.end() in (-number, 128 + number), run.errors
        assert self.sandbox.injected, "The request was never sent."

    def rows(self, name: str, **values: Any) -> list[Record]:
        """Rows of the account, when all that was sent has been done."""
        time.sleep(5 / SPEED)
        return rows(self.sandbox, name, **values)


def said(stream: str, record: Record) -> list[Message]:
    return [message for message in messages(stream, [{KEY: "1", **record}], KEY) if message["type"] != "STATE"]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    data = tmp_path / "account.sqlite"
    data.write_bytes(empty_account())
    with Sandbox(Config(data=data, **WIDE)) as sandbox, hurried(sandbox, SPEED):
        settings = {"ledger": str(tmp_path / "l.sqlite"), "custom_sinks": [SINK]}
        yield Scene(sandbox, Runner(sandbox, tmp_path, settings, SPEED))


@pytest.mark.parametrize(
    ("stream", "name", "record"),
    [
        ("customers", "Customer", {"firstName": "Ada"}),
        ("sales", "Sale", ticket()),
        ("reasons", "Discount", {"title": "Moved"}),
    ],
)
def test_what_a_gateway_has_stopped_waiting_for_is_made_once(
    scene: Scene, stream: str, name: str, record: Record
) -> None:
    before = len(rows(scene.sandbox, name))
    scene.sandbox.inject([f"504-late-{LATER}:#1:POST"])
    done = scene.send(stream, record)
    time.sleep(LATER)
    assert (done.code, scene.sandbox.injected) == (0, {f"504-late-{LATER}": 1}), done.errors
    assert len(scene.rows(name)) == before + 1


@pytest.mark.parametrize(
    ("stream", "name", "record"),
    [
        ("customers", "Customer", {"firstName": "Ada"}),
        ("sales", "Sale", ticket(completed=False, completeTime=None, SalePayments=[])),
        ("reasons", "Discount", {"title": "Moved"}),
    ],
)
def test_it_is_waited_for_by_the_next_run_too(scene: Scene, stream: str, name: str, record: Record) -> None:
    before = len(rows(scene.sandbox, name))
    scene.sandbox.inject([f"504-late-{LATER}:#1:POST"])
    run = scene.runner.start(said(stream, record), 0)
    while not scene.sandbox.injected and run.process.is_alive():
        time.sleep(0.001)
    # It has had its answer, and waits.
    time.sleep(1 / SPEED)
    run.send(signal.SIGKILL)
    assert (run.end(), run.errors.count("Traceback")) == (-signal.SIGKILL, 0)
    assert scene.send(stream, record).code == 0
    time.sleep(LATER)
    assert len(scene.rows(name)) == before + 1


def test_a_look_that_is_refused_lets_the_next_run_wait(scene: Scene) -> None:
    scene.sandbox.inject([f"504-late-{LATER}:#1:POST", "403-json:#1-50:GET:/Customer"])
    done = scene.send("customers", {"firstName": "Ada"})
    assert "403" in done.errors
    scene.sandbox.inject([])
    assert scene.send("customers", {"firstName": "Ada"}).code == 0
    time.sleep(LATER)
    assert len(scene.rows("Customer")) == 1


def test_a_row_within_that_a_gateway_has_stopped_waiting_for_is_added_once(scene: Scene) -> None:
    assert scene.send("items", {"description": "Tee"}).code == 0
    assert scene.send("vendors", {"name": "Acme"}).code == 0
    numbers = [{"value": "A-1", "vendorID": rows(scene.sandbox, "Vendor")[0]["vendorID"]}]
    scene.sandbox.inject([f"504-late-{LATER}:#1:PUT"])
    assert scene.send("items", {"description": "Tee", "ItemVendorNums": numbers}).code == 0
    time.sleep(LATER)
    (item,) = scene.rows("Item")
    assert [row["value"] for row in item["ItemVendorNums"]] == ["A-1"]


def test_a_deposit_is_added_once_though_the_sale_seems_to_have_moved(scene: Scene) -> None:
    opened = ticket(completed=False, completeTime=None, SalePayments=[])
    assert scene.send("sales", opened).code == 0
    scene.sandbox.inject(["stale:#1:PUT", f"504-late-{LATER}:#2:PUT"])
    longer = {**opened, "SaleLines": [line(), line("5")], "SalePayments": [paid("4", "Check")]}
    assert scene.send("sales", longer).code == 0
    time.sleep(LATER)
    assert [payment["amount"] for payment in scene.rows("SalePayment")] == [4]


def test_a_deposit_that_a_gateway_has_stopped_waiting_for_is_added_once(scene: Scene) -> None:
    opened = ticket(completed=False, completeTime=None, SalePayments=[])
    assert scene.send("sales", opened).code == 0
    scene.sandbox.inject([f"504-late-{LATER}:#1:PUT"])
    assert scene.send("sales", {**opened, "SalePayments": [paid("4", "Check")]}).code == 0
    time.sleep(LATER)
    assert [payment["amount"] for payment in scene.rows("SalePayment")] == [4]


@pytest.mark.parametrize(
    ("stream", "name", "record", "number"),
    [
        ("customers", "Customer", {"firstName": "Ada"}, signal.SIGKILL),
        ("items", "Item", {"description": "Tee"}, signal.SIGTERM),
        ("sales", "Sale", ticket(completed=False, completeTime=None, SalePayments=[]), signal.SIGKILL),
        ("reasons", "Discount", {"title": "Moved"}, signal.SIGKILL),
    ],
)
def test_what_is_made_late_is_made_once(
    scene: Scene, stream: str, name: str, record: Record, number: signal.Signals
) -> None:
    before = len(rows(scene.sandbox, name))
    scene.cut(stream, record, "POST", number)
    done = scene.send(stream, record)
    assert done.code == 0, done.errors
    assert len(scene.rows(name)) == before + 1


def test_a_deposit_that_is_added_late_is_added_once(scene: Scene) -> None:
    opened = ticket(completed=False, completeTime=None, SalePayments=[])
    deposited = {**opened, "SalePayments": [paid("4", "Check")]}
    assert scene.send("sales", opened).code == 0
    scene.cut("sales", deposited, "PUT")
    assert scene.send("sales", deposited).code == 0
    assert [payment["amount"] for payment in scene.rows("SalePayment")] == [4]


def test_a_line_that_is_added_late_is_added_once(scene: Scene) -> None:
    opened = ticket(completed=False, completeTime=None, SalePayments=[])
    longer = {**opened, "SaleLines": [line(), line("5")]}
    assert scene.send("sales", opened).code == 0
    scene.cut("sales", longer, "PUT")
    assert scene.send("sales", longer).code == 0
    assert [row["unitPrice"] for row in scene.rows("SaleLine")] == [10, 5]


def test_a_late_change_does_not_undo_a_later_one(scene: Scene) -> None:
    item = {"description": "Tee"}
    assert scene.send("items", item).code == 0
    scene.cut("items", {"description": "Tee shirt"}, "PUT")
    assert scene.send("items", {"description": "T-shirt"}).code == 0
    assert [row["description"] for row in scene.rows("Item")] == ["T-shirt"]


@pytest.mark.parametrize(("rule", "code", "waits"), [(None, 0, False), ("drop-before:#1+:PUT", 1, True)])
def test_only_a_run_that_does_not_know_what_became_of_a_request_is_waited_for(
    scene: Scene, rule: str | None, code: int, *, waits: bool
) -> None:
    assert scene.send("items", {"description": "Tee"}).code == 0
    scene.sandbox.inject([rule] if rule else [])
    assert scene.send("items", {"description": "Shirt"}).code == code
    with held(str(scene.runner.settings["ledger"]), int(scene.sandbox.account)) as ledger:
        assert (ledger.rest > 0) is waits


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("ends", "least", "most"), [("well", 0.0, 0.0), ("open", 0.1, SETTLING), ("killed", 5.0, 5.0)])
def test_the_ledger_knows_how_the_last_run_ended(place: Place, kind: str, ends: str, least: float, most: float) -> None:
    where = place(kind)
    _ENDS[ends](where)
    with held(where) as ledger:
        assert least <= ledger.rest <= most


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_waited_for_is_not_forgotten_by_a_run_that_does_not_wait(place: Place, kind: str) -> None:
    where = place(kind)
    _killed(where)
    with held(where):
        pass
    with held(where) as ledger:
        assert ledger.rest > 0
        ledger.rested()
    with held(where) as ledger:
        assert ledger.rest == 0


def _well(where: str) -> None:
    with held(where):
        pass


def _open(where: str) -> None:
    with held(where) as ledger:
        ledger.leave_open()


def _killed(where: str) -> None:
    holder = start(_HOLDER, where, ACCOUNT)
    assert holder.communicate(timeout=60) == ("", "")
    assert holder.returncode == 9


_ENDS: dict[str, Callable[[str], None]] = {"well": _well, "open": _open, "killed": _killed}
