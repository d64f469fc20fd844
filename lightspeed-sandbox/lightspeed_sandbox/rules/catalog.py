"""Items and the tree of their categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.company import PriceLevel
from lightspeed_retail.resources.items import Category, Item, ItemShop
from lightspeed_retail.resources.labels import Tag
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate import catalog
from lightspeed_sandbox.generate.values import record

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

SKU_BASE = 210_000_000_000

_BAD_REQUEST = 400
_CODE_LENGTHS = range(11, 15)
_WITHOUT_STOCK = "non_inventory"
_TOTAL = 0
_TYPES = ("default", "non_inventory", "serialized", "box", "serialized_assembly", "assembly")


def _item(writer: Writer, change: Change) -> None:
    row = change.row
    if change.before is None:
        row["systemSku"] = str(SKU_BASE + change.key)
    if row["archived"] and not (change.before and change.before["archived"]):
        # The page says that only DELETE archives an item: the flag goes unheeded.
        row["archived"] = False
    if row["itemType"] not in _TYPES:
        raise ApiError(_BAD_REQUEST, f"Invalid value for field 'itemType': {', '.join(_TYPES)} are known.")
    for name in ("upc", "ean"):
        code = row[name] or ""
        if name in change.given and code and not (code.isdecimal() and len(code) in _CODE_LENGTHS):
            raise ApiError(_BAD_REQUEST, f"{name} must be 11 to 14 digits.")
    _price(writer, change)
    tag(writer, change)


def _price(writer: Writer, change: Change) -> None:
    """A new item has a price at every level, 0 where none was given (recorded)."""
    levels = writer.select(PriceLevel, '"archived" IS NOT 1') if change.before is None else ()
    prices = change.row["Prices"]
    for price in prices:
        level = writer.get(PriceLevel, price["useTypeID"])
        price["useType"] = level["name"] if level else price["useType"]
    known = {price["useTypeID"] for price in prices} | {price["useType"] for price in prices}
    missing = [level for level in levels if not known & {level["priceLevelID"], level["name"]}]
    blank = [
        record(parts.ItemPrice, useTypeID=level["priceLevelID"], useType=level["name"])
        for level in missing
        if level["type"] != "calculated"
    ]
    change.row["Prices"] = sorted([*prices, *blank], key=lambda price: int(price["useTypeID"]))


def tag(writer: Writer, change: Change) -> None:
    """Tags that nobody has used before are made; an item refers to them by their keys too (inferred)."""
    if not change.gives("Tags"):
        return
    names = list(dict.fromkeys(change.given["Tags"]))
    keys = [_tag_key(writer, name) for name in names]
    change.row["Tags"] = names
    if "TagRelations" in change.row:
        change.row["TagRelations"] = [record(parts.TagRelation, tagID=key) for key in keys]


def _tag_key(writer: Writer, name: str) -> int:
    found = writer.select(Tag, '"name" = ?', (name,), limit=1)
    return int(found[0]["tagID"]) if found else writer.create(Tag, {"name": name})


def _shelve(writer: Writer, change: Change) -> None:
    """A new item has stock in every shop, and a row for the total (recorded); services have none."""
    if change.before is not None or change.row["itemType"] == _WITHOUT_STOCK:
        return
    shops = [_TOTAL, *(shop["shopID"] for shop in writer.select(Shop))]
    for shop in shops:
        row = record(
            ItemShop,
            itemShopID=writer.store.next_key(ItemShop),
            itemID=change.key,
            shopID=shop,
            averageCost=change.row["defaultCost"],
            nextFifoLotCost=change.row["defaultCost"],
            timeStamp=writer.now,
        )
        writer.put(ItemShop, row)


def _refuse_twice(_writer: Writer, change: Change) -> None:
    """Stock is given once for each shop (page of Item, changelog of 2025-06-06: redundant rows are rejected)."""
    shops = [row.get("shopID") for row in change.given.get("ItemShops", ()) if row.get("shopID") is not None]
    if len(shops) != len(set(shops)):
        raise ApiError(_BAD_REQUEST, "Each ItemShop can be given only once.")


def _before_item(writer: Writer, change: Change) -> None:
    _refuse_twice(writer, change)
    _item(writer, change)


def _archived(writer: Writer, row: Record) -> None:
    shelves.empty(writer, row["itemID"])


def _before_category(writer: Writer, change: Change) -> None:
    parent = writer.get(Category, change.row["parentID"])
    above, seen = parent, {change.key}
    while above is not None:
        if above["categoryID"] in seen:
            raise ApiError(_BAD_REQUEST, "A category cannot be below itself.")
        seen.add(above["categoryID"])
        above = writer.get(Category, above["parentID"])


def _grown(writer: Writer, _change: Change) -> None:
    _number(writer)


def _felled(writer: Writer, row: Record) -> None:
    """What stood below a category moves up, and its items have none (inferred; the page says nothing)."""
    for child in writer.select(Category, '"parentID" = ?', (row["categoryID"],)):
        writer.put(Category, child | {"parentID": row["parentID"], "timeStamp": writer.now})
    for item in writer.select(Item, '"categoryID" = ?', (row["categoryID"],)):
        writer.put(Item, item | {"categoryID": 0})
    _number(writer)


def _number(writer: Writer) -> None:
    """Give every category its path and its place; all whose place or path changes are stamped (section 7.1)."""
    rows = {row["categoryID"]: row for row in writer.select(Category)}
    for row in rows.values():
        names = _names(rows, row)
        place = {"fullPathName": "/".join(names), "nodeDepth": str(len(names) - 1)}
        if any(row[name] != value for name, value in place.items()):
            row.update(place, timeStamp=writer.now)
            writer.books.put(Category, row)
    catalog.renumber(writer.books, list(rows.values()), writer.at)
    writer.finish()


def _names(rows: dict[int, Record], row: Record) -> list[str]:
    names = [row["name"]]
    while (above := rows.get(row["parentID"])) is not None:
        names.insert(0, above["name"])
        row = above
    return names


RULES = {
    "Category": Rule(before=_before_category, after=_grown, removed=_felled),
    "Item": Rule(before=_before_item, stored=_shelve, removed=_archived),
}
