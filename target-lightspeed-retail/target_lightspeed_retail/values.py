"""Types the values of records, as strictly as what is written for good deserves: what does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from lightspeed_retail.resources import FieldType
from lightspeed_retail.scalars import Convert, converter

_LONGEST_NAME = 1000
"""Characters of a text by which a row is looked for: it stands in an address."""

_BEYOND = 2**63
_NOTHING = (None, "", 0, "0")

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_number: Callable[[Any], Decimal | None] = converter(FieldType.NUMBER)
_integer: Callable[[Any], int | None] = converter(FieldType.INTEGER)
_flags = converter(FieldType.FLAGS)


def value_converter(kind: FieldType) -> Convert:
    """What makes a typed value of a value in a record; it raises one of `UNFIT` where the value does not fit.

    Args:
        kind: What the field holds.
    """
    return _STRICT.get(kind) or converter(kind)


def text_of(value: Any) -> str | None:
    """The text of a text field: numbers with the digits that they have, nothing for the empty text.

    Raises:
        ValueError: It holds what no text can: a null byte, or half of a character.
        TypeError: It is an object or a list.
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError
        if not value.isascii():
            value.encode()
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        raise TypeError
    number = _number(value)
    return None if number is None else format(number, "f")


def key_or_name(value: Any) -> int | str | None:
    """What a field for a key says of a row: its key, or a name of it, or nothing.

    Raises:
        ValueError: A row can have neither such a key nor such a name.
        TypeError: It is an object, a list, or a truth value.
    """
    if isinstance(value, bool | Mapping | list):
        raise TypeError
    if value in _NOTHING:
        return None
    if isinstance(value, int | float | Decimal):
        return _integer(str(value))
    name = (text_of(value) or "").strip()
    if name.isdecimal():
        return _integer(name)
    if len(name) > _LONGEST_NAME:
        raise ValueError
    return name


def parsed(value: Any) -> Any:
    """A nested value; databases often hold it as JSON in a text.

    Raises:
        ValueError: The text looks like JSON and is none.
        RecursionError: It is nested too deeply.
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    return _decode(value)


def check_plain(value: Any) -> None:
    """See that a value of any kind can be sent: no number that is none, and no text that is none.

    Raises:
        ValueError: It cannot.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            text_of(name)
            check_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            check_plain(inner)
    else:
        text_of(value)


def _whole(value: Any) -> int | None:
    if type(value) is int and -_BEYOND <= value < _BEYOND:
        return value
    if isinstance(value, bool):
        raise TypeError
    # As a text a number is refused if it is no whole one; as it is, it would be cut off.
    return _integer(str(value) if isinstance(value, int | float | Decimal) else value)


def _named_flags(value: Any) -> Any:
    if isinstance(value, list) and not all(isinstance(name, str) for name in value):
        raise TypeError
    return _flags(value)


_STRICT: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.INTEGER: _whole,
    FieldType.STRING: text_of,
    FieldType.FLAGS: _named_flags,
}
