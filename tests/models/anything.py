"""Strategies for any typed record of a declaration, with any value that its fields can hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from lightspeed_retail.resources import Field, FieldType, Nested, Part
from lightspeed_retail.wire import Record, emitted, stamp

Fields = Callable[[type[Part], Nested | None], list[Field]]
"""The fields that records of a declaration have where they stand."""

# JSON has no lone surrogates; no database holds the character of number 0.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
# A number of more than a hundred characters is taken for a slip: a text can name one that fills the memory.
DECIMALS = st.decimals(-(10**12), 10**12, places=9) | st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: len(f"{number:f}") <= 100
)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001  made UTC by `stamp`
    lambda moment: stamp(moment.astimezone())
)
DAYS = st.dates(date(1, 1, 2), date(9999, 12, 30)).map(date.isoformat)

SCALARS: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.INTEGER: WHOLE,
    FieldType.NUMBER: DECIMALS,
    FieldType.MONEY: DECIMALS,
    FieldType.STRING: TEXTS,
    FieldType.BOOLEAN: st.booleans(),
    FieldType.FLAGS: st.dictionaries(TEXTS, st.booleans(), min_size=1, max_size=3),
    FieldType.DATETIME: MOMENTS,
    FieldType.DATE: DAYS,
}


def emitted_fields(part: type[Part], within: Nested | None = None) -> list[Field]:
    """The fields with which a record leaves the tap."""
    return [field for field, _ in emitted(part, within)]


def records(
    part: type[Part], fields: Fields = emitted_fields, within: Nested | None = None
) -> st.SearchStrategy[Record]:
    """Typed records of a declaration, with any of their values unset."""
    return st.fixed_dictionaries({field.name: _values(field, fields) for field in fields(part, within)})


def _values(field: Field, fields: Fields) -> st.SearchStrategy[Any]:
    nested = field.nested
    if nested is None:
        return st.none() | SCALARS[field.type]
    rows: st.SearchStrategy[Any] = TEXTS
    if nested.part is not None:
        part = nested.part
        rows = st.deferred(lambda: records(part, fields, nested).filter(_holds_something))
    return st.lists(rows, max_size=2) if nested.many else st.none() | rows


def _holds_something(record: Record) -> bool:
    """A record in which all is unset is no record: the wire cannot tell the two apart."""
    return any(value not in (None, []) for value in record.values())
