"""Gathers the pages of the site: those in docs/, and READMEs and the like that lie elsewhere in the repository.

python tools/site_pages.py FOLDER

Links between pages stay, links to other files lead to the repository on GitHub. Needs nothing but Python: the site is
built in an environment of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs"
APART = {"redirect"}
"""Folders in docs/ that hold no pages."""

_LOGO = "hub/static/assets/logos/extractors/lightspeed-retail"
_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?!#|mailto:)([^)#\s]+)((?:#[^)\s]*)?)(?=\))")


def navigation() -> list[str]:
    """The pages that the site's navigation names, in its order."""
    return list(_leaves(_project("zensical.toml")["nav"]))


def repository() -> str:
    """Where the repository is found."""
    found: str = _project("pyproject.toml")["urls"]["Repository"]
    return found


@cache
def _project(file: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / file).read_text(encoding="utf-8"))["project"]
    return found


def _leaves(entry: object) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for inner in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
            yield from _leaves(inner)


def source(page: str) -> str:
    """The file of the repository that a page of the site is made of."""
    return f"{DOCS}/{page}" if (ROOT / DOCS / page).exists() else page


def sources() -> dict[str, str]:
    """Every page of the site by the file that it is made of."""
    return {source(page): page for page in navigation()}


def gathered(page: str, text: str, known: dict[str, str]) -> str:
    """A page as the site has it: links that lead where they should, folded parts that are read as Markdown.

    Args:
        page: The file that it is made of.
        text: What stands in it.
        known: Every page of the site, by its file.
    """

    def linked(match: re.Match[str]) -> str:
        return _target(page, match[1], known) + match[2]

    folded = indented(text.replace("<details>", '<details markdown="1">'))
    parts = zip(_FENCE.split(folded), [*_FENCE.findall(folded), ""], strict=True)
    return "".join(_LINK.sub(linked, prose) + fence for prose, fence in parts)


def indented(text: str) -> str:
    """A page whose lists are as Python-Markdown wants them, which is stricter than GitHub.

    What belongs to an item stands four blanks further in, and before an item that follows a paragraph is a blank line.
    """
    lines: list[str] = []
    more, fenced, in_list = 0, False, False
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip(" "))
        if not fenced:
            more = 4 - depth if depth in (2, 3) else 0
            in_list = _is_item(line) if not lines or not lines[-1] else in_list
            if _is_item(line) and not in_list:
                lines.append("")
                in_list = True
        fenced ^= line.lstrip().startswith("```")
        lines.append(" " * more + line if line else line)
    return "\n".join(lines) + "\n"


def _is_item(line: str) -> bool:
    return re.match(r"(?:[-*]|\d+\.) ", line) is not None


def _target(page: str, link: str, known: dict[str, str]) -> str:
    """Where a link of a page leads on the site."""
    blob = f"{repository()}/blob/main/"
    if not link.startswith(blob) and "://" in link:
        return link
    path = link.removeprefix(blob) if link.startswith(blob) else os.path.normpath(Path(page).parent / link)
    here = PurePosixPath(known[page]).parent
    if path in known:
        return os.path.relpath(known[path], here)
    if Path(path).suffix in {".svg", ".png"}:
        return os.path.relpath(path.removeprefix(f"{DOCS}/"), here)
    return blob + path


def gather(folder: Path) -> None:
    """Write all pages, and the pictures beside them, into a folder."""
    known = sources()
    for picture in _pictures():
        place = folder / picture.removeprefix(f"{DOCS}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / picture, place)
    for path, page in known.items():
        place = folder / page
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(gathered(path, (ROOT / path).read_text(encoding="utf-8"), known), encoding="utf-8")
    for ending in (".svg", ".png"):
        shutil.copyfile(ROOT / f"{_LOGO}{ending}", folder / f"logo{ending}")


def _pictures() -> Iterator[str]:
    """Pictures and styles in the folders of the site's pages."""
    for folder in (DOCS, "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT)
            if path.suffix in {".svg", ".png", ".css"} and not APART & set(name.parts):
                yield name.as_posix()


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
