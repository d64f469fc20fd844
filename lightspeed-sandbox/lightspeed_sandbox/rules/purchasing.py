"""Purchase orders: what their lines cost, and what is on its way.

Source: the pages of Order and OrderLine. A line is `quantity` times `price`; the sample of a POST leaves both as sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.purchasing import Order, OrderLine
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.values import ZERO, cents
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_OWNER = 1


def _before_order(_writer: Writer, change: Change) -> None:
    if change.before is None:
        change.row["createdByEmployeeID"] = _OWNER


def _after_order(writer: Writer, change: Change) -> None:
    _total(writer, change.key)


def _before_line(writer: Writer, change: Change) -> None:
    row = change.row
    order = writer.existing(Order, row["orderID"])
    if order["complete"]:
        raise ApiError(_BAD_REQUEST, "Cannot change OrderLines of a completed order.")
    if change.before is None:
        item = writer.get(Item, row["itemID"])
        if not change.gives("originalPrice"):
            row["originalPrice"] = row["price"] if change.gives("price") else item["defaultCost"] if item else ZERO
        if not change.gives("price"):
            row["price"] = row["originalPrice"]
    row["total"] = row["price"] * row["quantity"]


def _after_line(writer: Writer, change: Change) -> None:
    before = change.before["quantity"] if change.before else 0
    _expect(writer, change.row, change.row["quantity"] - before)
    if not change.nested:
        _total(writer, change.row["orderID"])


def _removed_line(writer: Writer, row: Record) -> None:
    _expect(writer, row, -row["quantity"])
    _total(writer, row["orderID"])


def _expect(writer: Writer, line: Record, more: int) -> None:
    """What is ordered counts as on backorder in the shop of the order."""
    order = writer.existing(Order, line["orderID"])
    shelves.move(writer, [Move(line["itemID"], order["shopID"], {"backorder": more})] if more else [])


def _total(writer: Writer, key: int) -> None:
    order = writer.existing(Order, key)
    lines = writer.select(OrderLine, '"orderID" = ?', (key,))
    subtotal = sum((line["total"] for line in lines), ZERO)
    discount = order["discountMoneyValue"] or cents(subtotal * order["discountPercentValue"])
    order |= {
        "totalQuantity": sum(line["quantity"] for line in lines),
        "subTotalCost": subtotal,
        "totalDiscount": discount,
        "totalCost": subtotal - discount + order["shipCost"] + order["otherCost"],
    }
    writer.put(Order, order)


RULES = {
    "Order": Rule(before=_before_order, after=_after_order),
    "OrderLine": Rule(before=_before_line, after=_after_line, removed=_removed_line),
}
