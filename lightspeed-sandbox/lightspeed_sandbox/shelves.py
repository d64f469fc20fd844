"""Stock that moves because of what a client writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightspeed_retail.resources.items import ItemShop
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.stock import Stock

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer


@dataclass(frozen=True)
class Move:
    """Quantities that are added to the stock of an item in a shop.

    Args:
        item: Key of the item.
        shop: Key of the shop.
        quantities: What is added to which field.
        cause: Fields of the inventory log that say why, where `qoh` changes.
    """

    item: int
    shop: int
    quantities: dict[str, int]
    cause: Record = field(default_factory=dict)


def rows_of(writer: Writer, items: Iterable[int]) -> list[Record]:
    """The stock of items in all shops, the totals among them."""
    keys = sorted(set(items))
    marks = ", ".join("?" for _ in keys)
    return writer.select(ItemShop, f'"itemID" IN ({marks})', keys)


def move(writer: Writer, moves: Iterable[Move]) -> None:
    """Move stock, bring the totals up to date, and log what came and went; items without stock are passed over."""
    wanted = [each for each in moves if each.item]
    stock = Stock(rows_of(writer, (each.item for each in wanted)))
    for each in wanted:
        stock.move(each.item, each.shop, writer.now, each.cause, **each.quantities)
    stock.settle(writer.books)
    logbook.file(writer.books, stock.moves)
    writer.finish()


def empty(writer: Writer, item: int) -> None:
    """Take the stock of an item to nothing in all shops."""
    stock = Stock(rows_of(writer, [item]))
    stock.empty(item, writer.now)
    stock.settle(writer.books)
    logbook.file(writer.books, stock.moves)
    writer.finish()
