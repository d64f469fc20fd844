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

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.items import ItemShop
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.resources.stock import InventoryLog
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.declared import RESOURCES
from tests.end_to_end.project import (
    EVERYTHING,
    MAIN_JOB,
    Project,
    by_key,
    connected,
    differences,
    loaded,
    passing_warehouse,
    tables,
)
from tests.repeats import LaterRun, Rows
from tests.retailer import asked, comparable, small_sandbox, small_store, table
from tests.tapping import key_of

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
        loaded_tables = tables(self.server)
        for resource in RESOURCES:
            rows = by_key(resource, loaded_tables[resource])
            found = {key: comparable(resource, row) for key, row in rows.items()}
            if difference := differences(table(self.sandbox, resource), found):
                wrong[resource.api.stream] = difference
        return wrong

    def walks(self, resource: type[Resource]) -> list[dict[str, str]]:
        """The queries of the walk by key through a list, in their order."""
        queries = [entry["query"] for entry in asked(self.sandbox, resource)]
        return [query for query in queries if query.get("sort") == resource.api.key]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes the house; what runs in it is stopped at the end."""
    project = Project.copied(tmp_path)
    with passing_warehouse(project.warehouse) as server:
        running: list[Sandbox] = []

        def over(store: Store, **options: Any) -> House:
            sandbox = small_sandbox(store, **options).start()
            running.append(sandbox)
            project.variables = {**sandbox.environment(), **EVERYTHING, URL_VARIABLE: server.url}
            return House(project, server, sandbox)

        yield over
        for sandbox in running:
            sandbox.stop()


def sent_since(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that were extracted after some earlier look at the table."""
    last = max((row["_sdc_extracted_at"] for row in before), default="")
    return [row for row in rows if row["_sdc_extracted_at"] > last]


def test_every_row_of_every_stream_lands_and_a_week_later_exactly_what_changed(build: Callable[..., House]) -> None:
    house = build(small_store())
    before: Rows = {resource: house.sandbox.rows(resource) for resource in RESOURCES}
    assert [resource.api.stream for resource in RESOURCES if not before[resource]] == []

    house.project.run_well(MAIN_JOB)

    assert house.differences() == {}
    first, price = tables(house.server), spent(house.sandbox)
    sale, line = (key_of(*edited) for edited in a_week_of_trade(house.sandbox))

    house.project.run_well(MAIN_JOB)

    assert house.differences() == {}
    assert spent(house.sandbox) < price
    second = tables(house.server)
    sent: Rows = {resource: sent_since(second[resource], first[resource]) for resource in RESOURCES}
    run = LaterRun(before, sent, LOOKBACK + LOAD)
    assert {each.api.stream: rows for each in RESOURCES if (rows := run.sent_for_no_reason(each))} == {}
    assert sale in {key_of(Sale, row) for row in sent[Sale]}
    assert line in {key_of(SaleLine, row) for row in sent[SaleLine]}
    # Goods were sold, counted and moved.
    assert 0 < len(sent[ItemShop]) < len(second[ItemShop])
    assert 0 < len(sent[InventoryLog]) < len(second[InventoryLog])
    # The access token of the week before has ended, by the sandbox's clock.
    statuses = Counter(entry["status"] for entry in house.sandbox.requests)
    assert statuses.keys() <= {200, 401}
    assert statuses[401] <= 1


def a_week_of_trade(sandbox: Sandbox) -> list[tuple[type[Resource], dict[str, Any]]]:
    """Let a week pass; then edit a sale that was completed before it, and a line of an open sale alone."""
    completed = sandbox.store.select(Sale, '"completed" = 1', order='"completeTime"', limit=1)[0]
    sandbox.advance(7)
    sandbox.forget_requests()
    opened = sandbox.store.select(Sale, '"completed" = 0', limit=1)[0]
    line = sandbox.store.select(SaleLine, '"saleID" = ?', (opened["saleID"],))[0]
    return [
        (Sale, sandbox.edit(Sale, completed["saleID"], {"referenceNumber": "edited"})),
        (SaleLine, sandbox.edit(SaleLine, line["saleLineID"], {"unitQuantity": 77})),
    ]


def spent(sandbox: Sandbox) -> float:
    """Drips, as the sandbox counts them."""
    return float(sum(entry["cost"] for entry in sandbox.requests))


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
    log = house.project.folder / "killed.txt"

    one_by_one = {"TARGET_POSTGRES_BATCH_SIZE_ROWS": "100", "TAP_LIGHTSPEED_RETAIL_MAX_CONNECTIONS": "1"}
    with house.project.start(MAIN_JOB, log, **one_by_one) as meltano:
        wait_for(meltano, log, lambda: len(house.walks(Sale)) > 3)
        kill(meltano)
    assert meltano.returncode != 0
    with connected(house.server) as connection:
        lines = len(loaded(connection, SaleLine))
    assert 0 < lines < house.sandbox.store.count(SaleLine), "the run was stopped in the middle"
    house.sandbox.forget_requests()
    house.sandbox.server.latency = 0
    # Meltano keeps a run that was killed for a running one for some minutes.
    house.project.run_well([*MAIN_JOB[:2], "--force", *MAIN_JOB[2:]])

    assert house.differences() == {}
    if kill is kill_tap:
        # The loader has written what came before, and Meltano knows how far that was.
        assert house.walks(Sale)[0]["saleID"] > ">,0"
        assert len(house.walks(Sale)) < house.sandbox.store.count(Sale) / 100


def wait_for(process: subprocess.Popen[bytes], log: Path, condition: Callable[[], bool]) -> None:
    """Wait until something has happened; a process that ends before has failed."""
    while not condition():
        assert process.poll() is None, log.read_text()[-6000:]
        time.sleep(0.02)
