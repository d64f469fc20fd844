"""Several accounts in one Meltano project and one warehouse, loaded at the same time as a night loads them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.declared import RESOURCES
from tests.end_to_end.project import SCHEMA, Project, by_key, connected, differences, passing_warehouse
from tests.retailer import comparable, small_sandbox, small_store, table

FIRST = 200001
"""Id of the first account; the others follow."""

_PATIENCE = 240
_PROGRAMS = ["tap-lightspeed-retail", "target-postgres"]


@dataclass
class Started:
    """A load that was started.

    Args:
        account: Whose it is.
        process: Its process.
        log: Where it says what it does.
    """

    account: int
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> int:
        """Its exit code, once it has come to its end."""
        return self.process.wait(timeout=_PATIENCE)

    @property
    def said(self) -> str:
        """What it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class SideBySide:
    """Accounts that share a project and a warehouse.

    Args:
        project: The Meltano project.
        server: The warehouse, which also holds Meltano's own database.
        sandboxes: The accounts by their id.
        select: The streams that are read.
    """

    project: Project
    server: Warehouse
    sandboxes: dict[int, Sandbox]
    select: Mapping[str, str]
    started: list[Started] = field(default_factory=list, init=False)

    @property
    def shared(self) -> dict[str, str]:
        """The variables that all loads have."""
        return {URL_VARIABLE: self.server.url, "PGTZ": "UTC", "MELTANO_DATABASE_URI": self.server.url, **self.select}

    def variables(self, account: int) -> dict[str, str]:
        """The variables of an account's loads."""
        tokens = self.project.folder / f"tokens-{account}.json"
        own = {"ACCOUNT_ID": str(account), "TOKEN_STORE": str(tokens)}
        named = {f"TAP_LIGHTSPEED_RETAIL_{name}": value for name, value in own.items()}
        return {**self.shared, **self.sandboxes[account].environment(), **named}

    def migrate(self) -> None:
        """See that Meltano's database is there before two runs would make it."""
        self.project.run_well(["meltano", "state", "list"], **self.shared)

    def start(self, account: int, *options: str, **variables: str) -> Started:
        """Start a load as a night does: `meltano el` with a state of the account's own."""
        return self.start_as(account, ["el", "--state-id", f"lightspeed-{account}", *options], **variables)

    def start_as(self, account: int, command: Sequence[str], **variables: str) -> Started:
        """Start a load by another command of Meltano."""
        log = self.project.folder / f"load-{account}-{len(self.started)}.txt"
        every = {**self.variables(account), **variables}
        run = Started(account, self.project.start(["meltano", *command, *_PROGRAMS], log, **every), log)
        self.started.append(run)
        return run

    def stop(self) -> None:
        """Kill what still runs."""
        for run in self.started:
            if run.process.poll() is None:
                os.killpg(run.process.pid, signal.SIGKILL)
                run.process.wait()

    def load(self, pause: float = 0.0, **variables: str) -> list[Started]:
        """Load all accounts at the same time to their ends, whatever these are.

        Args:
            pause: Seconds between one start and the next.
            variables: Further variables for all; `{account}` in one is the account's id.
        """
        runs = []
        for account in self.sandboxes:
            own = {name: value.format(account=account) for name, value in variables.items()}
            runs.append(self.start(account, **own))
            time.sleep(pause)
        for run in runs:
            run.ended()
        return runs

    def wrong(
        self, schema: str = SCHEMA, among: Sequence[type[Resource]] = RESOURCES, whose: Sequence[int] = ()
    ) -> dict[str, Any]:
        """What sandboxes and warehouse do not agree about, by stream and account; a row that is there twice fails.

        Args:
            schema: Where the tables are; `{account}` in it is the account's id.
            among: The streams that are compared.
            whose: The accounts that are; none for all.
        """
        found = {}
        for account in whose or self.sandboxes:
            sandbox = self.sandboxes[account]
            place = schema.format(account=account)
            for resource in among:
                rows = by_key(resource, self.rows(resource, account, place))
                here = {key: comparable(resource, row) for key, row in rows.items()}
                if difference := differences(table(sandbox, resource), here):
                    found[f"{resource.api.stream} of {account}"] = difference
        return found

    def rows(self, resource: type[Resource], account: int, schema: str = SCHEMA) -> list[dict[str, Any]]:
        """The rows of an account in a table, moments as texts in UTC."""
        with connected(self.server) as connection:
            return rows_of(connection, resource, account, schema)

    def tables(self, schema: str = SCHEMA) -> set[str]:
        """The tables in a schema."""
        with connected(self.server) as connection:
            found = connection.execute(_TABLES, {"schema": schema}).fetchall()
        return {row["name"] for row in found}

    def empty(self, schema: str = SCHEMA) -> None:
        """Remove a schema with all that is in it."""
        with connected(self.server) as connection:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def rows_of(
    connection: psycopg.Connection[dict[str, Any]], resource: type[Resource], account: int, schema: str = SCHEMA
) -> list[dict[str, Any]]:
    """The rows of an account in a table, moments as texts in UTC."""
    query = sql.SQL('SELECT * FROM {} WHERE "accountID" = %s').format(sql.Identifier(schema, resource.api.stream))
    found = connection.execute(query, [account]).fetchall()
    return [{name: _text(value) for name, value in row.items()} for row in found]


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat()}+00:00"
    return value.isoformat() if isinstance(value, date) else value


_TABLES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %(schema)s"


def failed(runs: Sequence[Started]) -> dict[int, str]:
    """The ends of what loads that failed have said, by account."""
    return {run.account: run.said[-3000:] for run in runs if run.ended() != 0}


@contextmanager
def accounts(folder: Path, count: int, select: Mapping[str, str]) -> Iterator[SideBySide]:
    """Some accounts of different seed, days apart by their clocks, a project and a warehouse; all ends with it."""
    project = Project.copied(folder)
    with ExitStack() as stack:
        server = stack.enter_context(passing_warehouse(project.warehouse))
        found = {}
        for number in range(count):
            store = small_store(days=3, sales_per_day=4, seed=number + 1)
            sandbox = small_sandbox(store, account=FIRST + number)
            sandbox.clock.advance(timedelta(days=number))
            found[FIRST + number] = stack.enter_context(sandbox)
        night = SideBySide(project, server, found, select)
        stack.callback(night.stop)
        yield night
