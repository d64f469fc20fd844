"""Workorders, their labour and their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources.account import Register
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.resources.workorders import Workorder, WorkorderItem, WorkorderLine, WorkorderStatus
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.service import SKU_BASE
from lightspeed_sandbox.generate.values import ZERO
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400


def _begin(writer: Writer, change: Change) -> None:
    if change.before is not None:
        return
    row = change.row
    row["systemSku"] = str(SKU_BASE + change.key)
    row["timeIn"] = row["timeIn"] or writer.now
    opened = writer.select(WorkorderStatus, '"systemValue" = ?', ("open",), limit=1)
    row["workorderStatusID"] = row["workorderStatusID"] or (opened[0]["workorderStatusID"] if opened else 0)


def _hang(writer: Writer, change: Change) -> None:
    """A new line has the employee of its workorder, and what its item says."""
    row = change.row
    if change.before is not None:
        return
    around, item = writer.existing(Workorder, row["workorderID"]), writer.get(Item, row["itemID"])
    row["employeeID"] = row["employeeID"] or around["employeeID"]
    if not change.gives("unitQuantity"):
        row["unitQuantity"] = 1
    if item is not None:
        own = {"unitPrice": _price(item), "taxClassID": item["taxClassID"], "tax": item["tax"]}
        row |= {name: value for name, value in own.items() if name in row and not change.gives(name)}


def _price(item: Record) -> object:
    return item["Prices"][0]["amount"] if item["Prices"] else ZERO


def _reserve(writer: Writer, change: Change) -> None:
    before = change.before["unitQuantity"] if change.before else 0
    _keep(writer, change.row, change.row["unitQuantity"] - before)


def _release(writer: Writer, row: Record) -> None:
    _keep(writer, row, -row["unitQuantity"])


def _keep(writer: Writer, row: Record, more: int) -> None:
    """Parts of a workorder are reserved in its shop (tutorial "Reservations")."""
    shop = writer.existing(Workorder, row["workorderID"])["shopID"]
    shelves.move(writer, [Move(row["itemID"], shop, {"onWorkorder": more})] if more else [])


def checkout(writer: Writer, key: str) -> int:
    """Make an open sale of all that is on a workorder; answers its key (page "Workorder Checkout")."""
    workorder = writer.existing(Workorder, key)
    if workorder["saleID"]:
        raise ApiError(_BAD_REQUEST, "The workorder has been checked out already.")
    where = '"shopID" = ? AND "open" = 1 AND "archived" IS NOT 1'
    registers = writer.select(Register, where, (workorder["shopID"],), limit=1)
    if not registers:
        raise ApiError(_BAD_REQUEST, "The shop has no open register.")
    header = {name: workorder[name] for name in ("employeeID", "shopID", "customerID")}
    sale = writer.create(Sale, header | {"registerID": registers[0]["registerID"]})
    first = [
        _charge(writer, row, kind, sale)
        for kind in (WorkorderLine, WorkorderItem)
        for row in _rows(writer, kind, workorder)
    ]
    writer.put(Workorder, workorder | {"saleID": sale, "saleLineID": next(iter(first), 0), "timeStamp": writer.now})
    return sale


def _rows(writer: Writer, kind: type[WorkorderLine | WorkorderItem], workorder: Record) -> list[Record]:
    return writer.select(kind, '"workorderID" = ?', (workorder["workorderID"],))


def _charge(writer: Writer, row: Record, kind: type[WorkorderLine | WorkorderItem], sale: int) -> int:
    given = {name: row[name] for name in ("itemID", "unitQuantity", "tax", "discountID")}
    price = row.get("unitPrice") or row.get("unitPriceOverride")
    line = writer.create(SaleLine, given | ({"unitPrice": price} if price else {}), saleID=sale)
    writer.put(SaleLine, writer.existing(SaleLine, line) | {"isWorkorder": True})
    writer.put(kind, row | {"saleID": sale, "saleLineID": line, "timeStamp": writer.now})
    return line


RULES = {
    "Workorder": Rule(before=_begin),
    "WorkorderLine": Rule(before=_hang),
    "WorkorderItem": Rule(before=_hang, after=_reserve, removed=_release),
}
