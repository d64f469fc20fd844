"""From typed records back to the wire form of the API, whole as it answers them, or with what a client may give.

Source: sections 3.3, 3.4 and 6.1 of the API reference (recorded answers and the page "Introduction").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from lightspeed_retail.errors import RecordError
from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import Record, as_list, instant, stamp


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
        if field.type is FieldType.FLAGS:
            row[field.name] = {name: scalar_to_wire(flag) for name, flag in value.items()} if value else ""
        elif field.nested is None:
            if value is not None or field.type not in (FieldType.DATETIME, FieldType.DATE):
                row[field.name] = scalar_to_wire(value)
        else:
            self._put_nested(row, field, field.nested, value)

    def _put_nested(self, row: Record, field: Field, nested: Nested, value: Any) -> None:
        encoded = self._many(field, nested, value) if nested.many else self._one(field, nested, value)
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


class WriteEncoder:
    """Converts records in the shape in which the tap emits them to bodies of writes, with what a client may give.

    It takes values as databases and files hold them: numbers or texts, `True` or `"t"`, date-times in any ISO form, and
    nested records as objects or as JSON in a text. Keys of nested rows are kept, because they say which row is meant.
    Nested objects that copy a row of another resource are left out where the record names that row by its key.

    Args:
        resource: What is written.
    """

    def __init__(self, resource: type[Part]) -> None:
        """Find out what a client may give."""
        self._resource = resource

    def __call__(
        self, record: Mapping[str, Any], *, only: Collection[str] | None = None, blank: bool = False
    ) -> Record:
        """The wire body of a record.

        Args:
            record: The record; keys that cannot be written are passed over.
            only: Names of the root fields to take; None for all. Named ones are taken even if they copy another row.
            blank: Whether nulls blank fields that have a value, as in a PUT; otherwise they stay out.

        Raises:
            RecordError: A value does not fit its field.
        """
        return _body(self._resource, record, only=only, blank=blank, path=())


def _body(
    part: type[Part],
    record: Mapping[str, Any],
    *,
    only: Collection[str] | None = None,
    blank: bool,
    path: tuple[str, ...],
) -> Record:
    body: Record = {}
    for field in _given(part, nested=bool(path)):
        if field.name not in record or (only is not None and field.name not in only):
            continue
        if only is None and _copies(part, field, record):
            continue
        value = _wire_value(field, record[field.name], blank=blank, path=(*path, field.name))
        if value is not None:
            body[field.name] = value
    return body


def _given(part: type[Part], *, nested: bool) -> Iterator[Field]:
    """What a client may give, and the key of a nested row."""
    key = part.api.key if issubclass(part, Resource) else part.own_key()
    for field in part.fields():
        if nested if field.name == key else field.writable:
            yield field


def _copies(part: type[Part], field: Field, record: Mapping[str, Any]) -> bool:
    """Whether a nested object repeats a row of another resource that the record names by a key that can be written."""
    other = field.nested.resource if field.nested is not None and not field.nested.many else None
    if other is None:
        return False
    keys = [each.name for each in _given(part, nested=False) if each.name.casefold().endswith(other.api.key.casefold())]
    return any(name in record for name in keys)


def _wire_value(field: Field, value: Any, *, blank: bool, path: tuple[str, ...]) -> Any:
    """The value as a body has it; None for one that stays out."""
    if field.nested is not None:
        return _wire_nested(field.nested, _parsed(value, path), blank=blank, path=path)
    if value is None or value == "":
        return "" if blank else None
    try:
        return _WRITTEN[field.type](value)
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        where = ".".join(path)
        message = f"{where}: the value does not fit the field ({field.type.name.lower()})."
        raise RecordError(message, field=where) from None


def _parsed(value: Any, path: tuple[str, ...]) -> Any:
    """Nested values often come out of a database as JSON in a text."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        where = ".".join(path)
        message = f"{where}: the text is no JSON."
        raise RecordError(message, field=where) from None


def _wire_nested(nested: Nested, value: Any, *, blank: bool, path: tuple[str, ...]) -> Any:
    part = nested.part
    if part is None:
        texts = [_text(each) for each in _bare_rows(value, nested.element)]
        wrapped: Any = _wrapped(texts, nested.element) if texts else None
        return "" if wrapped is None and blank else wrapped
    rows = _bare_rows(value, nested.element or nested.wrapper)
    if not all(isinstance(row, Mapping) for row in rows):
        where = ".".join(path)
        message = f"{where}: the rows are no objects."
        raise RecordError(message, field=where)
    if nested.many:
        bodies = [_body(part, row, blank=blank and _is_known(part, row), path=path) for row in rows]
        return _wrapped(bodies, nested.element) if bodies else None
    body = _body(part, rows[0], blank=blank, path=path) if rows else {}
    return ({nested.wrapper: body} if nested.wrapper else body) if body else None


def _is_known(part: type[Part], row: Mapping[str, Any]) -> bool:
    """Whether a row of a list says which one it is, be it by its place; a new one has nothing to blank."""
    key = part.api.key if issubclass(part, Resource) else part.own_key()
    names = [name for name in (key, *part.by) if name is not None]
    return not names or any(row.get(name) for name in names)


def _bare_rows(value: Any, wrapper: str | None) -> list[Any]:
    """The rows of a nested value, be they bare as in a record of the tap or wrapped as on the wire."""
    found: list[Any] = []
    for each in as_list(value):
        is_wrapper = isinstance(each, Mapping) and each.keys() - {"@attributes"} == {wrapper}
        found.extend(as_list(each[wrapper]) if is_wrapper else [each])
    return found


def _wrapped(rows: list[Any], element: str | None) -> Any:
    found = rows if len(rows) > 1 else rows[0]
    return {element: found} if element else rows


def _whole(value: Any) -> str:
    number = Decimal(str(value))
    if isinstance(value, bool) or number != number.to_integral_value():
        raise ValueError
    return str(int(number))


def _amount(value: Any) -> str:
    number = Decimal(str(value))
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError
    return scalar_to_wire(number)


_WORDS = {"true": "true", "t": "true", "1": "true", "false": "false", "f": "false", "0": "false"}


def _flag(value: Any) -> str:
    try:
        return _WORDS[str(value).strip().casefold()]
    except KeyError:
        raise ValueError from None


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list):
        raise TypeError
    return scalar_to_wire(value)


def _moment(value: Any) -> str:
    """In UTC with its offset: without one the API would take it for the shop's time."""
    if isinstance(value, datetime):
        return stamp(value if value.tzinfo else value.replace(tzinfo=UTC))
    return stamp(instant(value.isoformat() if isinstance(value, date) else value))


def _day(value: Any) -> str:
    """A day alone is midnight of the shop, which is what is meant; a moment that is no midnight is left to the API."""
    text = value.isoformat() if isinstance(value, date) else value
    moment = datetime.fromisoformat(text)
    return moment.date().isoformat() if moment.time() == time() else _moment(text)


def _set_flags(value: Mapping[str, Any]) -> dict[str, str]:
    return {name: _flag(flag) for name, flag in value.items()}


_WRITTEN: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.INTEGER: _whole,
    FieldType.NUMBER: _amount,
    FieldType.MONEY: _amount,
    FieldType.STRING: _text,
    FieldType.BOOLEAN: _flag,
    FieldType.DATETIME: _moment,
    FieldType.DATE: _day,
    FieldType.FLAGS: _set_flags,
}
