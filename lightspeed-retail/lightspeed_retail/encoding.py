"""From typed records back to the wire form of the API; the inverse of `lightspeed_retail.wire`.

Source: sections 3.3 and 3.4 of the API reference (recorded answers and the page "Introduction").
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part
from lightspeed_retail.wire import Record


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
