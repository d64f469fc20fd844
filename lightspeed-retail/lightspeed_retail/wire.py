"""From the wire form of the API to typed records; `lightspeed_retail.encoding` goes back.

On the wire every scalar is text, a list of one is a bare object, an empty list is `""` or missing, and nothing
tells a missing value from an empty text. A typed record holds `int`, `Decimal`, `bool` and `str`; date-times and
dates are ISO 8601 texts in one form (`2024-12-06T15:23:49+00:00`, `1990-06-15`); a list is always a list.

Source: sections 3.3 and 3.4 of the API reference (recorded answers and the page "Introduction").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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

_UTC_LENGTH = len("2024-12-06T15:23:49+00:00")
_HALF_A_DAY = timedelta(hours=12)


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


def rows(body: Mapping[str, Any], envelope: str, key: str = "") -> list[Record]:
    """The records of an answer: none, one bare object, or a list; plain texts become records of their key.

    An answer without the envelope is looked into if it holds one thing only: documentation and practice disagree about
    some names.

    Args:
        body: The answer.
        envelope: Key of the records.
        key: The field that a plain text stands for; "" where there are none.
    """
    found = body.get(envelope) if envelope in body else _only_value(body)
    listed = [{key: row} if key and isinstance(row, str) else row for row in as_list(found)]
    return [row for row in listed if isinstance(row, dict) and row]


def _only_value(body: Mapping[str, Any]) -> Any:
    held = [value for name, value in body.items() if name != "@attributes" and isinstance(value, list | dict)]
    return held[0] if len(held) == 1 else None


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
    """Dates arrive as midnight of the shop in UTC. The nearest midnight is meant: summer time may shift it an hour.

    Reports write `01/26/2021`.
    """

    def convert(value: Any) -> str | None:
        if value == "" or value is None:
            return None
        if len(value) == len("1990-06-15"):
            form = "%m/%d/%Y" if "/" in value else "%Y-%m-%d"
            return datetime.strptime(value, form).date().isoformat()  # noqa: DTZ007  only the day is taken
        return (instant(value).astimezone(zone) + _HALF_A_DAY).date().isoformat()

    return convert


def _flags(value: Any) -> dict[str, bool] | None:
    if isinstance(value, list):
        return {str(name): True for name in value} or None
    return {name: bool(_boolean(flag)) for name, flag in value.items()} if value else None


_SCALARS: dict[FieldType, Convert] = {
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _decimal,
    FieldType.MONEY: _decimal,
    FieldType.STRING: _string,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATETIME: _datetime,
    FieldType.FLAGS: _flags,
}


def converter(kind: FieldType, zone: tzinfo = UTC) -> Convert:
    """What makes a typed value of a scalar, off the wire or typed already; it raises where the value does not fit.

    Args:
        kind: What the field holds.
        zone: Time zone of the shops, in which dates are meant.
    """
    return _date_in(zone) if kind is FieldType.DATE else _SCALARS[kind]


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


class Decoder:
    """Converts wire rows of one declaration to typed records; compiled once, used for every row.

    Args:
        part: The declaration.
        how: How rows are converted.
        path: Where a nested declaration stands.
        within: The nested key that holds it.
        personal: Whether all texts in it are personal.
    """

    def __init__(
        self,
        part: type[Part],
        how: Decoding,
        *,
        path: tuple[str, ...] = (),
        within: Nested | None = None,
        personal: bool = False,
    ) -> None:
        """Compile the converters."""
        self._how = how
        self._path = path
        self._known = {field.name for field in part.fields()}
        self._by_fold = {name.casefold(): name for name in self._known}
        self._lists = {field.name for field in part.fields() if field.type is FieldType.LIST}
        self._personal: set[str] = set()
        self._fields: list[tuple[str, str, Convert]] = []
        for field, private in emitted(part, within, personal=personal, privacy=how.privacy):
            if how.selected((*path, field.name)):
                self._fields.append((how.name(field.name), field.name, self._converter(field, private=private)))
            if private or _holds_personal(field, personal=personal):
                self._personal.add(field.name)

    def __call__(self, row: Mapping[str, Any]) -> Record:
        """The typed record of a wire row."""
        if not row.keys() <= self._known:
            row = self._settle_unknown(dict(row))
        record: Record = {}
        misfits: dict[str, Any] = {}
        for name, source, convert in self._fields:
            value = row.get(source)
            try:
                record[name] = convert(value)
            except (ValueError, TypeError, ArithmeticError, AttributeError):
                record[name] = [] if source in self._lists else None
                misfits[source] = _string(value)
                self._how.report.misfit(self._name(source), value, personal=source in self._personal)
        if self._how.keep_unknown:
            record[UNKNOWN_FIELDS] = {**{key: row[key] for key in row if key not in self._known}, **misfits} or None
        return record

    def _converter(self, field: Field, *, private: bool) -> Convert:
        if field.nested is not None:
            row = self._row_converter(field, field.nested, private=private)
            return _list_of(row, field.nested.element or "") if field.nested.many else _one_of(row, field.nested)
        convert = converter(field.type, self._how.zone)
        if private and self._how.privacy is not None:
            return _after(convert, self._how.privacy.disguise)
        return convert

    def _row_converter(self, field: Field, nested: Nested, *, private: bool) -> Convert:
        personal = private or nested.personal
        if nested.part is None:
            privacy = self._how.privacy
            return _after(_string, privacy.disguise) if personal and privacy is not None else _string
        return Decoder(nested.part, self._how, path=(*self._path, field.name), within=nested, personal=personal)

    def _settle_unknown(self, row: Record) -> Record:
        """Mend slips of case (`updatetime`, `onWorkOrder`), report the rest; `@attributes` is no field."""
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
    return list(_unwrapped(value, element))


def _unwrapped(value: object, element: str) -> Iterator[Any]:
    for wrapper in as_list(value):
        if element and isinstance(wrapper, dict):
            yield from as_list(wrapper[element] if element in wrapper else _only_value(wrapper))
        else:
            yield wrapper
