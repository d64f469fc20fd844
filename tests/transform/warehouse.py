"""A retailer in a real PostgreSQL, loaded by tap and loader, and dbt over it: what tests of the models begin with."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.conftest import ROOT
from tests.forked import TAP, TARGET_POSTGRES, Files, ended, start
from tests.tapping import Message

PROJECT = ROOT / "transform"
"""The dbt project of this repository."""

RAW = "lightspeed"
MARTS = "lightspeed_marts"
STAGING = "lightspeed_marts_staging"

PASSWORD = "Correct-Horse-19"
"""What dbt logs in with; the server of the tests takes any, and nobody may be told."""

SPEED = 20.0
"""How many times faster than real the tap's clock runs."""

_LONGEST = 3600.0 if os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1" else 300.0
_LOADER = {"load_method": "upsert", "use_copy": False, "validate_records": False}
"""As in meltano.yml."""


@dataclass
class Pipeline:
    """The way from an account into a schema of a warehouse, run after run.

    Args:
        sandbox: The account.
        server: The warehouse.
        folder: Where files are.
        schema: The schema that gets the tables.
        settings: Further settings of the tap.
        catalog: What is selected; without it, what is by default.
    """

    sandbox: Sandbox
    server: Warehouse
    folder: Path
    schema: str = RAW
    settings: dict[str, Any] = field(default_factory=dict)
    catalog: Message | None = None
    _runs: int = 0

    def __post_init__(self) -> None:
        """Connect the account, as a person does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._connection = {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "refresh_token": self.sandbox.issue_refresh_token(),
            "token_store": str(self.folder / "tokens.json"),
            "api_url": self.sandbox.url,
            "auth_url": self.sandbox.url,
        }

    def load(self) -> None:
        """Load what changed since the last time: one run of the tap and one of the loader."""
        self._runs += 1
        out, states = self._file("out.jsonl"), self._file("states.jsonl")
        tap = ["--config", self._document("tap", self._connection | self.settings)]
        if self.catalog is not None:
            tap += ["--catalog", self._document("catalog", self.catalog)]
        if self._state.exists():
            tap += ["--state", str(self._state)]
        self._run(TAP, tap, Files(out, self._file("tap.log")), SPEED)
        loader = {"sqlalchemy_url": self.server.url, "default_target_schema": self.schema, **_LOADER}
        files = Files(states, self._file("loader.log"), out)
        self._run(TARGET_POSTGRES, ["--config", self._document("loader", loader)], files, 1.0)
        out.unlink()
        acknowledged = states.read_text(encoding="utf-8").splitlines()
        if acknowledged:
            self._state.write_text(acknowledged[-1], encoding="utf-8")

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    def _run(self, entry_point: str, arguments: list[str], files: Files, speed: float) -> None:
        process = start(entry_point, arguments, files, speed=speed, environment=self.server.variables)
        code = ended(process, _LONGEST)
        assert code == 0, files.stderr.read_text(encoding="utf-8", errors="replace")[-3000:]

    def _document(self, name: str, content: Message) -> str:
        path = self._file(f"{name}.json")
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def _file(self, name: str) -> Path:
        return self.folder / f"{self._runs}-{name}"


class DbtError(AssertionError):
    """A command of dbt failed; the text is what it said."""


@dataclass(frozen=True)
class Dbt:
    """dbt as its users run it: a process over the project of this repository, which it leaves as it is.

    Args:
        server: The warehouse.
        folder: Where it keeps its own files: what is parsed once serves the next command.
        raw: The schema of the loaded tables.
        schema: The schema that gets the marts; staging goes beside it.
    """

    server: Warehouse
    folder: Path
    raw: str = RAW
    schema: str = MARTS

    @property
    def staging(self) -> str:
        """The schema of the staging models."""
        return f"{self.schema}_staging"

    @property
    def target(self) -> Path:
        """Where it puts its manifest, run results and compiled models."""
        return self.folder / "target"

    def run(self, *arguments: str, **variables: str) -> str:
        """Run a command to a good end; what it printed.

        Raises:
            DbtError: It failed.
        """
        done = self.attempt(*arguments, **variables)
        if done.returncode != 0:
            raise DbtError(f"dbt {' '.join(arguments)}: {done.stdout[-6000:]}{done.stderr[-2000:]}")
        return done.stdout

    def attempt(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever its end."""
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
        return subprocess.run(
            command,
            cwd=PROJECT,
            env={**os.environ, **self._environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST,
        )

    def results(self) -> dict[str, str]:
        """How the nodes of the last command ended, by their names: success, pass, fail, error, skipped."""
        found = json.loads((self.target / "run_results.json").read_text(encoding="utf-8"))
        return {result["unique_id"]: str(result["status"]) for result in found["results"]}

    def freshness(self) -> dict[str, str]:
        """What the last `source freshness` has found of each table: pass, warn, error."""
        found = json.loads((self.target / "sources.json").read_text(encoding="utf-8"))
        return {result["unique_id"]: str(result["status"]) for result in found["results"]}

    def _environment(self) -> dict[str, str]:
        return {
            **self.server.variables,
            URL_VARIABLE: self.server.url.replace("@", f":{PASSWORD}@", 1),
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": self.raw,
            "DBT_POSTGRES_SCHEMA": self.schema,
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }


@contextmanager
def connected(server: Warehouse) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection on which rows are dicts and numbers in JSON are digit for digit."""
    with psycopg.connect(server.dsn, row_factory=dict_row) as connection:
        set_json_loads(functools.partial(json.loads, parse_float=Decimal, parse_int=Decimal), connection)
        yield connection


def rows(server: Warehouse, schema: str, relation: str, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """All rows of a table or view, with some of its columns or all."""
    wanted = sql.SQL(", ").join(map(sql.Identifier, columns)) if columns else sql.SQL("*")
    with connected(server) as connection:
        statement = sql.SQL("SELECT {} FROM {}").format(wanted, sql.Identifier(schema, relation))
        return connection.execute(statement).fetchall()


def columns(server: Warehouse, schema: str) -> dict[str, list[str]]:
    """The columns of all tables and views in a schema, in their order."""
    with connected(server) as connection:
        found: dict[str, list[str]] = {}
        for row in connection.execute(_COLUMNS, {"schema": schema}).fetchall():
            found.setdefault(row["relation"], []).append(row["name"])
        return found


_COLUMNS = """
    SELECT table_name AS relation, column_name AS name FROM information_schema.columns
    WHERE table_schema = %(schema)s ORDER BY table_name, ordinal_position
"""
