"""The demo, as somebody who tries the project runs it: twice, and its report says what the sandbox's tables say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox import warehouse
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.conftest import ROOT
from tests.report.reading import Report

IS_FULL = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"
SIZE = [] if IS_FULL else ["--days", "40", "--sales-per-day", "12"]
RUNS = 2
NOTHING = Decimal(0)

Figures = dict[str, Decimal]


class Demo:
    """A copy of the project in which the demo was run, and what came of it.

    Args:
        folder: The project.
    """

    def __init__(self, folder: Path) -> None:
        """Run it, again after a day, and read the report."""
        self.folder = folder
        self.said = [self._run() for _ in range(RUNS)]
        address = re.search(r"file://\S+", self.said[-1])
        assert address is not None, self.said[-1][-2000:]
        self.page = Path(unquote(urlsplit(address[0]).path))
        self.report = Report(self.page.read_text(encoding="utf-8"))
        with Sandbox(Config(data=folder / ".demo" / "sandbox.sqlite")) as sandbox:
            self.rows = {name: sandbox.rows(Resource.named(name)) for name in ("Shop", "Sale", "SaleLine", "Item")}

    def _run(self) -> str:
        command = [str(Path(sys.executable).with_name("lightspeed-sandbox")), "demo", *SIZE]
        done = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def table(self, pattern: str) -> list[list[str]]:
        """The rows of the table with such a caption, without its heading."""
        (found,) = [rows for caption, rows in self.report.tables.items() if re.fullmatch(pattern, caption.strip())]
        return [[" ".join(cell.split()) for cell in row] for row in found[1:]]

    @property
    def sales(self) -> list[dict[str, Any]]:
        """Completed tickets of the days that the report is about: those up to the last one with sales."""
        found = [sale for sale in self.rows["Sale"] if sale["completed"] and not sale["voided"]]
        days = [self._day(sale) for sale in found]
        return [sale for sale, day in zip(found, days, strict=True) if (max(days) - day).days < 365]

    def _day(self, sale: dict[str, Any]) -> Any:
        (zone,) = [shop["timeZone"] for shop in self.rows["Shop"] if shop["shopID"] == sale["shopID"]]
        return datetime.fromisoformat(sale["completeTime"]).astimezone(ZoneInfo(zone)).date()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo in a project of its own, whose path has a space."""
    folder = tmp_path_factory.mktemp("demo") / "a project"
    folder.mkdir()
    shutil.copy(ROOT / "meltano.yml", folder)
    shutil.copytree(ROOT / "transform", folder / "transform", ignore=shutil.ignore_patterns("target", "logs"))
    yield Demo(folder)
    warehouse.delete(folder / ".demo" / "demo-warehouse")


def test_rows_of_sandbox_and_warehouse_are_the_same(demo: Demo) -> None:
    assert [said.count("The same rows in sandbox and warehouse: ") for said in demo.said] == [1] * RUNS
    assert demo.page == demo.folder / ".demo" / "report.html"


def test_takings_of_each_shop_are_those_of_its_tickets(demo: Demo) -> None:
    names = {shop["shopID"]: shop["name"] for shop in demo.rows["Shop"]}
    wanted: dict[str, Figures] = defaultdict(lambda: defaultdict(Decimal))
    for sale in demo.sales:
        for name, value in _figures(sale).items():
            wanted[names[sale["shopID"]]][name] += value
            wanted["Together"][name] += value
    found = {row[0]: dict(zip(_FIGURES, map(_number, row[1:]), strict=False)) for row in demo.table("Shops, .*")}
    assert found == {shop: {name: round(figures[name], 2) for name in _FIGURES} for shop, figures in wanted.items()}


def test_best_sellers_are_those_of_its_lines(demo: Demo) -> None:
    counted = {sale["saleID"] for sale in demo.sales}
    texts = {item["itemID"]: item["description"] for item in demo.rows["Item"]}
    net: Figures = defaultdict(Decimal)
    units: Figures = defaultdict(Decimal)
    for line in demo.rows["SaleLine"]:
        if line["saleID"] in counted and line["itemID"]:
            net[line["itemID"]] += line["calcSubtotal"] - line["calcLineDiscount"] - line["calcTransactionDiscount"]
            units[line["itemID"]] += line["unitQuantity"]
    best = sorted(net, key=lambda item: net[item], reverse=True)
    found = demo.table("Items by net takings")[: len(best)]
    wanted = [[texts[item], units[item], round(net[item], 2)] for item in best[: len(found)]]
    assert len(found) == 12
    assert [[row[0], _number(row[3]), _number(row[4])] for row in found] == wanted


def test_the_pipelines_page_tells_of_both_runs(demo: Demo) -> None:
    bills = (demo.folder / ".demo" / "bills.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(bills) == RUNS
    rows = {row[0]: _number(row[1]) for row in demo.table("Rows and freshness by stream")}
    wanted = {Resource.named(name).api.stream: len(found) for name, found in demo.rows.items()}
    assert {stream: rows[stream] for stream in wanted} == wanted


_FIGURES = ("sales", "net", "tax", "total", "discounts", "refunded")


def _figures(sale: dict[str, Any]) -> Figures:
    """What a ticket brings, by the report's columns."""
    net = sale["calcSubtotal"] - sale["calcDiscount"]
    gives_back = (sale["calcTotal"] or sale["calcSubtotal"]) < 0
    return {
        "sales": Decimal(not gives_back),
        "net": net,
        "tax": sale["calcTax1"] + sale["calcTax2"],
        "total": sale["calcTotal"],
        "discounts": sale["calcDiscount"],
        "refunded": net if gives_back else NOTHING,
    }


def _number(text: str) -> Decimal:
    """An amount as the report writes it."""
    figure = re.sub(r"[^0-9.]", "", text)
    return Decimal(figure or 0) * (-1 if text.startswith(("-", "\N{MINUS SIGN}")) else 1)
