"""The pages of the docs: all are on the site, links and anchors lead somewhere, and it is said which Lightspeed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from lightspeed_retail.settings import CONNECTION
from tap_lightspeed_retail.settings import READING
from target_lightspeed_retail.settings import WRITING
from tests.conftest import ROOT
from tests.project.consoles import pages, text_of
from tools.site_pages import gather, gathered, indented, navigation, repository, sources

_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
FIRST = (
    "docs/index.md",
    "README.md",
    *(f"{name}/README.md" for name in ("lightspeed-retail", "tap-lightspeed-retail", "target-lightspeed-retail")),
    *(f"hub/text/{name}/definition.md" for name in ("tap-lightspeed-retail", "target-lightspeed-retail")),
)
"""What somebody may read first."""


def prose(page: str) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", text_of(page))


@cache
def headings(page: str) -> list[tuple[int, str]]:
    """Level and words of each heading."""
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", prose(page), re.MULTILINE)]


@cache
def anchors(page: str) -> set[str]:
    """The anchors of a page, as GitHub names them."""
    slugs = [_slug(words) for _, words in headings(page)]
    return {f"{slug}-{slugs[:number].count(slug)}".removesuffix("-0") for number, slug in enumerate(slugs)}


def _slug(words: str) -> str:
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def links(page: str) -> Iterator[tuple[str, str]]:
    """File and anchor of each link to a page of this repository."""
    blob = f"{repository()}/blob/main/"
    for link in _LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        if path.startswith(blob):
            yield path.removeprefix(blob), anchor
        elif "://" not in link and not link.startswith("mailto:"):
            place = (ROOT / page).parent / path if path else ROOT / page
            yield place.resolve().relative_to(ROOT).as_posix(), anchor


def test_every_page_of_the_docs_is_on_the_site_once() -> None:
    written = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert written <= set(sources())
    assert [page for page, count in Counter(navigation()).items() if count > 1] == []
    assert [path for path in sources() if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", pages())
def test_a_page_has_one_title_and_no_heading_skips_a_level(page: str) -> None:
    levels = [level for level, _ in headings(page)]
    assert levels[:1] == [1]
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))


def test_no_two_pages_of_the_site_have_the_same_title() -> None:
    titles = Counter(headings(page)[0][1] for page in sources())
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("page", pages())
def test_links_and_anchors_lead_somewhere(page: str) -> None:
    found = list(links(page))
    assert [path for path, _ in found if not (ROOT / path).exists()] == []
    pointed = [(path, anchor) for path, anchor in found if anchor and path.endswith(".md")]
    assert [f"{path}#{anchor}" for path, anchor in pointed if anchor not in anchors(path)] == []


@pytest.mark.parametrize("page", FIRST)
def test_the_first_line_tells_r_series_from_x_series(page: str) -> None:
    first = next(line for line in text_of(page).splitlines() if line and not line.startswith("#"))
    assert "R-Series" in first
    assert "X-Series" in first


def test_every_setting_stands_in_the_page_of_settings_once() -> None:
    named = re.findall(r"^\| `([a-z_]+)` \|", text_of("docs/settings.md"), re.MULTILINE)
    assert len(set(named)) == len(named)
    assert {*CONNECTION, *READING, *WRITING} <= set(named)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tool that writes the page of settings, in another folder."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    (tmp_path / "docs").mkdir()
    return tmp_path


def test_the_page_of_settings_follows_the_declarations(copy: Path) -> None:
    tool = [sys.executable, str(copy / "tools" / "settings_page.py")]
    stale = subprocess.run([*tool, "--check"], cwd=copy, capture_output=True, text=True, check=False)
    assert (stale.returncode, stale.stderr) == (
        1,
        "settings.md is not up to date: run python tools/settings_page.py.\n",
    )
    subprocess.run(tool, cwd=copy, check=True)
    assert (copy / "docs" / "settings.md").read_text(encoding="utf-8") == text_of("docs/settings.md")


def test_the_lock_of_the_site_names_no_address_and_a_hash_for_every_package() -> None:
    lock = text_of("docs/requirements.txt")
    found = re.split(r"^(?=[a-z0-9._-]+==)", lock, flags=re.MULTILINE)[1:]
    assert "zensical" in {block.partition("==")[0] for block in found}
    assert re.search(r"://|--index|--find-links", lock) is None
    assert [block for block in found if "--hash=sha256:" not in block] == []


def test_links_of_a_page_on_the_site_stay_there_where_they_can() -> None:
    known = {"docs/a.md": "a.md", "docs/recipes/b.md": "recipes/b.md", "lib/README.md": "lib/README.md"}
    text = "[b](recipes/b.md#x) [lib](../lib/README.md) [code](../lib/x.py) [out](https://example.com) [in](#y)\n"
    blob = f"{repository()}/blob/main"
    assert gathered("docs/a.md", text, known) == (
        f"[b](recipes/b.md#x) [lib](lib/README.md) [code]({blob}/lib/x.py) [out](https://example.com) [in](#y)\n"
    )
    back = f"[a]({blob}/docs/a.md#z) ![p](../p.svg)\n```md\n[a](../a.md)\n```\n"
    assert gathered("docs/recipes/b.md", back, known) == "[a](../a.md#z) ![p](../p.svg)\n```md\n[a](../a.md)\n```\n"


def test_lists_are_as_the_sites_markdown_wants_them() -> None:
    github = "Words:\n- one\n  more\n\n  ```sh\n  x\n    y\n  ```\n\n  end\n- two\n"
    assert indented(github) == "Words:\n\n- one\n    more\n\n    ```sh\n    x\n      y\n    ```\n\n    end\n\n- two\n"
    assert indented("- a\n- b\n\n1. c\n2. d\n") == "- a\n- b\n\n1. c\n2. d\n"
    assert indented("```\n- a\nb\n  c\n```\n") == "```\n- a\nb\n  c\n```\n"


def test_all_pages_and_their_pictures_are_gathered(tmp_path: Path) -> None:
    gather(tmp_path / "pages")
    for page in navigation():
        text = (tmp_path / "pages" / page).read_text(encoding="utf-8")
        pictures = re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", _FENCE.sub("", text))
        assert [each for each in pictures if not (tmp_path / "pages" / page).parent.joinpath(each).exists()] == []
        assert re.findall(r"!\[\]", text) == []
