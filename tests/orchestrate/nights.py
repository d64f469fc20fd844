"""Nights in a cluster of one's own: accounts of a sandbox, Airflow with its workers, and what must have been loaded."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lightspeed_nightly.outcome import Run
from lightspeed_nightly.runs import Runs
from lightspeed_sandbox import warehouse
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.many import Sandboxes
from local_cluster.cluster import Cluster, Plan
from local_cluster.made_up import connect
from tests.conftest import ROOT
from tests.declared import RESOURCES
from tests.end_to_end.project import EVERYTHING, SCHEMA, by_key, connected_to, differences
from tests.orchestrate.side_by_side import rows_of
from tests.retailer import comparable, table

AIRFLOW = ROOT / ".airflow" / "venv" / "bin"
_MISSING = "LIGHTSPEED_REQUIRE_AIRFLOW"
"""Where this variable is set, the tests fail that would be skipped for want of a program."""


def require() -> None:
    """Skip the test on a machine without Airflow or Redis."""
    lacking = [
        *([] if (AIRFLOW / "airflow").exists() else ["Airflow (tools/airflow installs it)"]),
        *([] if shutil.which("redis-server") else ["redis-server (Debian: apt install redis-server)"]),
    ]
    if lacking:
        (pytest.fail if os.environ.get(_MISSING) else pytest.skip)(f"It takes {' and '.join(lacking)}.")


@dataclass(frozen=True)
class Nights:
    """A cluster, and the accounts that it reads.

    Args:
        cluster: The cluster.
        sandboxes: The accounts.
    """

    cluster: Cluster
    sandboxes: Sandboxes

    @property
    def runs(self) -> Runs:
        """The table of runs."""
        return Runs(self.cluster.database("meltano"))

    def of(self, night: str) -> dict[int, Run]:
        """The last run of each account in a night."""
        return {run.account_id: run for run in self.runs.of(night)}

    def busy(self) -> int:
        """How many accounts are being run at this moment."""
        with psycopg.connect(self.cluster.database("meltano", "postgresql")) as connection:
            row = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted").fetchone()
        assert row is not None
        return int(row[0])

    def let_runs_have_taken(self, seconds: int) -> None:
        """Let the runs so far have been as short as on a faster machine: groups are made by it."""
        with psycopg.connect(self.cluster.database("meltano", "postgresql")) as connection:
            connection.execute(
                "UPDATE lightspeed_nightly_runs SET ended = began + make_interval(secs => %s)", (seconds,)
            )

    def reconnect(self, account: int, scope: str) -> None:
        """Connect an account anew, with other rights."""
        token = self.sandboxes.accounts[account].issue_refresh_token(scope)
        connect(self.cluster.database("meltano"), self.sandboxes.client_id, {account: token})

    def wrong(self, accounts: Iterable[int]) -> dict[str, Any]:
        """What accounts and warehouse do not agree about, by stream and account; a row that is there twice fails."""
        found = {}
        with connected_to(self.cluster.database("warehouse", "postgresql")) as connection:
            for account in accounts:
                for resource in RESOURCES:
                    rows = by_key(resource, rows_of(connection, resource, account, SCHEMA))
                    here = {key: comparable(resource, row) for key, row in rows.items()}
                    difference = differences(table(self.sandboxes.accounts[account], resource), here)
                    if resource.api.dimensions:
                        # A row of a day whose last sale was edited stays: the report has no more to say of it.
                        difference.pop("surplus", None)
                    if difference:
                        found[f"{resource.api.stream} of {account}"] = difference
        return found


@contextmanager
def running(folder: Path, count: int, **variables: str) -> Iterator[Nights]:
    """A cluster of two workers over so many connected accounts.

    Args:
        folder: Where it lies.
        count: How many accounts.
        variables: More settings.
    """
    require()
    project = folder / "a project"
    project.mkdir()
    shutil.copy(ROOT / "meltano.yml", project)
    with Sandboxes(Config(days=3, sales_per_day=8, bucket_size=1e6, drip_rate=1e4), count) as sandboxes:
        given = {
            "LIGHTSPEED_NIGHTLY_SCHEDULE": "none",
            "LIGHTSPEED_NIGHTLY_AFTER": "none",
            "LIGHTSPEED_NIGHTLY_RETRIES": "1",
            "LIGHTSPEED_NIGHTLY_RETRY_SECONDS": "2",
            **sandboxes.environment(),
            **EVERYTHING,
            **variables,
        }
        plan = Plan(folder / "cluster", AIRFLOW, project, Path(sys.executable).parent, variables=given)
        with _removed(plan.folder / "postgres"), Cluster(plan) as cluster:
            connect(cluster.database("meltano"), sandboxes.client_id, sandboxes.refresh_tokens())
            yield Nights(cluster, sandboxes)


@contextmanager
def _removed(place: Path) -> Iterator[None]:
    """A database of which nothing stays, wherever its data lie."""
    try:
        yield
    finally:
        warehouse.delete(place)
