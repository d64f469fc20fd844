"""Runs of the main job one after another: each brings what changed, none loses or doubles a row, killed or not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.end_to_end.project import (
    MAIN_JOB,
    Project,
    by_key,
    connected,
    differences,
    loaded,
    passing_warehouse,
    selected,
    tables,
)
from tests.retailer import comparable, small_sandbox, small_store, table

LOOKBACK = timedelta(minutes=5)
# Changes are read from when a walk began, as far as the stamps tell; it may have taken so long.
LOAD = timedelta(minutes=3)


@dataclass
class House:
    """A project with a warehouse, over a sandbox."""

    project: Project
    server: Warehouse
    sandbox: Sandbox

    def differences(self) -> dict[str, Any]:
        """What sandbox and warehouse do not agree about, by stream; a row that is there twice fails at once."""
        wrong = {}
        for resource, rows in tables(self.server).items():
            expected = {key: selected(resource, row) for key, row in table(self.sandbox.store, resource).items()}
            found = {key: comparable(resource, row) for key, row in by_key(resource, rows).items()}
            if difference := differences(expected, found):
                wrong[resource.api.stream] = difference
        return wrong

    def asked(self, resource: type[Resource]) -> list[dict[str, str]]:
        """The queries of all requests to a list, in their order."""
        return [entry["query"] for entry in self.sandbox.requests if entry["path"].endswith(resource.api.path)]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes the house; what runs in it is stopped at the end."""
    project = Project.copied(tmp_path)
    with passing_warehouse(project.warehouse) as server:
        running: list[Sandbox] = []

        def over(store: Store, **options: Any) -> House:
            sandbox = small_sandbox(store, **options).start()
            running.append(sandbox)
            project.variables = {**sandbox.environment(), URL_VARIABLE: server.url}
            return House(project, server, sandbox)

        yield over
        for sandbox in running:
            sandbox.stop()


def newest_stamps(store: Store) -> dict[type[Resource], str]:
    """The latest change of every resource that carries a stamp."""
    found = {}
    for resource in Resource.all():
        if isinstance(resource.api.bookmark, Stamp) and store.count(resource):
            field = resource.api.bookmark.field
            found[resource] = max(row[field] for row in store.select(resource) if row[field])
    return found


def parents() -> dict[type[Resource], type[Resource]]:
    """For each resource whose rows ride on another one, that other one."""
    return {
        field.nested.resource: parent
        for parent in Resource.all()
        for field in parent.riders()
        if field.nested is not None and field.nested.resource is not None
    }


def sent_since(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that were extracted after some earlier look at the table."""
    last = max((row["_sdc_extracted_at"] for row in before), default="")
    return [row for row in rows if row["_sdc_extracted_at"] > last]


def test_a_second_run_after_a_day_brings_what_changed_and_doubles_nothing(build: Callable[..., House]) -> None:
    house = build(small_store(days=25, sales_per_day=10))
    house.project.run_well(MAIN_JOB)
    assert house.differences() == {}
    before = tables(house.server)
    since = {
        resource: stamp(instant(newest) - LOOKBACK - LOAD)
        for resource, newest in newest_stamps(house.sandbox.store).items()
    }
    first_price = sum(entry["cost"] for entry in house.sandbox.requests)

    house.sandbox.advance(1)
    house.sandbox.forget_requests()
    house.project.run_well(MAIN_JOB)

    assert house.differences() == {}
    after = tables(house.server)
    again = {resource: sent_since(after[resource], before[resource]) for resource in since}
    assert again[Resource.named("Sale")], "a day of trade has sales"
    assert {resource.api.stream: rows for resource in since if (rows := stale(resource, again, since))} == {}
    assert unfiltered(house, since) == []
    assert sum(entry["cost"] for entry in house.sandbox.requests) < first_price
    # The access token of the day before has ended, by the sandbox's clock.
    statuses = Counter(entry["status"] for entry in house.sandbox.requests)
    assert statuses.keys() <= {200, 401}
    assert statuses[401] <= 1


def stale(
    resource: type[Resource], again: dict[type[Resource], list[dict[str, Any]]], since: dict[type[Resource], str]
) -> list[int]:
    """Keys of rows that a second run sent for no reason: neither they nor the rows they ride on have changed."""
    assert isinstance(resource.api.bookmark, Stamp)
    field, parent = resource.api.bookmark.field, parents().get(resource)
    changed = {row[parent.api.key] for row in again[parent]} if parent else set()
    return [
        row[resource.api.key]
        for row in again[resource]
        if row[field] < since[resource] and not (parent and row[parent.api.key] in changed)
    ]


def unfiltered(house: House, since: dict[type[Resource], str]) -> list[dict[str, str]]:
    """Requests that ask for more than what is new; shops are read once more whole, for their time zone."""
    found = []
    for resource, moment in since.items():
        bookmark = resource.api.bookmark
        if isinstance(bookmark, Stamp) and resource.__name__ != "Shop":
            found += [
                query
                for query in house.asked(resource)
                if not any(query.get(name, "") >= f">=,{moment}" for name in bookmark.candidates)
            ]
    return found


def test_times_land_in_utc_whatever_the_time_zone_of_the_database(build: Callable[..., House]) -> None:
    house = build(small_store(days=3, sales_per_day=8))
    with connected(house.server) as connection:
        for kind, name in (("DATABASE", connection.info.dbname), ("ROLE", connection.info.user)):
            alter = sql.SQL("ALTER {} {} SET timezone TO 'Australia/Sydney'")
            connection.execute(alter.format(sql.SQL(kind), sql.Identifier(name)))
    address = house.server.dsn.replace("postgresql:", "postgresql+psycopg:")

    house.project.run_well(MAIN_JOB, **{URL_VARIABLE: address, "PGTZ": "America/New_York"})

    with connected(house.server) as connection:
        assert connection.execute("SHOW timezone").fetchall() == [{"TimeZone": "Australia/Sydney"}]
    assert house.differences() == {}


def processes(group: int) -> dict[int, str]:
    """The processes of a group and how they were called."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,pgid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return {int(pid): "".join(args) for pid, pgid, *args in rows if int(pgid) == group}


def kill_tap(meltano: subprocess.Popen[bytes]) -> None:
    """Kill the tap alone: the loader and Meltano live on."""
    (tap,) = [pid for pid, args in processes(meltano.pid).items() if "/tap-lightspeed-retail --config" in args]
    os.kill(tap, signal.SIGKILL)


def kill_all(meltano: subprocess.Popen[bytes]) -> None:
    """Kill Meltano and all that it runs, as when the machine goes down."""
    os.killpg(meltano.pid, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_tap, kill_all])
def test_a_run_that_was_killed_halfway_is_completed_by_the_next_one(
    build: Callable[..., House], kill: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    house = build(small_store(days=30, sales_per_day=18), latency=0.1)
    sale, line = Resource.named("Sale"), Resource.named("SaleLine")
    log = house.project.folder / "killed.txt"

    with house.project.start(MAIN_JOB, log, TARGET_POSTGRES_BATCH_SIZE_ROWS="100") as meltano:
        wait_for(meltano, log, lambda: len(house.asked(sale)) > 3)
        kill(meltano)
    assert meltano.returncode != 0
    with connected(house.server) as connection:
        assert 0 < len(loaded(connection, line)) < house.sandbox.store.count(line), "the run was stopped in the middle"
    house.sandbox.forget_requests()
    house.sandbox.server.latency = 0
    # Meltano keeps a run that was killed for a running one for some minutes.
    house.project.run_well([*MAIN_JOB[:2], "--force", *MAIN_JOB[2:]])

    assert house.differences() == {}
    if kill is kill_tap:
        # The loader has written what came before, and Meltano knows how far that was.
        assert house.asked(sale)[0]["saleID"] > ">,0"
        assert len(house.asked(sale)) < house.sandbox.store.count(sale) / 100


def wait_for(process: subprocess.Popen[bytes], log: Path, condition: Callable[[], bool]) -> None:
    """Wait until something has happened; a process that ends before has failed."""
    while not condition():
        assert process.poll() is None, log.read_text()[-6000:]
        time.sleep(0.02)
