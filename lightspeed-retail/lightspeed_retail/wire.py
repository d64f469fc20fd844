"""From the wire form of the API to typed records; `lightspeed_retail.encoding` goes back.

On the wire every scalar is text, a list of one is a bare object, an empty list is `""` or missing, and nothing
tells a missing value from an empty text. A typed record holds `int`, `Decimal`, `bool` and `str`; date-times and
dates are ISO 8601 texts in one form (`2024-12-06T15:23:49+00:00`, `1990-06-15`); a list is always a list.

Source: sections 3.3 and 3.4 of the API reference (recorded answers and the page "Introduction").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from operator import call, itemgetter
from typing import Any, Protocol

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.scalars import UNFIT, Convert, as_text, converter, instant, shallow, stamp

__all__ = [
    "UNKNOWN_FIELDS",
    "Convert",
    "Decoder",
    "Decoding",
    "Privacy",
    "Record",
    "Report",
    "as_list",
    "converter",
    "emitted",
    "everything",
    "instant",
    "is_offered",
    "nested_rows",
    "rows",
    "stamp",
]

Record = dict[str, Any]
Selected = Callable[[tuple[str, ...]], bool]

UNKNOWN_FIELDS = "unknown_fields"
"""Where keys that no declaration knows are kept, when they are kept, at every level of a record."""


class Report(Protocol):
    """Who is told about what the declarations did not foresee."""

    def unknown(self, field: str) -> None:
        """A key that no declaration knows."""

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """A value that does not fit the declared type; it arrives as null."""


class Privacy(Protocol):
    """How personal data are treated before they leave."""

    def drops(self, field: Field) -> bool:
        """Whether a personal field is left out altogether."""

    def disguise(self, value: Any) -> Any:
        """What stands in place of a personal text."""


def rows(body: Any, envelope: str, key: str = "") -> list[Record]:
    """The records of an answer: none, one bare object, or a list; plain texts become records of their key.

    An answer without the envelope is looked into if it holds one thing only: documentation and practice disagree about
    some names. Whatever else stands in the place of a record is handed on as it is.

    Args:
        body: The answer.
        envelope: Key of the records.
        key: The field that a plain text stands for; "" where there are none.
    """
    if not isinstance(body, dict):
        return []
    found = body.get(envelope) if envelope in body else _only_value(body)
    return [{key: row} if key and isinstance(row, str) else row for row in as_list(found) if row]


def _only_value(body: Mapping[str, Any]) -> Any:
    held = [value for name, value in body.items() if name != "@attributes" and isinstance(value, list | dict)]
    return held[0] if len(held) == 1 else None


def as_list(value: object) -> list[Any]:
    """One-or-many as a list; `""`, `{}` and nothing are no rows."""
    if not value:
        return []
    return value if isinstance(value, list) else [value]


def everything(_path: tuple[str, ...]) -> bool:
    """The selection that leaves nothing out."""
    return True


def emitted(
    part: type[Part], within: Nested | None = None, *, personal: bool = False, privacy: Privacy | None = None
) -> Iterator[tuple[Field, bool]]:
    """The fields that leave with a record of a declaration where it stands, and whether they are personal.

    Args:
        part: The declaration.
        within: The nested key that holds the record; None for the record of a stream.
        personal: Whether all texts in it are personal because of where it stands.
        privacy: How personal data are treated; None where they are kept.
    """
    for field in part.fields():
        private = field.personal or (personal and field.type is FieldType.STRING)
        offered = within is None or is_offered(within, field)
        dropped = field.type is FieldType.SECRET or (private and privacy is not None and privacy.drops(field))
        if offered and not dropped:
            yield field, private


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How a stream's rows are converted, the same at every level of a record.

    Args:
        report: Who is told about unknown keys and misfitting values.
        selected: Which fields to convert, by their path from the root; others are left out of the record.
        zone: Time zone of the shops, in which dates are meant.
        keep_unknown: Whether to keep unknown keys and misfitting values under `UNKNOWN_FIELDS`, nested ones where they
            stand.
        privacy: How personal data are treated; None where they are kept.
        name: What a field is called in the record.
    """

    report: Report
    selected: Selected = everything
    zone: tzinfo = UTC
    keep_unknown: bool = False
    privacy: Privacy | None = None
    name: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class _Column:
    """How one field of a record comes about.

    Args:
        name: What it is called in the record.
        source: What it is called on the wire.
        convert: What makes its value.
        type: What it holds.
    """

    name: str
    source: str
    convert: Convert
    type: FieldType


def _picking(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes some values out of a row; it raises KeyError where one is missing."""
    # With a single name an itemgetter gives the value itself, with none there is no itemgetter.
    return itemgetter(*names) if len(names) > 1 else lambda row: tuple(row[name] for name in names)


class Decoder:
    """Converts wire rows of one declaration to typed records; compiled once, used for every row.

    Args:
        part: The declaration.
        how: How rows are converted.
        head: What every record begins with.
        path: Where a nested declaration stands.
        within: The nested key that holds it.
        personal: Whether all texts in it are personal.
    """

    def __init__(
        self,
        part: type[Part],
        how: Decoding,
        *,
        head: Mapping[str, Any] | None = None,
        path: tuple[str, ...] = (),
        within: Nested | None = None,
        personal: bool = False,
    ) -> None:
        """Compile the converters."""
        self._how = how
        self._path = path
        self._head = dict(head or {})
        self._key = part.api.key if issubclass(part, Resource) else None
        self._known = {field.name for field in part.fields()}
        self._by_fold = {name.casefold(): name for name in self._known}
        self._personal: set[str] = set()
        self._scalars: list[_Column] = []
        self._nested: list[_Column] = []
        for field, private in emitted(part, within, personal=personal, privacy=how.privacy):
            if how.selected((*path, field.name)):
                column = _Column(how.name(field.name), field.name, self._converter(field, private=private), field.type)
                (self._scalars if field.nested is None else self._nested).append(column)
            if private or _holds_personal(field, personal=personal):
                self._personal.add(field.name)
        self._names = tuple(column.name for column in self._scalars)
        self._sources = tuple(column.source for column in self._scalars)
        self._converters = tuple(column.convert for column in self._scalars)
        self._pick = _picking(self._sources)
        # Without a single scalar every row is looked at, be it a row or not.
        self._width = len(self._sources) or -1

    def __call__(self, row: Mapping[str, Any]) -> Record:
        """The typed record of a wire row.

        Nearly all rows have all fields, no others, and values that fit: those are converted in one sweep, in C. Only
        what is out of the ordinary is looked at field by field.
        """
        try:
            values: Iterable[Any] = self._pick(row)
            ordinary = len(row) == self._width or row.keys() <= self._known
        except KeyError:
            ordinary = False
        if not ordinary:
            row = self._settle_unknown(row)
            values = map(row.get, self._sources)
        record = self._head.copy()
        misfits: dict[str, Any] = {}
        try:
            record.update(zip(self._names, map(call, self._converters, values), strict=False))
        except UNFIT:
            misfits = self._convert_each(self._scalars, row, record)
        if self._nested:
            misfits |= self._convert_each(self._nested, row, record)
        if self._how.keep_unknown:
            record[UNKNOWN_FIELDS] = {key: shallow(row[key]) for key in row if key not in self._known} | misfits or None
        return record

    def _convert_each(self, columns: list[_Column], row: Mapping[str, Any], record: Record) -> dict[str, Any]:
        """Convert one by one; what does not fit is reported, and returned as text."""
        misfits: dict[str, Any] = {}
        for column in columns:
            value = row.get(column.source)
            try:
                record[column.name] = column.convert(value)
            except UNFIT:
                record[column.name] = [] if column.type is FieldType.LIST else None
                misfits[column.source] = as_text(value)
                private = column.source in self._personal
                self._how.report.misfit(self._name(column.source), value, personal=private)
        return misfits

    def _converter(self, field: Field, *, private: bool) -> Convert:
        if field.nested is not None:
            row = self._row_converter(field, field.nested, private=private)
            return _list_of(row, field.nested.element or "") if field.nested.many else _one_of(row, field.nested)
        convert = converter(field.type, self._how.zone, recurs=field.name != self._key)
        if private and self._how.privacy is not None:
            return _after(convert, self._how.privacy.disguise)
        return convert

    def _row_converter(self, field: Field, nested: Nested, *, private: bool) -> Convert:
        personal = private or nested.personal
        if nested.part is None:
            privacy = self._how.privacy
            return _after(as_text, privacy.disguise) if personal and privacy is not None else as_text
        return Decoder(nested.part, self._how, path=(*self._path, field.name), within=nested, personal=personal)

    def _settle_unknown(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Mend slips of case (`updatetime`, `onWorkOrder`), report the rest; `@attributes` is no field."""
        if given.keys() <= self._known:
            return given
        row = dict(given)
        for key in [key for key in row if key not in self._known]:
            name = self._by_fold.get(key.casefold())
            if key == "@attributes":
                del row[key]
            elif name is not None and name not in row:
                row[name] = row.pop(key)
            else:
                self._how.report.unknown(self._name(key))
        return row

    def _name(self, field: str) -> str:
        return ".".join((*self._path, field))


def _holds_personal(field: Field, *, personal: bool) -> bool:
    """Whether a nested record holds something personal, at any depth: one that comes in another form is not shown."""
    nested = field.nested
    if nested is None:
        return False
    within = personal or nested.personal
    if nested.part is None:
        return within
    inner = emitted(nested.part, nested, personal=within)
    return any(private or _holds_personal(each, personal=within) for each, private in inner)


def _after(convert: Convert, disguise: Convert) -> Convert:
    return lambda value: disguise(convert(value))


def is_offered(nested: Nested, field: Field) -> bool:
    """Whether a nested record carries a field: scalars and parts always, relations where they can be asked for."""
    return field.nested is None or not field.nested.asked or (not nested.many and nested.offers(field))


def _one_of(convert: Convert, nested: Nested) -> Convert:
    wrapper = nested.wrapper

    def one(value: Any) -> Any:
        found = as_list(value)
        if found and wrapper is not None and isinstance(found[0], dict):
            found = as_list(found[0].get(wrapper))
        return convert(found[0]) if found else None

    return one


def _list_of(convert: Convert, element: str) -> Convert:
    def many(value: Any) -> list[Any]:
        return [convert(row) for row in nested_rows(value, element)]

    return many


def nested_rows(value: object, element: str) -> list[Any]:
    """The rows of a nested list: `{"SaleLine": [...]}`, a bare object, `[{"SaleLine": {...}}]`, `""`, nothing."""
    if type(value) is dict and element:
        found = value.get(element)
        if type(found) is list:
            return found
        if found and type(found) is dict:
            return [found]
    return list(_unwrapped(value, element))


def _unwrapped(value: object, element: str) -> Iterator[Any]:
    for wrapper in as_list(value):
        if element and isinstance(wrapper, dict):
            yield from as_list(wrapper[element] if element in wrapper else _only_value(wrapper))
        else:
            yield wrapper
