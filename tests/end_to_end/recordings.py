"""What the recorded answers hold, found without the sandbox: every row, by resource and key, typed by its declaration.

Of several recordings of one row the one with the latest stamp counts, then the one from an answer of a single record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource, Stamp
from tests.tapping import Key, key_of

Wire = dict[str, Any]
Tables = dict[type[Resource], dict[Key, dict[str, Any]]]

_ACCOUNT = re.compile(r"/Account/(\d+)[/.]")
_HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True)
class Copy:
    """One recording of a row.

    Args:
        row: The row as it was recorded.
        single: Whether the answer held one record only.
    """

    row: Wire
    single: bool


def recorded_rows(folder: Path) -> dict[tuple[type[Resource], str], Wire]:
    """Every recorded row of every declared resource, as it was recorded."""
    copies: dict[tuple[type[Resource], str], list[Copy]] = {}
    for path in sorted(folder.glob("*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"))
        if 200 <= recording["status"] < 300:
            for resource, copy in _harvest(recording["body"]):
                copies.setdefault((resource, str(copy.row[resource.api.key])), []).append(copy)
    return {(resource, key): _settled(resource, found) for (resource, key), found in copies.items()}


def recorded_tables(folder: Path) -> Tables:
    """The same, typed; what is nested as rows of other resources stays out."""
    rows = recorded_rows(folder)
    zone = _zone(rows)
    tables: Tables = {resource: {} for resource in Resource.all()}
    for (resource, _), row in rows.items():
        found = typed(resource, row, zone)
        tables[resource][key_of(resource, found)] = found
    return tables


def account_of(folder: Path) -> int:
    """The account that the recorded addresses name."""
    text = "".join(json.loads(path.read_text())["request"]["url"] for path in sorted(folder.glob("*.json")))
    (account,) = set(_ACCOUNT.findall(text))
    return int(account)


def _names() -> dict[str, type[Resource]]:
    """Under which keys rows of a resource stand: its own name, and the names of relations to one of it."""
    names = {
        field.name: field.nested.resource
        for resource in Resource.all()
        for field in resource.fields()
        if field.nested is not None and field.nested.resource is not None and not field.nested.many
    }
    return {**names, **{resource.__name__: resource for resource in Resource.all()}}


def _harvest(body: Any) -> Iterator[tuple[type[Resource], Copy]]:
    """Every row in an answer, whatever envelope or foreign record it stands in."""
    names = _names()
    single = isinstance(body, dict) and not any(isinstance(rows, list) and len(rows) > 1 for rows in body.values())

    def walk(value: Any, name: str) -> Iterator[tuple[type[Resource], Copy]]:
        if isinstance(value, list):
            for element in value:
                yield from walk(element, name)
        elif isinstance(value, dict):
            resource = names.get(name)
            if resource is not None and resource.api.key in value:
                yield resource, Copy(value, single)
            for inner_name, inner in value.items():
                yield from walk(inner, inner_name)

    return walk(body, "")


def _settled(resource: type[Resource], copies: list[Copy]) -> Wire:
    latest = max(_stamp(resource, copy.row) for copy in copies)
    row: Wire = {}
    for copy in sorted((copy for copy in copies if _stamp(resource, copy.row) == latest), key=lambda copy: copy.single):
        row |= copy.row
    return row


def _stamp(resource: type[Resource], row: Wire) -> str:
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Stamp):
        return ""
    return str(row.get(bookmark.field) or row.get(bookmark.fallback or "") or "")


def _zone(rows: Mapping[tuple[type[Resource], str], Wire]) -> ZoneInfo:
    names = {row.get("timeZone") for (resource, _), row in rows.items() if resource.__name__ == "Shop"}
    return ZoneInfo(next((name for name in names if name), "UTC"))


def typed(part: type[Part], row: Wire, zone: ZoneInfo) -> dict[str, Any]:
    """The declared fields of a recorded row with their real types, moments as texts in UTC; `""` is nothing."""
    by_fold = {name.casefold(): value for name, value in row.items()}
    return {field.name: _value(field, by_fold.get(field.name.casefold()), zone) for field in own_fields(part)}


def own_fields(part: type[Part]) -> list[Field]:
    """The fields that are a record's own: no credentials, and no rows of other resources."""
    return [
        field
        for field in part.fields()
        if field.type is not FieldType.SECRET and (field.nested is None or field.nested.resource is None)
    ]


def _value(field: Field, value: Any, zone: ZoneInfo) -> Any:
    if value is None or value == "":
        return None
    return _nested(field.nested, value, zone) if field.nested is not None else _scalar(field.type, value, zone)


def _scalar(kind: FieldType, text: str, zone: ZoneInfo) -> Any:
    if kind is FieldType.BOOLEAN:
        return {"true": True, "false": False}[text]
    if kind in (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY):
        return Decimal(text)
    if kind is FieldType.STRING:
        return text
    moment = datetime.fromisoformat(text).astimezone(UTC)
    # A date is written as a shop's midnight; summer time may shift that by an hour.
    return (
        moment.isoformat() if kind is FieldType.DATETIME else (moment.astimezone(zone) + _HALF_A_DAY).date().isoformat()
    )


def _nested(nested: Nested, value: Any, zone: ZoneInfo) -> Any:
    key = nested.element if nested.many else nested.wrapper
    inner = value.get(key) if key and isinstance(value, dict) else value
    rows = inner if isinstance(inner, list) else [inner] if inner else []
    part = nested.part
    found = [row if part is None else typed(part, row, zone) for row in rows]
    if nested.many:
        return found
    return found[0] if found else None
