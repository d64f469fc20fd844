"""The repository's Meltano project, in a folder of its own, and the warehouse that it loads into."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from lightspeed_retail.resources import Part, Resource
from lightspeed_sandbox import warehouse
from tap_lightspeed_retail.schema import off_by_default
from tests.conftest import ROOT
from tests.end_to_end.recordings import own_fields
from tests.retailer import plain
from tests.tapping import Key, key_of

EVERYTHING = {"TAP_LIGHTSPEED_RETAIL__SELECT": json.dumps(["*.*"])}
"""The variable that selects every property of every stream."""

MAIN_JOB = ["meltano", "run", "tap-lightspeed-retail", "target-postgres"]
SCHEMA = "lightspeed"

Rows = dict[Key, dict[str, Any]]


@dataclass
class Project:
    """A copy of the project in a folder with a space in its name, as somebody who uses it would have.

    Args:
        folder: Where it lies.
        variables: What its commands find in their environment besides the usual.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copied(cls, parent: Path) -> Project:
        """A fresh copy."""
        folder = parent / "a project"
        folder.mkdir()
        shutil.copy(ROOT / "meltano.yml", folder)
        return cls(folder)

    @property
    def warehouse(self) -> Path:
        """Where its warehouse lies when nobody says otherwise."""
        return self.folder / ".demo" / "warehouse"

    def start(self, command: list[str], log: Path, **variables: str) -> subprocess.Popen[bytes]:
        """Start a command in the project; it and all that it starts are a process group of their own."""
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run_well(self, command: list[str], **variables: str) -> str:
        """Run a command to a good end; what it printed."""
        log = self.folder / "output.txt"
        code = self.start(command, log, **variables).wait(timeout=240)
        said = log.read_text(encoding="utf-8", errors="replace")
        assert code == 0, said[-6000:]
        return said

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What its commands find in their environment."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        telemetry = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "MELTANO_CLI_LOG_LEVEL": "info"}
        return {**os.environ, **telemetry, "PATH": programs, **self.variables, **variables}


@contextmanager
def running_warehouse(directory: Path) -> Iterator[warehouse.Warehouse]:
    """A warehouse that runs meanwhile."""
    server = warehouse.start(directory)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def passing_warehouse(directory: Path) -> Iterator[warehouse.Warehouse]:
    """A warehouse that runs meanwhile and leaves nothing behind, wherever its data lie."""
    with running_warehouse(directory) as server:
        yield server
    shutil.rmtree(server.directory)


@contextmanager
def connected(server: warehouse.Warehouse) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection to a warehouse: see `connected_to`."""
    with connected_to(server.dsn) as connection:
        yield connection


@contextmanager
def connected_to(dsn: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection on which rows are dicts and numbers in JSON are digit for digit."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        set_json_loads(functools.partial(json.loads, parse_float=Decimal, parse_int=Decimal), connection)
        yield connection


def loaded(connection: psycopg.Connection[dict[str, Any]], resource: type[Resource]) -> list[dict[str, Any]]:
    """All rows of a stream's table, moments as texts in UTC."""
    table = sql.Identifier(SCHEMA, resource.api.stream)
    found = connection.execute(sql.SQL("SELECT * FROM {}").format(table)).fetchall()
    return [{name: _text(value) for name, value in row.items()} for row in found]


def own(part: type[Part], record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without rows of other resources in it, and without what is unset; for comparing."""
    found: dict[str, Any] = {}
    for known in own_fields(part):
        value = record.get(known.name)
        if known.nested is not None and known.nested.part is not None and value:
            inner = known.nested.part
            value = [own(inner, row) for row in value] if known.nested.many else own(inner, value)
        found[known.name] = value
    settled: dict[str, Any] = plain(found)
    return settled


def selected(resource: type[Resource], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without the properties that are off unless somebody asks for them."""
    off = {path[0] for path in off_by_default(resource) if len(path) == 1}
    return {name: value for name, value in row.items() if name not in off}


def tables(server: warehouse.Warehouse) -> dict[type[Resource], list[dict[str, Any]]]:
    """Every table in the warehouse; streams that nobody selected have none."""
    with connected(server) as connection:
        names = {row["name"] for row in connection.execute(_NAMES, {"schema": SCHEMA}).fetchall()}
        return {resource: loaded(connection, resource) for resource in Resource.all() if resource.api.stream in names}


_NAMES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %(schema)s"


def by_key(resource: type[Resource], rows: list[dict[str, Any]]) -> Rows:
    """Rows by their key; each may be there once only."""
    found = {key_of(resource, row): row for row in rows}
    assert len(found) == len(rows), f"{resource.api.stream} has rows twice"
    return found


def differences(expected: Rows, found: Rows) -> dict[str, Any]:
    """What two tables do not agree about, field by field."""
    wrong: dict[str, Any] = {}
    if missing := sorted(expected.keys() - found.keys()):
        wrong["missing"] = missing
    if surplus := sorted(found.keys() - expected.keys()):
        wrong["surplus"] = surplus
    for key in expected.keys() & found.keys():
        one, other = expected[key], found[key]
        for name in one.keys() | other.keys():
            if one.get(name) != other.get(name):
                wrong[f"{key}.{name}"] = (one.get(name), other.get(name))
    return wrong


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        assert value.tzinfo is None
        return f"{value.isoformat()}+00:00"
    return value.isoformat() if isinstance(value, date) else value
