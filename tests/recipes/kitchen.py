"""A project, a warehouse and a sandbox in which the recipes of the docs are followed as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
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
from tests.project.terminals import Said, Terminal, terminal
from tests.targeting import WRITES

_NAMED = re.compile(r"(?:#|--) (\S+)\n")
_WORKS = {"sql", "yaml"}


@dataclass
class Typed:
    """A command of a recipe that was typed.

    Args:
        command: What the page says.
        said: What came of it.
        writes: Method and path of each request that wrote to the account.
    """

    command: Command
    said: Said
    writes: list[tuple[str, str]]


@dataclass
class Recipe:
    """A recipe that was followed to its end.

    Args:
        typed: Its commands.
    """

    typed: list[Typed]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that wrote, over all commands."""
        return [write for each in self.typed for write in each.writes]

    def written_last(self) -> list[tuple[str, str]]:
        """The requests with which its last command wrote."""
        return self.typed[-1].writes


@dataclass
class Kitchen:
    """Where recipes are followed.

    Args:
        project: The Meltano project.
        server: The warehouse, which lies in the project.
        sandbox: The account.
        shell: The terminal in which commands are typed.
    """

    project: Project
    server: Warehouse
    sandbox: Sandbox
    shell: Terminal

    def follow(self, name: str) -> Recipe:
        """Follow a recipe from beginning to end: each command has to end well, and to say what the page shows."""
        page = f"{RECIPES}{name}.md"
        for language, content in blocks(page):
            if language in _WORKS:
                self._write(content)
        return Recipe([self.type(command) for command in commands(page)])

    def type(self, command: Command) -> Typed:
        """Type a command of a recipe."""
        self.sandbox.forget_requests()
        said = self.shell.run(command.text)
        assert said.code == 0, f"{command.text}\n{said.text[-6000:]}"
        missing = [line for line in command.answers if _squeezed(line) not in _squeezed(said.text)]
        assert missing == [], f"{command.text}\n{said.text[-6000:]}"
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
        shell = stack.enter_context(terminal(project.folder, environment))
        yield Kitchen(project, server, sandbox, shell)
