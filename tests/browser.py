"""A headless Chromium for the tests of pages: the one that this machine has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

PHONE: ViewportSize = {"width": 320, "height": 568}
DESK: ViewportSize = {"width": 1280, "height": 800}

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_ENOUGH, _ENOUGH_FOR_LARGE = 4.5, 3.0

Colour = tuple[float, float, float]


def executable() -> str:
    """The browser's program; without one the test is skipped, or fails where a browser is required."""
    named = os.environ.get("LIGHTSPEED_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and Path(_ON_A_MAC).exists():
        found = _ON_A_MAC
    if found is None:
        absent = "There is no Chromium on the path, and LIGHTSPEED_CHROMIUM names none."
        if os.environ.get("LIGHTSPEED_REQUIRE_BROWSER"):
            pytest.fail(absent)
        pytest.skip(absent)
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser. One for each module: while it runs, no other event loop can run in this thread."""
    program = executable()
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def window(
    chromium: Browser, size: ViewportSize = DESK, *, dark: bool = False, expected: Sequence[str] = (), **options: Any
) -> Iterator[Page]:
    """A window of a person who has never been here.

    Args:
        chromium: The browser.
        size: How large the window is.
        dark: Whether the person likes it dark.
        expected: All that the browser may and must complain of in its console.
        options: What else there is to say of the person.
    """
    scheme: Literal["dark", "light"] = "dark" if dark else "light"
    context = chromium.new_context(viewport=size, color_scheme=scheme, locale="en-GB", **options)
    with _watched(context, list(expected)) as page:
        yield page


@contextmanager
def _watched(context: BrowserContext, expected: list[str]) -> Iterator[Page]:
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert complaints == expected


def fits(page: Page) -> bool:
    """Whether everything can be read without scrolling sideways, and buttons are large enough for a thumb."""
    fitting: bool = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth
            && [...document.querySelectorAll('main *')].every((each) => each.scrollWidth <= innerWidth)
            && [...document.querySelectorAll('button')].every((each) => each.hidden || !each.offsetHeight
               || each.offsetHeight >= 44)"""
    )
    return fitting


def hard_to_read(page: Page) -> list[str]:
    """Texts whose contrast with what is behind them is less than WCAG 2 wants (level AA)."""
    texts = page.evaluate(_TEXTS)
    assert texts, "there is no text"
    return [
        text["text"]
        for text in texts
        if contrast(_colour(text["front"]), _colour(text["back"])) < (_ENOUGH_FOR_LARGE if text["large"] else _ENOUGH)
    ]


def contrast(one: Colour, other: Colour) -> float:
    """How well two colours are told apart."""
    dark, bright = sorted((_light(one), _light(other)))
    return (bright + 0.05) / (dark + 0.05)


def is_well_made(page: Page) -> bool:
    """Whether a page has what readers of screens need: a language, one heading, a title, a place for what is said."""
    made: bool = page.evaluate(
        """() => document.documentElement.lang === 'en' && document.title.length > 0
            && document.querySelectorAll('h1').length === 1 && document.querySelectorAll('main').length === 1
            && [...document.querySelectorAll('textarea, input:not([type=hidden])')].every((e) => e.labels.length)"""
    )
    return made


def _light(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colour(css: str) -> Colour:
    """What the browser writes as `rgb(1, 2, 3)`."""
    assert css.startswith("rgb("), css
    red, green, blue = (float(part) for part in css[4:-1].split(","))
    return red, green, blue


_TEXTS = """() => {
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const own = (element) => element.value
    || [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join('');
  return [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() && own(each).trim())
    .map((each) => ({
      text: own(each).trim(), front: getComputedStyle(each).color, back: behind(each),
      large: parseFloat(getComputedStyle(each).fontSize) >= 24,
    }));
}"""
