"""How records end: modes, names, guards, conflicts, mistakes, and what a run says that is stopped."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    ("mode", "ended", "writes"),
    [
        ("upsert", ["updated", "created"], ["PUT /Item/{}.json", "POST /Item.json"]),
        ("create", ["unchanged", "created"], ["POST /Item.json"]),
        ("update", ["updated", "rejected"], ["PUT /Item/{}.json"]),
        ("archive", ["archived", "unchanged"], ["DELETE /Item/{}.json"]),
    ],
)
def test_a_mode_says_what_becomes_of_records(
    sandbox: Sandbox, tmp_path: Path, mode: str, ended: list[str], writes: list[str]
) -> None:
    done = run(sandbox, items(item("BOTTLE"), item("CUP")), tmp_path, mode={"items": mode})
    assert (done.operations, done.writes) == (ended, writes)
    again = run(sandbox, items(item("BOTTLE"), item("CUP")), tmp_path, mode={"items": mode})
    assert again.writes == []


def test_a_dry_run_only_asks_and_says_field_by_field_what_would_be(sandbox: Sandbox, tmp_path: Path) -> None:
    said = [
        *items(item("BOTTLE", defaultCost="6"), item("CUP")),
        *customers(customer("c1"), {"ref": "bad", "dob": "?"}),
    ]
    done = run(sandbox, said, tmp_path, dry_run=True)
    assert {asked["method"] for asked in done.requests} == {"GET"}
    assert sorted(done.operations) == ["created", "created", "rejected", "updated"]
    (planned,) = [outcome["changed"] for outcome in done.outcomes if outcome["operation"] == "updated"]
    assert planned == {"description": ["Bottle", "Item BOTTLE"], "defaultCost": [5, 6]}
    assert all(outcome["dry_run"] for outcome in done.outcomes)
    # It left no trace: the real run does all that.
    assert len(run(sandbox, said, tmp_path).writes) == 3


def test_several_rows_that_fit_are_named_and_none_is_written(sandbox: Sandbox, tmp_path: Path) -> None:
    twins = [written(Api.of(sandbox), "POST", "/Item.json", {**EXISTING, "customSku": "TWIN"}) for _ in range(2)]
    done = run(sandbox, items(item("TWIN"), item("CUP")), tmp_path)
    assert done.operations == ["rejected", "created"]
    assert all(str(twin["itemID"]) in done.reasons[0] for twin in twins)
    assert [message["record"]["customSku"] for message in done.rejects if message["type"] == "RECORD"] == ["TWIN"]


def test_a_name_that_nothing_has_rejects_the_record_or_makes_the_row(sandbox: Sandbox, tmp_path: Path) -> None:
    said = items(item("CUP", categoryID="Drinkware", defaultVendorID="Harbor"), item("MUG", categoryID="Drinkware"))
    done = run(sandbox, said, tmp_path)
    assert (done.operations, done.writes) == (["rejected", "rejected"], [])
    assert "Drinkware" in done.reasons[0]
    made = run(sandbox, said, tmp_path, create_missing=["categories", "vendors"])
    assert made.operations == ["created", "created"]
    assert sorted(made.writes) == ["POST /Category.json", "POST /Item.json", "POST /Item.json", "POST /Vendor.json"]
    (category,) = rows(sandbox, "Category")
    assert [row["categoryID"] for row in rows(sandbox, "Item") if row["customSku"] != "BOTTLE"] == [
        category["categoryID"]
    ] * 2


def test_a_child_may_come_before_its_parent(sandbox: Sandbox, tmp_path: Path) -> None:
    below = [{"name": f"Level {n}", "parentID": f"Level {n - 1}"} for n in (3, 2, 1)]
    said = [*items(item("CUP", categoryID="Level 3")), *messages("categories", [*below, {"name": "Level 0"}], "name")]
    done = run(sandbox, said, tmp_path)
    assert (done.code, set(done.operations), len(done.outcomes)) == (0, {"created"}, 5)
    names = {row["categoryID"]: row["name"] for row in rows(sandbox, "Category")}
    assert {row["name"]: names.get(row["parentID"]) for row in rows(sandbox, "Category")} == {
        "Level 0": None,
        "Level 1": "Level 0",
        "Level 2": "Level 1",
        "Level 3": "Level 2",
    }
    (cup,) = rows(sandbox, "Item", customSku="CUP")
    assert names[cup["categoryID"]] == "Level 3"
    assert run(sandbox, said, tmp_path).writes == []


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


def test_bad_values_reject_their_record_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    bad = [item("A", defaultCost="cheap"), item("B", Prices="{no json"), item("C", taxClassID="none such")]
    done = run(sandbox, items(*bad, item("CUP"), {"customSku": "D"}), tmp_path)
    assert done.code == 0
    ended = {json.loads(outcome["key"])["customSku"]: outcome for outcome in done.outcomes}
    assert {sku for sku, outcome in ended.items() if outcome["operation"] == "rejected"} == {*"ABCD"}
    said = {"A": "defaultCost", "B": "Prices", "C": "none such", "D": "description"}
    assert [sku for sku, word in said.items() if word not in ended[sku]["reason"]] == []
    assert len(rows(sandbox, "Item", customSku="CUP")) == 1
    assert len([message for message in done.rejects if message["type"] == "RECORD"]) == 4


def test_rejects_can_be_piped_in_again_once_they_are_mended(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, items(item("CUP", defaultCost="cheap")), tmp_path)
    mended = [message | ({"record": item("CUP")} if message["type"] == "RECORD" else {}) for message in done.rejects]
    assert [message["type"] for message in mended] == ["SCHEMA", "RECORD"]
    assert run(sandbox, mended, tmp_path).operations == ["created"]


def test_fields_that_nobody_knows_are_named_once(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, items(item("CUP", colour="red"), item("MUG", colour="blue")), tmp_path)
    assert done.operations == ["created", "created"]
    assert done.errors.count("items has no field colour") == 1


def test_an_older_record_is_rejected_or_overwrites(sandbox: Sandbox, tmp_path: Path) -> None:
    stale = item("BOTTLE", timeStamp="2020-01-01T00:00:00+00:00")
    done = run(sandbox, items(stale), tmp_path)
    assert (done.operations, done.writes) == (["rejected"], [])
    assert "stale" in done.reasons[0]
    assert run(sandbox, items(stale), tmp_path, on_conflict="overwrite").operations == ["updated"]
    # The row's stamp is that of the target's own write now: the source may go on from its older one.
    later = stale | {"description": "Flask", "timeStamp": "2020-01-02T00:00:00+00:00"}
    assert run(sandbox, items(later), tmp_path).operations == ["updated"]


def test_stock_is_written_only_where_the_settings_say_so(sandbox: Sandbox, tmp_path: Path) -> None:
    stocked = item("BOTTLE", ItemShops=[{"shopID": 1, "qoh": 7, "reorderPoint": 3}])
    assert run(sandbox, items(stocked), tmp_path).operations == ["updated"]
    (shop,) = rows(sandbox, "ItemShop", itemID=the_bottle(sandbox)["itemID"], shopID=1)
    assert (shop["qoh"], shop["reorderPoint"]) == (0, 3)
    folder = tmp_path / "stock"
    folder.mkdir()
    assert run(sandbox, items(stocked), folder, write_stock=True).operations == ["updated"]
    (shop,) = rows(sandbox, "ItemShop", itemID=the_bottle(sandbox)["itemID"], shopID=1)
    assert (shop["qoh"], shop["reorderPoint"]) == (7, 3)


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


def test_consent_changes_only_when_it_is_given(sandbox: Sandbox, tmp_path: Path) -> None:
    consents = {"noEmail": False, "noPhone": True, "noMail": False}
    run(sandbox, customers(customer("c1", **consents)), tmp_path)

    def there() -> Record:
        (found,) = rows(sandbox, "Customer")
        return {name: found["Contact"][name] for name in consents}

    assert there() == consents
    run(sandbox, customers(customer("c1", Emails=[{"address": "ada@example.com", "useType": "Primary"}])), tmp_path)
    assert there() == consents
    run(sandbox, customers(customer("c1", noEmail=True)), tmp_path)
    assert there() == {**consents, "noEmail": True}


@pytest.mark.parametrize(
    ("settings", "said", "writes"),
    [
        ({"max_changes": 2}, [item("A"), item("B"), item("C")], 2),
        ({"max_archives": 0}, [item("BOTTLE", _sdc_deleted_at="2024-01-01T00:00:00Z")], 0),
        ({"max_rejects": "1"}, [item("A", tax="?"), item("B", tax="?"), item("C")], 0),
        ({"max_rejects": "40%"}, [item("A", tax="?"), item("B", tax="?"), item("C")], 1),
    ],
)
def test_a_limit_stops_the_run_before_more_harm_is_done(
    sandbox: Sandbox, tmp_path: Path, settings: dict[str, Any], said: list[Record], writes: int
) -> None:
    done = run(sandbox, items(*said), tmp_path, **settings)
    assert (done.code, len(done.writes), done.states) == (1, writes, [])
    assert "Traceback" not in done.errors
    (name,) = settings
    assert name in [line for line in done.errors.splitlines() if "ERROR" in line][-1]


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


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"mode": {"item": "update"}}, "items"),
        ({"mode": {"items": "destroy"}}, "mode"),
        ({"match_keys": {"items": ["colour"]}}, "colour"),
        ({"create_missing": ["category"]}, "categories"),
        ({"max_rejects": "many"}, "max_rejects"),
        ({"on_conflict": "fight"}, "on_conflict"),
        ({"outcome_path": "/proc/none/outcome.jsonl"}, "outcome_path"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path, settings: dict[str, Any], word: str
) -> None:
    done = run(sandbox, items(item("CUP")), tmp_path, **settings)
    errors = [line for line in done.errors.splitlines() if "ERROR" in line]
    assert (done.code, len(errors), done.writes) == (1, 1, []), done.errors
    assert word in errors[0]
    assert "Traceback" not in done.errors


def test_every_stream_that_is_taken_can_be_named_in_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    modes = {resource.__name__: "update" for resource in Resource.all()}
    assert run(sandbox, items(item("BOTTLE")), tmp_path, mode=modes).operations == ["updated"]
