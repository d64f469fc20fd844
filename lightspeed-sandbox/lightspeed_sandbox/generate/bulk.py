"""Very large accounts, to measure with: many rows that differ in little, made by SQL alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.items import Image, Item
from lightspeed_retail.resources.stock import InventoryLog
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate.bulk_sales import fill_sales
from lightspeed_sandbox.generate.spread import moment, spread
from lightspeed_sandbox.generate.values import record
from lightspeed_sandbox.store import Store

__all__ = ["fill", "fill_sales"]

_LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
_PRICES = (("Default", "19.99"), ("MSRP", "24.99"))


def fill(store: Store, *, items: int = 50_000, images: int = 50_000, logs: int = 1_000_000) -> None:
    """Add rows to a store, behind those that it has; all of them were last changed years ago.

    Args:
        store: Where the rows go.
        items: How many items to add.
        images: How many images, spread over these items.
        logs: How many inventory logs, spread over these items.
    """
    first = store.next_key(Item)
    item = f"{first} + n.i % {max(items, 1)}"
    half, whole, sixth = (moment(_LONG_AGO, seconds) for seconds in (30, 60, 10))
    spread(store, Item, items, [[_item()]], {"createTime": half, "timeStamp": whole, **_codes(first)})
    picture = {"itemID": item, "filename": "'bulk-' || n.i || '.jpg'", "publicID": "printf('bulk-%08x', n.i)"}
    spread(store, Image, images, [[_image()]], {**picture, "createTime": whole, "timeStamp": whole})
    move = {"itemID": item, "qohChange": "n.i % 7 - 3", "shopID": "1 + n.i % 3", "createTime": sixth}
    spread(store, InventoryLog, logs, [[_log()]], move)
    store.commit()


def _item() -> Record:
    prices = [
        record(parts.ItemPrice, amount=Decimal(amount), useTypeID=number, useType=use)
        for number, (use, amount) in enumerate(_PRICES, start=1)
    ]
    cost = Decimal("9.5")
    return record(
        Item,
        itemType="default",
        tax=True,
        discountable=True,
        defaultCost=cost,
        avgCost=cost,
        taxClassID=1,
        Prices=prices,
    )


def _codes(first: int) -> dict[str, str]:
    return {
        "description": f"'Bulk item ' || ({first} + n.i)",
        "systemSku": f"CAST(210000000000 + {first} + n.i AS TEXT)",
        "customSku": f"'BULK-' || ({first} + n.i)",
    }


def _image() -> Record:
    return record(Image, description="Front", baseImageURL="https://images.example.com/bulk/", size=48_000)


def _log() -> Record:
    return record(InventoryLog, employeeID=1, reason="Sale", automated=True)
