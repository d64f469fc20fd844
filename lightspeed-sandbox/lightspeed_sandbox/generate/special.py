"""Special orders: what customers wait for, from the ticket to the counter."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from lightspeed_retail.resources.receiving import SpecialOrder
from lightspeed_retail.resources.sales import SaleLine
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import purchasing
from lightspeed_sandbox.generate.papers import Ticket
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.world import World

WAITING, ORDERED, HERE, DONE = "Not Ordered", "Ordered", "Ready For Pickup", "Completed"


def note_down(world: World, tickets: Iterable[Ticket]) -> None:
    """Enter what was ordered on today's tickets, and close what was fetched."""
    for ticket in {ticket.sale["saleID"]: ticket for ticket in tickets}.values():
        for line in ticket.lines:
            if line["isSpecialOrder"] and line["unitQuantity"] > 0:
                _follow(world, ticket.sale, line)


def _follow(world: World, sale: Record, line: Record) -> None:
    orders = world.backroom.special_orders
    row = orders.get(line["saleLineID"])
    if row is None:
        row = orders[line["saleLineID"]] = world.books.add(
            SpecialOrder,
            unitQuantity=line["unitQuantity"],
            timeStamp=line["timeStamp"],
            status=WAITING,
            customerID=line["customerID"],
            shopID=line["shopID"],
            saleLineID=line["saleLineID"],
        )
    if sale["completed"]:
        at = max(row["timeStamp"], sale["completeTime"])
        row.update(completed=True, contacted=True, status=DONE, timeStamp=at)
        world.books.put(SpecialOrder, orders.pop(line["saleLineID"]))


def ordered(world: World, at: datetime) -> None:
    """What a customer waits for is put on the latest purchase order."""
    row = next((row for row in _waiting(world) if not _from_shop(row)), None)
    purchase = next(reversed(world.purchases.values()), None)
    item = _item(world, row) if row is not None else 0
    if row is None or purchase is None or item not in world.items:
        return
    line = purchasing.add_line(world, purchase, item, row["unitQuantity"], at)
    row["orderLineID"] = line["orderLineID"]
    _move_on(world, row, ORDERED, at)


def wanted_from(world: World, sender: int, receiver: int) -> tuple[Record, Record] | None:
    """A special order that another shop can fulfil, and that shop's stock of the item."""
    for row in _waiting(world):
        if row["shopID"] == receiver and _from_shop(row):
            stock = world.stock.row(_item(world, row), sender)
            if stock is not None and stock["itemID"] in world.items:
                return row, stock
    return None


def comes_by(world: World, row: Record, transfer_item: Record, at: datetime) -> None:
    """A transfer brings what somebody waits for."""
    row["transferItemID"] = transfer_item["transferItemID"]
    _move_on(world, row, ORDERED, at)


def arrived(world: World, column: str, keys: Collection[int], at: datetime) -> None:
    """Goods came by an order or a transfer: those who wait for them are called."""
    for row in world.backroom.special_orders.values():
        if row[column] in keys and row["status"] == ORDERED:
            row["contacted"] = True
            _move_on(world, row, HERE, at)


def _waiting(world: World) -> Iterable[Record]:
    return (row for row in world.backroom.special_orders.values() if row["status"] == WAITING)


def _from_shop(row: Record) -> bool:
    """One in three is looked for in the other shops first."""
    return nth(row["specialOrderID"], 3)


def _item(world: World, row: Record) -> int:
    line = world.books.get(SaleLine, row["saleLineID"])
    return int(line["itemID"]) if line else 0


def _move_on(world: World, row: Record, status: str, at: datetime) -> None:
    row.update(status=status, timeStamp=stamp(at))
    world.books.put(SpecialOrder, row)
