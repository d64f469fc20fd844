"""Reports on retailers of every kind: none, tiny ones, large ones, several, and those with odd names."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from lightspeed_retail.report.colours import ALARM, DAY, NIGHT, OTHERS, SERIES, STEPS, by_night
from lightspeed_retail.report.making import Order, report
from lightspeed_retail.report.words import NOTHING
from tests.browser import contrast
from tests.report.marts import ACCOUNT, LAST, Retailer, fill
from tests.report.reading import Report

SCRIPT = "<script>alert('x')</script>"
ODD = (
    SCRIPT,
    "🚲 Cargo 'n' \"kids\" & more {{ 7 * 7 }}",
    "Very long " + "unbreakable" * 30,
    "</svg></table>",
    'A " id="1" class="gt_right" headers="2',
    "",
    "caption}",
)


def made(dsn: str, *retailers: Retailer, marts: bool = True, raw: bool = True, **more: Any) -> tuple[str, Report]:
    """The report on some retailers, as text and taken apart."""
    fill(dsn, "kinds", *retailers, marts=marts, raw=raw)
    text = report(Order(database=dsn, schema="kinds", raw_schema="kinds_raw", last=LAST, **more))
    return text, Report(text)


def test_an_empty_database_says_what_to_do(dsn: str) -> None:
    _, page = made(dsn, marts=False, raw=False)
    assert "build them with meltano run dbt-postgres:build" in page.texts["nothing"]
    assert "Run the pipeline" in page.texts["streams"]
    assert page.charts == []


def test_empty_tables_say_that_there_is_nothing_yet(dsn: str) -> None:
    _, page = made(dsn)
    assert "There are no completed sales in the warehouse yet." in page.texts["nothing"]
    assert "Nothing has reached its reorder point" in page.texts["reorder"]
    assert page.tiles == {"Rows in the warehouse": "0"}


def test_a_single_day_of_a_single_shop_is_a_report(dsn: str) -> None:
    retailer = Retailer(shops=["Kiosk"], days=1, has_stock=False, sales_per_day=9)
    _, page = made(dsn, retailer)
    assert page.tiles["Net takings"] == f"${retailer.net(LAST, LAST):,.0f}"
    assert [row[0] for row in page.tables["Shops, 21 Nov 2025 to 20 Nov 2026"]] == ["Shop", "Kiosk"]
    assert "so 2025 has no whole month to compare with" in page.texts["years"]
    (_, *worst) = page.tables["Items by net takings, the least first"]
    assert {row[-1] for row in worst} == {NOTHING}


def test_days_without_takings_are_no_trouble(dsn: str) -> None:
    retailer = Retailer(shops=["Kiosk"], days=3, items=(), sales_per_day=0, has_stock=False)
    retailer.tables["fct_sales"].clear()
    retailer.tables["fct_sale_lines"].clear()
    zeros = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    days = [(ACCOUNT, 1, "Kiosk", LAST - timedelta(days=number), *zeros) for number in range(3)]
    retailer.tables["rpt_sales_by_shop_day"][:] = days
    _, page = made(dsn, retailer)
    assert (page.tiles["Net takings"], page.tiles["Sales"]) == ("$0", "0")
    assert "Nothing was paid back." in page.texts["refunds"]


def test_several_accounts_with_shops_of_the_same_name(dsn: str) -> None:
    one = Retailer(shops=["Main Street", "Station"], days=40)
    two = Retailer(shops=["Main Street"], days=40, account=ACCOUNT + 1, seed=8)
    text, page = made(dsn, one, two, days=30)
    first = LAST - timedelta(days=29)
    whole = one.net(first, LAST) + two.net(first, LAST)
    assert page.tiles["Net takings"] == f"${whole:,.0f}"
    (_, *rows) = page.tables["Shops, 22 Oct 2026 to 20 Nov 2026"]
    names = {"Main Street (account 797, shop 1)", "Main Street (account 798, shop 1)", "Station", "Together"}
    assert {row[0] for row in rows} == names
    assert "Main Street (account 798, shop 1)" in text
    alone = Report(
        report(Order(database=dsn, schema="kinds", raw_schema="kinds_raw", last=LAST, days=30, account=ACCOUNT + 1))
    )
    assert alone.tiles["Net takings"] == f"${two.net(first, LAST):,.0f}"
    assert [row[0] for row in alone.tables["Shops, 22 Oct 2026 to 20 Nov 2026"]] == ["Shop", "Main Street"]


def test_more_shops_than_colours_share_one(dsn: str) -> None:
    text, page = made(dsn, Retailer(shops=[f"Shop of town {number}" for number in range(12)], days=8, sales_per_day=6))
    assert "Other shops" in text
    (caption,) = [name for name in page.tables if name.startswith("Shops, ")]
    assert len(page.tables[caption]) == 14


@pytest.mark.parametrize("days", [1, 900, 3660])
def test_any_number_of_days_can_be_reported_on(dsn: str, days: int) -> None:
    retailer = Retailer(shops=["A", "B"], days=900, sales_per_day=1, has_stock=False)
    text, page = made(dsn, retailer, days=days)
    first = LAST - timedelta(days=days - 1)
    assert page.tiles["Net takings"] == f"${retailer.net(first, LAST):,.0f}"
    assert len(text) < 1_000_000


def test_odd_names_are_shown_as_they_are(dsn: str) -> None:
    retailer = Retailer(shops=[SCRIPT, ODD[2], "</caption>"], items=ODD, days=60)
    retailer.tables["dim_items"] = [
        (*row[:4], f"{SCRIPT} {row[1]}", f"{SCRIPT}/{row[1]}", *row[6:]) for row in retailer.tables["dim_items"]
    ]
    text, page = made(dsn, retailer, title=SCRIPT, currency="<b>")
    assert not {"script", "b"} & page.tags
    assert "<script" not in text
    assert page.headings[0] == ("h1", SCRIPT)
    (_, *best) = page.tables["Items by net takings"]
    names = {row[0] for row in best}
    assert names == {name or f"Item {ODD.index(name) + 1}" for name in ODD}
    assert "49" not in names
    assert page.tiles["Net takings"].startswith("<b>")
    (caption,) = [name for name in page.tables if name.startswith("Shops, ")]
    assert {row[0] for row in page.tables[caption][1:]} == {SCRIPT, ODD[2], "</caption>", "Together"}


def test_missing_tables_leave_the_other_sections_alone(dsn: str) -> None:
    retailer = Retailer(shops=["Kiosk"], days=40)
    made(dsn, retailer)
    with psycopg.connect(dsn) as connection:
        connection.execute("drop table kinds.rpt_reorder, kinds.rpt_reconciliation, kinds.fct_sale_lines")
    page = Report(report(Order(database=dsn, schema="kinds", raw_schema="kinds_raw", last=LAST)))
    assert "There is nothing to show." in page.texts["best"]
    assert page.tiles["Net takings"] == f"${retailer.net(LAST - timedelta(days=364), LAST):,.0f}"


@pytest.mark.parametrize("name", ["ink", "quiet", "good", "bad", "link"])
@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_texts_stand_out_from_what_is_behind_them(name: str, colours: dict[str, str]) -> None:
    assert contrast(rgb(colours[name]), rgb(colours["paper"])) >= 4.5
    assert contrast(rgb(colours[name]), rgb(colours["raised"])) >= 4.5


def test_marks_stand_out_and_have_a_colour_for_the_night() -> None:
    night = by_night()
    for colour in {*SERIES, OTHERS, ALARM}:
        assert contrast(rgb(colour), rgb(DAY["paper"])) >= 3
        assert contrast(rgb(night[colour]), rgb(NIGHT["paper"])) >= 3
    for steps, paper in ((STEPS, DAY["paper"]), ([night[step] for step in STEPS], NIGHT["paper"])):
        light = [contrast(rgb(step), rgb(paper)) for step in steps]
        assert light == sorted(light)
    assert len(set(night.values())) == len(night)


def test_every_colour_of_a_drawing_changes_by_night(dsn: str) -> None:
    text, _ = made(dsn, Retailer(days=40))
    drawings = "".join(re.findall(r"<svg .*?</svg>", text, re.DOTALL))
    found = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawings)) - {"none", "transparent"}
    assert found
    assert {colour for colour in found if not colour.startswith("url(")} <= set(by_night())


def rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue
