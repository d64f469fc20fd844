"""From the wire form of the API to typed records, and back.

On the wire every scalar is text, a list of one is a bare object, an empty list is `""` or missing, and nothing
tells a missing value from an empty text. A typed record holds `int`, `Decimal`, `bool` and `str`; date-times and
dates are ISO 8601 texts in one form (`2024-12-06T15:23:49+00:00`, `1990-06-15`); a list is always a list.

Source: sections 3.3 and 3.4 of the API reference (recorded answers and the page "Introduction").
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from lightspeed_retail.resources import Field, FieldType, Nested, Part

Record = dict[str, Any]
Convert = Callable[[Any], Any]
Selected = Callable[[tuple[str, ...]], bool]

UNKNOWN_FIELDS = "unknown_fields"
"""Where keys that no declaration knows are kept, when they are kept, at every level of a record."""

_log = logging.getLogger(__name__)
_UTC_LENGTH = len("2024-12-06T15:23:49+00:00")
_HALF_A_DAY = timedelta(hours=12)


class Report(Protocol):
    """Who is told about what the declarations did not foresee."""

    def unknown(self, field: str) -> None:
        """A key that no declaration knows."""

    def misfit(self, field: str, value: object) -> None:
        """A value that does not fit the declared type; it arrives as null."""


class LogOnce:
    """Logs every unknown key and every misfitting field once, by name and never by value."""

    def __init__(self, stream: str, *, kept: bool = False) -> None:
        """Report on behalf of a stream; `kept` says whether unknown keys are kept."""
        self.stream = stream
        self._fate = "it is kept" if kept else "set keep_unknown_fields to keep it"
        self._misfits: set[str] = set()
        self._unknown: set[str] = set()

    def unknown(self, field: str) -> None:
        """Name a field that Lightspeed has added."""
        if field not in self._unknown:
            self._unknown.add(field)
            _log.warning(
                "%s: the API sends a field that this version does not know: %s (%s)", self.stream, field, self._fate
            )

    def misfit(self, field: str, value: object) -> None:
        """Name a field whose value is not of its declared type."""
        if field not in self._misfits:
            _log.warning(
                "%s: %s holds a %s that does not fit its type; such values arrive as null",
                self.stream,
                field,
                type(value).__name__,
            )
        self._misfits.add(field)


def rows(body: Mapping[str, Any], envelope: str) -> list[Record]:
    """The records of an answer: none, one bare object, or a list."""
    return [row for row in as_list(body.get(envelope)) if isinstance(row, dict) and row]


def as_list(value: object) -> list[Any]:
    """One-or-many as a list; `""`, `{}` and nothing are no rows."""
    if not value:
        return []
    return value if isinstance(value, list) else [value]


def instant(text: str) -> datetime:
    """A moment as the API writes it: `+00:00`, `-0400` and `Z` are accepted; without an offset it is UTC.

    Raises:
        ValueError: The text is no date-time.
    """
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """A moment in the one form in which this project writes them: UTC, whole seconds, `+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _integer(value: Any) -> int | None:
    if value == "" or value is None:
        return None
    try:
        return int(value)
    except ValueError:
        number = Decimal(value)
        if number != number.to_integral_value():
            raise
        return int(number)


def _decimal(value: Any) -> Decimal | None:
    if value == "" or value is None:
        return None
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError
    return number


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, True: True, False: False, "": None, None: None}


def _boolean(value: Any) -> bool | None:
    try:
        return _BOOLEANS[value]
    except (KeyError, TypeError):
        raise ValueError from None


def _string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()


def _datetime(value: Any) -> str | None:
    if value == "" or value is None:
        return None
    if len(value) == _UTC_LENGTH and value.endswith("+00:00"):
        datetime.fromisoformat(value)
        return str(value)
    return stamp(instant(value))


def _date_in(zone: tzinfo) -> Convert:
    """Dates arrive as midnight of the shop in UTC. The nearest midnight is meant: summer time may shift it an hour."""

    def convert(value: Any) -> str | None:
        if value == "" or value is None:
            return None
        if len(value) == len("1990-06-15"):
            return datetime.fromisoformat(value).date().isoformat()
        return (instant(value).astimezone(zone) + _HALF_A_DAY).date().isoformat()

    return convert


_SCALARS: dict[FieldType, Convert] = {
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _decimal,
    FieldType.MONEY: _decimal,
    FieldType.STRING: _string,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATETIME: _datetime,
}


def everything(_path: tuple[str, ...]) -> bool:
    """The selection that leaves nothing out."""
    return True


class Decoder:
    """Converts wire rows of one declaration to typed records; compiled once, used for every row.

    Args:
        part: The declaration.
        selected: Which fields to convert, by their path from the root; others are left out of the record.
        zone: Time zone of the shops, in which dates are meant.
        report: Who is told about unknown keys and misfitting values.
        keep_unknown: Whether to keep unknown keys under `UNKNOWN_FIELDS`, nested ones where they stand.
    """

    def __init__(
        self,
        part: type[Part],
        *,
        report: Report,
        selected: Selected = everything,
        zone: tzinfo = UTC,
        keep_unknown: bool = False,
        path: tuple[str, ...] = (),
        within: Nested | None = None,
    ) -> None:
        """Compile the converters; `path` and `within` say where a nested declaration stands."""
        self._report = report
        self._path = path
        self._keep_unknown = keep_unknown
        self._known = {field.name for field in part.fields()}
        self._by_fold = {name.casefold(): name for name in self._known}
        self._fields: list[tuple[str, Convert]] = []
        for field in part.fields():
            offered = within is None or is_offered(within, field)
            if field.type is not FieldType.SECRET and offered and selected((*path, field.name)):
                self._fields.append((field.name, self._converter(field, selected, zone)))

    def __call__(self, row: Mapping[str, Any]) -> Record:
        """The typed record of a wire row."""
        if not row.keys() <= self._known:
            row = self._settle_unknown(dict(row))
        record: Record = {}
        for name, convert in self._fields:
            value = row.get(name)
            try:
                record[name] = convert(value)
            except (ValueError, TypeError, ArithmeticError):
                self._report.misfit(self._name(name), value)
                record[name] = None
        if self._keep_unknown:
            record[UNKNOWN_FIELDS] = {key: row[key] for key in row if key not in self._known} or None
        return record

    def _converter(self, field: Field, selected: Selected, zone: tzinfo) -> Convert:
        if field.nested is None:
            return _date_in(zone) if field.type is FieldType.DATE else _SCALARS[field.type]
        row = self._row_converter(field, field.nested, selected, zone)
        if field.nested.many:
            return _list_of(row, field.nested.element or "")
        return _one_of(row, field.nested.wrapper)

    def _row_converter(self, field: Field, nested: Nested, selected: Selected, zone: tzinfo) -> Convert:
        if nested.part is None:
            return _string
        path = (*self._path, field.name)
        return Decoder(
            nested.part,
            report=self._report,
            selected=selected,
            zone=zone,
            keep_unknown=self._keep_unknown,
            path=path,
            within=nested,
        )

    def _settle_unknown(self, row: Record) -> Record:
        """Mend slips of case (`updatetime`, `onWorkOrder`), report the rest; `@attributes` is no field."""
        for key in [key for key in row if key not in self._known]:
            name = self._by_fold.get(key.casefold())
            if key == "@attributes":
                del row[key]
            elif name is not None and name not in row:
                row[name] = row.pop(key)
            else:
                self._report.unknown(self._name(key))
        return row

    def _name(self, field: str) -> str:
        return ".".join((*self._path, field))


def is_offered(nested: Nested, field: Field) -> bool:
    """Whether a nested record carries a field: scalars and parts always, relations where they can be asked for."""
    return field.nested is None or not field.nested.asked or (not nested.many and nested.offers(field))


def _one_of(convert: Convert, wrapper: str | None) -> Convert:
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
    return list(_unwrapped(value, element))


def _unwrapped(value: object, element: str) -> Iterator[Any]:
    for wrapper in as_list(value):
        if element and isinstance(wrapper, dict):
            yield from as_list(wrapper.get(element))
        else:
            yield wrapper


class Encoder:
    """Converts typed records of one declaration to the wire form; the inverse of `Decoder`.

    Keys that the record lacks stay out, as do unset date-times and empty lists where the API leaves them out.
    """

    def __init__(self, part: type[Part]) -> None:
        """Compile the converters; nested declarations are compiled when first met."""
        self._part = part
        self._nested: dict[str, Encoder] = {}

    def __call__(self, record: Mapping[str, Any]) -> Record:
        """The wire row of a typed record."""
        row: Record = {}
        for field in self._part.fields():
            if field.name in record:
                self._put(row, field, record[field.name])
        return row

    def _put(self, row: Record, field: Field, value: Any) -> None:
        if field.nested is None:
            if value is not None or field.type not in (FieldType.DATETIME, FieldType.DATE):
                row[field.name] = scalar_to_wire(value)
            return
        encoded = self._many(field, field.nested, value) if field.nested.many else self._one(field, field.nested, value)
        if encoded is not None:
            row[field.name] = encoded

    def _one(self, field: Field, nested: Nested, value: Any) -> Any:
        if not value:
            return None
        row = self._encoder(field, nested)(value)
        return {nested.wrapper: row} if nested.wrapper else row

    def _many(self, field: Field, nested: Nested, value: Any) -> Any:
        if not value:
            return nested.empty
        if nested.part is None:
            found: list[Any] = [scalar_to_wire(text) for text in value]
        else:
            encode = self._encoder(field, nested)
            found = [encode(row) for row in value]
        if not nested.element:
            return found
        return {nested.element: found if len(found) > 1 else found[0]}

    def _encoder(self, field: Field, nested: Nested) -> Encoder:
        if field.name not in self._nested:
            assert nested.part is not None  # noqa: S101  texts never come here
            self._nested[field.name] = Encoder(nested.part)
        return self._nested[field.name]


def scalar_to_wire(value: Any) -> str:
    """A scalar as the API writes it: text, money without padding, booleans in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
