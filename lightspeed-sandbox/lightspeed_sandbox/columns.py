"""Typed records as rows of SQLite, and back: compiled once from a declaration."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from lightspeed_retail.encoding import scalar_to_wire
from lightspeed_retail.resources import Field, FieldType, Part, Resource, Stamp
from lightspeed_retail.wire import Record
from lightspeed_sandbox.memo import compiled

_INTEGERS = (FieldType.INTEGER, FieldType.BOOLEAN)
_DECIMALS = (FieldType.NUMBER, FieldType.MONEY)
_TEXTS = (FieldType.STRING,)

Convert = Callable[[Any], Any]


def is_stored(field: Field) -> bool:
    """Whether a field is kept with its row: everything but the rows of other resources."""
    return field.nested is None or field.nested.resource is None


def column(field: Field) -> str:
    """Name of a field's column; SQLite ignores case, so nested records get a mark of their own."""
    return field.name if field.nested is None else f"@{field.name}"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return f'"{name}"'


class Columns:
    """The columns of one resource and the conversions in both directions."""

    def __init__(self, resource: type[Resource]) -> None:
        """Derive the columns from the declaration."""
        self.resource = resource
        self.fields = tuple(field for field in resource.fields() if is_stored(field))
        self.names = tuple(column(field) for field in self.fields)
        self._full = [(field.name, _to_column(field, complete=True)) for field in self.fields]
        self._sparse = [(field.name, _to_column(field, complete=False)) for field in self.fields]
        self._typed = [(field.name, _from_column(field)) for field in self.fields]

    def definitions(self, without: Container[str] = ()) -> list[str]:
        """The columns as `CREATE TABLE` wants them; without some that a file has already."""
        pairs = zip(self.names, self.fields, strict=True)
        return [f'"{name}" {self._sql_type(field)}' for name, field in pairs if name not in without]

    def primary_key(self) -> str:
        """What `CREATE TABLE` says of several columns that identify a row together."""
        return f"PRIMARY KEY ({', '.join(map(quoted, self.resource.api.keys))})"

    def stamps(self) -> list[str]:
        """The change stamps that the table has a column for."""
        bookmark = self.resource.api.bookmark
        wanted = {bookmark.field, bookmark.fallback} if isinstance(bookmark, Stamp) else set()
        return [name for name in self.names if name in wanted]

    def row(self, record: Mapping[str, Any], *, complete: bool) -> list[Any]:
        """A typed record as a row."""
        get = record.get
        converters = self._full if complete else self._sparse
        return [get(name) if convert is None else convert(get(name)) for name, convert in converters]

    def record(self, row: Sequence[Any]) -> Record:
        """A row as a typed record."""
        return {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(self._typed, row, strict=True)
        }

    def _sql_type(self, field: Field) -> str:
        kind = "INTEGER" if field.type in _INTEGERS else "TEXT"
        return f"{kind} PRIMARY KEY" if (field.name,) == self.resource.api.keys else kind


@compiled
def columns(resource: type[Resource]) -> Columns:
    """The columns of a resource, compiled once."""
    return Columns(resource)


def _to_column(field: Field, *, complete: bool) -> Convert | None:
    if field.nested is not None:
        dump = _part_dumper(field, complete=complete)
        return lambda value: orjson.dumps(dump(value)).decode() if value else None
    if field.type is FieldType.FLAGS:
        return _flags_text
    if field.type in _DECIMALS:
        return _decimal_text
    return _text if field.type in _TEXTS and complete else None


def _decimal_text(value: Any) -> str | None:
    return None if value is None else scalar_to_wire(value if isinstance(value, Decimal) else Decimal(str(value)))


def _flags_text(value: Any) -> str | None:
    return orjson.dumps(value).decode() if value else None


def _text(value: Any) -> Any:
    return "" if value is None else value


def _part_dumper(field: Field, *, complete: bool) -> Convert:
    """Writes parts as JSON values; texts that are null are empty, as on the wire, unless rows shall stay incomplete."""
    assert field.nested is not None  # noqa: S101  callers look first
    part = field.nested.part
    if part is None:
        return list
    dump = _record_dumper(part, complete=complete)
    return (lambda rows: [dump(row) for row in rows]) if field.nested.many else dump


@compiled
def _record_dumper(part: type[Part], *, complete: bool) -> Convert:
    fields = [
        (field.name, _scalar_dumper(field) if field.nested is None else _part_dumper(field, complete=complete), field)
        for field in part.fields()
        if is_stored(field)
    ]

    def dump(record: Mapping[str, Any]) -> Record:
        found: Record = {}
        for name, convert, field in fields:
            value = record.get(name)
            if value is not None:
                found[name] = convert(value)
            elif complete and field.type in _TEXTS and name in record:
                found[name] = ""
        return found

    return dump


def _scalar_dumper(field: Field) -> Convert:
    return _decimal_text if field.type in _DECIMALS else lambda value: value


def _from_column(field: Field) -> Convert | None:
    if field.nested is not None:
        load = _part_loader(field)
        return lambda value: load(orjson.loads(value) if value else None)
    if field.type is FieldType.FLAGS:
        return lambda value: orjson.loads(value) if value else None
    return _scalar_loader(field)


def _scalar_loader(field: Field) -> Convert | None:
    if field.type in _DECIMALS:
        return lambda value: None if value is None else Decimal(value)
    if field.type is FieldType.BOOLEAN:
        return lambda value: None if value is None else bool(value)
    # An empty text is written as such and means null, as it does for the client.
    return (lambda value: value or None) if field.type in _TEXTS else None


def _part_loader(field: Field) -> Convert:
    assert field.nested is not None  # noqa: S101  callers look first
    part = field.nested.part
    if part is None:
        return lambda value: value or []
    load = _record_loader(part)
    if field.nested.many:
        return lambda value: [load(row) for row in value or ()]
    return lambda value: load(value) if value else None


@compiled
def _record_loader(part: type[Part]) -> Convert:
    fields = [
        (field.name, _scalar_loader(field) if field.nested is None else _part_loader(field))
        for field in part.fields()
        if is_stored(field)
    ]

    def load(found: Mapping[str, Any]) -> Record:
        get = found.get
        return {name: get(name) if convert is None else convert(get(name)) for name, convert in fields}

    return load
