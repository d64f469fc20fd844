"""Transfers between the shops: planned, sent, received."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.stock import InventoryTransfer, InventoryTransferItem, Transfer, TransferItem
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import logbook, special
from lightspeed_sandbox.generate.backroom import due
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.papers import Move
from lightspeed_sandbox.generate.values import ZERO, nth, record
from lightspeed_sandbox.generate.world import World

OPEN, SENT, RECEIVED = "open", "sent", "received"

_EVERY_DAYS = 3
_MOST_ITEMS = 6
_SPARE = 4
"""A shop gives away only what it has this many of."""


def planned(world: World, at: datetime) -> None:
    """One shop asks another for goods."""
    shops = sorted({till.shop for till in world.tills})
    if len(shops) <= 1 or not due(world, at, _EVERY_DAYS, 1):
        return
    sender, receiver = world.rng.sample(shops, 2)
    number = world.books.key(InventoryTransfer)
    transfer = world.books.add(
        InventoryTransfer,
        transferID=number,
        note="Please send with the Friday van." if nth(number, 2) else "",
        timeStamp=stamp(at),
        createTime=stamp(at),
        status=OPEN,
        needBy=stamp(at + timedelta(days=4)) if not nth(number, 4) else None,
        sendingShopID=sender,
        receivingShopID=receiver,
        createdByEmployeeID=receiver,
    )
    world.backroom.moves[number] = Move(transfer, _items(world, transfer, at))
    _enter(world.books, world.backroom.moves[number])


def _items(world: World, transfer: Record, at: datetime) -> list[Record]:
    """What can be spared, and first of all what a customer of the other shop waits for."""
    sender = transfer["sendingShopID"]
    spare = _spare(world, sender)
    wanted = special.wanted_from(world, sender, transfer["receivingShopID"])
    if wanted is None:
        return [_item(world, transfer, row, at) for row in spare]
    order, stock = wanted
    items = [_item(world, transfer, row, at) for row in (stock, *(row for row in spare if row is not stock))]
    special.comes_by(world, order, items[0], at)
    return items


def _spare(world: World, shop: int) -> list[Record]:
    rows = world.stock.sample(world.rng, shop, _MOST_ITEMS)
    return [row for row in rows if row["qoh"] >= _SPARE and row["itemID"] in world.items]


def _item(world: World, transfer: Record, row: Record, at: datetime) -> Record:
    number = world.books.key(InventoryTransferItem)
    quantity = 1 + number % 3
    world.stock.move(row["itemID"], transfer["sendingShopID"], stamp(at), onTransferOut=quantity)
    return world.books.add(
        InventoryTransferItem,
        transferItemID=number,
        toSend=quantity,
        comment="Box is a little dented." if nth(number, 4) else "",
        timeStamp=stamp(at),
        transferID=transfer["transferID"],
        itemID=row["itemID"],
    )


def sent(world: World, at: datetime) -> None:
    """The oldest transfer that was planned is sent."""
    move = _oldest(world, OPEN)
    if move is None or not due(world, at, _EVERY_DAYS, 2):
        return
    transfer = move.transfer
    transfer.update(status=SENT, sentOn=stamp(at), sentByEmployeeID=2 + transfer["transferID"] % 5, timeStamp=stamp(at))
    for item in move.items:
        quantity = item["toSend"]
        item.update(sent=quantity, sentValue=_value(world, transfer, item, quantity), timeStamp=stamp(at))
        taken = {"qoh": -quantity, "onTransferOut": -quantity}
        world.stock.move(item["itemID"], transfer["sendingShopID"], stamp(at), logbook.sent(transfer), **taken)
        world.stock.move(item["itemID"], transfer["receivingShopID"], stamp(at), onTransferIn=quantity)
    _enter(world.books, move)


def received(world: World, at: datetime) -> None:
    """The oldest transfer on its way arrives; now and then a piece is missing."""
    move = _oldest(world, SENT)
    if move is None or not due(world, at, _EVERY_DAYS, 3):
        return
    transfer = move.transfer
    transfer.update(status=RECEIVED, archived=True, timeStamp=stamp(at))
    for item in move.items:
        came = item["sent"] - nth(item["transferItemID"], 9)
        value = _value(world, transfer, item, came)
        item.update(toReceive=came, received=came, receivedValue=value, timeStamp=stamp(at))
        arrived = {"qoh": came, "onTransferIn": -item["sent"]}
        world.stock.move(item["itemID"], transfer["receivingShopID"], stamp(at), logbook.arrived(transfer), **arrived)
    special.arrived(world, "transferItemID", {item["transferItemID"] for item in move.items}, at)
    del world.backroom.moves[transfer["transferID"]]
    _enter(world.books, move)


def _oldest(world: World, status: str) -> Move | None:
    return next((move for move in world.backroom.moves.values() if move.transfer["status"] == status), None)


def _value(world: World, transfer: Record, item: Record, quantity: int) -> Decimal:
    row = world.stock.row(item["itemID"], transfer["sendingShopID"])
    return Decimal(row["averageCost"]) * quantity if row else ZERO


def _enter(books: Books, move: Move) -> None:
    """The same transfer is in two lists of the API: the one that can be written and the older one."""
    books.put(InventoryTransfer, move.transfer)
    books.put(Transfer, _older_view(move.transfer))
    for item in move.items:
        books.put(InventoryTransferItem, item)
        books.put(TransferItem, record(TransferItem, **item))


def _older_view(transfer: Record) -> Record:
    number = transfer["transferID"]
    return record(
        Transfer,
        transferID=number,
        sent=transfer["status"] != OPEN,
        received=transfer["status"] == RECEIVED,
        note=transfer["note"],
        archived=transfer["archived"],
        timeStamp=transfer["timeStamp"],
        transferFromID=number,
        transferToID=number,
        orderID=number if nth(number, 4) else 0,
        TransferFrom=record(
            parts.TransferFrom,
            transferFromID=number,
            sentOn=transfer["sentOn"],
            employeeID=transfer["sentByEmployeeID"],
            shopID=transfer["sendingShopID"],
        ),
        TransferTo=record(
            parts.TransferTo,
            transferToID=number,
            needBy=transfer["needBy"],
            employeeID=transfer["createdByEmployeeID"],
            shopID=transfer["receivingShopID"],
        ),
    )
