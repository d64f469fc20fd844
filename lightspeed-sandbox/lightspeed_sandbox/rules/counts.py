"""Counting what is on the shelves, and correcting the books.

Source: the pages of InventoryCountItem, InventoryCountCalc and InventoryCountReconcile (section 6.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources.items import ItemShop
from lightspeed_retail.resources.stock import (
    InventoryCount,
    InventoryCountCalc,
    InventoryCountItem,
    InventoryCountReconcile,
)
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_OWNER = 1
_OF_ITEM = '"inventoryCountID" = ? AND "itemID" = ?'


def _counted(writer: Writer, change: Change) -> None:
    _work_out(writer, change.row)


def _uncounted(writer: Writer, row: Record) -> None:
    _work_out(writer, row)


def _work_out(writer: Writer, row: Record) -> None:
    """Bring the sum of an item in a count up to date."""
    place = (row["inventoryCountID"], row["itemID"])
    goes = writer.select(InventoryCountItem, _OF_ITEM, place)
    known = next(iter(writer.select(InventoryCountCalc, _OF_ITEM, place, limit=1)), None)
    if not goes:
        if known is not None:
            writer.store.delete(InventoryCountCalc, known["inventoryCountCalcID"])
        return
    counted = {"countedQoh": sum(go["qty"] for go in goes), "calcQoh": _stock(writer, *place)[1]}
    keys = {"inventoryCountID": place[0], "itemID": place[1]}
    if known is None:
        writer.create(InventoryCountCalc, keys | counted)
    else:
        writer.update(InventoryCountCalc, known["inventoryCountCalcID"], counted)


def _stock(writer: Writer, count: int, item: int) -> tuple[int, int, Record]:
    """The shop of a count, how many pieces of an item it should have, and the row that says so."""
    shop = writer.existing(InventoryCount, count)["shopID"]
    row = next(iter(writer.select(ItemShop, '"itemID" = ? AND "shopID" = ?', (item, shop), limit=1)), {})
    return shop, row.get("qoh", 0), row


def _before(writer: Writer, change: Change) -> None:
    row = change.row
    calcs = writer.select(InventoryCountCalc, '"inventoryCountID" = ?', (row["inventoryCountID"],))
    wanted = [calc for calc in calcs if row["itemID"] in (0, calc["itemID"])]
    if not wanted:
        raise ApiError(_BAD_REQUEST, "Nothing has been counted that could be reconciled.")
    first, *others = wanted
    _, there, stock = _stock(writer, row["inventoryCountID"], first["itemID"])
    more = first["countedQoh"] - there
    row.update(itemID=first["itemID"], qohChange=more, costChange=stock.get("averageCost", 0) * more)
    change.given["others"] = [calc["itemID"] for calc in others]


def _after(writer: Writer, change: Change) -> None:
    row = change.row
    count = writer.existing(InventoryCount, row["inventoryCountID"])
    if row["qohChange"]:
        cause = logbook.counted(count, row["qohChange"], _OWNER)
        shelves.move(writer, [Move(row["itemID"], count["shopID"], {"qoh": row["qohChange"]}, cause)])
    others = change.given["others"]
    for item in others:
        fields = {"inventoryCountID": row["inventoryCountID"], "itemID": item}
        writer.create(InventoryCountReconcile, fields, nested=True)
    if others:
        writer.put(InventoryCount, count | {"archived": True, "timeStamp": writer.now})


def _removed(writer: Writer, row: Record) -> None:
    """What was counted goes with its count."""
    for kind in (InventoryCountItem, InventoryCountCalc):
        for inner in writer.select(kind, '"inventoryCountID" = ?', (row["inventoryCountID"],)):
            writer.store.delete(kind, inner[kind.api.key])


RULES = {
    "InventoryCount": Rule(removed=_removed),
    "InventoryCountItem": Rule(after=_counted, removed=_uncounted),
    "InventoryCountReconcile": Rule(before=_before, after=_after),
}
