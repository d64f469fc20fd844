"""Small things that all generated records are made of."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from uuid import UUID

from lightspeed_retail.resources import Field, FieldType, Part
from lightspeed_retail.wire import Record

ZERO = Decimal(0)
_CENT = Decimal("0.01")

_BLANK: dict[FieldType, Any] = {
    FieldType.INTEGER: 0,
    FieldType.NUMBER: ZERO,
    FieldType.MONEY: ZERO,
    FieldType.STRING: "",
    FieldType.BOOLEAN: False,
}


_blanks_of: dict[type[Part], Record] = {}


def _blanks(part: type[Part]) -> Record:
    found = _blanks_of.get(part)
    if found is None:
        found = {field.name: _BLANK.get(field.type) for field in part.fields() if not _is_row_elsewhere(field)}
        _blanks_of[part] = found
    return found


def _is_row_elsewhere(field: Field) -> bool:
    return field.nested is not None and field.nested.resource is not None


def record(part: type[Part], **fields: Any) -> Record:
    """A record with the fields given; the rest is unset as the API writes it: 0, empty, false or missing.

    Raises:
        KeyError: The declaration has no such field.
    """
    blanks = _blanks(part)
    if not fields.keys() <= blanks.keys():
        raise KeyError(part.__name__, *(fields.keys() - blanks.keys()))
    return {**blanks, **fields}


def completed(part: type[Part], row: Record) -> Record:
    """A record in which numbers, texts and flags that somebody left null are unset instead."""
    blanks = _blanks(part)
    return {name: blanks.get(name) if value is None else value for name, value in row.items()}


def cents(amount: Decimal) -> Decimal:
    """An amount rounded to cents, halves away from zero."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def price(rng: Random, low: int, high: int) -> Decimal:
    """A price in whole units minus a cent or five, more often low than high."""
    return Decimal(low + int((high - low) * rng.random() ** 2)) + rng.choice((Decimal("0.99"), Decimal("0.95"), ZERO))


def nth(number: int, period: int, phase: int = 1) -> bool:
    """Whether a number is the one in `period` that is special; `phase` tells kinds of special apart."""
    return number % period == phase % period


def identifier(rng: Random) -> str:
    """A random UUID."""
    return str(UUID(int=rng.getrandbits(128), version=4))
