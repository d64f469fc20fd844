"""Nights in Airflow, with Redis, PostgreSQL, a scheduler and two workers: accounts that fail, parts that are killed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from lightspeed_nightly.outcome import Kind
from lightspeed_nightly.summary import Summary
from local_cluster.processes import wait_until
from tests.conftest import ROOT
from tests.orchestrate.metrics import Metrics
from tests.orchestrate.nights import Nights, running

COUNT = 50 if os.environ.get("LIGHTSPEED_RETAIL_FULL") else 11
"""CI has fewer accounts, of the same kinds."""

_LONGEST = 1500.0
REVOKED, CLOSED, BROKEN, STORM, HUNG = BAD = tuple(range(200_003, 200_008))
"""Accounts that fail: each in a way of its own."""


@pytest.fixture(scope="module")
def metrics() -> Iterator[Metrics]:
    """A server for what Airflow measures."""
    with Metrics() as listening:
        yield listening


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory, metrics: Metrics) -> Iterator[Nights]:
    """A cluster, whose accounts fail as they should; it has not seen a night."""
    folder = tmp_path_factory.mktemp("nights")
    variables = {
        "LIGHTSPEED_NIGHTLY_MINUTES": "2",
        "LIGHTSPEED_NIGHTLY_GROUP_SECONDS": "25",
        "TAP_LIGHTSPEED_RETAIL_ON_MISSING_RIGHTS": "fail",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        **metrics.variables,
    }
    with running(folder, COUNT, **variables) as found:
        accounts = found.sandboxes.accounts
        accounts[REVOKED].revoke()
        found.reconnect(CLOSED, "employee:inventory_read employee:register_read")
        accounts[BROKEN].inject(["500:1"])
        accounts[STORM].inject(["429:1"])
        accounts[HUNG].inject(["silence-900:1"])
        yield found


@pytest.fixture(scope="module")
def good(nights: Nights) -> list[int]:
    return [account for account in nights.sandboxes.accounts if account not in BAD]


def test_the_good_ones_are_loaded_and_the_bad_ones_named_with_their_reason(nights: Nights, good: list[int]) -> None:
    nights.cluster.start_night("first")
    assert nights.cluster.wait("first", _LONGEST) == "failed"
    runs = nights.of("first")
    assert {number: runs[number].kind for number in good} == dict.fromkeys(good, Kind.LOADED)
    assert nights.wrong(good) == {}
    kinds = {number: runs[number].kind for number in BAD}
    assert kinds == {
        REVOKED: Kind.CREDENTIALS,
        CLOSED: Kind.RIGHTS,
        BROKEN: Kind.OUTAGE,
        STORM: Kind.LIMIT,
        HUNG: Kind.HUNG,
    }
    told = str(Summary("first", list(runs.values())))
    assert f"{len(good)} of {COUNT} accounts loaded" in told
    for number in BAD:
        assert f"- {number}: {kinds[number]}: {runs[number].reason}" in told
        assert runs[number].reason
    # What a later try may better was tried again; what only people can mend was not.
    assert {number: runs[number].attempt for number in BAD} == {REVOKED: 1, CLOSED: 1, BROKEN: 2, STORM: 2, HUNG: 2}


def test_what_a_night_brought_and_cost_is_measured_account_by_account(
    nights: Nights, metrics: Metrics, good: list[int]
) -> None:
    """After the first night: each metric of the page has come over StatsD, with the figures of the runs."""
    runs = nights.of("first")
    assert promised() - metrics.names == set()
    for number in good:
        account = f"account_id={number}"
        assert metrics.last("lightspeed.rows", account, "outcome=loaded") == runs[number].rows
        assert metrics.last("lightspeed.drips", account, "outcome=loaded") == runs[number].drips
        assert metrics.last("lightspeed.freshness_seconds", account) > 0
    for number in BAD:
        assert metrics.last("lightspeed.seconds", f"account_id={number}", f"outcome={runs[number].kind}") > 0
    assert metrics.total("lightspeed.runs", "outcome=loaded") == len(good)


def promised() -> set[str]:
    """The metrics that the page names."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(lightspeed\.\w+)`", page, re.MULTILINE))


def test_killed_workers_and_a_killed_scheduler_lose_and_double_nothing(nights: Nights, good: list[int]) -> None:
    cluster, accounts = nights.cluster, nights.sandboxes.accounts
    for number in good:
        accounts[number].advance(1)
    cluster.start_night("second", good)
    keeper = cluster.keeper
    assert keeper is not None
    wait_until("a run at work", lambda: nights.busy() >= 2, 300)
    keeper.kill("worker-1")
    wait_until("some runs", lambda: len(nights.of("second")) >= 3, 300)
    keeper.kill("scheduler")
    assert cluster.wait("second", _LONGEST) == "success"
    assert (keeper.restarts["worker-1"], keeper.restarts["scheduler"]) == (1, 1)
    assert {run.kind for run in nights.of("second").values()} == {Kind.LOADED}
    assert sorted(nights.of("second")) == good
    assert nights.wrong(good) == {}


def test_small_accounts_share_tasks_and_what_these_have_loaded(nights: Nights, good: list[int]) -> None:
    cluster = nights.cluster
    nights.let_runs_have_taken(5)
    cluster.start_night("third", good)
    assert cluster.wait("third", _LONGEST) == "success"
    loads = [task for task in cluster.tasks("third") if task["task_id"] == "load"]
    assert len(loads) == -(-len(good) // 5)
    assert {run.kind for run in nights.of("third").values()} == {Kind.LOADED}
    assert nights.wrong(good) == {}
