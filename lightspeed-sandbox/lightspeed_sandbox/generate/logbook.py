"""The inventory log: one row for every move of stock, with what caused it."""

from __future__ import annotations

from lightspeed_retail.resources.stock import InventoryLog
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.values import record

CREATED: Record = {"reason": "ItemCreated", "automated": True}
IMPORTED: Record = {"reason": "ItemImport", "itemImportID": 1, "automated": True}
ARCHIVED: Record = {"reason": "RemoveForArchiveItem", "automated": True}

_BLANK = record(InventoryLog)
_FETCHED = (
    ("isLayaway", "RemoveForLayaway"),
    ("isSpecialOrder", "RemoveForSpecialOrder"),
    ("isWorkorder", "RemoveForWorkorder"),
)


def entry(row: Record, change: int, at: str, cause: Record) -> Record:
    """A row of the log for a stock that has just changed; it gets its key when the log is filed."""
    return {
        **_BLANK,
        "shopID": row["shopID"],
        "itemID": row["itemID"],
        "qohChange": change,
        "costChange": row["averageCost"],
        "createTime": at,
        "causedNegative": change < 0 and row["qoh"] < 0,
        **cause,
    }


def file(books: Books, moves: list[Record]) -> None:
    """Enter rows in the order in which stock moved."""
    for move in sorted(moves, key=_moment):
        move["inventoryLogID"] = books.key(InventoryLog)
        books.put(InventoryLog, move)
    moves.clear()


def _moment(move: Record) -> str:
    return str(move["createTime"])


def sold(line: Record) -> Record:
    """A line of a ticket is handed over, or given back."""
    taken = next((reason for flag, reason in _FETCHED if line[flag]), "RemoveForTransaction")
    return _ticket(line, "RefundAddInventory" if line["unitQuantity"] < 0 else taken)


def put_back(line: Record) -> Record:
    """A ticket was voided."""
    return _ticket(line, "PutBackForTransaction")


def _ticket(line: Record, reason: str) -> Record:
    keys = {name: line[name] for name in ("saleID", "employeeID", "customerID")}
    return {"reason": reason, "automated": True, **keys}


def received(order: Record) -> Record:
    """Goods came on a purchase order."""
    return _done("BusinessProcessAddInventory", order["createdByEmployeeID"], orderID=order["orderID"])


def counted(count: Record, change: int, employee: int) -> Record:
    """A count found more or less than there should be."""
    reason = "AddInventoryForCount" if change > 0 else "RemoveForInventoryCount"
    return _done(reason, employee, inventoryCountID=count["inventoryCountID"])


def sent(transfer: Record) -> Record:
    """Goods left for another shop."""
    return _done("RemoveForTransfer", transfer["sentByEmployeeID"], transferID=transfer["transferID"])


def arrived(transfer: Record) -> Record:
    """Goods came from another shop."""
    return _done("AddForTransfer", transfer["createdByEmployeeID"], transferID=transfer["transferID"])


def returned(vendor_return: Record, employee: int) -> Record:
    """Goods went back to the vendor."""
    return _done("RemoveForVendorReturn", employee, vendorReturnID=vendor_return["vendorReturnID"])


def adjusted(employee: int) -> Record:
    """Somebody corrected the stock by hand."""
    return _done("ManualQuantityAdjustment", employee)


def _done(reason: str, employee: int, **keys: int) -> Record:
    return {"reason": reason, "employeeID": employee, **keys}
