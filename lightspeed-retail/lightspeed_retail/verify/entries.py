"""What of a row is compared, the same whether it comes from the account or from the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Resource, Stamp, Tail
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.scalars import UNFIT, converter, stamp

_STAMP = "timeStamp"
_TOTAL = ("calcTotal",)
_TAX = ("calcTax1", "calcTax2")
_STATE = ("completed", "voided", "archived")
TRADED = ("completeTime", "shopID", *_STATE)
"""The fields of a sale without which it belongs to no day."""

_NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Trade:
    """What a sale adds to the totals of its day.

    Args:
        shop: Key of its shop.
        at: When it was completed, UTC.
        total: What was paid for it, taxes included; negative for a refund.
        tax: The taxes in it.
    """

    shop: int
    at: str
    total: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """A row, as far as it is compared.

    Args:
        key: Its key.
        stamp: When it changed last, UTC; None where that is not known.
        trade: What it adds to its day; None for what is no completed sale.
    """

    key: int
    stamp: str | None
    trade: Trade | None


class Reading:
    """Makes entries of rows: of the account's as they stand on the wire, and of the warehouse's.

    Args:
        resource: What the rows are.
        has: The names of the fields that the warehouse has; what it lacks is not compared.
    """

    def __init__(self, resource: type[Resource], has: Iterable[str]) -> None:
        """Find out which fields are compared."""
        there = frozenset(has)
        self._key = resource.api.key
        self._stamps = [name for name in stamps(resource) if name in there]
        self.has_days = resource is Sale and there.issuperset(TRADED)
        amounts = [name for name in (*_TOTAL, *_TAX) if name in there]
        self._total = [name for name in _TOTAL if name in there]
        self._tax = [name for name in _TAX if name in there]
        names = dict.fromkeys((self._key, *self._stamps, *((*TRADED, *amounts) if self.has_days else ())))
        self.fields: tuple[Field, ...] = tuple(resource.field(name) for name in names)

    def entry(self, row: Mapping[str, Any]) -> Entry:
        """The entry of a row; values that do not fit their type count as missing."""
        values = {field.name: _value(field.type, row.get(field.name)) for field in self.fields}
        moment = next((values[name] for name in self._stamps if values[name]), None)
        return Entry(values[self._key], moment, self._trade(values) if self.has_days else None)

    def _trade(self, values: Mapping[str, Any]) -> Trade | None:
        is_sale = values["completed"] and not values["voided"] and not values["archived"]
        if not is_sale or not values["completeTime"]:
            return None
        total, tax = (sum((values[name] or _NOUGHT for name in names), _NOUGHT) for names in (self._total, self._tax))
        return Trade(values["shopID"] or 0, values["completeTime"], total, tax)


def stamps(resource: type[Resource]) -> tuple[str, ...]:
    """The fields that tell when a row changed last, best first."""
    bookmark = resource.api.bookmark
    names: tuple[str | None, ...] = (_STAMP,)
    if isinstance(bookmark, Stamp):
        names = (bookmark.field, bookmark.fallback)
    elif isinstance(bookmark, Tail):
        names = (bookmark.created,)
    known = {field.name for field in resource.fields()}
    return tuple(name for name in names if name in known)


def created(resource: type[Resource]) -> str | None:
    """The field that says when a row came about, which never changes afterwards."""
    known = {field.name for field in resource.fields()}
    return next((name for name in (resource.api.event, "createTime") if name in known), None)


def moment_text(value: Any) -> Any:
    """A moment of a database as the text of the API; those without a time zone are UTC."""
    if not isinstance(value, datetime):
        return value
    return stamp(value if value.tzinfo else value.replace(tzinfo=UTC))


def _value(kind: FieldType, value: Any) -> Any:
    try:
        return converter(kind)(moment_text(value))
    except UNFIT:
        return None
