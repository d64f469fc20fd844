"""A gateway that answers 404 for rows that are there: nothing is forgotten, and nothing made a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.clocks import hurried
from tests.retailer import WIDE
from tests.schedules.target import empty_account
from tests.schedules.target_runs import SPEED, Runner
from tests.target.tickets import ticket
from tests.targeting import messages, rows

GONE = "2024-06-15T00:00:00Z"
KEY = "ref"
CUSTOMER: Record = {"firstName": "Ada"}
ORDER: Record = {"vendorID": 1, "shopID": 1, "OrderLines": [{"itemID": 1, "quantity": 1}]}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """An account with a vendor, an item, and one customer whom nothing tells."""
    data = tmp_path / "account.sqlite"
    data.write_bytes(empty_account())
    with Sandbox(Config(data=data, **WIDE)) as sandbox, hurried(sandbox, SPEED):
        running = Runner(sandbox, tmp_path, {"ledger": str(tmp_path / "ledger.sqlite")})
        for stream, record in (
            ("vendors", {"name": "Acme"}),
            ("items", {"description": "Tee"}),
            ("customers", CUSTOMER),
        ):
            send(running, stream, record)
        yield running


def send(runner: Runner, stream: str, record: Record, rule: str | None = None) -> None:
    runner.sandbox.inject([rule] if rule else [])
    done = runner.run([each for each in messages(stream, [{KEY: "1", **record}], KEY) if each["type"] != "STATE"], 0)
    assert done.code == 0, done.errors
    assert "Rejected" not in done.errors
    assert bool(runner.sandbox.inject([])) == bool(rule)


def made(runner: Runner, name: str) -> list[Record]:
    return rows(runner.sandbox, name)


@pytest.mark.parametrize("rule", ["404:#1:PUT", "404:#1-2:PUT", "404-empty-after:#1:PUT"])
def test_a_row_that_is_there_is_changed(runner: Runner, rule: str) -> None:
    send(runner, "customers", {"firstName": "Grace"}, rule)
    assert [row["firstName"] for row in made(runner, "Customer")] == ["Grace"]


@pytest.mark.parametrize("rule", ["404:#1:POST", "404-after:#1:POST"])
@pytest.mark.parametrize(
    ("stream", "name", "record"), [("customers", "Customer", {"firstName": "Cleo"}), ("sales", "Sale", ticket())]
)
def test_a_row_is_made_once(runner: Runner, stream: str, name: str, record: Record, rule: str) -> None:
    before = len(made(runner, name))
    send(runner, stream, {**record, KEY: "2"}, rule)
    assert len(made(runner, name)) == before + 1


@pytest.mark.parametrize("rule", ["404:#1:DELETE", "404-after:#1:DELETE"])
def test_a_row_is_archived(runner: Runner, rule: str) -> None:
    send(runner, "customers", {**CUSTOMER, "_sdc_deleted_at": GONE}, rule)
    assert [row["archived"] for row in made(runner, "Customer")] == [True]


@pytest.mark.parametrize("rule", ["404:#1:PUT", "404-after:#1:PUT"])
def test_a_sale_is_completed(runner: Runner, rule: str) -> None:
    send(runner, "sales", ticket(), rule)
    assert [(row["completed"], row["archived"]) for row in made(runner, "Sale")] == [(True, False)]


@pytest.mark.parametrize("rule", ["404:#1:PUT:/OrderLine/*", "404:#1:POST:/OrderLine", "404:#1-2:PUT:/Order/*"])
def test_an_order_gets_all_its_lines(runner: Runner, rule: str) -> None:
    send(runner, "orders", ORDER)
    lines = [{"itemID": 1, "quantity": 2}, {"itemID": 1, "quantity": 3}]
    send(runner, "orders", {**ORDER, "OrderLines": lines, "orderedDate": GONE}, rule)
    assert [row["quantity"] for row in made(runner, "OrderLine")] == [2, 3]
    assert [row["orderedDate"] is not None for row in made(runner, "Order")] == [True]


def test_a_row_that_is_gone_is_made_anew(runner: Runner) -> None:
    (before,) = made(runner, "Customer")
    runner.sandbox.delete(Resource.named("Customer"), before["customerID"])
    send(runner, "customers", {"firstName": "Grace"})
    assert [row["firstName"] for row in made(runner, "Customer")] == ["Grace"]
