"""The stock of every item in every shop, and the totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from lightspeed_retail.resources import FieldType, parts
from lightspeed_retail.resources.items import Item, ItemShop
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, nth, record

TOTAL = 0
"""The shop of the row that adds up all shops."""

_NOT_ADDED = {"itemShopID", "itemID", "shopID", "nextFifoLotID", "lastReceivedLotID"}
_ADDED = [
    field.name
    for field in ItemShop.fields()
    if field.name not in _NOT_ADDED
    and (field.type is FieldType.INTEGER or (field.type is FieldType.MONEY and field.name.startswith("total")))
]
_OVERSOLD = 130
"""One row in so many begins with less than nothing and is never ordered."""
_PROMISED = ("onLayaway", "onSpecialOrder", "onWorkorder", "onTransferOut")


class Stock:
    """Moves goods; rows that changed are entered when the day is settled."""

    def __init__(self, rows: Iterable[Record]) -> None:
        """Take over the rows of all items and shops, the totals among them."""
        self._rows: dict[tuple[int, int], Record] = {}
        self._shops: dict[int, list[Record]] = defaultdict(list)
        self._kept: dict[int, list[Record]] = defaultdict(list)
        self._changed: set[int] = set()
        self.moves: list[Record] = []
        """Rows for the inventory log, not filed yet."""
        self._take(rows)

    def holds(self, item: int, shop: int) -> bool:
        """Whether an item is kept in a shop."""
        return (item, shop) in self._rows

    def row(self, item: int, shop: int) -> Record | None:
        """The stock of an item in a shop."""
        return self._rows.get((item, shop))

    def sample(self, rng: Random, shop: int, count: int) -> list[Record]:
        """The stock of some items that are kept in a shop."""
        kept = self._kept[shop]
        return rng.sample(kept, min(count, len(kept)))

    def move(self, item: int, shop: int, at: str, cause: Record | None = None, **quantities: int) -> None:
        """Add quantities, which may be negative, to fields of a row; items without stock are passed over.

        Args:
            item: Key of the item.
            shop: Key of the shop.
            at: When it happens.
            cause: Fields of the inventory log that say why, wherever `qoh` changes.
            quantities: What is added to which field.
        """
        row = self._rows.get((item, shop))
        if row is None:
            return
        for name, quantity in quantities.items():
            row[name] += quantity
        if quantities.get("qoh"):
            self.moves.append(logbook.entry(row, quantities["qoh"], at, cause or {}))
        row["timeStamp"] = max(row["timeStamp"], at)
        self._changed.add(item)

    def receive(self, item: int, shop: int, quantity: int, lot: int, at: str, cause: Record) -> None:
        """Goods arrive: they become a new cost lot."""
        self.move(item, shop, at, cause, qoh=quantity)
        row = self._rows.get((item, shop))
        if row is not None:
            row.update(lastReceivedLotID=lot, lastReceivedCost=row["averageCost"])

    def lowest(self, shop: int) -> list[Record]:
        """The rows of a shop, those first that are nearest to running out."""
        rows = [row for row in self._kept[shop] if row["reorderLevel"]]
        return sorted(rows, key=lambda row: (row["qoh"] + row["backorder"] - row["reorderPoint"], row["itemID"]))

    def put_up(self, rows: Iterable[Record]) -> None:
        """Take on new items: their first stock goes into the log."""
        taken = list(rows)
        self._take(taken)
        self._changed.update(row["itemID"] for row in taken)
        for row in taken:
            if row["qoh"]:
                self.moves.append(logbook.entry(row, row["qoh"], row["timeStamp"], logbook.CREATED))

    def _take(self, rows: Iterable[Record]) -> None:
        for row in rows:
            self._rows[row["itemID"], row["shopID"]] = row
            if row["shopID"] != TOTAL:
                self._shops[row["itemID"]].append(row)
                self._kept[row["shopID"]].append(row)

    def empty(self, item: int, at: str) -> None:
        """Archiving an item takes its stock to nothing."""
        for row in self._shops[item]:
            self.move(item, row["shopID"], at, logbook.ARCHIVED, qoh=-row["qoh"])

    def settle(self, books: Books) -> None:
        """Enter what changed, with values and totals worked out."""
        for item in sorted(self._changed):
            for row in self._shops[item]:
                books.put(ItemShop, _valued(row))
            if (item, TOTAL) in self._rows and self._shops[item]:
                books.put(ItemShop, _total(self._rows[item, TOTAL], self._shops[item]))
        self._changed.clear()


def _valued(row: Record) -> Record:
    qoh = row["qoh"]
    row["sellable"] = max(0, qoh - sum(row[name] for name in _PROMISED))
    row["totalValueAvgCost"] = max(0, qoh) * row["averageCost"]
    row["totalValueFifo"] = max(0, qoh) * row["nextFifoLotCost"]
    row["totalValueNegativeInventory"] = min(0, qoh) * row["averageCost"]
    return row


def _total(total: Record, rows: list[Record]) -> Record:
    for name in _ADDED:
        total[name] = sum((row[name] for row in rows), start=type(total[name])(0))
    total["timeStamp"] = max(row["timeStamp"] for row in rows)
    return total


def found(plan: Founding, shops: int) -> Stock:
    """Put a first stock of every item into every shop."""
    rows = [row for item in plan.books.entered(Item) for row in shelve(plan.books, plan.rng, item, shops)]
    stock = Stock(())
    stock.put_up(rows)
    stock.settle(plan.books)
    opening = stamp(plan.founded + timedelta(days=2))
    for move in stock.moves:
        if move["createTime"] < opening:
            move.update(logbook.IMPORTED)
    logbook.file(plan.books, stock.moves)
    return stock


def shelve(books: Books, rng: Random, item: Record, shops: int) -> list[Record]:
    """The rows of a new item: one for each shop, then the total. Services have none."""
    if item["itemType"] == "non_inventory":
        return []
    return [_row(books, rng, item, shop) for shop in (*range(1, shops + 1), TOTAL)]


def _row(books: Books, rng: Random, item: Record, shop: int) -> Record:
    number = books.key(ItemShop)
    counted = shop != TOTAL and not item["archived"]
    oversold = counted and nth(number, _OVERSOLD)
    created = datetime.fromisoformat(item["createTime"])
    row = record(
        ItemShop,
        itemShopID=number,
        itemID=item["itemID"],
        shopID=shop,
        qoh=-2 if oversold else rng.randint(4, 40) if counted else 0,
        averageCost=item["avgCost"],
        nextFifoLotID=number,
        nextFifoLotCost=item["defaultCost"],
        reorderPoint=4 + number % 5 if counted and not oversold else 0,
        reorderLevel=12 + number % 20 if counted and not oversold else 0,
        timeStamp=stamp(created + timedelta(seconds=nth(number, 9))),
    )
    return {**row, **_rarities(number, item)} if shop != TOTAL else row


def _rarities(number: int, item: Record) -> Record:
    composed = bool(item["ItemComponents"])
    reservations = record(parts.ItemShopReservations, layaways=number % 2, specialorders=0, workorders=number % 3)
    return {
        "onTransferIn": number % 4 if nth(number, 60) else 0,
        "onTransferOut": number % 3 if nth(number, 70) else 0,
        "componentQoh": number % 15 if composed else 0,
        "componentBackorder": number % 2 if composed else 0,
        "lastReceivedLotID": number if nth(number, 2) else 0,
        "lastReceivedCost": item["defaultCost"] if nth(number, 2) else ZERO,
        "m": reservations if nth(number, 100) else None,
    }
