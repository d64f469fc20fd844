"""The warehouse that a report is about: it is only read, all of it as it stands at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl
import sqlalchemy as sql

from lightspeed_retail.databases import Database
from lightspeed_retail.errors import SettingsError

MONEY = pl.Decimal(28, 4)
"""The type of amounts."""

_PATIENCE = 30.0
_WANTED = "the address of the warehouse, as in postgresql://user:password@host:5432/database"
_TABLES = sql.text("""
    select table_name, column_name from information_schema.columns where table_schema = :schema
""")
_PATH = sql.text("select set_config('search_path', quote_ident(:schema), true)")


@dataclass(frozen=True)
class Question:
    """What is asked of the marts.

    Args:
        text: A query, with the tables' bare names.
        columns: The columns of its answer, with their types.
        needs: The tables that it reads.
    """

    text: str
    columns: Mapping[str, Any]
    needs: tuple[str, ...]

    @property
    def nothing(self) -> pl.DataFrame:
        """The answer of a warehouse that holds nothing."""
        return pl.DataFrame(schema=dict(self.columns))


class Warehouse:
    """An open warehouse.

    Args:
        connection: A connection with a transaction that only reads.
        schema: The schema of the marts.
        raw_schema: The schema into which the loader writes.
        account: The account that the report is about; None for all.
    """

    def __init__(self, connection: sql.Connection, schema: str, raw_schema: str, account: int | None) -> None:
        """Take the names of the marts without their schema."""
        self.connection = connection
        self.raw_schema = raw_schema
        self.account = account
        self._schema = schema
        connection.execute(_PATH, {"schema": schema})

    @cached_property
    def marts(self) -> frozenset[str]:
        """The tables of the marts that exist."""
        return frozenset(self._columns(self._schema))

    @cached_property
    def raw(self) -> Mapping[str, frozenset[str]]:
        """The loader's tables, with the names of their columns."""
        return self._columns(self.raw_schema)

    def _columns(self, schema: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self.connection.execute(_TABLES, {"schema": schema}):
            found.setdefault(table, set()).add(column)
        return {table: frozenset(columns) for table, columns in found.items()}

    def missing(self, *questions: Question) -> list[str]:
        """The tables that questions need and that aren't there."""
        return sorted({table for question in questions for table in question.needs} - self.marts)

    def ask(self, question: Question, **values: Any) -> pl.DataFrame:
        """The answer to a question; an empty one where its tables don't exist.

        Args:
            question: What is asked.
            values: The values of its parameters; the account is always known.
        """
        if self.missing(question):
            return question.nothing
        rows = self.connection.execute(sql.text(question.text), {"account": self.account, **values}).fetchall()
        kinds = question.columns.values()
        fitting = [tuple(_fitting(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]
        return pl.DataFrame(fitting, schema=dict(question.columns), orient="row")


def _fitting(value: Any, kind: Any) -> Any:
    """A value of the database as one of a column."""
    if value is None:
        return None
    if kind == MONEY:
        return round(Decimal(value), MONEY.scale)
    if kind == pl.Int64:
        return int(value)
    return float(value) if kind == pl.Float64 else value


@contextmanager
def opened(url: str | sql.URL, schema: str, raw_schema: str, account: int | None) -> Iterator[Warehouse]:
    """A warehouse, open for reading; what is wrong with it is told in a line.

    Raises:
        SettingsError: It can't be reached or read, or is no PostgreSQL.
    """
    database = Database(url, setting="--database", title="warehouse", wanted=_WANTED, patience=_PATIENCE, options={})
    if database.engine.dialect.name != "postgresql":
        raise SettingsError("--database: the report reads PostgreSQL. Set it to " + _WANTED + ".")
    with database.told():
        try:
            with database.engine.connect() as connection:
                reading = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield Warehouse(reading, schema, raw_schema, account)
        finally:
            database.engine.dispose()
