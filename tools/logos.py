"""Renders the logos in hub/ as PNG, with the Chromium that the machine has: python tools/logos.py.

The drawings are the SVG files; the Hub shows PNG, and copes with transparent corners.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

LOGOS = Path(__file__).resolve().parents[1] / "hub" / "static" / "assets" / "logos"
SIZE = 512
_STYLE = "<style>body { margin: 0 } svg { display: block }</style>"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Render each drawing beside itself."""
    program = os.environ.get("LIGHTSPEED_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        raise SystemExit("There is no Chromium on the path, and LIGHTSPEED_CHROMIUM names none.")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        page = browser.new_page(viewport={"width": SIZE, "height": SIZE})
        for drawing in sorted(LOGOS.rglob("*.svg")):
            page.set_content(_STYLE + drawing.read_text(encoding="utf-8"))
            page.screenshot(path=drawing.with_suffix(".png"), omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
