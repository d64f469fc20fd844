"""The tables of a schedule's warehouse, and what they and the account do not agree about."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from lightspeed_retail.resources import Days, Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tap_lightspeed_retail.schema import off_by_default
from tests.comparing import Keys
from tests.end_to_end.project import by_key, differences
from tests.retailer import comparable, table

_NAMES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %(schema)s"
_SHOWN = 6

Removed = Mapping[type[Resource], Keys]


@dataclass
class Tables:
    """The tables of one schedule.

    Args:
        connection: To the database; rows are dicts, and numbers in JSON are digit for digit.
        schema: The schema that they are in.
        everything: Whether all properties are selected.
    """

    connection: psycopg.Connection[dict[str, Any]]
    schema: str
    everything: bool

    def differences(self, sandbox: Sandbox, streams: tuple[type[Resource], ...], removed: Removed) -> Iterator[str]:
        """What the warehouse and the account do not agree about, a line for each stream.

        Args:
            sandbox: The account.
            streams: What to look at.
            removed: Rows that are gone at their source, which no run is told of.
        """
        parameters = {"schema": self.schema}
        names = {row["name"] for row in self.connection.execute(_NAMES, parameters).fetchall()}
        for resource in streams:
            rows = self._rows(resource) if resource.api.stream in names else []
            try:
                keyed = by_key(resource, rows)
            except AssertionError as error:
                yield str(error)
                continue
            expected = {key: self._selected(resource, row) for key, row in table(sandbox, resource).items()}
            gone = removed.get(resource, set()) | (
                keyed.keys() - expected.keys() if _is_worked_out(resource) else set()
            )
            found = {
                key: self._selected(resource, comparable(resource, row))
                for key, row in keyed.items()
                if key not in gone
            }
            if wrong := differences(expected, found):
                yield f"{resource.api.stream}: {_shortened(wrong)}"

    def _rows(self, resource: type[Resource]) -> list[dict[str, Any]]:
        whole = sql.SQL("SELECT * FROM {}").format(sql.Identifier(self.schema, resource.api.stream))
        rows = self.connection.execute(whole).fetchall()
        return [{name: _text(value) for name, value in row.items()} for row in rows]

    def _selected(self, resource: type[Resource], row: Record) -> Record:
        if self.everything:
            return row
        off = {path[0] for path in off_by_default(resource)}
        return {name: value for name, value in row.items() if name not in off}


@contextmanager
def opened(server: Warehouse, schema: str, *, everything: bool) -> Iterator[Tables]:
    """The tables of a schedule, which go afterwards."""
    with psycopg.connect(server.dsn, row_factory=dict_row, autocommit=True) as connection:
        set_json_loads(functools.partial(json.loads, parse_float=Decimal, parse_int=Decimal), connection)
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        try:
            yield Tables(connection, schema, everything)
        finally:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))


def _is_worked_out(resource: type[Resource]) -> bool:
    """Whether rows are sums over others, and can go when these change: a report does not tell of that."""
    return isinstance(resource.api.bookmark, Days)


def _text(value: Any) -> Any:
    """Moments as the tap writes them: the loader stores them in UTC, and without a time zone."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}+00:00"
    return value.isoformat() if isinstance(value, date) else value


def _shortened(wrong: Mapping[str, Any]) -> str:
    parts = []
    for name, value in list(wrong.items())[:_SHOWN]:
        many = isinstance(value, list) and len(value) > _SHOWN
        parts.append(f"{name} {f'{len(value)}: {value[:_SHOWN]} ...' if many else value}")
    more = len(wrong) - _SHOWN
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")
