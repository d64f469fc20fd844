"""Ledgers for tests: an empty one of each kind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lightspeed_sandbox import warehouse
from lightspeed_sandbox.warehouse import Warehouse
from target_lightspeed_retail.ledger import Ledger, Settled
from target_lightspeed_retail.ledger_tables import METADATA

ACCOUNT = 4711
KINDS = ["sqlite", "postgresql"]
FIELDS = {"firstName": "0123456789abcdef"}

Place = Callable[[str], str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A PostgreSQL server."""
    with warehouse.running(tmp_path_factory.mktemp("postgresql")) as running:
        yield running
    shutil.rmtree(running.directory)


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """What to set ledger to; every test has an empty one of each kind."""

    def of(kind: str) -> str:
        if kind == "sqlite":
            return str(tmp_path / "ledger" / "ledger.sqlite")
        running: Warehouse = request.getfixturevalue("server")
        tables = ", ".join(table.name for table in METADATA.sorted_tables)
        run(running, f"DROP TABLE IF EXISTS {tables}")
        return running.url

    return of


def run(server: Warehouse, *statements: str) -> None:
    """Execute statements."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def opened(where: str, account: int = ACCOUNT, *, patience: float = 10.0) -> Iterator[Ledger]:
    """A ledger that is only read."""
    ledger = Ledger(where, account, run_id="test", patience=patience)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def held(where: str, account: int = ACCOUNT, *, patience: float = 10.0) -> Iterator[Ledger]:
    """A ledger with its lock."""
    with opened(where, account, patience=patience) as ledger, ledger.lock():
        yield ledger


def start(program: str, *arguments: Any) -> subprocess.Popen[str]:
    """A process of its own, with arguments as JSON."""
    command = [sys.executable, "-c", program, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fill(where: str, count: int) -> int:
    """Settle some records; how large the file is then."""
    with held(where) as ledger:
        ledger.settle_many("items", [Settled(str(number), str(number), FIELDS) for number in range(count)])
    return Path(where).stat().st_size
