"""What the target may do: modes, a dry run, matching, guards, and what a bad record does to the others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.sandbox.writes import written
from tests.targeting import Done, messages, rows, run

OLD, GONE = "2020-01-01T00:00:00+00:00", "2024-01-01T00:00:00+00:00"
POST, PUT, DELETE = "POST /Item.json", "PUT /Item/{}.json", "DELETE /Item/{}.json"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api.of(sandbox)


@pytest.fixture
def tee(api: Api) -> Record:
    """An item that is there before."""
    return written(api, "POST", "/Item.json", {"description": "Tee", "customSku": "TEE", "defaultCost": "4.5"})


def item(sku: str, **more: Any) -> Record:
    """A record of an item."""
    return {"customSku": sku, "description": f"Item {sku}", **more}


def send(
    sandbox: Sandbox, folder: Path, stream: str, *records: Record, key: str = "customSku", **settings: Any
) -> Done:
    """Send records and see that the run ends well."""
    done = run(sandbox, messages(stream, records, key), folder, **settings)
    assert done.code == 0, done.errors[-3000:]
    return done


def skus(sandbox: Sandbox, **values: Any) -> set[str]:
    """The items that are there."""
    return {row["customSku"] for row in rows(sandbox, "Item", **values)}


@pytest.mark.parametrize(
    ("mode", "operations", "description", "archived"),
    [
        ("upsert", ["updated", "created"], "Item TEE", False),
        ("create", ["unchanged", "created"], "Tee", False),
        ("update", ["updated", "rejected"], "Item TEE", False),
        ("archive", ["archived", "unchanged"], "Tee", True),
    ],
)
def test_a_mode_says_what_becomes_of_rows_that_are_there_and_of_others(
    sandbox: Sandbox, tmp_path: Path, tee: Record, mode: str, operations: list[str], description: str, *, archived: bool
) -> None:
    done = send(sandbox, tmp_path, "items", item("TEE"), item("MUG"), mode={"items": mode})
    assert done.operations == operations
    (row,) = rows(sandbox, "Item", customSku="TEE")
    assert (row["itemID"], row["description"], row["archived"]) == (int(tee["itemID"]), description, archived)
    assert skus(sandbox) == {"TEE", "MUG"} if "created" in operations else {"TEE"}


def test_a_mode_is_that_of_its_stream_alone(sandbox: Sandbox, tmp_path: Path, tee: Record) -> None:
    said = [*messages("vendors", [{"name": "Mill"}], "name"), *messages("items", [item("TEE")], "customSku")]
    done = run(sandbox, said, tmp_path, mode={"items": "create"})
    assert {each["stream"]: each["operation"] for each in done.outcomes} == {"vendors": "created", "items": "unchanged"}
    assert done.writes == ["POST /Vendor.json"]


@pytest.mark.parametrize("mode", ["upsert", "create", "update", "archive"])
def test_what_is_gone_at_its_source_is_archived_in_every_mode(
    sandbox: Sandbox, tmp_path: Path, tee: Record, mode: str
) -> None:
    gone = [item("TEE", _sdc_deleted_at=GONE), item("NONE", _sdc_deleted_at=GONE)]
    done = send(sandbox, tmp_path, "items", *gone, mode={"items": mode})
    assert done.operations == ["archived", "unchanged"]
    assert (done.writes, skus(sandbox, archived=True)) == ([DELETE], {"TEE"})
    assert send(sandbox, tmp_path, "items", *gone, mode={"items": mode}).writes == []


def test_a_record_that_comes_back_brings_its_row_back(sandbox: Sandbox, tmp_path: Path, tee: Record) -> None:
    send(sandbox, tmp_path, "items", item("TEE", _sdc_deleted_at=GONE))
    done = send(sandbox, tmp_path, "items", item("TEE", archived=False))
    assert (done.operations, skus(sandbox, archived=False)) == (["updated"], {"TEE"})


def test_a_dry_run_only_asks_and_says_field_by_field_what_would_change(
    sandbox: Sandbox, tmp_path: Path, tee: Record
) -> None:
    records = [item("TEE", defaultCost="5"), item("MUG"), item("OLD", _sdc_deleted_at=GONE)]
    done = send(sandbox, tmp_path, "items", *records, dry_run=True)
    assert {asked["method"] for asked in done.requests} == {"GET"}
    assert done.states == []
    assert done.operations == ["updated", "created", "unchanged"]
    assert all(outcome["dry_run"] for outcome in done.outcomes)
    changed = done.outcomes[0]["changed"]
    assert changed.keys() == {"description", "defaultCost"}
    assert changed["description"] == ["Tee", "Item TEE"]
    assert [Decimal(value) for value in changed["defaultCost"]] == [Decimal("4.5"), Decimal(5)]
    real = send(sandbox, tmp_path, "items", *records)
    assert (real.operations, real.writes) == (["updated", "created", "unchanged"], [PUT, POST])


def test_several_rows_that_a_record_may_mean_are_named_and_left_alone(
    sandbox: Sandbox, tmp_path: Path, api: Api
) -> None:
    twins = [written(api, "POST", "/Item.json", {"description": f"Twin {n}", "customSku": "TWIN"}) for n in (1, 2)]
    done = send(sandbox, tmp_path, "items", item("TWIN"), item("MUG"))
    assert done.operations == ["rejected", "created"]
    assert all(twin["itemID"] in done.reasons[0] for twin in twins)
    assert {row["description"] for row in rows(sandbox, "Item", customSku="TWIN")} == {"Twin 1", "Twin 2"}
    assert [message["record"]["customSku"] for message in done.rejects if message["type"] == "RECORD"] == ["TWIN"]


def test_match_keys_are_tried_in_the_order_of_the_settings(sandbox: Sandbox, tmp_path: Path, api: Api) -> None:
    by_sku = written(api, "POST", "/Item.json", {"description": "By SKU", "customSku": "A"})
    by_maker = written(api, "POST", "/Item.json", {"description": "By maker", "manufacturerSku": "M"})
    record = {"ref": 1, "customSku": "A", "manufacturerSku": "M"}
    for keys, meant in ((["customSku"], by_sku), (["manufacturerSku", "customSku"], by_maker)):
        (tmp_path / keys[0]).mkdir()
        done = send(sandbox, tmp_path / keys[0], "items", record, key="ref", dry_run=True, match_keys={"items": keys})
        assert done.ids == [int(meant["itemID"])]


def test_a_name_that_fits_nothing_rejects_the_record_unless_it_may_be_created(sandbox: Sandbox, tmp_path: Path) -> None:
    shirt = item("TEE", categoryID="Shirts", defaultVendorID="Mill")
    done = send(sandbox, tmp_path, "items", shirt, item("MUG"))
    assert sorted(done.operations) == ["created", "rejected"]
    assert skus(sandbox) == {"MUG"}
    assert any("'Shirts'" in reason or "'Mill'" in reason for reason in done.reasons)
    done = send(sandbox, tmp_path, "items", shirt, create_missing=["categories", "vendors"])
    (row,) = rows(sandbox, "Item", customSku="TEE")
    (category,), (vendor,) = rows(sandbox, "Category"), rows(sandbox, "Vendor")
    assert (category["name"], vendor["name"]) == ("Shirts", "Mill")
    assert (row["categoryID"], row["defaultVendorID"]) == (category["categoryID"], vendor["vendorID"])
    again = send(sandbox, tmp_path, "items", item("CAP", categoryID="shirts"), create_missing=["categories"])
    assert (again.operations, len(rows(sandbox, "Category"))) == (["created"], 1)


def test_a_child_may_come_before_its_parent(sandbox: Sandbox, tmp_path: Path) -> None:
    said = [
        *messages("items", [item("TEE", categoryID="Tees")], "customSku"),
        *messages("categories", [{"name": "Tees", "parentID": "Shirts"}, {"name": "Shirts", "parentID": 0}], "name"),
    ]
    done = run(sandbox, said, tmp_path)
    assert (done.code, sorted(done.operations)) == (0, ["created"] * 3), done.reasons
    known = {row["name"]: row for row in rows(sandbox, "Category")}
    assert known["Tees"]["parentID"] == known["Shirts"]["categoryID"]
    assert [row["categoryID"] for row in rows(sandbox, "Item")] == [known["Tees"]["categoryID"]]


BAD: list[tuple[Record, str]] = [
    ({"defaultCost": "cheap"}, "defaultCost is no money."),
    ({"modelYear": 19.5}, "modelYear is no integer."),
    ({"archived": "perhaps"}, "archived is no boolean."),
    ({"Prices": "[{"}, "Prices: the text is no JSON."),
    ({"accountID": "mine"}, "accountID is no number of an account."),
    ({"itemID": 999_999}, "999999"),
    ({"description": None}, "description"),
]


def test_a_bad_value_rejects_its_record_and_no_other(sandbox: Sandbox, tmp_path: Path) -> None:
    bad = {f"BAD {number}": values for number, (values, _) in enumerate(BAD)}
    records = [item("FIRST"), *(item(sku) | values for sku, values in bad.items()), item("LAST")]
    done = send(sandbox, tmp_path, "items", *records)
    assert skus(sandbox) == {"FIRST", "LAST"}
    assert sorted(done.operations) == ["created"] * 2 + ["rejected"] * len(BAD)
    reasons = [each["reason"] for each in done.outcomes if each["operation"] == "rejected"]
    assert [text for _, text in BAD if not any(text in reason for reason in reasons)] == []
    rejected = [message["record"] for message in done.rejects if message["type"] == "RECORD"]
    assert sorted(rejected, key=repr) == sorted(records[1:-1], key=repr)


def test_what_nobody_knows_is_left_out_and_said_once(sandbox: Sandbox, tmp_path: Path) -> None:
    records = [item(str(number), colour="red", key=number) for number in range(3)]
    done = send(sandbox, tmp_path, "items", *records, key="key")
    assert done.operations == ["created"] * 3
    assert done.errors.count("has no field colour: it is left out") == 1
    assert "has no field key" not in done.errors


def test_streams_that_are_only_read_or_unknown_stop_nobody(sandbox: Sandbox, tmp_path: Path) -> None:
    said = [
        *messages("inventory_logs", [{"inventoryLogID": 1}], "inventoryLogID"),
        *messages("gadgets", [{"gadget": 1}], "gadget"),
        *messages("items", [item("TEE")], "customSku"),
    ]
    done = run(sandbox, said, tmp_path)
    ended = {each["stream"]: each["operation"] for each in done.outcomes}
    assert (done.code, ended) == (0, {"gadgets": "rejected", "items": "created"})
    assert len([line for line in done.errors.splitlines() if "WARNING" in line and "inventory_logs" in line]) == 1


def test_a_record_older_than_its_row_is_rejected_unless_it_may_overwrite(
    sandbox: Sandbox, tmp_path: Path, tee: Record
) -> None:
    stale = item("TEE", itemID=tee["itemID"], timeStamp=OLD)
    done = send(sandbox, tmp_path, "items", stale, key="itemID")
    assert (done.operations, done.writes) == (["rejected"], [])
    assert "2020-01-01" in done.reasons[0]
    done = send(sandbox, tmp_path, "items", stale, key="itemID", on_conflict="overwrite")
    assert (done.operations, done.writes) == (["updated"], [PUT])


def test_an_old_record_that_says_what_is_there_anyway_is_unchanged(
    sandbox: Sandbox, tmp_path: Path, tee: Record
) -> None:
    same = {"itemID": tee["itemID"], "customSku": "TEE", "description": "Tee", "timeStamp": OLD}
    assert send(sandbox, tmp_path, "items", same, key="itemID").operations == ["unchanged"]


@pytest.mark.parametrize("write_stock", [False, True])
def test_stock_is_written_only_where_the_settings_say_so(
    sandbox: Sandbox, tmp_path: Path, *, write_stock: bool
) -> None:
    stocked = item("TEE", ItemShops=[{"shopID": "Alderhaven Flagship", "qoh": 7, "reorderPoint": 3}])
    for record in (stocked, stocked | {"ItemShops": [{"shopID": "Alderhaven Flagship", "qoh": 9, "reorderPoint": 4}]}):
        send(sandbox, tmp_path, "items", record, write_stock=write_stock)
        (shop,) = rows(sandbox, "ItemShop", shopID=1)
        (wanted,) = record["ItemShops"]
        assert shop["reorderPoint"] == wanted["reorderPoint"]
        assert shop["qoh"] == (wanted["qoh"] if write_stock else 0)


def test_consent_changes_only_where_the_record_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    def consent(**contact: Any) -> tuple[bool, bool, bool]:
        send(
            sandbox,
            tmp_path,
            "customers",
            {"firstName": "Ada", "Contact": {"custom": "A", **contact}, "ref": 1},
            key="ref",
        )
        (row,) = rows(sandbox, "Customer")
        found = row["Contact"]
        return found["noEmail"], found["noPhone"], found["noMail"]

    assert consent() == (True, True, True)
    assert consent(noEmail=False) == (False, True, True)
    assert consent(Emails=[{"address": "ada@example.com", "useType": "Primary"}]) == (False, True, True)
    assert consent(noMail=False, noEmail=True) == (True, True, False)


@pytest.mark.parametrize(
    ("limit", "records", "written_before"),
    [
        ({"max_changes": 2}, [item(str(number)) for number in range(5)], [POST, POST]),
        ({"max_archives": 0}, [item("TEE", _sdc_deleted_at=GONE)], []),
        ({"max_changes": 0}, [item("TEE", _sdc_deleted_at=GONE)], []),
    ],
)
def test_a_limit_of_changes_stops_the_run_before_it_is_passed(
    sandbox: Sandbox, tmp_path: Path, tee: Record, limit: Record, records: list[Record], written_before: list[str]
) -> None:
    done = run(sandbox, messages("items", records, "customSku"), tmp_path, **limit)
    assert done.code not in (0, None)
    assert done.writes == written_before
    assert "Traceback" not in done.errors
    assert next(iter(limit)) in done.errors
    assert done.states == []
    assert skus(sandbox, archived=True) == set()
    after = send(sandbox, tmp_path, "items", *records)
    assert after.operations.count("unchanged") == len(written_before)


@pytest.mark.parametrize(("limit", "good"), [("1", False), ("2", True), ("40%", True), ("39%", False)])
def test_too_many_rejects_end_the_run_with_an_error(
    sandbox: Sandbox, tmp_path: Path, limit: str, *, good: bool
) -> None:
    records = [item("A"), item("B", modelYear="x"), item("C"), item("D", modelYear="x"), item("E")]
    done = run(sandbox, messages("items", records, "customSku"), tmp_path, max_rejects=limit)
    assert (done.code == 0) is good
    assert ("max_rejects" in done.errors) is not good
    assert "Traceback" not in done.errors
    if good:
        assert skus(sandbox) == {"A", "C", "E"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": {"itms": "update"}}, "did you mean items?"),
        ({"mode": {"items": "sometimes"}}, "mode"),
        ({"match_keys": {"items": ["colour"]}}, "items has no field colour"),
        ({"create_missing": ["categorys"]}, "did you mean categories?"),
        ({"max_rejects": "many"}, "max_rejects"),
        ({"max_changes": -1}, "max_changes"),
        ({"on_conflict": "guess"}, "on_conflict"),
        ({"outcome_path": "/dev/null/outcome.jsonl"}, "outcome_path"),
        ({"ledger": "nosuch://here"}, "ledger"),
    ],
)
def test_a_mistake_in_the_settings_is_told_in_one_line_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path, settings: Record, said: str
) -> None:
    done = run(sandbox, messages("items", [item("TEE")], "customSku"), tmp_path, **settings)
    assert done.code not in (0, None)
    assert "Traceback" not in done.errors
    assert said in done.errors
    assert done.writes == []
    assert len([line for line in done.errors.splitlines() if said in line]) == 1
