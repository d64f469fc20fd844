"""A project, a warehouse and a sandbox in which the recipes of the docs are followed as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.conftest import ROOT
from tests.end_to_end.project import Project, connected, passing_warehouse
from tests.project.consoles import RECIPES, Command, blocks, commands
from tests.targeting import WRITES

_NAMED = re.compile(r"(?:#|--) (\S+)\n")
_WORKS = {"sql", "yaml"}
_PATIENCE = 600
FULL = bool(os.environ.get("LIGHTSPEED_RETAIL_FULL"))
"""Whether every command is typed; else those that only repeat another are typed where it matters most."""


class Shell:
    """A shell for one command after the other: what one exports the next ones find.

    Args:
        folder: Where it works.
        variables: What stands in its environment besides the usual.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """Begin with an environment."""
        self._folder = folder
        self.variables = {**os.environ, **variables}

    def run(self, command: str) -> str:
        """Run a command to a good end; what it printed, errors too."""
        kept, output = self._folder / "variables", self._folder / "output.txt"
        script = f"set -o pipefail\n{command}\ncode=$?; env -0 > {kept.name}; exit $code"
        with output.open("wb") as file:
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=self._folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_PATIENCE,
            )
        said = output.read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, f"{command}\n{said[-6000:]}"
        pairs = kept.read_text(encoding="utf-8").rstrip("\0").split("\0")
        self.variables = dict(pair.split("=", 1) for pair in pairs)
        return said


@dataclass
class Typed:
    """A command of a recipe that was typed.

    Args:
        command: What the page says.
        said: What it printed, errors too.
        writes: Method and path of each request that wrote to the account.
    """

    command: Command
    said: str
    writes: list[tuple[str, str]]


@dataclass
class Recipe:
    """A recipe that was followed to its end.

    Args:
        typed: Its commands.
        is_repeated: Whether the last one had been typed before.
    """

    typed: list[Typed]
    is_repeated: bool

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that wrote, over all commands."""
        return [write for each in self.typed for write in each.writes]

    @property
    def doubles(self) -> list[tuple[str, str]]:
        """The requests that wrote when all had been done already."""
        return self.typed[-1].writes if self.is_repeated else []


@dataclass
class Kitchen:
    """Where recipes are followed.

    Args:
        project: The Meltano project.
        server: The warehouse, which lies in the project.
        sandbox: The account.
        shell: Where commands are typed.
    """

    project: Project
    server: Warehouse
    sandbox: Sandbox
    shell: Shell

    def follow(self, name: str, *, twice: bool = FULL) -> Recipe:
        """Follow a recipe from beginning to end: each command has to end well, and to say what the page shows.

        Args:
            name: The recipe.
            twice: Whether commands are typed that are there to show that a second time nothing happens.
        """
        page = f"{RECIPES}{name}.md"
        for language, content in blocks(page):
            if language in _WORKS:
                self._write(content)
        typed = [each for each in commands(page) if twice or not _is_repeated(each, commands(page))]
        return Recipe([self.type(command) for command in typed], is_repeated=twice)

    def type(self, command: Command) -> Typed:
        """Type a command of a recipe."""
        self.sandbox.forget_requests()
        said = self.shell.run(command.text)
        missing = [line for line in command.answers if _squeezed(line) not in _squeezed(said)]
        assert missing == [], f"{command.text}\n{said[-6000:]}"
        sent = [(asked["method"], asked["path"]) for asked in self.sandbox.requests if asked["method"] in WRITES]
        return Typed(command, said, sent)

    def query(self, question: Any) -> list[dict[str, Any]]:
        """Rows out of the warehouse."""
        with connected(self.server) as connection:
            return connection.execute(question).fetchall()

    def _write(self, content: str) -> None:
        named = _NAMED.match(content)
        assert named is not None, f"a block that does not say which file it belongs to: {content[:80]}"
        path = self.project.folder / named[1]
        if path.name == "meltano.yml":
            _merge(path, content)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def _is_repeated(command: Command, page: tuple[Command, ...]) -> bool:
    """Whether a command does what an earlier one of its page has done."""
    earlier = page[: next(number for number, each in enumerate(page) if each is command)]
    return command.text.replace(" --full-refresh", "") in [each.text for each in earlier]


def settings_of(content: str) -> dict[str, Any]:
    """What a block of YAML says."""
    found: dict[str, Any] = YAML(typ="safe").load(content)
    return found


def _merge(path: Path, content: str) -> None:
    """Add to `meltano.yml` what a recipe says; a part of the same name is replaced."""
    yaml = YAML(typ="safe")
    known = yaml.load(path)
    added = settings_of(content)
    lists = [(known["plugins"], kind, parts) for kind, parts in added.pop("plugins", {}).items()]
    for there, kind, parts in [*lists, *((known, kind, parts) for kind, parts in added.items())]:
        names = {part["name"] for part in parts}
        there[kind] = [*(part for part in there.get(kind, []) if part["name"] not in names), *parts]
    yaml.dump(known, path)


def _squeezed(text: str) -> str:
    """A text in which blanks are as short as can be, without the dots that stand for what a page leaves out."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return re.sub(r"\s+", " ", plain).strip().removesuffix(" ...")


@contextmanager
def opened(folder: Path, sandbox: Sandbox, **variables: str) -> Iterator[Kitchen]:
    """A kitchen over a sandbox, which is closed in the end."""
    project = Project.copied(folder)
    ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
    shutil.copytree(ROOT / "transform", project.folder / "transform", ignore=ignored)
    with ExitStack() as stack:
        server = stack.enter_context(passing_warehouse(project.warehouse))
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        quiet = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
        environment = {"PATH": programs, **quiet, **sandbox.environment(), **server.variables, **variables}
        yield Kitchen(project, server, sandbox, Shell(project.folder, environment))
