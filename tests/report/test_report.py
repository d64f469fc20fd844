"""The report as a command, and the figures in it, added up here once more."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.report.making import Order, report, write
from lightspeed_retail.report.pipeline import Files
from lightspeed_retail.report.warehouse import opened
from lightspeed_retail.report.words import NOTHING
from tests.report.marts import ACCOUNT, LAST, Retailer, bill, fill
from tests.report.reading import Report

COMMAND = [sys.executable, "-c", "from lightspeed_retail.cli import main; main()", "report"]
YEAR = LAST - timedelta(days=364)
HEAVY = ("altair", "great_tables", "jinja2", "polars", "vl_convert", "sqlalchemy")


def order(dsn: str, **more: Any) -> Order:
    return Order(database=dsn, schema="marts", raw_schema="marts_raw", last=LAST, **more)


def made(dsn: str, **more: Any) -> Report:
    return Report(report(order(dsn, **more)))


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, env=environment, timeout=120
    )


@pytest.fixture(scope="module")
def retailer(dsn: str) -> Retailer:
    """Three shops with a year and a half of sales, in the warehouse."""
    made_up = Retailer()
    fill(dsn, "marts", made_up)
    return made_up


@pytest.fixture(scope="module")
def page(dsn: str, retailer: Retailer) -> Report:
    """The report on them."""
    assert retailer.days == 500
    return made(dsn)


def amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text.replace("\N{MINUS SIGN}", "-")))


def test_the_tiles_are_the_sums_of_the_year(retailer: Retailer, page: Report) -> None:
    rows = [row for row in retailer.tables["fct_sales"] if YEAR <= row[6] <= LAST]
    net = retailer.net(YEAR, LAST)
    assert amount(page.tiles["Net takings"]) == round(net)
    assert amount(page.tiles["Sales"]) == len(rows)
    assert amount(page.tiles["Average sale"]) == round(net / len(rows), 2)
    assert amount(page.tiles["Paid back"]) == round(abs(sum(row[9] for row in rows if row[5])))


def test_each_shop_has_a_row_and_all_of_them_together(retailer: Retailer, page: Report) -> None:
    heading, *shops, total = page.tables["Shops, 21 Nov 2025 to 20 Nov 2026"]
    column = heading.index("Net")
    rows = [row for row in retailer.tables["rpt_sales_by_shop_day"] if row[3] >= YEAR]
    sums = {name: sum(row[10] for row in rows if row[2] == name) for name in retailer.shops}
    assert {shop[0]: amount(shop[column]) for shop in shops} == sums
    assert [amount(shop[column]) for shop in shops] == sorted(sums.values(), reverse=True)
    assert (total[0], amount(total[column])) == ("Together", retailer.net(YEAR, LAST))


def test_this_year_is_compared_with_the_same_days_of_last_year(retailer: Retailer, page: Report) -> None:
    (_, *months) = page.tables["Net takings by month; Nov up to day 20 in both years"]
    by_name = {month[0]: month[1:] for month in months}
    now, past = (retailer.net(date(year, 11, 1), date(year, 11, 20)) for year in (2026, 2025))
    this, last, change = by_name["Nov"]
    assert (amount(this), amount(last)) == (now, past)
    assert amount(change) == round((now / past - 1) * 100, 1)
    assert by_name["Dec"][0] == by_name["Jan"][1] == by_name["Jan"][2] == NOTHING
    # Sales are known from 9 July 2025 on, so that July is not whole.
    assert by_name["Jul"][2] == NOTHING
    compared = [month for month in months if month[3] != NOTHING]
    ours, theirs = (sum(amount(month[column]) for month in compared) for column in (1, 2))
    assert f"2026 has brought ${ours:,.0f} against ${theirs:,.0f}" in page.texts["years"]


def test_best_and_worst_sellers_are_those_of_the_lines(retailer: Retailer, page: Report) -> None:
    net: dict[int, Decimal] = {}
    for row in retailer.tables["fct_sale_lines"]:
        if row[7] >= YEAR:
            net[row[4]] = net.get(row[4], Decimal(0)) + row[9]
    ranked = sorted(net.values())
    (_, *best), (_, *worst) = page.tables["Items by net takings"], page.tables["Items by net takings, the least first"]
    assert [amount(row[4]) for row in best] == ranked[::-1][:12]
    assert [amount(row[4]) for row in worst] == ranked[:12]


def test_margins_are_those_of_categories_at_the_top(retailer: Retailer, page: Report) -> None:
    tops = {row[1]: row[5].partition("/")[0] for row in retailer.tables["dim_items"]}
    sums: dict[str, list[Decimal]] = {}
    for row in retailer.tables["fct_sale_lines"]:
        if row[7] >= YEAR:
            net, margin = sums.get(tops[row[4]], [Decimal(0)] * 2)
            sums[tops[row[4]]] = [net + row[9], margin + row[11]]
    (_, *rows) = page.tables["Categories by net takings"]
    assert {row[0]: [amount(row[1]), amount(row[3])] for row in rows} == sums


def test_the_hours_of_the_week_name_the_busiest(retailer: Retailer, page: Report) -> None:
    days = [YEAR + timedelta(days=number) for number in range(365)]
    sums: dict[tuple[int, int], Decimal] = {}
    for row in retailer.tables["fct_sales"]:
        if row[6] >= YEAR:
            sums[row[8], row[7]] = sums.get((row[8], row[7]), Decimal(0)) + row[9]
    times = {weekday: sum(day.isoweekday() == weekday for day in days) for weekday in range(1, 8)}
    mean, (_, hour) = max((value / times[weekday], (weekday, hour)) for (weekday, hour), value in sums.items())
    assert f"The busiest hour begins at {hour}:00 on " in page.texts["week"]
    assert f" and brings ${mean:,.0f}." in page.texts["week"]


def test_new_and_returning_customers_are_told_apart(retailer: Retailer, page: Report) -> None:
    rows = [row for row in retailer.tables["fct_sales"] if row[6] >= YEAR and not row[5]]
    new = sum(row[9] for row in rows if row[3] is not None and row[10])
    assert f"{new / sum(row[9] for row in rows):.1%} came from new customers" in page.texts["customers"]
    assert page.tables["Customers by how recently, how often and for how much they have bought"][1][0] == "none"


def test_what_runs_out_first_is_reordered_first(page: Report) -> None:
    (heading, *rows) = page.tables["Items at or below their reorder point, what runs out first at the top"]
    column = heading.index("Days of cover")
    cover = [amount(row[column]) for row in rows if row[column] != NOTHING]
    assert cover == sorted(cover)
    assert len(rows) == 30
    assert "To be reordered: 72 items for $" in page.texts["reorder"]


def test_streams_are_counted_without_the_rows_that_are_gone(retailer: Retailer, page: Report) -> None:
    (_, *rows) = page.tables["Rows and freshness by stream"]
    counts = {row[0]: amount(row[1]) for row in rows}
    assert counts == {"accounts": 1, "items": len(retailer.items) - 1, "sales": len(retailer.tables["fct_sales"])}
    assert "All daily totals agree." in page.texts["agreement"]


def test_bills_and_outcomes_of_runs_are_told(dsn: str, retailer: Retailer, tmp_path: Path) -> None:
    bills, outcomes = tmp_path / "bills.jsonl", tmp_path / "outcomes.jsonl"
    failed = bill(ended="2026-11-21T04:02:05+00:00", drips=7.25, failed=["items"], exit_code=1)
    lines = [json.dumps(each) + "\n" for each in (bill(), failed, bill(account_id=1, drips=999))]
    bills.write_text("".join(lines) + '{"cut off', encoding="utf-8")
    outcome = {"run_id": "9", "stream": "customers", "key": "<i>7</i>", "operation": "rejected", "drips": 1}
    outcome |= {"reason": "email: that is no address", "at": "2026-11-21T05:00:00+00:00", "dry_run": False}
    records = [outcome | {"run_id": "8"}, outcome, outcome | {"operation": "created", "reason": None}]
    outcomes.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    page = made(dsn, files=Files(bills, outcomes), account=retailer.account)
    assert page.tiles["Drips of the last run"] == "7.25"
    (_, first, second) = page.tables["The last runs of the tap"]
    assert (first[-1], second[-1]) == ("streams failed: items", "complete")
    assert (second[2], second[3], second[5]) == ("1,200", "61.5", "2 min 05 s")
    assert page.tables["What became of the records of the last run"][1] == ["customers", "1", "0", "0", "0", "1"]
    (_, reject) = page.tables["Records that were rejected, the last ones"]
    assert reject == ["<i>7</i>", "customers", "email: that is no address"]
    (heading, *streams) = page.tables["Rows and freshness by stream"]
    column = heading.index("In the last run")
    assert {row[0]: row[column] for row in streams} == {"accounts": NOTHING, "items": "10", "sales": "1,190"}


@pytest.mark.parametrize("text", ["no JSON\n", "[1]\n", '{"run_id": 1}\n'])
@pytest.mark.parametrize("option", ["bills", "outcomes"])
def test_a_file_that_is_none_of_runs_is_told_in_a_line(dsn: str, tmp_path: Path, option: str, text: str) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=f"^--{option}: .*file.jsonl"):
        report(order(dsn, files=Files(**{option: path})))


def test_the_command_writes_one_file_and_says_where(dsn: str, retailer: Retailer, tmp_path: Path) -> None:
    path = tmp_path / "of the shop" / "report.html"
    variables = {"TARGET_POSTGRES_SQLALCHEMY_URL": dsn, "DBT_POSTGRES_SCHEMA": "marts"}
    done = command(
        "--output", str(path), "--raw-schema", "marts_raw", "--title", "A & B", "--until", str(LAST), **variables
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == path.as_uri()
    assert path.stat().st_size < 1_000_000
    page = Report(path.read_text(encoding="utf-8"))
    assert page.headings[0] == ("h1", "A & B")
    assert amount(page.tiles["Net takings"]) == round(retailer.net(YEAR, LAST))
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_nothing_is_fetched_and_nothing_runs(page: Report) -> None:
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    named = [value for name, value in page.attributes if name in {"src", "href", "xlink:href", "action"}]
    assert [value for value in named if not value.startswith("#")] == []
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in named} <= set(ids)


def test_headings_stand_in_their_order_and_charts_have_words(page: Report) -> None:
    levels = [int(tag[1]) for tag, _ in page.headings]
    assert levels[:3] == [1, 2, 3]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert len(page.charts) == 16
    assert [words for words in page.charts if len(words) < 15] == []


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("postgresql://me:s3cret@127.0.0.1:1/nowhere", "The warehouse postgresql://127.0.0.1/nowhere cannot be used"),
        ("sqlite:///file.db", "--database: the report reads PostgreSQL."),
        ("no address", "--database must be a path or the URL of a database"),
    ],
)
def test_a_warehouse_that_cannot_be_read_is_told_in_a_line(database: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        report(Order(database=database, schema="marts", raw_schema="marts_raw"))
    assert str(caught.value).startswith(words)
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_cannot_be_written_is_told_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write("old", path)
    with pytest.raises(UnicodeEncodeError):
        write("new \ud800", path)
    assert [each.read_text(encoding="utf-8") for each in tmp_path.iterdir()] == ["old"]
    with pytest.raises(SettingsError, match=r"^--output: .* cannot be written"):
        write("new", path / "report.html")


def test_without_an_address_it_says_how_to_give_one() -> None:
    done = command()
    assert done.returncode == 1
    assert "TARGET_POSTGRES_SQLALCHEMY_URL" in done.stderr


def test_without_the_extra_it_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['altair'] = None; sys.argv = ['', 'report']; " + COMMAND[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "The report needs an extra: pip install 'lightspeed-retail[report]'.\n"


def test_other_commands_do_not_wait_for_what_only_the_report_needs() -> None:
    code = f"import sys, lightspeed_retail.cli; print([name for name in {HEAVY[:-1]} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_warehouse_is_only_read(dsn: str) -> None:
    with pytest.raises(SettingsError, match="read-only transaction"), opened(dsn, "public", "public", None) as found:
        found.connection.execute(sql.text("create table public.written (number integer)"))


def test_an_account_is_reported_on_alone(dsn: str, retailer: Retailer) -> None:
    assert retailer.account == ACCOUNT
    page = made(dsn, account=ACCOUNT + 1)
    assert "There are no completed sales in the warehouse yet." in page.texts["nothing"]
