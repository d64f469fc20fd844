"""Runs a command with secrets that are easy to find again, and looks for them in all that it says and leaves behind."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from lightspeed_retail.resources.account import Account
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.retailer import WIDE

PLANTED = "5entinel"
"""A word in every secret that a test makes up; no output may have it."""

ACCOUNT = 4711
TAP = "from tap_lightspeed_retail.cli import main; main()"
TARGET = "from target_lightspeed_retail.cli import main; main()"
# The real programs, but for their patience with a host that fails.
IMPATIENT = "import lightspeed_retail.transport as it; it._MAX_TRIES, it._FIRST_TRIES = 2, 2\n"
RETAIL = "import sys; sys.argv[0] = 'lightspeed-retail'; from lightspeed_retail.cli import main; main()"
SANDBOX = "import sys; sys.argv[0] = 'lightspeed-sandbox'; from lightspeed_sandbox.cli import main; main()"

_JWT_DOTS = 2
_PIECE = 24


class Secretive(Sandbox):
    """A sandbox whose client has a secret that is easy to find again, in characters that are written in many ways."""

    client_secret = f"{PLANTED}/client+secret%=é"


def secretive(**options: Any) -> Secretive:
    """A sandbox with one account and next to no rows."""
    store = Store()
    store.put(Account, [{"accountID": ACCOUNT, "name": "Northwind Cycles"}])
    return Secretive(Config(**WIDE, **options), store=store)


def pieces(secret: str) -> Iterator[str]:
    """What gives a secret away: the whole of a short one, any stretch of a long one."""
    if secret.count(".") == _JWT_DOTS:
        # The head is the same for all, and what is claimed is no secret; the signature makes it one.
        secret = secret.rpartition(".")[2]
    steps = range(0, max(len(secret) - _PIECE, 0) + 1, _PIECE)
    for piece in (secret[start : start + _PIECE] for start in steps):
        yield from {piece, quote(piece, safe=""), quote_plus(piece), json.dumps(piece)[1:-1]}


@dataclass(frozen=True)
class Said:
    """What a command has said.

    Args:
        code: Its exit code.
        out: Standard output.
        errors: Standard error.
    """

    code: int
    out: str
    errors: str


def _unmeasured(environment: dict[str, str]) -> dict[str, str]:
    """Without what makes a process measure its own coverage: what it could not write down would be its last words."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_PROCESS")}


@dataclass
class Scene:
    """A folder in which one command runs: what it is given, where it may write, and what it left.

    Args:
        folder: An empty folder.
        sandbox: Who gives out the tokens.
    """

    folder: Path
    sandbox: Sandbox
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    said: str = ""

    def __post_init__(self) -> None:
        """Make the rooms, and settings that work."""
        for name in ("given", "work", "temporary", "home", "store"):
            (self.folder / name).mkdir()
        self.settings = {**self.connection(), "refresh_token": self.sandbox.issue_refresh_token(), **self.settings}

    def connection(self) -> dict[str, Any]:
        """What somebody has before any token."""
        return {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "token_store": str(self.store),
            "api_url": self.sandbox.url,
            "auth_url": self.sandbox.url,
        }

    @property
    def store(self) -> Path:
        """The token store: the one file that may hold tokens."""
        return self.folder / "store" / "tokens.json"

    def given(self, name: str, content: Any) -> str:
        """A file that the command is given."""
        path = self.folder / "given" / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def environment(self, prefix: str = "") -> dict[str, str]:
        """The environment of the command; with a prefix, the settings stand in it."""
        own = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "temporary")}
        found = {**os.environ, **own, **self.variables}
        return {**found, **in_environment(prefix, self.settings)} if prefix else found

    def start(self, program: str, *options: str, prefix: str = "", most_bytes: int | None = None) -> None:
        """Start a program; files of more than so many bytes cannot be written."""

        def limit() -> None:
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", program, *options],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            cwd=self.folder / "work",
            env=self.environment(prefix) if most_bytes is None else _unmeasured(self.environment(prefix)),
            preexec_fn=limit,  # noqa: PLW1509  no other thread's locks are needed between fork and exec
        )

    def end(self, typed: str = "") -> Said:
        """Wait until the program has ended."""
        assert self.process is not None
        out, errors = self.process.communicate(typed, timeout=60)
        self.said += out + errors
        return Said(self.process.returncode, out, errors)

    def run(
        self, program: str, *options: str, prefix: str = "", typed: str = "", most_bytes: int | None = None
    ) -> Said:
        """Run a program to its end."""
        self.start(program, *options, prefix=prefix, most_bytes=most_bytes)
        return self.end(typed)

    def leaks(self) -> list[str]:
        """Where a secret can be read: in what was said, or in a file that is neither given nor the token store."""
        found = self._secret.search(self.said)
        said = [f"said: {_around(self.said, found)}"] if found else []
        return said + [f"{path.name}: {_around(text, hit)}" for path, text in self._files() if (hit := self._in(text))]

    def _in(self, text: str) -> re.Match[str] | None:
        return self._secret.search(text)

    @property
    def _secret(self) -> re.Pattern[str]:
        given = self.sandbox.server.grants.given
        return re.compile("|".join([PLANTED, *(re.escape(piece) for secret in given for piece in pieces(secret))]))

    def _files(self) -> Iterator[tuple[Path, str]]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path != self.store and (self.folder / "given") not in path.parents:
                yield path, str(path.relative_to(self.folder)) + "\n" + path.read_bytes().decode("latin-1")


def in_environment(prefix: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as environment variables."""
    return {
        prefix + name.upper(): value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
        if value is not None
    }


def _around(text: str, found: re.Match[str]) -> str:
    return text[max(found.start() - 200, 0) : found.end() + 40]
