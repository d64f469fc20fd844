"""The file of bills: a line for each run, however it ends, for nobody else to read."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox, small_store
from tests.tap.running import Runs
from tests.tapping import Tap, is_refused_in_a_line, selecting


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=20)) as running:
        yield running


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    sandbox.forget_requests()
    return Tap.over(sandbox, tmp_path, bill_path=str(tmp_path / "bills" / "bills.jsonl"))


def bills(tap: Tap) -> list[dict[str, Any]]:
    lines = Path(tap.settings["bill_path"]).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_run_leaves_a_line_with_its_rows_and_what_they_cost(sandbox: Sandbox, tap: Tap) -> None:
    before = datetime.now(UTC)
    catalog = selecting("sales", "shops", "payment_types")
    spoken = tap.run_well(catalog=catalog)
    (bill,) = bills(tap)
    assert bill["account_id"] == int(sandbox.account)
    assert bill["streams"] == {name: len(spoken.records(name)) for name in ("payment_types", "sales", "shops")}
    assert bill["rows"] == len(spoken.of("RECORD"))
    assert bill["drips"] == pytest.approx(sum(entry["cost"] for entry in sandbox.requests))
    assert bill["requests"] == len(sandbox.requests)
    assert (bill["refused"], bill["exit_code"], bill["ended_early"]) == (0, 0, None)
    assert bill["skipped"] == bill["failed"] == []
    began, ended = (datetime.fromisoformat(bill[name]) for name in ("began", "ended"))
    assert before <= began < ended <= datetime.now(UTC)
    tap.run_well(catalog=catalog, state=spoken.state)
    first, second = bills(tap)
    assert first == bill
    assert second["run_id"] != first["run_id"]
    assert second["rows"] < first["rows"]


def test_nobody_else_can_read_it(tap: Tap) -> None:
    tap.run_well(catalog=selecting("shops"))
    assert Path(tap.settings["bill_path"]).stat().st_mode & 0o777 == 0o600


def test_without_the_setting_there_is_no_file(tap: Tap) -> None:
    path = Path(tap.settings.pop("bill_path"))
    tap.run_well(catalog=selecting("shops"))
    assert not path.parent.exists()


def test_a_limit_is_told(tap: Tap) -> None:
    tap.settings["max_drips"] = 3
    tap.run_well(catalog=selecting("sales", "sale_lines", "inventory_logs"))
    (bill,) = bills(tap)
    assert bill["exit_code"] == 0
    assert "The limit of 3 drips" in bill["ended_early"]


def test_a_run_that_is_stopped_leaves_its_line_too(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=20), latency=0.2) as slow:
        tap = Tap.over(slow, tmp_path, bill_path=str(tmp_path / "bills.jsonl"))
        spoken = tap.stop_midway(
            lambda process: process.send_signal(signal.SIGTERM),
            lambda message: message["type"] == "RECORD",
            catalog=selecting("sales", "sale_lines", "inventory_logs"),
        )
    (bill,) = bills(tap)
    assert spoken.code == bill["exit_code"] == 128 + signal.SIGTERM
    assert bill["rows"] > 0


def test_a_run_that_never_reached_the_account_says_why(sandbox: Sandbox, tap: Tap) -> None:
    tap.settings |= {"refresh_token": "long-gone", "account_id": sandbox.account}
    assert tap.run(catalog=selecting("shops")).code == 1
    (bill,) = bills(tap)
    assert (bill["account_id"], bill["rows"], bill["exit_code"]) == (int(sandbox.account), 0, 1)
    assert bill["reason"]["kind"] == "credentials"
    assert "long-gone" not in json.dumps(bill)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("500:1:GET:/Shop", "outage"), ("429:1:GET:/Shop", "limit"), ("400-json:1:GET:/Shop", "refused")],
)
def test_a_failure_is_told_by_a_word_and_a_line(fault: str, kind: str, tmp_path: Path) -> None:
    with small_sandbox(small_store(days=3)) as failing:
        failing.inject([fault])
        runs = Runs(failing, tmp_path, bill_path=str(tmp_path / "bills.jsonl"))
        spoken = runs.run(catalog=selecting("shops", "employees"))
    line = json.loads((tmp_path / "bills.jsonl").read_text(encoding="utf-8"))
    assert spoken.code == line["exit_code"] == 1
    assert line["reason"]["kind"] == kind
    assert line["reason"]["text"] in spoken.stderr


def test_a_missing_right_is_a_reason_where_it_is_to_fail(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=3), deny=["shops"]) as closed:
        tap = Tap.over(closed, tmp_path, bill_path=str(tmp_path / "bills.jsonl"), on_missing_rights="fail")
        assert tap.run(catalog=selecting("shops", "employees")).code == 1
    (bill,) = bills(tap)
    assert bill["skipped"] == ["shops"]
    assert bill["reason"] == {
        "kind": "rights",
        "text": "Streams skipped for want of rights: shops. All others were read.",
    }


def test_a_wrong_path_is_told_before_anything_is_read(sandbox: Sandbox, tap: Tap, tmp_path: Path) -> None:
    tap.settings["bill_path"] = str(tmp_path)
    spoken = tap.run(catalog=selecting("sales"))
    is_refused_in_a_line(spoken, "bill_path")
    assert not [entry for entry in sandbox.requests if "Sale" in entry["path"]]
