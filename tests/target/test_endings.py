"""How records end that come again, from elsewhere, or in a run that is stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.serve import Sandbox
from tests import targeting
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.sandbox.writes import written
from tests.targeting import Message, asked_for, messages, rows, run, run_until

EXISTING = {"description": "Bottle", "customSku": "BOTTLE", "defaultCost": "5"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account without goods and customers, but for one item."""
    with Sandbox(Config(empty=True, **WIDE)) as running:
        written(Api.of(running), "POST", "/Item.json", EXISTING)
        running.forget_requests()
        yield running


def items(*records: Record) -> list[Message]:
    return messages("items", records, "customSku")


def item(sku: str, **more: Any) -> Record:
    return {"customSku": sku, "description": f"Item {sku}", **more}


def customers(*records: Record) -> list[Message]:
    return messages("customers", records, "ref")


def customer(ref: str, **contact: Any) -> Record:
    return {"ref": ref, "firstName": "Ada", "lastName": f"Stone {ref}", "Contact": {"custom": ref, **contact}}


def the_bottle(sandbox: Sandbox) -> Record:
    (found,) = rows(sandbox, "Item", customSku="BOTTLE")
    return found


def test_two_customers_of_another_account_stay_two_whatever_they_share(sandbox: Sandbox, tmp_path: Path) -> None:
    shared = {"Phones": [{"number": "555-0100", "useType": "Home"}]}
    household = [{**customer("x"), "accountID": 77, "customerID": n, "Contact": shared} for n in (1, 2)]
    done = run(sandbox, customers(*household), tmp_path)
    assert (done.operations, len(rows(sandbox, "Customer"))) == (["created", "created"], 2)
    changed = [row | {"firstName": "Cleo"} for row in household]
    assert run(sandbox, customers(*changed), tmp_path).operations == ["updated", "updated"]


def test_a_number_that_another_account_gave_tells_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    bottle = the_bottle(sandbox)
    foreign = {"accountID": 77, "itemID": bottle["itemID"], "systemSku": bottle["systemSku"], "description": "Tent"}
    assert run(sandbox, messages("items", [foreign], "itemID"), tmp_path).operations == ["created"]
    own = {"systemSku": bottle["systemSku"], "description": "Flask"}
    assert run(sandbox, messages("items", [own], "systemSku"), tmp_path).operations == ["updated"]
    assert the_bottle(sandbox)["description"] == "Flask"


def test_rejects_can_be_piped_in_again_once_they_are_mended(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, items(item("CUP", defaultCost="cheap")), tmp_path)
    mended = [message | ({"record": item("CUP")} if message["type"] == "RECORD" else {}) for message in done.rejects]
    assert [message["type"] for message in mended] == ["SCHEMA", "RECORD"]
    assert run(sandbox, mended, tmp_path).operations == ["created"]


def test_a_count_is_not_made_the_stock_where_the_settings_do_not_say_so(sandbox: Sandbox, tmp_path: Path) -> None:
    api, bottle = Api.of(sandbox), the_bottle(sandbox)["itemID"]
    count = written(api, "POST", "/InventoryCount.json", {"name": "June", "shopID": 1})["inventoryCountID"]
    counted = {"inventoryCountID": count, "itemID": bottle, "employeeID": 1, "qty": 7}
    written(api, "POST", "/InventoryCountItem.json", counted)
    said = messages("inventory_count_reconciles", [{"ref": 1, "inventoryCountID": int(count)}], "ref")
    done = run(sandbox, said, tmp_path)
    assert (done.operations, done.writes) == (["rejected"], [])
    assert "write_stock" in done.reasons[0]
    assert run(sandbox, said, tmp_path, write_stock=True).operations == ["created"]
    (shop,) = rows(sandbox, "ItemShop", itemID=bottle, shopID=1)
    assert shop["qoh"] == 7


def test_a_record_that_is_repeated_after_an_unknown_outcome_counts_once(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.server.faults = Faults(["drop-before:2:PUT,POST"])
    done = run(sandbox, items(item("BOTTLE"), item("A"), item("B")), tmp_path, max_changes=3)
    assert (done.code, done.operations) == (0, ["updated", "created", "created"])
    assert len(done.writes) > 3


def test_a_state_is_said_when_all_before_it_is_settled(sandbox: Sandbox, tmp_path: Path) -> None:
    said: list[Message] = []
    for n in range(5):
        said += items(item(f"A{n}"))[1 if n else 0 : 2]
        said += [{"type": "STATE", "value": {"n": n}}]
    sandbox.server.faults = Faults(["slow-1:1:POST"])
    killed = run_until(sandbox, said, tmp_path, asked_for("POST", "/Item.json", 3))
    assert killed.code == -9
    settled = len(killed.outcomes)
    assert [state["n"] for state in killed.states if state["n"] >= settled] == []
    sandbox.server.faults = Faults([])
    done = run(sandbox, said, tmp_path)
    assert (done.code, done.states[-1]) == (0, {"n": 4})
    assert len(rows(sandbox, "Item")) == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_without_a_state_that_is_not_settled(
    sandbox: Sandbox, tmp_path: Path, number: int
) -> None:
    sandbox.server.faults = Faults(["slow-0.5:1:POST"])
    stopping = targeting._Run(sandbox, items(*(item(f"A{n}") for n in range(9))), tmp_path, {})
    with stopping as running:
        while not asked_for("POST", "/Item.json")(running.requests()):
            time.sleep(0.01)
        running.process.send_signal(number)
        done = running.ended()
    assert (done.code, done.states) == (128 + number, [])
    assert "Traceback" not in done.errors
    sandbox.server.faults = Faults([])
    assert run(sandbox, items(*(item(f"A{n}") for n in range(9))), tmp_path).code == 0
    assert len(rows(sandbox, "Item")) == 10


def test_every_stream_that_is_taken_can_be_named_in_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    modes = {resource.__name__: "update" for resource in Resource.all()}
    assert run(sandbox, items(item("BOTTLE")), tmp_path, mode=modes).operations == ["updated"]
