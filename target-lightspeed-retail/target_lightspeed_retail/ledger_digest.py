"""Short fingerprints of values: equal for what Lightspeed would store as equal, the same in every run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
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


def _hash(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def _canonical(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(_same_moment(value))
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, Mapping):
        members = sorted((json.dumps(str(key)), _canonical(each)) for key, each in value.items())
        return "{" + ",".join(f"{key}:{each}" for key, each in members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_canonical(each) for each in value) + "]"
    return _canonical_other(value)


def _canonical_other(value: Any) -> str:
    if isinstance(value, int | float | Decimal):
        return _number(value if isinstance(value, Decimal) else Decimal(str(value)))
    if isinstance(value, datetime):
        return json.dumps(_moment(value if value.tzinfo else value.replace(tzinfo=UTC)))
    return json.dumps(value.isoformat() if isinstance(value, date) else str(value))


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
