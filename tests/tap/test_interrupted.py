"""Runs that end before their time: nothing is lost, and the next one goes on where they stopped."""

from __future__ import annotations

import itertools
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from tap_lightspeed_retail.schema import off_by_default
from tests.declared import RESOURCES
from tests.retailer import asked, by_key, small_sandbox, small_store, table
from tests.tapping import Key, Message, Spoken, Tap, Warehouse, selecting

TRIO: tuple[type[Resource], ...] = (Sale, SaleLine, SalePayment)
CATALOG = tuple(resource.api.stream for resource in TRIO)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=30, sales_per_day=16), latency=0.1) as running:
        yield running


def past_the_first_page(message: Message) -> bool:
    """Whether a state says that the first page of sales is done."""
    return message["type"] == "STATE" and key_of(message["value"]) > 0


def key_of(state: Message) -> int:
    return int(state.get("bookmarks", {}).get("sales", {}).get("first_load", {}).get("key") or 0)


def sales_filters(sandbox: Sandbox) -> list[str]:
    return [entry["query"].get("saleID", "") for entry in asked(sandbox, Sale)]


def arrived(runs: list[Spoken], resource: type[Resource]) -> dict[Key, Record]:
    rows = Warehouse().load(*runs).rows.get(resource.api.stream, {})
    return {key: usual(resource, row) for key, row in by_key(resource, rows.values()).items()}


def there(sandbox: Sandbox, resource: type[Resource]) -> dict[Key, Record]:
    return {key: usual(resource, row) for key, row in table(sandbox, resource).items()}


def usual(resource: type[Resource], row: Record) -> Record:
    """What of a row is selected by default."""
    off = {path[0] for path in off_by_default(resource)}
    return {name: value for name, value in row.items() if name not in off}


def kill_midway(tap: Tap) -> Spoken:
    killed = tap.stop_midway(subprocess.Popen.kill, past_the_first_page, catalog=selecting(*CATALOG))
    assert killed.code == -signal.SIGKILL
    return killed.settled()


def test_a_load_that_was_killed_goes_on_and_loses_no_row(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    killed = kill_midway(tap)
    assert 0 < len(killed.records("sales")) < sandbox.store.count(Sale)
    sandbox.forget_requests()
    resumed = tap.run_well(catalog=selecting(*CATALOG), state=killed.state)
    assert sales_filters(sandbox)[0] == f">,{key_of(killed.state)}"
    assert len(resumed.records("sales")) < sandbox.store.count(Sale)
    for resource in TRIO:
        assert arrived([killed, resumed], resource) == there(sandbox, resource)


def test_a_run_that_is_killed_again_and_again_ends_in_the_end(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    runs = [kill_midway(tap)]
    start = key_of(runs[0].state)

    def further(message: Message) -> bool:
        return message["type"] == "STATE" and key_of(message["value"]) > start

    runs.append(
        tap.stop_midway(subprocess.Popen.kill, further, catalog=selecting(*CATALOG), state=runs[0].state).settled()
    )
    runs.append(tap.run_well(catalog=selecting(*CATALOG), state=runs[1].state))
    assert key_of(runs[1].state) > start
    for resource in TRIO:
        assert arrived(runs, resource) == there(sandbox, resource)


def test_sales_that_are_edited_while_a_first_load_is_interrupted_arrive_as_they_are(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    # A look-back would find these edits however wrong the bookmark is.
    tap = Tap.over(sandbox, tmp_path, lookback_seconds=0)
    killed = kill_midway(tap)
    done = key_of(killed.state)
    read, unread = done, sandbox.store.next_key(Sale) - 1
    lines = {row["saleID"]: row["saleLineID"] for row in sandbox.store.select(SaleLine)}
    for sale in (read, unread):
        sandbox.edit(Sale, sale, {"referenceNumber": "edited"})
    sandbox.edit(SaleLine, lines[next(sale for sale in lines if sale < done)], {"unitQuantity": 99})
    resumed = tap.run_well(catalog=selecting(*CATALOG), state=killed.state)
    edited = {row["saleID"] for row in resumed.records("sales") if row["referenceNumber"] == "edited"}
    assert unread in edited
    later = tap.run_well(catalog=selecting(*CATALOG), state=resumed.state)
    for resource in TRIO:
        assert arrived([killed, resumed, later], resource) == there(sandbox, resource)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_says_that_it_is_not_complete_and_can_go_on(
    sandbox: Sandbox, tmp_path: Path, number: signal.Signals
) -> None:
    tap = Tap.over(sandbox, tmp_path)
    stopped = tap.stop_midway(
        lambda process: process.send_signal(number), past_the_first_page, catalog=selecting(*CATALOG)
    )
    assert stopped.code not in (0, None)
    assert "Traceback" not in stopped.stderr
    assert len(stopped.records("sales")) < sandbox.store.count(Sale)
    resumed = tap.run_well(catalog=selecting(*CATALOG), state=stopped.state)
    for resource in TRIO:
        assert arrived([stopped.settled(), resumed], resource) == there(sandbox, resource)


def test_an_interrupted_later_run_goes_on_from_the_bookmark(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting(*CATALOG))
    sandbox.advance(12)
    before = first.state["bookmarks"]["sales"]["replication_key_value"]

    def moved(message: Message) -> bool:
        if message["type"] != "STATE":
            return False
        return bool(message["value"]["bookmarks"]["sales"]["replication_key_value"] > before)

    killed = tap.stop_midway(subprocess.Popen.kill, moved, catalog=selecting(*CATALOG), state=first.state).settled()
    last = tap.run_well(catalog=selecting(*CATALOG), state=killed.state)
    assert len(last.records("sales")) < len(first.records("sales"))
    for resource in TRIO:
        assert arrived([first, killed, last], resource) == there(sandbox, resource)


PARTS = (0.1, 0.35, 0.6, 0.85)
"""How far runs come before they are killed, as parts of what they have to say."""


@dataclass
class Undisturbed:
    """A run with everything selected that nothing has stopped.

    Args:
        sandbox: The account.
        tap: The tap.
        before: The runs before it.
        run: The run.
    """

    sandbox: Sandbox
    tap: Tap
    before: list[Spoken]
    run: Spoken

    def killed_after(self, number: int) -> Spoken:
        """The same run, killed after so many messages."""
        seen = itertools.count(1)
        killed = self.tap.stop_midway(
            subprocess.Popen.kill,
            lambda _message: next(seen) == number,
            catalog=selecting(everything=True),
            state=self.state,
        )
        assert killed.code == -signal.SIGKILL
        return killed

    @property
    def state(self) -> Message | None:
        """The state that it began with."""
        return self.before[-1].state if self.before else None


@pytest.fixture(scope="module")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("load"))
        yield Undisturbed(sandbox, tap, [], tap.run_well(catalog=selecting(everything=True)))


@pytest.fixture(scope="module")
def week_later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("week"))
        first = tap.run_well(catalog=selecting(everything=True))
        sandbox.advance(7)
        yield Undisturbed(sandbox, tap, [first], tap.run_well(catalog=selecting(everything=True), state=first.state))


@dataclass
class Interrupted:
    """A run that was killed and gone on with.

    Args:
        whole: The same run when nothing stops it.
        settled: What it said before it was killed, as far as a target is sure to have written it.
        resumed: The run that went on.
    """

    whole: Undisturbed
    settled: Spoken
    resumed: Spoken

    @cached_property
    def rows(self) -> dict[str, dict[Key, Message]]:
        """What a target makes of all runs, by stream."""
        return Warehouse().load(*self.whole.before, self.settled, self.resumed).rows


@pytest.fixture(scope="module", params=PARTS)
def part(request: pytest.FixtureRequest) -> float:
    """How much of a run is left to happen before it is killed."""
    return float(request.param)


@pytest.fixture(scope="module", params=["first_load", "week_later"])
def interrupted(request: pytest.FixtureRequest, part: float) -> Interrupted:
    whole: Undisturbed = request.getfixturevalue(request.param)
    settled = whole.killed_after(int(len(whole.run.lines) * part)).settled()
    return Interrupted(whole, settled, whole.tap.run_well(catalog=selecting(everything=True), state=settled.state))


@pytest.mark.parametrize("resource", RESOURCES)
def test_wherever_a_run_is_killed_the_next_one_completes_every_stream(
    interrupted: Interrupted, resource: type[Resource]
) -> None:
    rows = interrupted.rows.get(resource.api.stream, {})
    assert by_key(resource, rows.values()) == table(interrupted.whole.sandbox, resource)


def test_what_was_sent_before_a_kill_is_mostly_not_sent_again(interrupted: Interrupted) -> None:
    runs = (interrupted.settled, interrupted.resumed, interrupted.whole.run)
    sent, again, whole = (len(run.of("RECORD")) for run in runs)
    assert sent > 0
    assert again < whole - sent / 2
