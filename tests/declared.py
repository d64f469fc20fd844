"""Strategies and values out of the declarations, so that no test keeps a list of fields."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import emitted, stamp

RESOURCES = [resource for resource in Resource.all() if resource.__module__.startswith("lightspeed_retail.")]

_SCALARS: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.INTEGER: st.integers(-(2**53), 2**53),
    FieldType.NUMBER: st.decimals(-(10**9), 10**9, places=9),
    FieldType.MONEY: st.decimals(-(10**9), 10**9, places=7),
    FieldType.STRING: st.text(min_size=1, max_size=8),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.FLAGS: st.dictionaries(st.text("abc_", min_size=1), st.booleans(), min_size=1, max_size=3),
    FieldType.DATETIME: st.datetimes(datetime(1970, 1, 1), datetime(2099, 1, 1)).map(  # noqa: DTZ001  made UTC below
        lambda moment: stamp(moment.astimezone())
    ),
    FieldType.DATE: st.dates(date(1900, 1, 1), date(2099, 1, 1)).map(date.isoformat),
}


def rides(resource: type[Resource]) -> bool:
    """Whether rows of a resource can come within those of another one."""
    return any(field.nested and field.nested.resource is resource for each in RESOURCES for field in each.riders())


def carried(part: type[Part], within: Nested | None = None) -> Iterator[Field]:
    """The fields that a record of a declaration can carry where it stands."""
    for field, _ in emitted(part, within):
        yield field


def typed_records(part: type[Part], within: Nested | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Typed records of a declaration, with any of their values unset."""
    return st.fixed_dictionaries({field.name: _values(field) for field in carried(part, within)})


def _values(field: Field) -> st.SearchStrategy[Any]:
    nested = field.nested
    if nested is None:
        return st.none() | _SCALARS[field.type]
    rows: st.SearchStrategy[Any] = _SCALARS[FieldType.STRING]
    if nested.part is not None:
        part = nested.part
        rows = st.deferred(lambda: typed_records(part, nested).map(_or_none))
    if nested.many:
        return st.lists(rows, max_size=2).map(lambda found: [row for row in found if row is not None])
    return st.none() | rows


def _or_none(record: dict[str, Any]) -> dict[str, Any] | None:
    """A record in which all is unset is no record: the wire cannot tell the two apart."""
    return record if any(value not in (None, []) for value in record.values()) else None
