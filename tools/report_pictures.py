"""Takes the pictures of the report in docs/: of a made-up retailer, by the Chromium of this machine.

python tools/report_pictures.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lightspeed_retail.report.making import Order, report  # noqa: E402  the path is set above
from lightspeed_retail.report.pipeline import Files  # noqa: E402  as above
from lightspeed_sandbox import warehouse  # noqa: E402  as above
from tests.browser import executable  # noqa: E402  as above
from tests.report.marts import LAST, Retailer, bills, fill  # noqa: E402  as above

DOCS = ROOT / "docs"
DESK: ViewportSize = {"width": 1080, "height": 820}
HAND: ViewportSize = {"width": 390, "height": 820}
PICTURES = (
    ("report.png", DESK, False, "takings"),
    ("report-dark.png", DESK, True, "week"),
    ("report-phone.png", HAND, False, "sales"),
    ("report-pipeline.png", DESK, False, "pipeline"),
)


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder, warehouse.running(Path(folder, "warehouse")) as server:
        page = Path(folder, "report.html")
        page.write_text(_report(server.dsn, Path(folder)), encoding="utf-8")
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=executable(), args=arguments)
            for name, size, dark, place in PICTURES:
                _take(browser, f"{page.as_uri()}#{place}", DOCS / name, size, dark=dark)
            browser.close()


def _report(dsn: str, folder: Path) -> str:
    fill(dsn, "marts", Retailer(days=800))
    files = Files(bills(folder / "bills.jsonl", 40))
    return report(
        Order(database=dsn, schema="marts", raw_schema="marts_raw", title="Northwind Cycles", last=LAST, files=files)
    )


def _take(browser: Browser, address: str, path: Path, size: ViewportSize, *, dark: bool) -> None:
    context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto(address)
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()
