"""How large the invented retailer is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Self

import msgspec

from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.store import Store

_META = "generate.scale"


@dataclass(frozen=True)
class Scale:
    """The measure of a retailer; every field of the API is filled from about 120 sales, 90 items and 60 customers on.

    Args:
        seed: The same seed gives the same retailer.
        days: Days of trade before today.
        sales_per_day: Tickets on an average day, in all shops together.
        customers: Customers on the last day; most of them were there before the first.
        items: Items on the first day, including those of matrices; later ones come on top.
        registers: Tills in each shop.
        bulk_sales: Plain sales in the years before the first day.
        tax_inclusive: Whether the last shop states its prices with the tax in them.
    """

    seed: int = 1
    days: int = 365
    sales_per_day: int = 50
    customers: int = 1200
    items: int = 900
    registers: int = 4
    bulk_sales: int = 0
    tax_inclusive: bool = False

    def keep(self, store: Store) -> None:
        """Remember the measure with the data, for the days to come."""
        store.meta[_META] = msgspec.json.encode(asdict(self)).decode()

    @classmethod
    def of(cls, store: Store) -> Self | None:
        """The measure of the data in a store; None where they were not generated."""
        kept = store.meta.get(_META)
        return msgspec.json.decode(kept, type=cls) if kept else None


@dataclass
class Founding:
    """What the retailer is set up with, before the first day of trade.

    Args:
        books: Where rows are entered.
        rng: Source of all chance.
        scale: How much of everything.
        start: The first day of trade.
    """

    books: Books
    rng: Random
    scale: Scale
    start: datetime

    @property
    def founded(self) -> datetime:
        """The day on which the account was opened."""
        return self.start - timedelta(days=3 * 365)

    def moment(self, share: float, spread: float = 0.0) -> datetime:
        """A moment between founding and the first day of trade: 0 is the one, 1 the other."""
        at = min(0.999, max(0.0, share + spread * self.rng.random()))
        return self.founded + timedelta(seconds=int((self.start - self.founded).total_seconds() * at))
