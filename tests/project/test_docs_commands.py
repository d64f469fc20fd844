"""Every command that the docs show is run, as a reader would: one after the other, in one shell beside a sandbox.

The first page opens that shell. Programs are the real ones; the sandbox's account is smaller than the one of the docs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from ruamel.yaml import YAML

from lightspeed_retail.resources import Resource
from lightspeed_sandbox import generate, warehouse
from lightspeed_sandbox.store import Store
from tests.conftest import ROOT
from tests.project.apart import REASONS, reason
from tests.project.consoles import RECIPES, Command, blocks, commands, pages
from tests.project.terminals import Said, Terminal, terminal

TUTORIAL = "docs/tutorial.md"
ORDER = sorted(pages(), key=lambda page: page != TUTORIAL)
OPENS = "-- bash"
SERVING = {
    r"lightspeed-sandbox serve\b": "stop with Ctrl-C",
    r"lightspeed-retail connect --serve\b": "http",
}
"""Commands that go on until they are interrupted, and what they say once they serve."""

SMALL = generate.Scale(days=14, sales_per_day=10, customers=110, items=120)
WIDE = "--bucket-size 1000000 --drip-rate 100000"
SELECTED = "TAP_LIGHTSPEED_RETAIL__SELECT"
AREAS = {"account", "customers", "items", "sales", "stock"}
MANY = json.dumps([f"{each.api.stream}.*" for each in Resource.all() if each.__module__.split(".")[-1] in AREAS])
"""What the tutorial reads here: everything would take twice as long."""

FILES = {
    "TAP_LIGHTSPEED_RETAIL_BILL_PATH": "output/bills.jsonl",
    "TARGET_LIGHTSPEED_RETAIL_OUTCOME_PATH": "output/outcomes.jsonl",
}
"""Files of which docs/report.md speaks."""

FEW = json.dumps(["shops.*", "registers.*", "sales.*", "tags.*"])
"""What the other pages read."""

LOADED_BEFORE = "docs/verify.md"
"""Everything is loaded once more before this page, which would find the first rows of a table that was empty."""


@dataclass
class Reader:
    """Somebody who types what the docs show.

    Args:
        shell: The terminal.
        folder: The Meltano project, and a small account to serve.
        typed: What has been typed, each once.
    """

    shell: Terminal
    folder: Path
    typed: dict[str, Said] = field(default_factory=dict)

    def follow(self, command: Command) -> Said:
        """Type a command, unless another page has done so."""
        text = command.bare
        if text not in self.typed or command.page == TUTORIAL:
            self.typed[text] = self._typed(self._smaller(text))
        return self.typed[text]

    def load(self, selected: str) -> None:
        """Load what is selected."""
        said = self.shell.run(f"{SELECTED}={shlex.quote(selected)} meltano run tap-lightspeed-retail target-postgres")
        assert said.code == 0, said.text[-6000:]

    def _typed(self, text: str) -> Said:
        words = next((words for pattern, words in SERVING.items() if re.match(pattern, text)), None)
        if words:
            return self.shell.serve(text, words)
        if text.endswith(OPENS):
            return self.shell.enter(text)
        if re.search(r"\bconnect\b", text):
            return self.shell.talk(text, "/auth/oauth/authorize?", _consented)
        return self.shell.run(text)

    def _smaller(self, text: str) -> str:
        """A command whose sandbox has a small account, and no limits to wait for."""
        match = re.match(r"lightspeed-sandbox (run|serve)\b(.*?)( -- .*)?$", text, re.DOTALL)
        if match is None:
            return text
        size = "--days 1 --sales-per-day 2 --bulk-sales 200"
        if not any(option in match[2] for option in ("--data", "--empty", "--accounts")):
            size = f"--data {shutil.copyfile(self.folder / 'small.db', self.folder / f'{len(self.typed)}.db').name}"
        port = " --port 0" if match[1] == "serve" else ""
        return f"lightspeed-sandbox {match[1]}{match[2]} {size} {WIDE}{port}{match[3] or ''}"


def _consented(address: str) -> str:
    """Where the browser of somebody ends who has consented."""
    asked = dict(parse_qsl(urlsplit(address).query)) | {"employee": "Ann", "decision": "authorise"}
    answer = requests.post(address.partition("?")[0], data=asked, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository's Meltano project in a folder of its own, and a small account to serve."""
    folder = tmp_path_factory.mktemp("reader") / "lightspeed-retail"
    folder.mkdir()
    shutil.copy(ROOT / "meltano.yml", folder)
    for name in ("transform", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("target", "__pycache__", "logs"))
    _invent(folder / "small.db")
    yield folder
    warehouse.delete(folder / ".demo" / "warehouse")


def _invent(path: Path) -> None:
    """Write a small account to a file, whole, so that it can be copied."""
    store = Store(path)
    generate.build(store, SMALL, datetime.now(UTC))
    store.meta["filled"] = "yes"
    store.commit()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="module")
def reader(project: Path) -> Iterator[Reader]:
    """A reader in the shell that the tutorial opens, with the files that the pages speak of."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
    set_up = {**quiet, **FILES, SELECTED: MANY, "PATH": programs, "PYTHONUNBUFFERED": "1"}
    (project / "output").mkdir()
    with terminal(project, set_up) as shell:
        found = Reader(shell, project)
        opening = next(command for command in commands(TUTORIAL) if command.bare.endswith(OPENS))
        found.follow(opening)
        (project / "config.json").write_text(_settings(shell.run("env").text), encoding="utf-8")
        (project / "state.json").write_text("{}", encoding="utf-8")
        yield found


def _settings(environment: str) -> str:
    """The settings of the tap that stand in an environment, as a file says them."""
    found = dict(re.findall(r"^TAP_LIGHTSPEED_RETAIL_([A-Z_]+)=(.*)$", environment, re.MULTILINE))
    return json.dumps({name.lower(): value for name, value in found.items()})


@pytest.mark.parametrize("page", [page for page in ORDER if not page.startswith(RECIPES)])
def test_the_commands_of_a_page_do_what_it_says(page: str, reader: Reader) -> None:
    if page == LOADED_BEFORE:
        reader.load(MANY)
    if page != TUTORIAL:
        reader.shell.run(f"export {SELECTED}={shlex.quote(FEW)}")
    for command in commands(page):
        if reason(command) is None and not command.bare.endswith(OPENS):
            said = reader.follow(command)
            assert said.code in _codes(command), f"{command.text}\n{said.text[-6000:]}"
            assert command.unanswered(said.text) == [], f"{command.text}\n{said.text[-6000:]}"


def _codes(command: Command) -> tuple[int, ...]:
    """How a command may end: one that serves is interrupted."""
    return (0, 143) if any(re.match(pattern, command.bare) for pattern in SERVING) else (0,)


def test_each_recipe_is_followed_by_a_test_of_its_own() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "recipes").glob("test_*.py"))
    recipes = [Path(page).stem for page in pages() if page.startswith(RECIPES) and commands(page)]
    assert [name for name in recipes if f'"{name}"' not in tests] == []


@pytest.mark.parametrize("page", pages())
def test_commands_stand_in_blocks_that_are_read_here(page: str) -> None:
    assert [language for language, _ in blocks(page) if language in {"sh", "bash", "shell"}] == []
    unread = [text for language, text in blocks(page) if language == "console" and not text.startswith("$ ")]
    assert unread == []


@pytest.mark.parametrize("page", pages())
def test_commands_go_on_in_another_line_by_a_backslash_only(page: str) -> None:
    """The site colours other lines as answers, which its button does not copy."""
    lines = [line for command in commands(page) for line in command.text.splitlines()[:-1]]
    assert [line for line in lines if not line.endswith("\\")] == []


def test_each_reason_is_needed() -> None:
    every = [command for page in pages() for command in commands(page)]
    assert [each.pattern for each in REASONS if each not in map(reason, every)] == []
    assert all(len(each.words) > 20 for each in REASONS)


NOT_RUN = sorted(
    {command.bare for page in pages() for command in commands(page) if reason(command) and not page.startswith(RECIPES)}
)


@pytest.mark.parametrize("text", NOT_RUN)
def test_programs_sub_commands_and_options_that_are_not_run_exist(text: str) -> None:
    words = shlex.split(text.partition(" && ")[0].partition(" -- ")[0].replace("\\\n", " "))
    given = [word for word in words if not re.fullmatch(r"[A-Z_]+=.*", word)]
    program, rest = given[0], given[1:]
    if program == "make":
        assert set(filter(str.isalpha, rest)) <= _targets()
    elif program == "meltano":
        assert {word for word in rest if "-" in word and not word.startswith("-")} <= _plugins()
    elif program.startswith("lightspeed-"):
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= _options(program, rest[0])


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def _plugins() -> set[str]:
    """The plugins of the Meltano project, and the commands that they have."""
    plugins = [each for kind in YAML(typ="safe").load(ROOT / "meltano.yml")["plugins"].values() for each in kind]
    commands = {f"{each['name']}:{command}" for each in plugins for command in each.get("commands", {})}
    return {each["name"] for each in plugins} | commands


@cache
def _options(program: str, command: str) -> set[str]:
    """The options of a program's sub-command, by its own word."""
    words = [str(Path(sys.executable).parent / program), *([] if command.startswith("-") else [command]), "--help"]
    wide = {**os.environ, "COLUMNS": "200"}
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=wide).stdout
    return set(re.findall(r"--[a-z][a-z-]*", said))
