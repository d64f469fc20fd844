"""A local clock that is two hours wrong is told, and costs neither a row nor the connection."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.wire import instant
from lightspeed_sandbox import generate
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.clocks import wrong_by
from tests.declared import RESOURCES
from tests.relaying import Relay, relaying
from tests.retailer import by_key, small_sandbox, table
from tests.tapping import Spoken, Tap, Warehouse, selecting

SKEWS = [-2, 2]
TOLERANCE = timedelta(minutes=2)


def store_at(now: datetime) -> Store:
    """A small retailer in whose shops it is this moment now."""
    store = Store()
    Clock(store.meta).set(now)
    generate.build(store, generate.Scale(seed=1, days=6, sales_per_day=6, customers=40, items=60), now)
    store.commit()
    return store


@pytest.fixture(params=SKEWS, ids=lambda hours: f"server{hours:+d}h")
def skew(request: pytest.FixtureRequest) -> timedelta:
    """How far the server's clock is ahead of the local one."""
    return timedelta(hours=request.param)


@pytest.fixture
def sandbox(skew: timedelta) -> Iterator[Sandbox]:
    with small_sandbox(store_at(datetime.now(UTC) + skew)) as running:
        yield running


def change(sandbox: Sandbox) -> None:
    """Something happens in the shops: rows change, and one is added."""
    sandbox.edit(Item, sandbox.store.select(Item)[0]["itemID"], {"description": "edited"})
    old = next(row for row in sandbox.store.select(Sale) if row["completed"])
    sandbox.edit(Sale, old["saleID"], {"referenceNumber": "edited"})
    sandbox.edit(SaleLine, sandbox.store.next_key(SaleLine) - 1, {"unitQuantity": 77})
    payment = sandbox.store.select(SalePayment)[0]
    sandbox.store.put(SalePayment, [payment | {"salePaymentID": sandbox.store.next_key(SalePayment)}])


def missing(sandbox: Sandbox, *runs: Spoken) -> list[str]:
    """The streams in which what has arrived differs from what is there."""
    arrived = Warehouse().load(*runs).rows

    def differs(resource: type[Resource]) -> bool:
        return by_key(resource, arrived.get(resource.api.stream, {}).values()) != table(sandbox, resource)

    return [resource.api.stream for resource in RESOURCES if differs(resource)]


def told(spoken: Spoken) -> list[str]:
    """What a run said of the clocks."""
    return [line for line in spoken.warnings() if "clock" in line]


def bookmarks(state: Any) -> Iterator[datetime]:
    """All change stamps that a state goes on from."""
    for name, value in state.items():
        if isinstance(value, dict):
            yield from bookmarks(value)
        elif name == "replication_key_value" and "T" in str(value):
            yield instant(value)


def test_runs_lose_nothing_and_keep_to_the_servers_time(sandbox: Sandbox, skew: timedelta, tmp_path: Path) -> None:
    tap, catalog = Tap.over(sandbox, tmp_path), selecting(everything=True)
    runs: list[Spoken] = []
    for _ in range(3):
        runs.append(tap.run_well(catalog=catalog, state=runs[-1].state if runs else None))
        assert missing(sandbox, *runs) == []
        (line,) = told(runs[-1])
        seconds = skew.total_seconds()
        assert any(f"{seconds + off:+.0f} seconds" in line for off in (-2, -1, 0, 1, 2)), line
        # No bookmark lies beyond the server's clock, and one of a list that has just changed lies near it.
        latest = max(bookmarks(runs[-1].state))
        assert latest <= sandbox.clock.now()
        assert len(runs) == 1 or latest > sandbox.clock.now() - TOLERANCE
        change(sandbox)
    # A later run brings what changed, not everything again.
    assert len(runs[2].records("items")) < len(runs[0].records("items")) / 2


def test_tokens_that_live_for_seconds_are_renewed_in_time(skew: timedelta, tmp_path: Path) -> None:
    store = store_at(datetime.now(UTC) + skew)
    with small_sandbox(store, expires_in=5, latency=1.0) as sandbox, relaying(sandbox) as relay:
        tap = Tap.over(sandbox, tmp_path, auth_url=relay.url, max_connections=1)
        began = time.monotonic()
        spoken = tap.run_well(catalog=selecting("sales", "items", "customers", "orders", "shops"))
        took = time.monotonic() - began
    assert len(told(spoken)) == 1
    assert took > 6, "the first token has ended meanwhile"
    assert 2 <= relay.token_requests() <= took / 4 + 1
    assert {entry["status"] for entry in sandbox.requests} == {200}


# Uses the newest access token again and again for some seconds; whatever is refused otherwise than for its age ends it.
_MACHINE = """
import json, sys, time
import requests
from lightspeed_retail.connection import authorisation
settings, seconds = json.loads(sys.argv[1])
token, session, answers = authorisation(settings), requests.Session(), []
until = time.monotonic() + seconds
while time.monotonic() < until:
    bearer = token.bearer()
    answer = session.get(settings["api_url"] + "/API/V3/Account.json", headers={"Authorization": "Bearer " + bearer})
    answers.append(answer.status_code)
    if answer.status_code == 401:
        token.renew(bearer)
    time.sleep(0.1)
print(json.dumps([time.time(), answers]))
"""
LIFETIME, SECONDS = 3, 8


@pytest.mark.parametrize("hours", SKEWS)
def test_machines_whose_clocks_differ_share_a_store(tmp_path: Path, hours: int) -> None:
    with small_sandbox(store_at(datetime.now(UTC)), expires_in=LIFETIME) as sandbox, relaying(sandbox) as relay:
        settings = Tap.over(sandbox, tmp_path, auth_url=relay.url).settings
        command = [sys.executable, "-c", _MACHINE, json.dumps([settings, SECONDS])]
        machines = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
            for environment in (wrong_by(tmp_path, 0), wrong_by(tmp_path, hours)) * 2
        ]
        said = [machine.communicate(timeout=60) for machine in machines]
    assert [(machine.returncode, errors[-800:]) for machine, (_, errors) in zip(machines, said, strict=True)] == [
        (0, "")
    ] * 4
    spoken = [json.loads(out) for out, _ in said]
    apart = [round((moment - spoken[0][0]) / 3600, 1) for moment, _ in spoken]
    assert apart == [0.0, hours, 0.0, hours]
    bought = relay.token_requests()
    # One pair for each lifetime, and one more at the start for those who take a good pair for one that has ended.
    assert SECONDS / LIFETIME <= bought <= SECONDS / (LIFETIME - 1) + 2
    for _, answers in spoken:
        assert set(answers) <= {200, 401}
        assert answers.count(401) <= bought + 1
        assert answers.count(200) > 20


def test_taps_on_machines_whose_clocks_differ_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = selecting("shops")
    with small_sandbox(store_at(datetime.now(UTC))) as sandbox, relaying(sandbox) as relay:
        tap = Tap.over(sandbox, tmp_path, auth_url=relay.url)
        bought = [run_at(tap, hours, relay, tmp_path, monkeypatch, catalog) for hours in (0, 2, 0, -2, 2, 0, -2)]
    # The one that is ahead takes the first pair for an old one; what it buys is good for all, and stays so.
    assert bought == [1, 2, 2, 2, 2, 2, 2]


def run_at(
    tap: Tap, hours: int, relay: Relay, folder: Path, monkeypatch: pytest.MonkeyPatch, catalog: dict[str, object]
) -> int:
    """Run the tap by a clock that is wrong; how many pairs have been bought since the beginning."""
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", wrong_by(folder, hours)["PYTHONPATH"])
        spoken = tap.run_well(catalog=catalog)
    assert len(told(spoken)) == (1 if hours else 0)
    return relay.token_requests()
