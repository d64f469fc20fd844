"""Limits that end a run: it ends well with all that it has fetched, and later runs bring the rest."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, Warehouse, selecting

STREAMS = (
    "customers",
    "items",
    "item_shops",
    "payment_types",
    "sales",
    "sale_lines",
    "sale_payments",
    "inventory_logs",
)


def spent(sandbox: Sandbox) -> float:
    """Drips, as the sandbox counts them."""
    return float(sum(entry["cost"] for entry in sandbox.requests))


def runs_to_the_end(
    tap: Tap, sandbox: Sandbox, most: float, at_most: int, state: Message | None = None
) -> list[Spoken]:
    """Runs one after the other until none is ended by its limit; each keeps to it."""
    runs: list[Spoken] = []
    for _ in range(at_most):
        sandbox.forget_requests()
        runs.append(tap.run_well(catalog=selecting(*STREAMS), state=state))
        assert spent(sandbox) <= most
        if "goes on from there" not in runs[-1].stderr:
            return runs
        state = runs[-1].state
    raise AssertionError(runs[-1].stderr[-2000:])


def said_once(spoken: Spoken, words: str) -> bool:
    """Whether one line, and no warning or error, says why the run ended."""
    lines = [line for line in spoken.stderr.splitlines() if "goes on from there" in line]
    return len(lines) == 1 and words in lines[0] and "INFO" in lines[0] and spoken.errors() == []


@pytest.mark.parametrize("connections", [None, 1])
def test_several_runs_of_20_drips_bring_what_one_brings(tmp_path: Path, connections: int | None) -> None:
    with small_sandbox(small_store(days=30, sales_per_day=20)) as sandbox:
        whole = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*STREAMS))
        tap = Tap.over(sandbox, tmp_path, max_drips=20, **({"max_connections": connections} if connections else {}))
        runs = runs_to_the_end(tap, sandbox, 20, 12)
    assert len(runs) > 3
    assert all(said_once(run, "20 drips") for run in runs[:-1])
    assert Warehouse().load(*runs).rows == Warehouse().load(whole).rows


def test_a_limit_that_is_not_reached_changes_nothing(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=5)) as sandbox:
        free = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*STREAMS))
        bound = Tap.over(sandbox, tmp_path, max_drips=1000, max_minutes=5).run_well(catalog=selecting(*STREAMS))
    assert "goes on from there" not in bound.stderr
    assert Warehouse().load(bound).rows == Warehouse().load(free).rows
    assert bound.state["bookmarks"].keys() == free.state["bookmarks"].keys()


def test_after_some_seconds_a_run_ends_well_and_the_next_goes_on(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=30, sales_per_day=20)) as sandbox:
        whole = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*STREAMS))
        sandbox.inject(["slow-0.4:1"])
        tap = Tap.over(sandbox, tmp_path, max_minutes=0.05, max_connections=1)
        began = time.monotonic()
        first = tap.run_well(catalog=selecting(*STREAMS))
        assert time.monotonic() - began < 8
        assert said_once(first, "time")
        sandbox.inject([])
        rest = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*STREAMS), state=first.state)
    assert 0 < len(first.of("RECORD")) < len(whole.of("RECORD"))
    assert Warehouse().load(first, rest).rows == Warehouse().load(whole).rows


def test_a_limit_from_the_environment_is_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_LIGHTSPEED_RETAIL_MAX_MINUTES", "0.05")
    with small_sandbox(small_store(days=30, sales_per_day=20), latency=0.4) as sandbox:
        tap = Tap.over(sandbox, tmp_path, max_connections=1)
        command = tap._command
        monkeypatch.setattr(tap, "_command", lambda *files: [*command(*files), "--config", "ENV"])
        assert said_once(tap.run_well(catalog=selecting(*STREAMS)), "time")


def test_later_runs_within_a_limit_lose_no_change(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=10, sales_per_day=20)) as sandbox:
        first = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*STREAMS))
        sandbox.advance(days=20)
        whole = Tap.over(sandbox, tmp_path).run_well(catalog=selecting(*STREAMS), state=first.state)
        runs = runs_to_the_end(Tap.over(sandbox, tmp_path, max_drips=18), sandbox, 18, 12, first.state)
    assert len(runs) > 1
    assert Warehouse().load(first, *runs).rows == Warehouse().load(first, whole).rows


def test_a_limit_below_a_request_for_each_stream_is_warned_of(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=5)) as sandbox:
        spoken = Tap.over(sandbox, tmp_path, max_drips=5).run_well(catalog=selecting(*STREAMS))
    (warning,) = [line for line in spoken.warnings() if "max_drips" in line]
    assert "max_drips (5) is less than" in warning
