"""Purchase orders and workorders through the target's command line: the header, and every line once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.sandbox.writes import write, written
from tests.targeting import Done, asked_for, messages, rows, run, run_until

MOMENT = "2024-01-05T10:00:00+00:00"
LINE, ORDER, DATE = "POST /OrderLine.json", "POST /Order.json", "PUT /Order/{}.json"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        api = Api.of(running)
        written(api, "POST", "/Vendor.json", {"name": "Acme"})
        written(api, "POST", "/Customer.json", {"firstName": "Ada"})
        for name in ("A", "B", "C"):
            written(api, "POST", "/Item.json", {"description": name, "customSku": name, "defaultCost": 2})
        yield running


def line(item: str, quantity: int = 1, **more: Any) -> Record:
    """A line of an order."""
    return {"itemID": item, "quantity": quantity, **more}


def order(ref: str = "1", *lines: Record, **more: Any) -> Record:
    """An order of two items."""
    held = list(lines) or [line("A", 2, price="1.50"), line("B")]
    return {"ref": ref, "vendorID": "Acme", "shopID": 1, "refNum": f"PO-{ref}", "OrderLines": held, **more}


def send(sandbox: Sandbox, folder: Path, *orders: Record, stream: str = "orders", **settings: Any) -> Done:
    """Write orders and see that the run ends well."""
    done = run(sandbox, messages(stream, orders, "ref"), folder, **settings)
    assert done.code == 0, done.errors[-3000:]
    return done


def content(sandbox: Sandbox) -> list[tuple[int, int, Decimal]]:
    """Item, quantity and price of all lines of orders."""
    return [(row["itemID"], row["quantity"], row["price"]) for row in rows(sandbox, "OrderLine")]


TWO_LINES = [(1, 2, Decimal("1.5")), (2, 1, Decimal(2))]


def test_an_order_is_written_line_by_line_and_ordered_in_the_end(sandbox: Sandbox, tmp_path: Path) -> None:
    dated = order(orderedDate=MOMENT, receivedDate=MOMENT, shipCost="3")
    done = send(sandbox, tmp_path, dated)
    assert done.operations == ["created"], done.reasons
    assert done.writes == [ORDER, LINE, LINE, DATE]
    (stored,) = rows(sandbox, "Order")
    assert (stored["orderedDate"], stored["receivedDate"], stored["shipCost"]) == (MOMENT, None, 3)
    assert (stored["totalCost"], content(sandbox)) == (8, TWO_LINES)
    again = send(sandbox, tmp_path, dated)
    assert (again.operations, again.writes, again.drips) == (["unchanged"], [], 1)
    (tmp_path / "ledger.sqlite").unlink()
    found = send(sandbox, tmp_path, dated)
    assert (found.writes, content(sandbox)) == ([], TWO_LINES)
    assert found.operations == ["unchanged"]


def test_only_lines_that_differ_are_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    send(sandbox, tmp_path, order())
    changed = order("1", line("A", 5, price="1.50"), line("B"), line("A", 1, price="9"))
    done = send(sandbox, tmp_path, changed)
    assert (done.operations, done.writes) == (["updated"], ["PUT /OrderLine/{}.json", LINE])
    assert done.outcomes[0]["changed"] == ["OrderLines"]
    assert content(sandbox) == [(1, 5, Decimal("1.5")), (2, 1, Decimal(2)), (1, 1, Decimal(9))]


def test_equal_lines_are_two_lines(sandbox: Sandbox, tmp_path: Path) -> None:
    twice = order("1", line("A"), line("A"))
    send(sandbox, tmp_path, twice)
    (tmp_path / "ledger.sqlite").unlink()
    assert send(sandbox, tmp_path, twice).writes == []
    assert len(content(sandbox)) == 2
    assert send(sandbox, tmp_path, order("1", line("A"), line("A"), line("A"))).writes == [LINE]
    assert len(content(sandbox)) == 3


@pytest.mark.parametrize("fault", ["drop-after:2:POST", "504:2:POST", "drop-after:1:PUT"])
def test_no_line_is_there_twice_whatever_goes_wrong(sandbox: Sandbox, tmp_path: Path, fault: str) -> None:
    sandbox.server.faults = Faults([fault] if "PUT" not in fault else ["drop-after:2:PUT,POST"])
    done = send(sandbox, tmp_path, order(orderedDate=MOMENT))
    assert done.operations == ["created"], done.reasons
    assert len(rows(sandbox, "Order")) == 1
    assert content(sandbox) == TWO_LINES


@pytest.mark.parametrize(("path", "times"), [("/Order.json", 1), ("/OrderLine.json", 1), ("/OrderLine.json", 2)])
def test_a_killed_run_is_gone_on_with(sandbox: Sandbox, tmp_path: Path, path: str, times: int) -> None:
    sandbox.server.faults = Faults(["slow-1:1:POST"])
    said = messages("orders", [order()], "ref")
    killed = run_until(sandbox, said, tmp_path, asked_for("POST", path, times))
    assert (killed.code, killed.outcomes) == (-9, [])
    sandbox.server.faults = Faults([])
    done = run(sandbox, said, tmp_path)
    assert done.operations[0] in ("created", "updated", "unchanged")
    assert (len(rows(sandbox, "Order")), content(sandbox)) == (1, TWO_LINES)
    assert send(sandbox, tmp_path, order()).writes == []


def test_a_line_that_is_refused_does_not_stop_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    bad = order("1", line("A"), {"itemID": 99, "quantity": 1}, line("B"))
    done = send(sandbox, tmp_path, bad)
    assert done.operations == ["rejected"]
    assert "All else is written, but not OrderLines 2:" in done.reasons[0]
    assert len(content(sandbox)) == 2
    mended = send(sandbox, tmp_path, order("1", line("A"), line("C"), line("B")))
    assert (mended.operations, mended.writes) == (["updated"], [LINE])
    assert sorted(row[0] for row in content(sandbox)) == [1, 2, 3]


def test_a_dry_run_sends_no_write(sandbox: Sandbox, tmp_path: Path) -> None:
    planned = send(sandbox, tmp_path, order(), dry_run=True)
    assert (planned.operations, planned.writes) == (["created"], [])
    send(sandbox, tmp_path, order())
    planned = send(sandbox, tmp_path, order("1", line("A", 7), line("B")), dry_run=True)
    assert (planned.operations, planned.writes) == (["updated"], [])
    assert "OrderLines" in planned.outcomes[0]["changed"]
    assert content(sandbox) == TWO_LINES


def test_lines_of_a_completed_order_are_left(sandbox: Sandbox, tmp_path: Path) -> None:
    send(sandbox, tmp_path, order())
    sandbox.edit(Resource.named("Order"), 1, {"complete": True})
    done = send(sandbox, tmp_path, order("1", line("A", 9)))
    assert done.operations == ["rejected"]
    assert "completed order" in done.reasons[0]


def test_a_workorder_has_its_labour_and_its_parts(sandbox: Sandbox, tmp_path: Path) -> None:
    job = {
        "ref": "1",
        "customerID": 1,
        "employeeID": 1,
        "shopID": 1,
        "note": "Wheel",
        "WorkorderLines": [{"note": "True it", "hours": 1, "minutes": 30, "unitPriceOverride": "40"}],
        "WorkorderItems": [{"itemID": "A", "unitQuantity": 2, "unitPrice": "5"}, {"itemID": "B", "unitQuantity": 1}],
    }
    done = send(sandbox, tmp_path, job, stream="workorders")
    assert done.operations == ["created"], done.reasons
    below = ["POST /Workorder/WorkorderLine.json", *["POST /Workorder/WorkorderItem.json"] * 2]
    assert done.writes == ["POST /Workorder.json", *below]
    assert [row["note"] for row in rows(sandbox, "WorkorderLine", workorderID=1)] == ["True it"]
    assert [row["itemID"] for row in rows(sandbox, "WorkorderItem", workorderID=1)] == [1, 2]
    assert send(sandbox, tmp_path, job, stream="workorders").writes == []
    parts = [{"itemID": "A", "unitQuantity": 3, "unitPrice": "5"}, {"itemID": "B", "unitQuantity": 1}]
    done = send(sandbox, tmp_path, {**job, "WorkorderItems": parts}, stream="workorders")
    assert (done.operations, done.writes) == (["updated"], ["PUT /Workorder/WorkorderItem/{}.json"])
    assert [row["unitQuantity"] for row in rows(sandbox, "WorkorderItem")] == [3, 1]
    assert len(rows(sandbox, "Workorder")) == 1


def test_what_the_api_refuses_of_a_header_leaves_no_lines(sandbox: Sandbox, tmp_path: Path) -> None:
    write(Api.of(sandbox), "DELETE", "/Vendor/1.json")
    done = send(sandbox, tmp_path, order(vendorID=99))
    assert done.operations == ["rejected"]
    assert (rows(sandbox, "Order"), content(sandbox)) == ([], [])
