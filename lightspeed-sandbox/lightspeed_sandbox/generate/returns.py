"""Goods that go back to their vendors: collected, sent, filed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.receiving import VendorReturn
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.backroom import due
from lightspeed_sandbox.generate.people import note
from lightspeed_sandbox.generate.values import ZERO, nth, record
from lightspeed_sandbox.generate.world import World

_EVERY_DAYS = 4
_SPARE = 5
_REASONS = ("None", "Defective", "Wrong item", "Overstock")
_REASONS_SINCE = "2021-03-01T16:25:06+00:00"


def returning(world: World, at: datetime) -> None:
    """The return that was sent is filed, the one that waits is sent, and the next one is begun."""
    if not world.tills or not due(world, at, _EVERY_DAYS):
        return
    for row in list(world.backroom.returns.values()):
        if row["status"] == "sent":
            _file(world, row, at)
        else:
            _send(world, row, at)
    _begin(world, at)


def _begin(world: World, at: datetime) -> None:
    shop = world.rng.choice(world.tills).shop
    rows = [row for row in world.stock.sample(world.rng, shop, 12) if row["itemID"] in world.items]
    rows = [row for row in rows if row["qoh"] >= _SPARE]
    if not rows:
        return
    number = world.books.key(VendorReturn)
    vendor = world.items[rows[0]["itemID"]]["defaultVendorID"]
    same = [row for row in rows if world.items[row["itemID"]]["defaultVendorID"] == vendor]
    items = [_item(number, row, world, turn) for turn, row in enumerate(same)] if not nth(number, 5, 3) else []
    subtotal = sum((item["subtotal"] for item in items), ZERO)
    world.backroom.returns[number] = world.books.add(
        VendorReturn,
        vendorReturnID=number,
        vendorID=vendor,
        shopID=shop,
        refNum=f"RMA-{number:05d}" if nth(number, 2) else "",
        status="open",
        shipCost=Decimal("12.5") if nth(number, 3) else ZERO,
        otherCost=Decimal(4) if nth(number, 4) else ZERO,
        VendorReturnItems=items,
        subtotal=subtotal,
        total=subtotal,
        timeStamp=stamp(at),
        hideVendorDetails=nth(number, 6),
        Note=note(world.books, "Ask for a credit note.", at) if nth(number, 2) else None,
    )


def _item(vendor_return: int, row: Record, world: World, turn: int) -> Record:
    number = world.books.part_key("vendorReturnItem")
    quantity = 1 + number % 3
    reason = 1 + (number + turn) % len(_REASONS)
    return record(
        parts.VendorReturnItem,
        vendorReturnItemID=number,
        vendorReturnID=vendor_return,
        itemID=row["itemID"],
        orderID=number if nth(number, 4) else 0,
        quantity=quantity,
        cost=row["averageCost"],
        subtotal=row["averageCost"] * quantity,
        inventoryInStock=row["qoh"],
        vendorReturnItemReasonID=reason,
        VendorReturnItemReason=_reason(reason),
    )


def _reason(number: int) -> Record:
    return record(
        parts.VendorReturnItemReason,
        vendorReturnItemReasonID=number,
        reason=_REASONS[number - 1],
        defaultSelected=number == 1,
        createTime=_REASONS_SINCE,
        timeStamp=_REASONS_SINCE,
        isSystem=True,
        sortOrder=number,
    )


def _send(world: World, row: Record, at: datetime) -> None:
    total = row["subtotal"] + row["shipCost"] + row["otherCost"]
    row.update(status="sent", sentDate=stamp(at), total=total, timeStamp=stamp(at))
    for item in row["VendorReturnItems"]:
        cause = logbook.returned(row, row["shopID"])
        world.stock.move(item["itemID"], row["shopID"], stamp(at), cause, qoh=-item["quantity"])
    world.books.put(VendorReturn, row)


def _file(world: World, row: Record, at: datetime) -> None:
    row.update(archived=True, timeStamp=stamp(at))
    world.books.put(VendorReturn, row)
    del world.backroom.returns[row["vendorReturnID"]]
