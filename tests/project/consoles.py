"""The commands that the pages of the docs show, and what they say that comes of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tests.conftest import ROOT
from tools.site_pages import sources

BESIDES = ("README.md", "tap-lightspeed-retail/README.md", "target-lightspeed-retail/README.md")
"""Pages with commands that are not on the site."""

RECIPES = "docs/recipes/"
"""Where pages lie whose commands are run by tests of their own, in tests/recipes."""

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_NUMBER = r"\d[\d,.:]*(?:e\+\d+)?(?: (?:s|min|h|minutes?|seconds?)\b)?"


@dataclass(frozen=True)
class Command:
    """A command in a page.

    Args:
        page: The page's file.
        text: What is typed, all lines of it, without prompts.
        answers: The lines that the page shows below it.
    """

    page: str
    text: str
    answers: tuple[str, ...]

    @property
    def bare(self) -> str:
        """The command without a comment behind it."""
        return re.sub(r"\s+# .*$", "", self.text) if "\n" not in self.text else self.text

    def unanswered(self, said: str) -> list[str]:
        """Lines of the page that a run did not say, in this order; numbers, blanks and rulers may differ."""
        rest, missing = _squeezed(said), []
        for line in self.answers:
            found = re.search(".*?".join(map(re.escape, _squeezed(line).split("..."))), rest)
            if found is None:
                missing.append(line)
            rest = rest[found.end() if found else 0 :]
        return missing


def _squeezed(text: str) -> str:
    """A text in which all numbers are alike, and blanks and rulers are as short as can be."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    shorter = re.sub(r"-{2,}", "-", re.sub(r"[ \t]+", " ", plain))
    return re.sub(_NUMBER, "#", shorter).strip()


@cache
def pages() -> tuple[str, ...]:
    """Every page with commands for people, those of the site in its order."""
    return tuple(dict.fromkeys([*sources(), *BESIDES]))


def text_of(page: str) -> str:
    """What stands in a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """Language and content of each block of code in a page."""
    for indent, language, content in _BLOCK.findall(text_of(page)):
        yield language, re.sub(f"^{indent}", "", content, flags=re.MULTILINE)


@cache
def commands(page: str) -> tuple[Command, ...]:
    """The commands of a page, in its order."""
    return tuple(
        command for language, content in blocks(page) if language == "console" for command in _of_block(page, content)
    )


def _of_block(page: str, content: str) -> Iterator[Command]:
    lines = content.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in pairwise([*starts, len(lines)]):
        yield _command(page, lines[start:end])


def _command(page: str, lines: list[str]) -> Command:
    """The first line, and those after it that belong to the same command."""
    text, count = lines[0].removeprefix("$ "), 1
    while count < len(lines) and not _is_whole(text):
        text += "\n" + lines[count].removeprefix("> ")
        count += 1
    return Command(page, text, tuple(lines[count:]))


@cache
def _is_whole(text: str) -> bool:
    """Whether a shell would wait for no further line."""
    done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr and not text.endswith("\\")
