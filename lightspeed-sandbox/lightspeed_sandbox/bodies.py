"""Bodies of requests that write: typed records that hold what was given, and nothing else.

Source: section 6.1 of the API reference. There is no envelope; numbers and flags may be texts; an empty or null value
blanks the field. Fields that the API does not know go unheeded: the page of Customer itself sends one (`name`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import Message
from email.parser import BytesParser
from typing import Any

import orjson

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import Decoder, Decoding, Record, as_list, nested_rows, stamp
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.memo import compiled

ITEM_CODE = "itemCode"
"""What a line may name its item by in place of `itemID`."""

_BAD_REQUEST = 400
_MULTIPART = "multipart/form-data"
_DATA, _FILE = "data", "image"


@dataclass(frozen=True)
class Upload:
    """A file that came with a body."""

    name: str
    size: int


@dataclass(frozen=True)
class Body:
    """What a request brings.

    Args:
        fields: The JSON object, in wire form.
        upload: The file beside it.
    """

    fields: Record
    upload: Upload | None = None

    @classmethod
    def parse(cls, content: bytes, content_type: str) -> Body:
        """A body out of its bytes; none at all is an object without fields.

        Raises:
            ApiError: It is no JSON object.
        """
        if content_type.startswith(_MULTIPART):
            return _multipart(content, content_type)
        return cls(_object(content))


def _object(content: bytes) -> Record:
    try:
        found = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(_BAD_REQUEST, "The request body is not a valid JSON object.")
    return found


def _multipart(content: bytes, content_type: str) -> Body:
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    parts = {str(part.get_param("name", header="content-disposition")): part for part in _parts(head + content)}
    data, file = parts.get(_DATA), parts.get(_FILE)
    upload = Upload(file.get_filename() or "", len(_payload(file))) if file is not None else None
    return Body(_object(_payload(data)) if data is not None else {}, upload)


def _parts(content: bytes) -> list[Message]:
    return [part for part in BytesParser().parsebytes(content).walk() if not part.is_multipart()]


def _payload(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def given(part: type[Part], wire: Mapping[str, Any], zone: tzinfo) -> Record:
    """What a wire record gives to the fields of a declaration, typed: keys of rows, and all that can be written.

    Args:
        part: The declaration.
        wire: The record.
        zone: Where dates and times without an offset are meant.

    Raises:
        ApiError: A value does not fit its field.
    """
    known = _accepted(part)
    named = {known[name.casefold()].name: value for name, value in wire.items() if name.casefold() in known}
    scalars = {name: _moment(part.field(name), value, zone) for name, value in named.items() if _is_scalar(part, name)}
    typed = _scalars(part, zone)(scalars)
    found = {name: _stored(part.field(name), typed[name], zone) for name in scalars}
    for name, value in named.items():
        nested = part.field(name).nested
        if nested is not None:
            found[name] = _nested(nested, value, name, zone)
    return found | _item_code(part, wire)


def _item_code(part: type[Part], wire: Mapping[str, Any]) -> Record:
    named = wire.get(ITEM_CODE) if any(field.name == "itemID" for field in part.fields()) else None
    return {ITEM_CODE: str(named)} if named else {}


@compiled
def _accepted(part: type[Part]) -> dict[str, Field]:
    key = part.api.key if issubclass(part, Resource) else part.own_key()
    return {field.name.casefold(): field for field in part.fields() if field.writable or field.name == key}


class _Strict:
    """Refuses what does not fit."""

    def unknown(self, field: str) -> None:
        """Pass over a key that no declaration knows."""

    def misfit(self, field: str, _value: object, *, personal: bool) -> None:  # noqa: ARG002  asked for by the protocol
        """Refuse a value."""
        raise ApiError(_BAD_REQUEST, f"Invalid value for field '{field}'.")


@compiled
def _scalars(part: type[Part], zone: tzinfo) -> Callable[[Mapping[str, Any]], Record]:
    how = Decoding(report=_Strict(), selected=lambda path: _is_scalar(part, path[-1]), zone=zone)
    return Decoder(part, how)


def _is_scalar(part: type[Part], name: str) -> bool:
    return part.field(name).nested is None


def _moment(field: Field, value: Any, zone: tzinfo) -> Any:
    """A time without an offset is that of the shop; all other values stay as they are."""
    if field.type not in (FieldType.DATETIME, FieldType.DATE) or not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return value if moment.tzinfo else moment.replace(tzinfo=zone).isoformat()


def _stored(field: Field, value: Any, zone: tzinfo) -> Any:
    """Dates are kept as the moment that the API writes: midnight of the shop, in UTC."""
    if field.type is not FieldType.DATE or value is None:
        return value
    return stamp(datetime.fromisoformat(value).replace(tzinfo=zone))


def _nested(nested: Nested, value: Any, name: str, zone: tzinfo) -> Any:
    part = nested.part
    rows = nested_rows(value, nested.element) if nested.element else _bare(value, nested)
    if part is None:
        return [str(row) for row in rows]
    # The page of Vendor shows a list sent as a text (`"Reps": "John Doe"`), which the API passes over.
    if not nested.many and not all(isinstance(row, dict) for row in rows):
        raise ApiError(_BAD_REQUEST, f"Invalid value for field '{name}'.")
    found = [given(part, row, zone) for row in rows if isinstance(row, dict)]
    if nested.many:
        return found
    return found[0] if found else None


def _bare(value: Any, nested: Nested) -> list[Any]:
    rows = as_list(value)
    if nested.wrapper and rows and isinstance(rows[0], dict):
        return as_list(rows[0].get(nested.wrapper))
    return rows
