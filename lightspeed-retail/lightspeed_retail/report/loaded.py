"""What the loader has written: rows of each stream, and how fresh they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sql

from lightspeed_retail.report.warehouse import Warehouse
from lightspeed_retail.resources import Resource

_STAMPS = ("_sdc_batched_at", "_sdc_received_at", "_sdc_extracted_at")
_DELETED = "_sdc_deleted_at"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Loaded:
    """The table of a stream.

    Args:
        stream: Its name.
        rows: Its rows, those that are gone in Lightspeed left out.
        written: When the last of them was written, in UTC; None where that isn't known.
        recent: How many were written in the last day.
    """

    stream: str
    rows: int
    written: datetime | None
    recent: int


def streams(warehouse: Warehouse, now: datetime) -> list[Loaded]:
    """The tables of all streams that have one, the streams of this project first."""
    declared = [resource.api.stream for resource in Resource.all()]
    others = [name for name, columns in warehouse.raw.items() if name not in declared and _stamp(columns)]
    queries = [_query(warehouse, name, now) for name in [*declared, *sorted(others)] if name in warehouse.raw]
    return [Loaded(*_in_utc(row)) for query in queries for row in warehouse.connection.execute(query)]


def account_currency(warehouse: Warehouse) -> str | None:
    """The sign of the currency that the accounts work in; None if they don't agree or don't tell."""
    columns = warehouse.raw.get("accounts", frozenset())
    name = next((each for each in columns if _letters(each) == "defaultcurrency"), None)
    if name is None:
        return None
    column: sql.ColumnClause[Any] = sql.column(name)
    query = _of_account(sql.select(column).select_from(_table(warehouse, "accounts")), warehouse, columns)
    found = {
        str(value.get("symbol") or value.get("code") or "") for (value,) in warehouse.connection.execute(query) if value
    }
    return found.pop() if len(found) == 1 else None


def _query(warehouse: Warehouse, name: str, now: datetime) -> sql.Select[Any]:
    columns = warehouse.raw[name]
    stamp = _stamp(columns)
    written: sql.ColumnElement[Any] = sql.null() if stamp is None else sql.column(stamp)
    day_ago = (now - _DAY).astimezone(UTC).replace(tzinfo=None)
    recent = sql.literal(0) if stamp is None else sql.func.count().filter(sql.column(stamp) >= day_ago)
    query = sql.select(sql.literal(name), sql.func.count(), sql.func.max(written), recent)
    query = _of_account(query.select_from(_table(warehouse, name)), warehouse, columns)
    return query.where(sql.column(_DELETED).is_(None)) if _DELETED in columns else query


def _of_account(
    query: sql.Select[Any], warehouse: Warehouse, columns: Sequence[str] | frozenset[str]
) -> sql.Select[Any]:
    name = next((each for each in columns if _letters(each) == "accountid"), None)
    if warehouse.account is None or name is None:
        return query
    return query.where(sql.column(name) == warehouse.account)


def _table(warehouse: Warehouse, name: str) -> sql.TableClause:
    return sql.table(name, schema=warehouse.raw_schema)


def _stamp(columns: frozenset[str]) -> str | None:
    return next((name for name in _STAMPS if name in columns), None)


def _letters(name: str) -> str:
    """The letters of a name, which are the same in all namings."""
    return name.replace("_", "").lower()


def _in_utc(row: Any) -> Iterator[Any]:
    """The loader writes date-times without a zone, and means UTC."""
    for value in row:
        is_local = isinstance(value, datetime) and value.tzinfo is None
        yield value.replace(tzinfo=UTC) if is_local else value
