"""Short fingerprints of values: equal for what Lightspeed would store as equal, the same in every run."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

from lightspeed_retail.wire import instant

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_PLAIN_DIGITS = 100


def digest(value: Any) -> str:
    """The fingerprint of a value, 16 hexadecimal digits.

    The order of keys, the way in which a number is written (`1.50`, `1.5`) and the time zone of a moment make no
    difference. A key with null and a key that is missing do: one clears a field, the other leaves it alone.
    """
    return _hash(_canonical(value), 8)


def digests(record: Mapping[str, Any]) -> dict[str, str]:
    """The fingerprint of each field that a record holds."""
    return {name: digest(value) for name, value in record.items()}


def name_digest(text: str) -> str:
    """What stands for a text in a column: of one length, and told apart by every database, case and blanks included."""
    return _hash(text, 16)


@functools.lru_cache(maxsize=4096)
def _hash(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def _canonical(value: Any) -> str:
    return _CANONICAL.get(type(value), _canonical_other)(value)


def _text(value: str) -> str:
    return encode_basestring_ascii(_same_moment(value))


def _object(value: Mapping[Any, Any]) -> str:
    members = sorted([(encode_basestring_ascii(str(key)), _canonical(each)) for key, each in value.items()])
    return "{" + ",".join([f"{key}:{each}" for key, each in members]) + "}"


def _array(value: list[Any] | tuple[Any, ...]) -> str:
    return "[" + ",".join([_canonical(each) for each in value]) + "]"


def _canonical_other(value: Any) -> str:
    if isinstance(value, datetime):
        return encode_basestring_ascii(_moment(value if value.tzinfo else value.replace(tzinfo=UTC)))
    if isinstance(value, date):
        return encode_basestring_ascii(value.isoformat())
    canonical = next((each for kind, each in _CANONICAL.items() if isinstance(value, kind)), None)
    return canonical(value) if canonical else encode_basestring_ascii(str(value))


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _PLAIN_DIGITS:
        return str(value)
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _same_moment(text: str) -> str:
    if text[:1] not in {"1", "2"} or _MOMENT.fullmatch(text) is None:
        return text
    try:
        return _moment(instant(text))
    except (ValueError, OverflowError):
        return text


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


_CANONICAL: dict[type, Callable[[Any], str]] = {
    str: _text,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _nothing: "null",
    int: str,
    Decimal: _number,
    float: lambda value: _number(Decimal(str(value))),
    dict: _object,
    list: _array,
    tuple: _array,
    Mapping: _object,
}
