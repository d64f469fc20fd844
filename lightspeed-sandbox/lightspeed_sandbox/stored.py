"""The JSON in which parts and flags are kept with their row, and the wire form of it.

Texts, decimals and moments are kept as they are written, so only the rest has to change. It does so in place: that is
several times faster than `encoding.Encoder`, which says the same of typed records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from lightspeed_retail.encoding import scalar_to_wire
from lightspeed_retail.resources import Field, FieldType, Nested, Part
from lightspeed_retail.wire import Record, as_list
from lightspeed_sandbox.columns import Convert
from lightspeed_sandbox.memo import compiled

_SCALARS: dict[FieldType, Convert] = {FieldType.INTEGER: str, FieldType.BOOLEAN: scalar_to_wire}


@compiled
def wired(field: Field) -> Convert | None:
    """What brings the JSON of a field into wire form; None for texts, which have it. Nulls are keys that stay out."""
    if field.type is FieldType.FLAGS:
        return _flags
    if field.nested is None:
        return _SCALARS.get(field.type)
    return _many(field.nested) if field.nested.many else _one(field.nested)


def loader(field: Field) -> Convert:
    """What makes the wire form of a field out of the text in its column."""
    convert: Convert = wired(field) or scalar_to_wire
    nested = field.nested
    if nested is not None and nested.part is None and nested.element:
        return lambda text: _counted(convert(orjson.loads(text)))
    return lambda text: convert(orjson.loads(text))


def _counted(wire: Mapping[str, Any]) -> Record:
    """A list of plain texts, such as tags, carries their number."""
    (texts,) = wire.values()
    return {"@attributes": {"count": str(len(as_list(texts)))}, **wire}


def _flags(flags: Mapping[str, Any]) -> Any:
    return {name: scalar_to_wire(flag) for name, flag in flags.items()} if flags else ""


def _one(nested: Nested) -> Convert:
    wrapper = nested.wrapper
    row_of = _rows_of(nested)

    def convert(value: Record) -> Any:
        if not value:
            return None
        return {wrapper: row_of(value)} if wrapper else row_of(value)

    return convert


def _many(nested: Nested) -> Convert:
    element, empty = nested.element, nested.empty
    row_of = _rows_of(nested)

    def convert(values: list[Any]) -> Any:
        if not values:
            return empty
        found = [row_of(value) for value in values]
        return {element: found if len(found) > 1 else found[0]} if element else found

    return convert


def _rows_of(nested: Nested) -> Convert:
    return scalar_to_wire if nested.part is None else _row(nested.part)


@compiled
def _row(part: type[Part]) -> Convert:
    names = frozenset(field.name for field in part.fields())
    changes = [(field.name, change) for field in part.fields() if (change := wired(field)) is not None]

    def convert(row: Record) -> Record:
        for name, change in changes:
            if name in row:
                row[name] = value = change(row[name])
                if value is None:
                    del row[name]
        return row if row.keys() <= names else {name: row[name] for name in row if name in names}

    return convert
