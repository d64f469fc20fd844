"""Lines of sales, and what is laid away or ordered for customers.

Source: the pages of Sale and SaleLine, the tutorial "Reservations", and recorded sales.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lightspeed_retail.resources.account import TaxCategory, TaxCategoryClass
from lightspeed_retail.resources.company import Discount
from lightspeed_retail.resources.items import Item, ItemShop
from lightspeed_retail.resources.receiving import SpecialOrder
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves, totals
from lightspeed_sandbox.bodies import ITEM_CODE
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.special import WAITING
from lightspeed_sandbox.generate.values import ZERO, record
from lightspeed_sandbox.rules import completion
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_RESERVED = ("isLayaway", "isSpecialOrder")
_NEEDED = ("customerID", "itemID", "shopID", "employeeID")
_FROM_PARENT = ("itemID", "unitPrice", "tax", "taxClassID", "discountPercent", "avgCost", "fifoCost")
_CODES = ("upc", "ean", "systemSku")


def _before(writer: Writer, change: Change) -> None:
    row = change.row
    _find_item(writer, change)
    sale = writer.get(Sale, row["saleID"])
    _check_open(writer, change, sale)
    if change.before is None:
        _begin(writer, change, sale)
    if change.gives("itemID") and (change.before is None or row["itemID"] != change.before["itemID"]):
        _check_item(writer, row["itemID"])
    _discount(writer, change)
    if row["parentSaleLineID"]:
        _check_refund(writer, row)
    if sale is None:
        _check_reservation(writer, change)
    _rate(writer, row, sale)
    totals.work_out(row, sale or _no_sale(writer, row))


def _find_item(writer: Writer, change: Change) -> None:
    """A line may name its item by a code: its id, UPC or EAN (page of Sale), or its system SKU (recorded)."""
    code = change.given.pop(ITEM_CODE, None)
    if code is None or change.row["itemID"]:
        return
    found = writer.get(Item, int(code)) if code.isdecimal() else None
    for name in _CODES:
        found = found or next(iter(writer.select(Item, f'"{name}" = ?', (code,), limit=1)), None)
    if found is None:
        raise ApiError(_BAD_REQUEST, f"No item has the code '{code}'.")
    change.given["itemID"] = change.row["itemID"] = found["itemID"]


def _check_open(writer: Writer, change: Change, sale: Record | None) -> None:
    """Lines of a completed sale are fixed, and none moves from one sale to another."""
    before = change.before
    was = writer.get(Sale, before["saleID"]) if before is not None else None
    if any(each is not None and each["completed"] for each in (sale, was)):
        raise ApiError(_BAD_REQUEST, "Cannot change SaleLines of a completed sale.")
    if was is not None and (sale is None or sale["saleID"] != was["saleID"]):
        raise ApiError(_BAD_REQUEST, "Invalid saleID: the line belongs to another sale.")


def _check_item(writer: Writer, key: int) -> None:
    item = writer.get(Item, key)
    if item is not None and item["archived"]:
        raise ApiError(_BAD_REQUEST, f"The item {key} is archived.")


def _begin(writer: Writer, change: Change, sale: Record | None) -> None:
    """What a new line has from its sale, from the line that it takes back, and from its item."""
    row = change.row
    if sale is not None:
        # These two can be set through the endpoint of SaleLine only.
        row |= dict.fromkeys(_RESERVED, False) if change.nested else {}
        for name in ("employeeID", "shopID"):
            row[name] = row[name] or sale[name]
    for source in (_parent(writer, row), _priced(writer.get(Item, row["itemID"]))):
        for name, value in source.items():
            if not change.gives(name):
                change.given[name] = row[name] = value
    if not change.gives("tax"):
        row["tax"] = True


def _parent(writer: Writer, row: Record) -> Record:
    parent = writer.get(SaleLine, row["parentSaleLineID"])
    if parent is None:
        return {}
    share = Decimal(row["unitQuantity"]) / (parent["unitQuantity"] or 1)
    return {name: parent[name] for name in _FROM_PARENT} | {"discountAmount": parent["discountAmount"] * share}


def _priced(item: Record | None) -> Record:
    if item is None:
        return {}
    prices = item["Prices"] or []
    return {
        "unitPrice": prices[0]["amount"] if prices else ZERO,
        "tax": item["tax"],
        "taxClassID": item["taxClassID"],
        "avgCost": item["avgCost"],
        "fifoCost": item["defaultCost"],
    }


def _discount(writer: Writer, change: Change) -> None:
    """A line has an amount or a share off, not both (page of SaleLine)."""
    row = change.row
    discount = writer.get(Discount, row["discountID"]) if change.gives("discountID") else None
    if discount is not None and not change.gives("discountAmount", "discountPercent"):
        row |= {name: discount[name] for name in ("discountAmount", "discountPercent")}
    if row["discountAmount"] and row["discountPercent"]:
        raise ApiError(_BAD_REQUEST, "A line can have a discountAmount or a discountPercent, not both.")


def _check_refund(writer: Writer, row: Record) -> None:
    """What is taken back of a line cannot be more than was sold (page of SaleLine)."""
    parent = writer.existing(SaleLine, row["parentSaleLineID"])
    where = '"parentSaleLineID" = ? AND "saleLineID" <> ?'
    others = writer.select(SaleLine, where, (parent["saleLineID"], row["saleLineID"]))
    back = -sum(line["unitQuantity"] for line in others) - row["unitQuantity"]
    if row["unitQuantity"] >= 0:
        raise ApiError(_BAD_REQUEST, "The unitQuantity of a refund must be negative.")
    if back > parent["unitQuantity"]:
        raise ApiError(_BAD_REQUEST, "Cannot refund more than the quantity of the original line.")


def _check_reservation(writer: Writer, change: Change) -> None:
    """A line without a sale is laid away or ordered for a customer (section 6.4)."""
    row = change.row
    if not any(row[name] for name in _RESERVED):
        raise ApiError(_BAD_REQUEST, "A line without saleID must be a layaway or a special order.")
    for name in _NEEDED:
        if not row[name]:
            raise ApiError(_BAD_REQUEST, f"{name} cannot be blank.")
    if row["unitQuantity"] <= 0:
        raise ApiError(_BAD_REQUEST, "unitQuantity must be greater than 0.")
    if row["isLayaway"] and row["requireFullReservation"]:
        where = '"itemID" = ? AND "shopID" = ?'
        stock = writer.select(ItemShop, where, (row["itemID"], row["shopID"]), limit=1)
        wanted = row["unitQuantity"] - (change.before["unitQuantity"] if change.before else 0)
        if not stock or stock[0]["sellable"] < wanted:
            raise ApiError(_BAD_REQUEST, "There is not enough inventory to reserve.")


def _no_sale(writer: Writer, row: Record) -> Record:
    taxes = writer.get(TaxCategory, row["taxCategoryID"])
    return record(Sale, isTaxInclusive=bool(taxes and taxes["isTaxInclusive"]))


def _rate(writer: Writer, row: Record, sale: Record | None) -> None:
    """A line is taxed by the sale's category, at the rates of its class where they differ.

    Without a category it is not taxed, whatever was sent (recorded).
    """
    row["taxCategoryID"] = (
        sale["taxCategoryID"] if sale else completion.usual_taxes(writer, row["customerID"], row["shopID"])
    )
    where = '"taxCategoryID" = ? AND "taxClassID" = ?'
    special = writer.select(TaxCategoryClass, where, (row["taxCategoryID"], row["taxClassID"]), limit=1)
    rates: Mapping[str, Any] = next(iter(special), writer.get(TaxCategory, row["taxCategoryID"]) or {})
    row["tax1Rate"], row["tax2Rate"] = rates.get("tax1Rate", ZERO), rates.get("tax2Rate", ZERO)
    row["tax"] = bool(row["tax"] and row["taxCategoryID"])


def work_out_all(writer: Writer, sale: int) -> None:
    """Tax and work out the lines of a sale anew."""
    row = writer.existing(Sale, sale)
    for line in completion.lines_of(writer, sale):
        _rate(writer, line, row)
        totals.work_out(line, row)
        writer.put(SaleLine, line)


def _after(writer: Writer, change: Change) -> None:
    _reserve(writer, change)
    if change.nested:
        return
    if change.row["saleID"]:
        # The stamp of an open sale does not follow its lines (section 7.1, recorded).
        completion.settle(writer, change.row["saleID"])


def _reserve(writer: Writer, change: Change) -> None:
    """What is laid away counts as reserved; a special order gets a row of its own."""
    row, before = change.row, change.before
    if not any(row[name] for name in _RESERVED) or (before is not None and before["saleID"]):
        return
    more = row["unitQuantity"] - (before["unitQuantity"] if before else 0)
    name = "onLayaway" if row["isLayaway"] else "onSpecialOrder"
    shelves.move(writer, [Move(row["itemID"], row["shopID"], {name: more})] if more else [])
    if row["isSpecialOrder"] and before is None:
        fields = {name: row[name] for name in ("unitQuantity", "customerID", "shopID", "saleLineID")}
        writer.create(SpecialOrder, fields | {"status": WAITING})


def _removing(writer: Writer, row: Record) -> None:
    sale = writer.get(Sale, row["saleID"])
    if sale is not None and sale["completed"]:
        raise ApiError(_BAD_REQUEST, "Cannot delete SaleLines of a completed sale.")


def _removed(writer: Writer, row: Record) -> None:
    if any(row[name] for name in _RESERVED):
        name = "onLayaway" if row["isLayaway"] else "onSpecialOrder"
        shelves.move(writer, [Move(row["itemID"], row["shopID"], {name: -row["unitQuantity"]})])
    if row["saleID"]:
        completion.settle(writer, row["saleID"])


RULES = {"SaleLine": Rule(before=_before, after=_after, removing=_removing, removed=_removed)}
