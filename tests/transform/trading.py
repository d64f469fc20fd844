"""Trade for the models to tell of: accounts of some weeks in a schema of a warehouse, and the models over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg import sql

from lightspeed_sandbox import generate
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.warehouse import Warehouse
from tests.retailer import TODAY, small_sandbox
from tests.tapping import Message, discovered, selecting
from tests.transform.reckoning import Row, Rows
from tests.transform.warehouse import PROJECT, Dbt, Pipeline, connected

MARTS = sorted(path.stem for path in (PROJECT / "models" / "marts").glob("*.sql"))
EVERYTHING = ("--select", "+path:models/marts", "path:snapshots")
"""The marts and all that they are made of."""


def read_by_marts() -> Message:
    """A catalog with the streams that marts are made of."""
    folders = (PROJECT / "models" / "marts").glob("*.sql")
    named = " ".join(path.read_text(encoding="utf-8") for path in folders)
    streams = [entry["tap_stream_id"] for entry in discovered()["streams"]]
    return selecting(*(name for name in streams if f"'stg_{name}'" in named))


@contextmanager
def account(
    days: int, sales_per_day: int = 12, *, seed: int = 1, today: datetime | None = TODAY, **options: Any
) -> Iterator[Sandbox]:
    """An account with some weeks of trade, one of whose shops has prices with the tax in them; by default years ago."""
    store = Store()
    clock = Clock(store.meta)
    if today is not None:
        clock.set(today)
    people, goods = (60, 90) if days < _MONTH else (120, 130)
    scale = generate.Scale(seed, days, sales_per_day, people, goods, tax_inclusive=True)
    generate.build(store, scale, clock.now())
    store.commit()
    with small_sandbox(store, **options) as sandbox:
        yield sandbox


_MONTH = 30


VARIABLES = {
    "incremental_overlap_minutes": 0,
    "report_reading_seconds": 5,
    "inventory_days": 30,
    "time_zone": "US/Pacific",
}
"""Of all builds, so that dbt parses the project once: a few days of stock, and loads that follow each other at once."""

_SCHEMA = "trade"


@dataclass
class Loaded:
    """Accounts that are loaded into a schema of a warehouse, and dbt over it.

    Args:
        server: The warehouse.
        dbt: The models over the schema.
        pipelines: The ways from the accounts into the schema.
    """

    server: Warehouse
    dbt: Dbt
    pipelines: list[Pipeline]

    @classmethod
    def of(
        cls, sandboxes: Sequence[Sandbox], server: Warehouse, folder: Path, catalog: Message, **settings: Any
    ) -> Loaded:
        """Accounts in a schema from which those of earlier tests are gone; dbt remembers what it parsed."""
        dbt = Dbt(server, folder.parent / "trade-dbt", _SCHEMA, f"{_SCHEMA}_marts")
        with connected(server) as connection:
            for schema in (dbt.raw, dbt.schema, dbt.staging):
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        pipelines = [
            Pipeline(sandbox, server, folder / str(number), dbt.raw, settings, catalog)
            for number, sandbox in enumerate(sandboxes)
        ]
        return cls(server, dbt, pipelines)

    def load(self) -> None:
        """Load what changed since the last time, one account after the other."""
        for pipeline in self.pipelines:
            pipeline.load()

    def build(self, *arguments: str) -> None:
        """Build and test the marts."""
        self.dbt.run("build", *EVERYTHING, "--vars", json.dumps(VARIABLES), *arguments)

    def test(self, *names: str) -> bool:
        """Run some of the models' own tests; whether they pass."""
        return self.dbt.attempt("test", "--select", *names, "--vars", json.dumps(VARIABLES)).returncode == 0

    def troubles(self) -> dict[str, str]:
        """The nodes of the last build that did not end well, warnings among them."""
        return {name: status for name, status in self.dbt.results().items() if status not in ("success", "pass")}

    def table(self, name: str, key: Iterable[str], columns: Iterable[str] = ()) -> Rows:
        """A mart by its key; some of its columns, or all."""
        key, columns = list(key), list(columns)
        found: Rows = {}
        for row in self._rows(name):
            wanted = {column: plain(row[column]) for column in columns or row}
            assert found.setdefault(tuple(row[column] for column in key), wanted) is wanted, "The key is not unique."
        return found

    def _rows(self, name: str) -> list[Row]:
        with connected(self.server) as connection:
            table = sql.Identifier(self.dbt.schema, name)
            return connection.execute(sql.SQL("SELECT * FROM {}").format(table)).fetchall()

    def columns(self) -> dict[str, set[str]]:
        """The columns of each mart."""
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s"
        with connected(self.server) as connection:
            found: dict[str, set[str]] = {}
            for row in connection.execute(query, [self.dbt.schema]):
                found.setdefault(row["table_name"], set()).add(row["column_name"])
        return found


def plain(value: Any) -> Any:
    """A value without what makes no difference: noughts at the end, and texts that are empty."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value).normalize() + 0
    return None if value == "" else value


def differences(found: Rows, wanted: Rows) -> list[str]:
    """What of the rows that were found is other than it should be; the first of it."""
    told = [f"{key} is missing" for key in sorted(wanted.keys() - found.keys(), key=repr)]
    told += [f"{key} is too much" for key in sorted(found.keys() - wanted.keys(), key=repr)]
    for key in sorted(wanted.keys() & found.keys(), key=repr):
        for column, value in wanted[key].items():
            if found[key][column] != plain(value):
                told.append(f"{key} {column}: {found[key][column]!r} instead of {value!r}")
    return told[:10]
