"""Serial numbers: of what stands in the shop, of what was sold, of what customers bring to repair."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.labels import Serialized
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.papers import Ticket
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.world import World


def found(plan: Founding) -> None:
    """Enter the number of one piece of every second item that has them."""
    rows = [row for row in plan.books.entered(Item) if row["serialized"]]
    for row in rows[::2]:
        at = datetime.fromisoformat(row["createTime"]) + timedelta(hours=2)
        _enter(plan.books, row, at)


def _enter(books: Books, item: Record, at: datetime, **owner: int) -> Record:
    number = books.key(Serialized)
    attributes = item["ItemAttributes"] or {"attribute1": "", "attribute2": ""}
    return books.add(
        Serialized,
        serializedID=number,
        colorName=attributes["attribute1"] or "Black",
        sizeName=attributes["attribute2"],
        serial=f"WTU{number:06d}K",
        timeStamp=stamp(at),
        itemID=item["itemID"],
        **owner,
    )


def sold(world: World, tickets: Iterable[Ticket]) -> None:
    """Enter the numbers of what was sold today; the lines have their keys by now."""
    for ticket in {ticket.sale["saleID"]: ticket for ticket in tickets if ticket.sale["completed"]}.values():
        at = datetime.fromisoformat(ticket.sale["completeTime"])
        for line in ticket.lines:
            item = world.items.get(line["itemID"])
            if item is not None and item["serialized"] and line["unitQuantity"] > 0 and not line["isWorkorder"]:
                owner = {"saleLineID": line["saleLineID"], "customerID": line["customerID"]}
                _enter(world.books, item, at, **owner)


def brought(world: World, customer: int, at: datetime) -> Record:
    """Enter the number of something that was not bought here."""
    number = world.books.key(Serialized)
    return world.books.add(
        Serialized,
        serializedID=number,
        colorName="Red/Orange" if nth(number, 2) else "",
        sizeName="56 cm" if nth(number, 3) else "",
        serial=f"X-{number * 7919}" if not nth(number, 3) else "",
        description="Steel touring bike, dent in the top tube",
        timeStamp=stamp(at),
        customerID=customer,
    )
