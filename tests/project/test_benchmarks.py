"""The benchmarks: what they reckon and write, without the peers and without a look at the clock."""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import goals, report
from benchmarks.account import Bill, serving
from benchmarks.bounds import Plan, cheapest, limits_of
from benchmarks.cells import FORMS, PARTS, TOOLS, Cell, planned
from benchmarks.commands import command
from benchmarks.counting import delivered
from benchmarks.environments import requirements_of
from benchmarks.figures import digest, figures
from benchmarks.measuring import last_words, run
from benchmarks.results import Results
from benchmarks.shapes import idle_lists, sales_list, selecting
from benchmarks.tables import NAMES
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.conftest import ROOT

HERE = ROOT / "benchmarks"


def cell(registers: int, latency: float = 0.0, bucket: float | None = None) -> Cell:
    return Cell("pace", "ours", "best", 100_000, registers, latency, 1.0, bucket)


def test_the_cheapest_plan_is_full_pages_with_lines_and_payments() -> None:
    assert cheapest(100_000) == Plan(1000, 1800.0)
    assert cheapest(99_901) == cheapest(100_000)
    assert cheapest(100_001).pages == 1001


@pytest.mark.parametrize(("registers", "limits", "seconds"), [(1, (90, 1), 1710), (4, (120, 2.5), 672)])
def test_the_least_time_is_what_the_bucket_allows(registers: int, limits: tuple[float, float], seconds: float) -> None:
    assert limits_of(cell(registers)) == limits
    assert cheapest(100_000).least_seconds(cell(registers)) == pytest.approx(seconds)


def test_the_least_time_is_what_the_latency_allows_if_that_is_longer() -> None:
    plan = cheapest(100_000)
    assert plan.least_seconds(cell(12, 1.0), connections=8) == pytest.approx(1600 / 6.5)
    assert plan.least_seconds(cell(12, 1.0), connections=4) == pytest.approx(250)
    assert plan.least_seconds(cell(12, 1.0), connections=0) == pytest.approx(1000)
    assert plan.bucket_seconds(cell(12, 1.0)) == pytest.approx(1600 / 6.5)


def test_a_bucket_that_holds_everything_takes_no_time() -> None:
    assert cheapest(2_500).least_seconds(cell(1)) == 0
    assert cheapest(2_500).least_seconds(cell(1, bucket=20)) == pytest.approx(25)
    assert cheapest(2_500).least_seconds(cell(0)) == 0


@pytest.mark.parametrize("quick", [True, False])
def test_no_two_cells_have_one_key(*, quick: bool) -> None:
    cells = planned(quick=quick)
    assert len({each.key for each in cells}) == len(cells)


def test_every_tool_is_measured_in_both_forms_under_all_limits() -> None:
    paced = [each for each in planned(quick=False) if each.part == "pace"]
    assert {(each.tool, each.form) for each in paced} == {(tool, form) for tool in TOOLS for form in FORMS}
    assert len(paced) == 3 * 3 * len(TOOLS) * len(FORMS)
    assert {each.part for each in planned(quick=False)} == set(PARTS)


@pytest.mark.parametrize("tool", [*TOOLS[1:], "plot"])
def test_every_package_of_a_peer_is_pinned(tool: str) -> None:
    lines = requirements_of(tool).read_text(encoding="utf-8").splitlines()
    assert lines
    assert all("==" in line for line in lines)


def measured(sales: int = 100_000, **changes: Any) -> dict[str, Any]:
    rows = {"sales": sales, "sale_lines": 2 * sales, "sale_payments": sales}
    return {
        "code": 0,
        "wall": 90.0,
        "reading": 86.0,
        "cpu": 4.0,
        "memory": 80_000_000,
        "connections": 2,
        "requests": 1002,
        "drips": 1802.8,
        "refused": 0,
        "there": rows,
        "delivered": rows,
        **changes,
    }


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Figures that nobody has measured."""
    found = Results(tmp_path / "results.json")
    for each in planned(quick=False):
        changes = {} if each.tool in ("ours", "bytes") else {"cpu": 9.0, "drips": 2000.0, "refused": 3}
        found.note(each, measured(each.sales, **changes), f"{each.tool} 1.0")
    found.machine = {"cores": 2, "system": "linux", "python": "3.11.7"}
    return found


def test_results_are_kept_cell_by_cell_and_read_again(results: Results) -> None:
    again = Results.read(results.path)
    first = planned(quick=False)[0]
    assert again.cells == results.cells
    assert again.measured(first) == {**first.fields(), **measured(first.sales)}
    assert again.measured(Cell("cpu", "ours", "best", 7)) is None
    again.keep([first])
    assert list(again.cells) == [first.key]


def test_the_page_follows_from_the_results_alone(results: Results) -> None:
    page = report.page(results)
    assert report.page(Results.read(results.path)).splitlines()[8:] == page.splitlines()[8:]
    assert "| this tap, as well as one can | 1 | 0.3 s | 100,000 | 1,002 | 1,802.8 | 1.00 | 0 | 2 | 20 times |" in page
    assert "| dlt, as documented |" in page
    assert all(name in page for name in NAMES.values())
    assert "tap 1.0" not in page.partition("## ")[2]


def test_the_goals_are_judged_by_the_worst_run(results: Results) -> None:
    reached = {goal.name: goal for goal in goals.goals(results)}
    assert reached["refusals"].is_met
    assert reached["CPU a row, of dlt with the same relations"].measured == pytest.approx(4 / 9)
    hard = Cell("pace", "ours", "best", 100_000, 1, 1.0, 20.0)
    results.note(hard, measured(refused=1, reading=100.0), "ours 1.0")
    reached = {goal.name: goal for goal in goals.goals(results)}
    assert (reached["refusals"].measured, reached["refusals"].is_met) == (1, False)
    assert reached["times the least time, 1 register"].measured == pytest.approx(2000 / 1710)


def test_a_failure_is_said(results: Results) -> None:
    results.note(Cell("cpu", "dlt", "best", 25_000), measured(25_000, code=1, failure="It broke."), "dlt 1.0")
    assert "| dlt, as well as one can (failed with exit code 1) |" in report.page(results)
    assert not any(
        row["reader"] == "dlt" and row["form"].startswith("as well") and row["sales"] == 25_000
        for row in figures(results)["processor"]
    )


def test_without_results_there_is_a_page_all_the_same(tmp_path: Path) -> None:
    assert "not measured" in report.page(Results.read(tmp_path / "results.json"))


def test_the_committed_page_says_what_was_measured() -> None:
    kept = Results.read(HERE / "results.json")
    assert kept.cells
    assert (HERE / "RESULTS.md").read_text(encoding="utf-8") == report.page(kept)


def test_the_committed_picture_is_valid_and_shows_what_was_measured() -> None:
    text = (HERE / "results.svg").read_text(encoding="utf-8")
    # The file is this repository's own.
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
    assert f"<!-- {digest(Results.read(HERE / 'results.json'))} -->" in text
    assert "prefers-color-scheme:dark" in text


def test_peers_are_told_the_form_that_the_api_sends() -> None:
    best, documented = sales_list("best"), sales_list("documented")
    lines = best["schema"]["properties"]["SaleLines"]["properties"]["SaleLine"]
    assert lines["type"] == ["array", "null"]
    assert lines["items"]["properties"]["unitPrice"] == {"type": ["number", "null"]}
    assert best["relations"] == ["SaleLines", "SalePayments"]
    assert "Customer" not in best["schema"]["properties"]
    assert documented["relations"] == "all"
    assert "Contact" in documented["schema"]["properties"]["Customer"]["properties"]


def test_the_twelve_streams_are_the_largest_with_a_sorted_stamp() -> None:
    chosen = [each.api.stream for each in idle_lists({"sales": 9, "items": 8, "inventory_logs": 99})]
    assert (len(chosen), chosen[:2]) == (12, ["sales", "items"])


def test_a_catalog_is_marked_by_stream_and_property() -> None:
    marks = [{"breadcrumb": crumb, "metadata": {"selected": True}} for crumb in ([], ["properties", "note"])]
    catalog = {"streams": [{"tap_stream_id": name, "metadata": json.loads(json.dumps(marks))} for name in "ab"]}
    chosen = selecting(catalog, ["a"], [("a", "note")])["streams"]
    found = [[mark["metadata"]["selected"] for mark in entry["metadata"]] for entry in chosen]
    assert found == [[True, False], [False, True]]


OUTPUTS = {
    "ours": '{"type":"SCHEMA","stream":"sales"}\n{"type":"RECORD","stream":"sales","record":{"saleID":1}}\n'
    '{"type":"RECORD","stream":"sale_lines","record":{}}\n{"type":"RECORD","stream":"sale_payments","record":{}}\n'
    '{"type":"RECORD","stream":"sale_lines","record":{}}\n{"type":"STATE","value":{}}\n',
    "singer": '{"type":"SCHEMA","schema":{"saleLineID":{}}}\n{"type":"RECORD","record":{"SaleLines":[{"saleLineID":1,'
    '"parentSaleLineID":0},{"saleLineID":2}],"SalePayments":[{"salePaymentID":1}]}}\n',
    "airbyte": '{"type":"LOG"}\n{"type":"RECORD","record":{"data":{"SaleLines":[{"saleLineID":1},{"saleLineID":2}],'
    '"SalePayments":[{"salePaymentID":1}]}}}\n',
    "dlt": '{"sales": 1, "sales__sale_lines__sale_line": 2, "sales__sale_payments__sale_payment": 1, "other": 5}',
}


@pytest.mark.parametrize("tool", TOOLS)
def test_rows_are_counted_in_the_form_of_each_tool(tool: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text(OUTPUTS[tool], encoding="utf-8")
    assert delivered(tool, tmp_path / "out") == {"sales": 1, "sale_lines": 2, "sale_payments": 1}


@pytest.fixture
def common() -> ModuleType:
    """What the peers share; a script, not a module of a package."""
    spec = importlib.util.spec_from_file_location("common", HERE / "peers" / "common.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_converters_of_the_peers_agree(common: ModuleType) -> None:
    schema = sales_list("best")["schema"]
    line = {"saleLineID": "7", "unitPrice": "1.10", "tax": "true", "timeStamp": ""}
    for lines in ([line, line], line):
        row = {"saleID": "1", "total": "2.20", "archived": "false", "SaleLines": {"SaleLine": lines}, "MetaData": ""}
        plain, compiled = common.typed(row, schema), common.compiled(schema)(row)
        assert plain == compiled
        assert str(plain["SaleLines"]["SaleLine"][0]["unitPrice"]) == "1.10"
        assert (plain["archived"], plain["MetaData"]) == (False, None)


def test_a_process_is_measured_without_the_memory_of_its_parent(tmp_path: Path) -> None:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    spent = run([sys.executable, "-I", "-S", "-c", "import sys; sys.exit(3)"], tmp_path, None)
    assert (spent.code, spent.connections) == (3, 0)
    assert 0 < spent.memory < own


def test_last_words_name_no_folder_and_no_address(tmp_path: Path) -> None:
    (tmp_path / "err").write_text("first\nNo /usr/lib/thing at http://127.0.0.1:1/x\n", encoding="utf-8")
    assert last_words(tmp_path) == "No ... at ..."


def test_a_reader_of_bytes_asks_for_every_page_once(tmp_path: Path) -> None:
    data = tmp_path / "account.db"
    Sandbox(Config(days=10, sales_per_day=40, data=data)).store.commit()
    asked = Cell("ceiling", "bytes", "1 connection", 400)
    with serving(data, asked) as account:
        started = command(asked, account, tmp_path)
        account.forget()
        spent = run(started, tmp_path, account)
        bill, sales = Bill.of(account.requests()), account.state()["rows"]["sales"]
    assert spent.code == 0, (tmp_path / "err").read_text(encoding="utf-8")
    pages = cheapest(sales).pages
    # One more for the highest key.
    assert bill == Bill(pages + 1, round(1.8 * pages + 1, 2), 0)
