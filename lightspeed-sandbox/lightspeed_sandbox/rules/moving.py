"""Transfers between shops.

Source: the pages "Inventory Transfer" and "Inventory Transfer TransferItems".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lightspeed_retail.resources.items import ItemShop
from lightspeed_retail.resources.stock import InventoryTransfer, InventoryTransferItem
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.moving import OPEN, SENT
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_OWNER = 1
_MOST = 100


def _begin(_writer: Writer, change: Change) -> None:
    if change.before is None:
        change.row.update(status=OPEN, createdByEmployeeID=_OWNER)


def _before_item(writer: Writer, change: Change) -> None:
    row = change.row
    if writer.existing(InventoryTransfer, row["transferID"])["status"] != OPEN:
        raise ApiError(_BAD_REQUEST, "A transfer that has been sent cannot be changed.")
    where = '"transferID" = ? AND "itemID" = ? AND "transferItemID" <> ?'
    if writer.select(InventoryTransferItem, where, (row["transferID"], row["itemID"], change.key)):
        raise ApiError(_BAD_REQUEST, "An item can only appear once on a transfer.")


def add(writer: Writer, key: str, rows: Sequence[Record]) -> list[int]:
    """Put items on a transfer; answers the keys of the rows."""
    transfer = writer.existing(InventoryTransfer, key)["transferID"]
    if len(rows) > _MOST:
        raise ApiError(_BAD_REQUEST, f"At most {_MOST} items can be added at once.")
    return [writer.create(InventoryTransferItem, row, transferID=transfer) for row in rows]


def send(writer: Writer, key: str) -> int:
    """Let the goods of a transfer leave the shop."""
    transfer = writer.existing(InventoryTransfer, key)
    if transfer["status"] != OPEN:
        raise ApiError(_BAD_REQUEST, "The transfer has been sent already.")
    transfer |= {"status": SENT, "sentOn": writer.now, "sentByEmployeeID": _OWNER, "timeStamp": writer.now}
    moves = [move for row in _rows(writer, transfer) for move in _leave(writer, transfer, row)]
    writer.put(InventoryTransfer, transfer)
    shelves.move(writer, moves)
    return int(transfer["transferID"])


def _rows(writer: Writer, transfer: Record) -> list[Record]:
    return writer.select(InventoryTransferItem, '"transferID" = ?', (transfer["transferID"],))


def _leave(writer: Writer, transfer: Record, row: Record) -> list[Move]:
    where, count = '"itemID" = ? AND "shopID" = ?', row["toSend"]
    stock = writer.select(ItemShop, where, (row["itemID"], transfer["sendingShopID"]), limit=1)
    worth = stock[0]["averageCost"] * count if stock else 0
    sent = {"sent": count, "toReceive": count, "toSend": 0, "sentValue": worth, "timeStamp": writer.now}
    writer.put(InventoryTransferItem, row | sent)
    away = {"qoh": -count, "onTransferOut": count}
    return [
        Move(row["itemID"], transfer["sendingShopID"], away, logbook.sent(transfer)),
        Move(row["itemID"], transfer["receivingShopID"], {"onTransferIn": count}),
    ]


def archive(writer: Writer, key: str, *, archived: bool) -> int:
    """Put a transfer away, or bring it back."""
    transfer = writer.existing(InventoryTransfer, key)
    writer.put(InventoryTransfer, transfer | {"archived": archived, "timeStamp": writer.now})
    return int(transfer["transferID"])


RULES = {"InventoryTransfer": Rule(before=_begin), "InventoryTransferItem": Rule(before=_before_item)}
