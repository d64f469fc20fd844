"""Sales when requests go wrong and runs are killed: each is there once, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE
from tests.target.tickets import (
    DELETE,
    POST,
    PUT,
    SLOW_ANSWERS,
    OneFault,
    at_least,
    break_down,
    is_sold_once,
    kept,
    line,
    lines_of,
    paid,
    payments_of,
    sandbox,
    sell,
    ticket,
)
from tests.targeting import asked_for, messages, rows, run, run_until

__all__ = ["sandbox"]


def test_a_sale_that_was_given_up_is_not_taken_for_a_lost_one(sandbox: Sandbox, tmp_path: Path) -> None:
    sell(sandbox, tmp_path, ticket(SalePayments=[paid("9")]))
    sandbox.server.faults = OneFault("drop-before:1:POST")
    assert sell(sandbox, tmp_path, ticket()).ids == [2]
    is_sold_once(sandbox)


@pytest.mark.parametrize(
    "fault",
    [
        "drop-after:1:POST",
        "drop-before:1:POST",
        "504-after:1:POST",
        "503:1:POST",
        "truncate:1:POST",
        "drop-after:1:PUT",
        "drop-before:1:PUT",
        "500-after:1:PUT",
    ],
)
def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(
    sandbox: Sandbox, tmp_path: Path, fault: str
) -> None:
    sandbox.server.faults = OneFault(fault)
    done = sell(sandbox, tmp_path, ticket())
    assert done.operations == ["created"]
    is_sold_once(sandbox)
    took_effect = [asked for asked in done.requests if asked["method"] in ("POST", "PUT") and asked["effect"]]
    assert len(took_effect) == 2
    assert len(rows(sandbox, "Sale")) == 1


def test_a_sale_in_one_request_whose_answer_is_lost_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.server.faults = OneFault("drop-after:1:POST")
    done = sell(sandbox, tmp_path, ticket(calcTotal="10", SalePayments=[paid("10", "Check")]))
    assert (done.operations, done.writes) == (["created"], [POST])
    is_sold_once(sandbox)


@pytest.mark.parametrize("path", ["/Sale.json", "/Sale/{}.json"])
def test_a_killed_run_is_gone_on_with(sandbox: Sandbox, tmp_path: Path, path: str) -> None:
    """Between the request and its answer, so the ledger knows the intent alone, or the open sale."""
    break_down(sandbox, SLOW_ANSWERS)
    method = "POST" if path == "/Sale.json" else "PUT"
    said = messages("sales", [ticket()], "ref")
    killed = run_until(sandbox, said, tmp_path, asked_for(method, path))
    assert (killed.code, killed.outcomes) == (-9, [])
    break_down(sandbox)
    done = run(sandbox, said, tmp_path)
    assert done.operations == ["created"]
    assert done.writes == ([PUT] if method == "POST" else [])
    is_sold_once(sandbox)
    assert sell(sandbox, tmp_path, ticket()).writes == []


def test_a_killed_run_knows_its_sale_even_if_its_reference_was_changed_by_hand(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    break_down(sandbox, SLOW_ANSWERS)
    run_until(sandbox, messages("sales", [ticket()], "ref"), tmp_path, asked_for("PUT", "/Sale/{}.json"))
    break_down(sandbox)
    sandbox.edit(Resource.named("Sale"), 1, {"referenceNumber": "by hand"})
    done = sell(sandbox, tmp_path, ticket())
    assert (done.operations, done.ids, done.writes) == (["created"], [1], [])
    is_sold_once(sandbox)


def test_a_killed_run_whose_record_has_changed_begins_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    break_down(sandbox, SLOW_ANSWERS)
    run_until(sandbox, messages("sales", [ticket()], "ref"), tmp_path, asked_for("POST", "/Sale.json"))
    break_down(sandbox)
    done = sell(sandbox, tmp_path, ticket(SaleLines=[line("20")], SalePayments=[paid("20")]))
    assert (done.operations, done.writes) == (["created"], [DELETE, POST, PUT])
    is_sold_once(sandbox, "20")


def test_a_run_killed_while_it_takes_a_sale_back_does_so_again(sandbox: Sandbox, tmp_path: Path) -> None:
    said = messages("sales", [ticket(SalePayments=[paid("11", "Check")])], "ref")
    break_down(sandbox, "slow-3:1:DELETE")
    killed = run_until(sandbox, said, tmp_path, asked_for("DELETE", "/Sale/{}.json"))
    assert killed.code == -9
    break_down(sandbox)
    done = run(sandbox, said, tmp_path)
    assert done.operations == ["rejected"]
    assert kept(sandbox) == []


@pytest.mark.parametrize("fault", ["drop-after:1:PUT", "503:1:PUT"])
def test_no_deposit_is_added_twice(sandbox: Sandbox, tmp_path: Path, fault: str) -> None:
    opened = ticket(completed=False, completeTime=None, SalePayments=[paid("4", "Check")])
    sell(sandbox, tmp_path, opened)
    sandbox.server.faults = OneFault(fault)
    more = {**opened, "SaleLines": [line(), line("5")], "SalePayments": [paid("4", "Check"), paid("4", "Check")]}
    assert sell(sandbox, tmp_path, more).operations == ["updated"]
    (sale,) = kept(sandbox)
    assert [payment["amount"] for payment in payments_of(sandbox, sale)] == [4, 4]
    assert len(lines_of(sandbox, sale)) == 2


def test_a_dry_run_after_a_kill_sends_no_write(sandbox: Sandbox, tmp_path: Path) -> None:
    break_down(sandbox, SLOW_ANSWERS)
    run_until(sandbox, messages("sales", [ticket()], "ref"), tmp_path, asked_for("POST", "/Sale.json"))
    break_down(sandbox)
    assert sell(sandbox, tmp_path, ticket(), dry_run=True).writes == []
    assert sell(sandbox, tmp_path, ticket()).writes == [PUT]
    is_sold_once(sandbox)


def under_fire(number: int) -> Record:
    """Sales of all kinds: paid by check, in cash, in one request, open, and one that cannot be completed."""
    total, kind = number + 3, number % 5
    sale = ticket(str(number), SaleLines=[line(str(number + 1)), line("1", unitQuantity=2)])
    amounts = {
        0: (total, "Check"),
        1: (total + 7, "Cash"),
        2: (total, "Check"),
        3: (1, "Check"),
        4: (total + 1, "Check"),
    }
    amount, way = amounts[kind]
    sale["SalePayments"] = [paid(str(amount), way)]
    extra: dict[int, Record] = {2: {"calcTotal": total}, 3: {"completed": False, "completeTime": None}}
    return {**sale, **extra.get(kind, {})}


def test_every_sale_is_there_once_after_faults_and_kills(tmp_path: Path) -> None:
    faults = ["drop-after:0.06:POST,PUT,DELETE", "504:0.03:POST,PUT", "503-after:0.03", "429:0.03", "truncate:0.03"]
    numbers = range(1, 31)
    said = messages("sales", map(under_fire, numbers), "ref")
    chance = Random(3)
    with Sandbox(Config(empty=True, **WIDE, fault=faults, fault_seed=2)) as sandbox:
        for _ in range(3):
            run_until(sandbox, said, tmp_path, at_least(chance.randint(4, 30)))
        codes: list[int] = []
        while not codes or (codes[-1] != 0 and len(codes) < 10):
            codes.append(run(sandbox, said, tmp_path).code)
        assert codes[-1] == 0
        there = {int(sale["referenceNumber"]): sale for sale in kept(sandbox)}
        assert len(kept(sandbox)) == len(there)
        assert sorted(there) == [number for number in numbers if number % 5 != 4]
        for number, sale in there.items():
            assert (sale["calcTotal"], sale["completed"]) == (number + 3, number % 5 != 3)
            assert len(lines_of(sandbox, sale)) == 2
            assert len(payments_of(sandbox, sale)) == 1
        assert sum(asked["fault"] != "" for asked in sandbox.requests) > 5
