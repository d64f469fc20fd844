"""The report in a browser: on a desk and on a phone, light and dark, on paper, for keys and for readers of screens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from lightspeed_retail.report.making import Order, report
from lightspeed_retail.report.pipeline import Files
from tests.browser import DESK, contrast, hard_to_read, is_well_made, window
from tests.report.marts import LAST, Retailer, bills, fill

HAND: ViewportSize = {"width": 390, "height": 844}
PAGES = ("sales", "pipeline")
EVERYWHERE = pytest.mark.parametrize(
    ("size", "dark"),
    [(DESK, False), (DESK, True), (HAND, False), (HAND, True)],
    ids=["light on a desk", "dark on a desk", "light on a phone", "dark on a phone"],
)


@pytest.fixture(scope="module")
def file(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on three shops, one of them with a long name."""
    shops = ("Harbour Street", "The old mill by the river, opposite the railway museum", "Station")
    fill(dsn, "looks", Retailer(shops=shops, days=400, sales_per_day=2))
    path = tmp_path_factory.mktemp("report") / "report.html"
    files = Files(bills(path.with_name("bills.jsonl"), 30))
    order = Order(database=dsn, schema="looks", raw_schema="looks_raw", last=LAST, files=files)
    path.write_text(report(order), encoding="utf-8")
    return path


@contextmanager
def shown(chromium: Browser, file: Path, size: ViewportSize, *, dark: bool = False, at: str = "") -> Iterator[Page]:
    with window(chromium, size, dark=dark) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{file.as_uri()}{at}")
        yield page
        assert requests == [file.as_uri()]


@EVERYWHERE
@pytest.mark.parametrize("name", PAGES)
def test_it_can_be_read(chromium: Browser, file: Path, size: ViewportSize, name: str, *, dark: bool) -> None:
    with shown(chromium, file, size, dark=dark, at=f"#{name}") as page:
        assert is_well_made(page)
        assert hard_to_read(page) == []
        assert faint(page, dark=dark) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(_OUTSIDE) == []
        assert page.evaluate(_SMALL) == []


@EVERYWHERE
def test_every_chart_is_drawn_once_for_the_screen_at_hand(
    chromium: Browser, file: Path, size: ViewportSize, *, dark: bool
) -> None:
    with shown(chromium, file, size, dark=dark) as page:
        charts = page.get_by_role("img")
        assert charts.count() == 8
        for chart in charts.all():
            box = chart.bounding_box()
            assert box is not None
            assert box["width"] > min(size["width"] * 0.8, 900)
            assert len(chart.get_attribute("aria-label") or "") > 15


def test_one_page_shows_at_a_time(chromium: Browser, file: Path) -> None:
    with shown(chromium, file, DESK) as page:
        sales, pipeline = (page.locator(f"#{name}") for name in PAGES)
        assert (sales.is_visible(), pipeline.is_visible()) == (True, False)
        page.get_by_role("navigation").get_by_role("link", name="Pipeline").click()
        assert (sales.is_visible(), pipeline.is_visible()) == (False, True)
        page.get_by_role("link", name="Totals against").click()
        assert (sales.is_visible(), pipeline.is_visible()) == (False, True)
        page.get_by_role("link", name="Sales and stock").click()
        page.get_by_role("link", name="What to reorder").click()
        assert (sales.is_visible(), pipeline.is_visible()) == (True, False)


def test_paper_has_both_pages_by_day(chromium: Browser, file: Path) -> None:
    with shown(chromium, file, DESK, dark=True) as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert [page.locator(f"#{name}").is_visible() for name in PAGES] == [True, True]
        assert not page.get_by_role("navigation").is_visible()
        assert hard_to_read(page) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert len(page.pdf(format="A4")) > 50_000


def test_tables_have_captions_and_headings_of_rows_and_columns(chromium: Browser, file: Path) -> None:
    with shown(chromium, file, DESK) as page:
        tables = page.get_by_role("table").all()
        assert len(tables) == 8
        for table in tables:
            assert table.locator("caption").inner_text()
            assert table.locator("thead th:not([scope=col])").count() == 0
            assert table.locator("tbody th[scope=row]").count() == table.locator("tbody tr").count()


def test_a_wide_table_is_moved_by_keys(chromium: Browser, file: Path) -> None:
    with shown(chromium, file, HAND) as page:
        frame = page.get_by_role("region", name="Shops, ")
        assert frame.evaluate("each => each.scrollWidth > each.clientWidth")
        for _ in range(20):
            frame.press("ArrowRight")
            # A browser that is busy scrolls some frames later.
            page.wait_for_timeout(100)
            if frame.evaluate("each => each.scrollLeft > 0"):
                break
        assert frame.evaluate("each => each.scrollLeft > 0")
        first = frame.locator("tbody th").first
        assert (first.bounding_box() or {"x": -1})["x"] >= 0


def faint(page: Page, *, dark: bool) -> list[str]:
    """Texts of charts that are hard to tell from the page."""
    paper = (18.0, 23.0, 29.0) if dark else (255.0, 255.0, 255.0)
    texts = page.evaluate(_FILLS)
    assert texts
    return [text for text, colour in texts if contrast(_rgb(colour), paper) < 4.5]


def _rgb(css: str) -> tuple[float, float, float]:
    red, green, blue = (float(part) for part in css.removeprefix("rgb(").removesuffix(")").split(","))
    return red, green, blue


_FILLS = """() => [...document.querySelectorAll('svg text')]
    .filter((each) => each.checkVisibility() && each.textContent.trim())
    .map((each) => [each.textContent, getComputedStyle(each).fill])"""
_OUTSIDE = """() => [...document.querySelectorAll('main svg text, main p, main h2, main h3, main dd, main a')]
    .filter((each) => each.checkVisibility() && !each.closest('.frame'))
    .filter((each) => { const box = each.getBoundingClientRect(); return box.left < -1 || box.right > innerWidth + 1; })
    .map((each) => each.textContent)"""
_SMALL = """() => [...document.querySelectorAll('svg text')].filter((each) => each.checkVisibility())
    .filter((each) => each.getBoundingClientRect().width && Math.hypot(each.getScreenCTM().a, each.getScreenCTM().b)
        * parseFloat(getComputedStyle(each).fontSize) < 11).map((each) => each.textContent)"""
