"""The static page for a redirect that no program answers: shows the code, and sends it nowhere."""

from __future__ import annotations

import base64
import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from lightspeed_retail.consent import pasted
from tests.browser import DESK, PHONE, fits, hard_to_read, is_well_made, window
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "redirect"
CODE = "def5020a0b" + "c" * 400


class Files(http.server.SimpleHTTPRequestHandler):
    """A web server that notes what it is asked."""

    asked: list[str]

    def do_GET(self) -> None:
        """Send a file."""
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where an ordinary web server shows the page."""
    Files.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(FOLDER))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def source() -> str:
    return (FOLDER / "index.html").read_text(encoding="utf-8")


def text_of(page: Page) -> str:
    return page.locator("main").inner_text()


def test_the_policy_allows_this_script_and_style_and_nothing_else() -> None:
    page = source()
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in page, f"after a change of the {tag}: sha256-{digest}"
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    assert sorted(re.findall(r"([a-z-]+) ", policy[1].replace("; ", ";"))) == [
        "base-uri", "default-src", "form-action", "script-src", "style-src",
    ]  # fmt: skip


def test_it_is_one_file_that_names_no_other() -> None:
    assert [path.name for path in FOLDER.iterdir()] == ["index.html"]
    assert not re.search(r"https?:|//[a-z]|\b(?:src|href|action)=|url\(|@import|innerHTML|fetch\(", source())


def test_the_code_is_shown_copied_and_gone_from_the_address(chromium: Browser, address: str) -> None:
    with window(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"{address}?code={CODE}&state=a%20b%26c")
        assert page.url == address
        assert "within a minute" in text_of(page)
        page.keyboard.press("Enter")
        page.get_by_text("Copied: paste it into the terminal.").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert pasted(copied) == {"code": CODE, "state": "a b&c"}
        assert page.get_by_label("Code to paste").input_value() == copied
        page.reload()
        assert "holds no code" in text_of(page)


def test_it_copies_without_the_newer_clipboard_too(chromium: Browser, address: str) -> None:
    with window(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))")
        page.goto(f"{address}?code={CODE}")
        page.get_by_role("button", name="Copy").click()
        page.get_by_text("Copied: paste it into the terminal.").wait_for()
        assert pasted(page.evaluate("navigator.clipboard.readText()")) == {"code": CODE}


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("?error=access_denied&state=s", ["No access was given", "You did not give access.", "start again"]),
        ("?error=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", ["was not connected", "<img src=x onerror=alert(1)>"]),
        ("", ["There is no code here", "Start again in the terminal"]),
        ("?code=", ["There is no code here"]),
    ],
)
def test_what_is_not_a_code_is_explained(chromium: Browser, address: str, query: str, texts: list[str]) -> None:
    with window(chromium) as page:
        page.goto(address + query)
        for text in texts:
            assert text in text_of(page)
        assert page.get_by_role("button").count() == 0
        assert page.locator("img").count() == 0
        assert page.url == address


def test_nothing_is_asked_of_anybody_once_the_page_is_there(chromium: Browser, address: str) -> None:
    Files.asked.clear()
    with window(chromium) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}?code={CODE}&state=s")
        page.get_by_role("button", name="Copy").click()
        page.wait_for_timeout(300)
    assert asked == [f"{address}?code={CODE}&state=s"]
    assert Files.asked == [f"/?code={CODE}&state=s"]


def test_without_scripts_it_says_what_to_copy(chromium: Browser, address: str) -> None:
    with window(chromium, PHONE, java_script_enabled=False) as page:
        page.goto(f"{address}?code={CODE}")
        assert "copy the whole address" in text_of(page)


def test_it_works_from_a_file(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(source(), encoding="utf-8")
    with window(chromium) as page:
        page.goto(f"{(tmp_path / 'page.html').as_uri()}?code={CODE}")
        assert page.get_by_label("Code to paste").input_value() == f"code={CODE}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("query", [f"?code={CODE}&state=s", f"?error={CODE}", ""], ids=["code", "error", "nothing"])
def test_people_can_read_it_everywhere(
    chromium: Browser, address: str, size: ViewportSize, query: str, *, dark: bool
) -> None:
    with window(chromium, size, dark=dark) as page:
        page.goto(address + query)
        assert is_well_made(page)
        assert fits(page)
        assert hard_to_read(page) == []
