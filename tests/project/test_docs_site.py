"""The site of the docs as it is built: nothing comes from elsewhere, it fits a phone, and commands are copied bare.

Where the site's own environment is missing (make docs sets it up), these are skipped.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser import DESK, chromium, window
from tests.conftest import ROOT
from tools.site_pages import gather, navigation

__all__ = ["chromium"]

HAND: ViewportSize = {"width": 390, "height": 844}
ZENSICAL = ROOT / ".docs" / "venv" / "bin" / "zensical"
ADDRESSES = [page.removesuffix(".md").removesuffix("README").removesuffix("index").rstrip("/") for page in navigation()]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a word of warning."""
    program = str(ZENSICAL) if ZENSICAL.exists() else shutil.which("zensical")
    if program is None:
        pytest.skip("make docs has not set up the site's environment")
    folder = tmp_path_factory.mktemp("site")
    gather(folder / "pages")
    shutil.copy(ROOT / "zensical.toml", folder)
    command = [program, "build", "--strict", "--config-file", "zensical.toml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[str]:
    """Its address while it is served."""
    handler = functools.partial(Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_every_page_is_built(built: Path) -> None:
    assert [each for each in ADDRESSES if not (built / each / "index.html").is_file()] == []


@pytest.mark.parametrize("size", [HAND, DESK], ids=["phone", "desk"])
def test_pages_fetch_nothing_from_elsewhere_and_fit(size: ViewportSize, site: str, chromium: Browser) -> None:
    fetched: list[str] = []
    with window(chromium, size) as page:
        page.on("request", lambda request: fetched.append(request.url))
        for address in ADDRESSES:
            page.goto(f"{site}/{address}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        page.goto(site, wait_until="networkidle")
    assert [url for url in fetched if not url.startswith((f"{site}/", "data:"))] == []


def test_pictures_are_shown(site: str, chromium: Browser) -> None:
    with window(chromium, DESK) as page:
        for address in ("", "architecture", "report", "streams"):
            page.goto(f"{site}/{address}")
            page.evaluate("document.querySelectorAll('img').forEach((each) => { each.loading = 'eager' })")
            page.wait_for_load_state("networkidle")
            broken = "[...document.images].filter((each) => !each.naturalWidth).map((each) => each.src)"
            assert page.evaluate("document.images.length") > 1
            assert page.evaluate(broken) == [], address


def test_a_command_is_copied_without_its_prompt_and_its_answer(site: str, chromium: Browser) -> None:
    with window(chromium, DESK, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"{site}/tutorial/", wait_until="networkidle")
        page.locator("div:has(> pre):has-text('tap-lightspeed-retail:plan') button").first.click()
        assert page.evaluate("navigator.clipboard.readText()") == "meltano invoke tap-lightspeed-retail:plan"
