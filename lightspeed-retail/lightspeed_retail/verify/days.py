"""The totals of each day and shop, in the shop's own time: completed sales, refunds counted off, on either side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lightspeed_retail.verify.account import Zones
from lightspeed_retail.verify.entries import Entry, Trade
from lightspeed_retail.wire import instant

_CENT = Decimal("0.005")


@dataclass(frozen=True)
class Totals:
    """What was sold in a day.

    Args:
        sales: How many sales, refunds included.
        total: What was paid for them, taxes included.
        tax: The taxes in it.
    """

    sales: int = 0
    total: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)

    def plus(self, trade: Trade) -> Totals:
        """With one more sale."""
        return Totals(self.sales + 1, self.total + trade.total, self.tax + trade.tax)

    def agrees(self, other: Totals) -> bool:
        """Whether the sales are as many and the sums are the same to the cent."""
        apart = max(abs(self.total - other.total), abs(self.tax - other.tax))
        return self.sales == other.sales and apart < _CENT

    def summary(self) -> dict[str, Any]:
        """The totals for programs."""
        return {"sales": self.sales, "total": str(self.total), "tax": str(self.tax)}


@dataclass(frozen=True)
class DayDifference:
    """A day of a shop about which the two sides do not agree.

    Args:
        day: The day, in the shop's time.
        shop: Key of the shop.
        shop_name: Its name.
        account: The account's totals.
        warehouse: The warehouse's.
    """

    day: date
    shop: int
    shop_name: str
    account: Totals
    warehouse: Totals

    def summary(self) -> dict[str, Any]:
        """The day for programs."""
        sides = {"account": self.account.summary(), "warehouse": self.warehouse.summary()}
        return {"day": self.day.isoformat(), "shop_id": self.shop, "shop_name": self.shop_name, **sides}


class Days:
    """Adds up the days of the shops on either side.

    Args:
        zones: The time zones of the shops.
        first: The first day that is compared; None for all.
    """

    def __init__(self, zones: Zones, first: date | None = None) -> None:
        """Begin with nothing."""
        self._zones = zones
        self._first = first
        self._sides: tuple[dict[tuple[date, int], Totals], ...] = ({}, {})

    def add(self, ours: list[Entry], theirs: list[Entry]) -> None:
        """Add the rows of a key: a row that a table holds twice counts twice there."""
        for side, entries in zip(self._sides, (ours, theirs), strict=True):
            for entry in entries:
                if entry.trade is not None:
                    self._add(side, entry.trade)

    def _add(self, side: dict[tuple[date, int], Totals], trade: Trade) -> None:
        day = instant(trade.at).astimezone(self._zones.of(trade.shop)).date()
        if self._first is None or day >= self._first:
            key = (day, trade.shop)
            side[key] = side.get(key, Totals()).plus(trade)

    @property
    def count(self) -> int:
        """How many days there are on either side."""
        return len({day for side in self._sides for day, _ in side})

    @property
    def differences(self) -> list[DayDifference]:
        """The days that differ, in their order."""
        return list(self._differences())

    def _differences(self) -> Iterator[DayDifference]:
        ours, theirs = self._sides
        for day, shop in sorted(ours.keys() | theirs.keys()):
            account, warehouse = (side.get((day, shop), Totals()) for side in (ours, theirs))
            if not account.agrees(warehouse):
                yield DayDifference(day, shop, self._zones.names.get(shop, str(shop)), account, warehouse)
