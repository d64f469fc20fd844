"""What staging models must hold, straight from the rows of the sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lightspeed_retail.resources.account import Shop
from lightspeed_sandbox.serve import Sandbox
from tools.staging.models import Column, Model
from tools.staging.words import extensions

Row = dict[str, Any]

MARKS = ("is_deleted", "extracted_at", "loaded_at")
"""What every staging model has besides the declared fields."""


def expected(sandbox: Sandbox, model: Model, zone: ZoneInfo) -> list[Row]:
    """The rows of a staging model, without its marks and what is added to it.

    Args:
        sandbox: The account.
        model: The model.
        zone: Where the shops are, whose calendar the dates are of.
    """
    records = ({"accountID": int(sandbox.account), **record} for record in sandbox.rows(model.resource))
    return [
        row for record in records for row in (_nested(model, record, zone) if model.path else _own(model, record, zone))
    ]


def _own(model: Model, record: Row, zone: ZoneInfo) -> Iterator[Row]:
    yield _row(model.columns, record, zone)


def _nested(model: Model, record: Row, zone: ZoneInfo) -> Iterator[Row]:
    keys = _row(model.keys, record, zone)
    for position, element in enumerate(_held(record, model.path) or [], start=1):
        yield {**keys, "position": position, **_row(model.columns, element, zone)}


def _row(columns: tuple[Column, ...], record: Any, zone: ZoneInfo) -> Row:
    return {column.name: _value(column.kind, _held(record, column.path), zone) for column in columns}


def _held(record: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        record = record.get(step) if isinstance(record, Mapping) else None
    return record


def _value(kind: str, value: Any, zone: ZoneInfo) -> Any:
    if value in (None, ""):
        return None
    if kind in {"number", "money"}:
        return Decimal(value)
    if kind == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
    if kind == "date":
        return _day(value, zone)
    return (value or None) if kind == "key" else value


def _day(value: str, zone: ZoneInfo) -> date:
    """A day; the sandbox keeps some as the moment that the API writes."""
    return datetime.fromisoformat(value).astimezone(zone).date() if "T" in value else date.fromisoformat(value)


def zone_of(sandbox: Sandbox) -> ZoneInfo:
    """The time zone of all shops."""
    (zone,) = {shop["timeZone"] for shop in sandbox.rows(Shop)}
    return ZoneInfo(zone)


def ordered(found: list[Row]) -> Counter[str]:
    """Rows as what can be compared whatever their order."""
    return Counter(repr(sorted((name, plain(value)) for name, value in row.items())) for row in found)


def plain(value: Any) -> Any:
    """A number without the noughts at its end, names and what they hold in their order."""
    if isinstance(value, dict):
        return sorted(value.items())
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value


def shown(row: Row, model: Model) -> Row:
    """A row of a model without its marks and what is added to it."""
    added = {*MARKS, *extensions(model)}
    return {name: value for name, value in row.items() if name not in added}
