"""What a run is said to cost beforehand, and what it then costs, by the sandbox's own count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from meltano.core.plugin.singer.catalog import MetadataExecutor, select_metadata_rules, visit

from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.serve import Sandbox
from tap_lightspeed_retail import meltano
from tests.retailer import asked, small_sandbox, small_store
from tests.tapping import Message, Tap, discovered, selecting

PLAN = [sys.executable, "-c", "from tap_lightspeed_retail.plan_cli import main; main()"]
SECRETS = ("client_secret", "refresh_token")


def run_plan(tap: Tap, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command with the settings of a tap."""
    path = tap.folder / "plan.json"
    path.write_text(json.dumps(tap.settings), encoding="utf-8")
    command = [*PLAN, "--config", str(path), *words]
    environment = os.environ | variables
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)


def planned(
    tap: Tap, *, catalog: Message | None = None, state: Message | None = None, offline: bool = False
) -> Message:
    """What it says for programs."""
    words = ["--json", *(["--offline"] if offline else [])]
    for name, content in (("catalog", catalog), ("state", state)):
        if content is not None:
            path = tap.folder / f"plan-{name}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            words += [f"--{name}", str(path)]
    done = run_plan(tap, *words)
    assert done.returncode == 0, done.stderr[-3000:]
    found: Message = json.loads(done.stdout)
    return found


def spent(sandbox: Sandbox) -> float:
    """Drips, as the sandbox counts them."""
    return float(sum(entry["cost"] for entry in sandbox.requests))


def walk_of(plan: Message, stream: str, kind: str) -> dict[str, Any]:
    """The walk of a plan that a stream leads."""
    (found,) = [walk for walk in plan["walks"] if walk["streams"][:1] == [stream] and walk["kind"] == kind]
    return dict(found)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=60, sales_per_day=30)) as running:
        yield running


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    sandbox.forget_requests()
    return Tap.over(sandbox, tmp_path)


def test_a_first_load_of_all_costs_what_the_plan_says(sandbox: Sandbox, tap: Tap) -> None:
    plan = planned(tap)
    assert plan["spent"] == spent(sandbox)
    assert [entry for entry in sandbox.requests if "count" in entry["query"]] == []
    sandbox.forget_requests()
    spoken = tap.run_well()
    assert plan["drips"] == pytest.approx(spent(sandbox), rel=0.03)
    assert plan["requests"] == pytest.approx(len(sandbox.requests), rel=0.03)
    assert (plan["basis"], plan["unknown"]) == ("about", [])
    sales = walk_of(plan, "sales", "first load")
    assert sales["streams"] == ["sales", "sale_lines", "sale_payments"]
    assert sales["rows"] == pytest.approx(len(spoken.records("sales")), rel=0.05)
    assert sales["price"] == 2.0


def test_keys_that_begin_high_are_not_taken_for_rows(sandbox: Sandbox, tap: Tap) -> None:
    plan = planned(tap, catalog=selecting("catalog_vendor_items"))
    assert walk_of(plan, "catalog_vendor_items", "first load")["requests"] <= 2


def test_a_later_run_costs_what_the_plan_says(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=30, sales_per_day=12)) as sandbox:
        tap = Tap.over(sandbox, tmp_path)
        first = tap.run_well()
        sandbox.advance(days=1)
        sandbox.forget_requests()
        plan = planned(tap, state=first.state)
        assert plan["spent"] < 30
        sandbox.forget_requests()
        tap.run_well(state=first.state)
        assert plan["drips"] <= spent(sandbox) <= plan["drips"] * 1.1
    assert (plan["basis"], plan["unknown"]) == ("about", [])
    assert walk_of(plan, "sales", "changes")["basis"] == "at least"
    assert walk_of(plan, "sale_lines", "changes without the parent")["requests"] == 1
    assert walk_of(plan, "inventory_logs", "new rows")["requests"] == 1


def test_what_a_run_has_brought_tells_the_size_of_the_next(tmp_path: Path) -> None:
    catalog = selecting("sales", "sale_lines", "sale_payments", "payment_types", "inventory_logs")
    with small_sandbox(small_store(days=20, sales_per_day=12)) as sandbox:
        tap = Tap.over(sandbox, tmp_path)
        first = tap.run_well(catalog=catalog)
        assert first.state["bookmarks"]["payment_types"]["rows"] == len(first.records("payment_types"))
        sandbox.advance(days=10)
        second = tap.run_well(catalog=catalog, state=first.state)
        sandbox.advance(days=20)
        plan = planned(tap, catalog=catalog, state=second.state)
        sandbox.forget_requests()
        third = tap.run_well(catalog=catalog, state=second.state)
        assert plan["drips"] == pytest.approx(spent(sandbox), rel=0.25)
    assert walk_of(plan, "payment_types", "whole list")["basis"] == "known"
    logs = walk_of(plan, "inventory_logs", "new rows")
    assert logs["basis"] == "a guess"
    assert logs["rows"] == pytest.approx(len(third.records("inventory_logs")), rel=0.4)


def test_a_part_that_is_left_of_a_first_load_is_told(sandbox: Sandbox, tap: Tap) -> None:
    catalog = selecting("sales")
    every = planned(tap, catalog=catalog)
    half = sorted(row["saleID"] for row in sandbox.rows(Sale))[len(sandbox.rows(Sale)) // 2]
    entry = {"first_load": {"began": "2024-06-15T00:00:00+00:00", "key": half, "clock": None, "rows": 1}}
    rest = planned(tap, catalog=catalog, state={"bookmarks": {"sales": entry}})
    whole, left = (walk_of(each, "sales", "first load")["requests"] for each in (every, rest))
    assert left == pytest.approx(whole / 2, abs=1)


def test_a_start_date_makes_it_less(sandbox: Sandbox, tap: Tap) -> None:
    tap.settings["start_date"] = "2024-06-08T00:00:00Z"
    plan = planned(tap, catalog=selecting("sales"))
    sandbox.forget_requests()
    tap.run_well(catalog=selecting("sales"))
    assert plan["drips"] == pytest.approx(spent(sandbox), abs=2.5)


def test_rows_by_parent_cost_a_request_for_each(sandbox: Sandbox, tap: Tap) -> None:
    catalog = selecting("inventory_transfer_items")
    plan = planned(tap, catalog=catalog)
    sandbox.forget_requests()
    tap.run_well(catalog=catalog)
    assert plan["drips"] == pytest.approx(spent(sandbox), rel=0.05)


def test_the_check_for_vanished_rows_is_counted(sandbox: Sandbox, tap: Tap) -> None:
    tap.settings["vanished_check_days"] = 7
    catalog = selecting("customers", "categories")
    plan = planned(tap, catalog=catalog)
    sandbox.forget_requests()
    tap.run_well(catalog=catalog)
    assert plan["drips"] == pytest.approx(spent(sandbox), abs=0.5)
    assert walk_of(plan, "customers", "check for vanished rows")["price"] == 1.0


def test_offline_nothing_is_asked(sandbox: Sandbox, tap: Tap) -> None:
    plan = planned(tap, offline=True)
    assert sandbox.requests == []
    assert (plan["spent"], plan["basis"]) == (0.0, "at least")
    assert walk_of(plan, "sales", "first load")["price"] == 2.0


def test_a_list_that_may_not_be_read_does_not_stop_the_plan(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=5), deny=["customers"]) as sandbox:
        plan = planned(Tap.over(sandbox, tmp_path), catalog=selecting("customers", "shops"))
        assert asked(sandbox, Customer) != []
    assert walk_of(plan, "customers", "first load")["requests"] == 1


def test_people_get_a_table_the_sum_the_scopes_and_the_price_of_the_plan(sandbox: Sandbox, tap: Tap) -> None:
    path = tap.folder / "catalog.json"
    path.write_text(json.dumps(selecting("sales", "sale_lines", "shops")), encoding="utf-8")
    done = run_plan(tap, "--catalog", str(path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert [line for line in done.stdout.splitlines() if line.startswith("sales, sale_lines") and "first load" in line]
    for words in ("In all about", "The bucket holds", "employee:register_read", "This plan itself took"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines()[:8])) <= 120


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_secret": "wrong5ecret"}, "client_secret"),
        ({"refresh_token": "wrong5ecret"}, "connect the account again"),
        ({"max_drips": 0}, "max_drips must be at least 1"),
        ({"filters": {"sales": {"nope": "1"}}}, "nope"),
    ],
)
def test_a_mistake_is_one_line_without_a_secret(tap: Tap, change: dict[str, Any], words: str) -> None:
    tap.settings |= change
    done = run_plan(tap)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert words in done.stderr
    assert "wrong5ecret" not in done.stderr
    assert not [name for name in SECRETS if str(tap.settings[name]) in done.stderr]


def test_the_state_may_be_what_meltano_prints(sandbox: Sandbox, tap: Tap) -> None:
    catalog = selecting("shops")
    state = tap.run_well(catalog=catalog).state
    plan = planned(tap, catalog=catalog, state={"completed": {"singer_state": state}, "singer_state": state})
    assert walk_of(plan, "shops", "changes")["requests"] == 1


def test_a_command_of_meltano_reads_its_selection(sandbox: Sandbox, tap: Tap) -> None:
    done = run_plan(tap, "--json", TAP_LIGHTSPEED_RETAIL__SELECT='["shops.*", "sales.*", "!sales.SaleNotes"]')
    plan = json.loads(done.stdout)
    assert {name for walk in plan["walks"] for name in walk["streams"]} == {"shops", "sales"}
    assert walk_of(plan, "sales", "first load")["price"] > 1.2


@pytest.mark.parametrize(
    "patterns",
    [
        ["*.*"],
        ["*.*", "!sales.*", "!*.Note"],
        ["sales.saleID", "sale_*", "!sale_payments"],
        ["customers.Contact.Emails", "!customers.Contact.Phones", "items"],
        ["!sales", "sales.*"],
    ],
)
def test_patterns_mean_what_they_mean_to_meltano(patterns: list[str]) -> None:
    theirs = json.loads(json.dumps(discovered()))
    visit(theirs, MetadataExecutor([*select_metadata_rules(["!*.*"]), *select_metadata_rules(patterns)]))
    ours = meltano.select(json.loads(json.dumps(discovered())), patterns)
    assert _marks(ours) == _marks(theirs)


def _marks(catalog: Message) -> dict[tuple[str, ...], object]:
    return {
        (entry["tap_stream_id"], *mark["breadcrumb"]): mark["metadata"].get("selected")
        for entry in catalog["streams"]
        for mark in entry["metadata"]
    }
