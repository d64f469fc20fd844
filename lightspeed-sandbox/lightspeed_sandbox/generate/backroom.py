"""What is under way behind the shop: counts, transfers, returns to vendors, special orders."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from lightspeed_retail.resources.receiving import SpecialOrder, VendorReturn
from lightspeed_retail.resources.stock import (
    InventoryCount,
    InventoryCountCalc,
    InventoryTransfer,
    InventoryTransferItem,
)
from lightspeed_sandbox.generate.papers import Count, Move
from lightspeed_sandbox.generate.reading import grouped, read
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.store import Store

if TYPE_CHECKING:
    from lightspeed_sandbox.generate.world import World


class Backroom:
    """Papers that are not closed yet, each by its key."""

    def __init__(self, store: Store) -> None:
        """Find what was left open."""
        counts = {row["inventoryCountID"]: row for row in read(store, InventoryCount, "archived = 0")}
        calcs = grouped(store, InventoryCountCalc, "inventoryCountID", counts)
        self.counts = {key: Count(row, calcs.get(key, [])) for key, row in counts.items()}
        moves = {row["transferID"]: row for row in read(store, InventoryTransfer, "archived = 0")}
        items = grouped(store, InventoryTransferItem, "transferID", moves)
        self.moves = {key: Move(row, items.get(key, [])) for key, row in moves.items()}
        self.returns = {row["vendorReturnID"]: row for row in read(store, VendorReturn, "archived = 0")}
        self.special_orders = {row["saleLineID"]: row for row in read(store, SpecialOrder, "completed = 0")}


def due(world: World, at: datetime, days: int, phase: int = 1) -> bool:
    """Whether something that happens every so many days happens on the day of a moment."""
    return world.lively or nth(at.toordinal(), days, phase)
