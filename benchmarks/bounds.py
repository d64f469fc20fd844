"""What the limits allow: the cheapest plan, and the least time that it takes.

Source: page "Rate limits" (section 2 of the API reference): prices, and bucket and drip rate by registers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.cells import UNLIMITED, Cell
from lightspeed_retail.query import PAGE_SIZE, Query
from lightspeed_retail.resources import Resource
from lightspeed_sandbox.config import Config

NEEDED = ("SaleLines", "SalePayments")
"""The relations without which lines and payments would not come."""


@dataclass(frozen=True)
class Plan:
    """A way of reading an account.

    Args:
        pages: Requests.
        drips: What they cost.
    """

    pages: int
    drips: float

    def least_seconds(self, cell: Cell, connections: int = 1) -> float:
        """The least time of the account that it takes: the larger of what the bucket and what the latency allows."""
        return max(self.bucket_seconds(cell), self.pages * cell.latency / max(1, connections))

    def bucket_seconds(self, cell: Cell) -> float:
        """The least time of the account that the bucket allows, for a reader who never waits for anything else."""
        if cell.registers == UNLIMITED:
            return 0.0
        size, rate = limits_of(cell)
        return max(0.0, (self.drips - size) / rate)


def cheapest(sales: int) -> Plan:
    """The cheapest plan for all sales with lines and payments: full pages, and nothing else."""
    pages = math.ceil(sales / PAGE_SIZE)
    return Plan(pages, float(pages * Query(Resource.named("Sale"), relations=NEEDED).price))


def limits_of(cell: Cell) -> tuple[float, float]:
    """Size of the bucket and drips a second, in the account's time."""
    return Config(registers=max(1, cell.registers), bucket_size=cell.bucket).limits
